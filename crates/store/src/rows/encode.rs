//! Writing a change.

use queuerite_engine::{Change, MessageState, QueueId};
use queuerite_model::{
    CorsRule, Logging, MessageText, Metadata, Metrics, RetentionPolicy, ServiceProperties,
    StoredAccessPolicy, Timestamp,
};

use super::{PREFIX_BYTES, kind};

/// Where in the buffer a record's text lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Written {
    /// Where the text begins; for a record without a text, where its payload begins, so that no
    /// two records of a frame share a place.
    pub(crate) offset: usize,
    /// The length of the text.
    pub(crate) length: usize,
}

/// Appends the change's record to the buffer. Nothing is refused here: the frame measures what
/// was written, and a length too great for its field belongs to a record too long for a frame.
pub(crate) fn encode(change: &Change, buffer: &mut Vec<u8>) -> Written {
    let start = buffer.len();
    buffer.extend_from_slice(&[0; PREFIX_BYTES]);
    let text = payload(change, buffer);
    let head_end = buffer.len();
    let text = text.map_or(&[][..], MessageText::as_bytes);
    buffer.extend_from_slice(text);

    let payload_start = start + PREFIX_BYTES;
    let length = as_u32(buffer.len() - payload_start).to_le_bytes();
    let mut check = crc32fast::Hasher::new();
    check.update(&length);
    check.update(buffer.get(payload_start..head_end).unwrap_or_default());
    let prefix = length.into_iter().chain(check.finalize().to_le_bytes());
    buffer
        .iter_mut()
        .skip(start)
        .zip(prefix)
        .for_each(|(to, from)| *to = from);

    let is_message = matches!(change, Change::MessageWritten { .. });
    Written {
        offset: if is_message { head_end } else { payload_start },
        length: text.len(),
    }
}

/// Writes kind and fields, and returns the text that is to follow them.
fn payload<'a>(change: &'a Change, out: &mut Vec<u8>) -> Option<&'a MessageText> {
    match change {
        Change::PropertiesWritten {
            account,
            properties,
        } => {
            out.push(kind::PROPERTIES_WRITTEN);
            string(account.as_str(), out);
            service_properties(properties, out);
        }
        Change::QueueWritten {
            queue,
            account,
            name,
            metadata,
            policies,
        } => {
            out.push(kind::QUEUE_WRITTEN);
            queue_id(*queue, out);
            string(account.as_str(), out);
            string(name.as_str(), out);
            pairs(metadata, out);
            list(policies, out, policy);
        }
        Change::QueueDeleted {
            queue,
            name_free_at,
        } => {
            out.push(kind::QUEUE_DELETED);
            queue_id(*queue, out);
            time(*name_free_at, out);
        }
        Change::MessageWritten {
            queue,
            message,
            text,
        } => {
            out.push(kind::MESSAGE_WRITTEN);
            queue_id(*queue, out);
            message_state(message, out);
            count(text.len(), out);
            u32_field(crc32fast::hash(text.as_bytes()), out);
            return Some(text);
        }
        Change::MessagesDelivered {
            queue,
            messages,
            time_next_visible,
            nonce,
        } => {
            out.push(kind::MESSAGES_DELIVERED);
            queue_id(*queue, out);
            list(messages, out, |(id, dequeue_count), out| {
                out.extend_from_slice(id.as_bytes());
                u32_field(dequeue_count.0, out);
            });
            time(*time_next_visible, out);
            u32_field(*nonce, out);
        }
        Change::MessageRescheduled {
            queue,
            id,
            time_next_visible,
            nonce,
        } => {
            out.push(kind::MESSAGE_RESCHEDULED);
            queue_id(*queue, out);
            out.extend_from_slice(id.as_bytes());
            time(*time_next_visible, out);
            u32_field(*nonce, out);
        }
        Change::MessageDeleted { queue, id } => {
            out.push(kind::MESSAGE_DELETED);
            queue_id(*queue, out);
            out.extend_from_slice(id.as_bytes());
        }
        Change::MessagesCleared { queue } => {
            out.push(kind::MESSAGES_CLEARED);
            queue_id(*queue, out);
        }
    }
    None
}

fn message_state(message: &MessageState, out: &mut Vec<u8>) {
    out.extend_from_slice(message.id.as_bytes());
    out.extend_from_slice(&message.sequence.to_le_bytes());
    time(message.insertion_time, out);
    time(message.expiration_time, out);
    time(message.time_next_visible, out);
    u32_field(message.dequeue_count.0, out);
    u32_field(message.nonce, out);
    out.push(message.updated.into());
}

fn service_properties(properties: &ServiceProperties, out: &mut Vec<u8>) {
    logging(properties.logging, out);
    metrics(properties.hour_metrics, out);
    metrics(properties.minute_metrics, out);
    list(&properties.cors, out, cors_rule);
}

fn logging(logging: Logging, out: &mut Vec<u8>) {
    out.push(logging.read.into());
    out.push(logging.write.into());
    out.push(logging.delete.into());
    retention(logging.retention_policy, out);
}

fn metrics(metrics: Metrics, out: &mut Vec<u8>) {
    optional(metrics.include_apis, out, |include, out| {
        out.push(include.into());
    });
    retention(metrics.retention_policy, out);
}

fn retention(policy: RetentionPolicy, out: &mut Vec<u8>) {
    optional(policy.days, out, |days, out| {
        out.extend_from_slice(&days.to_le_bytes());
    });
}

fn cors_rule(rule: &CorsRule, out: &mut Vec<u8>) {
    string(&rule.allowed_origins, out);
    string(&rule.allowed_methods, out);
    string(&rule.allowed_headers, out);
    string(&rule.exposed_headers, out);
    u32_field(rule.max_age_in_seconds, out);
}

fn policy(policy: &StoredAccessPolicy, out: &mut Vec<u8>) {
    string(&policy.id, out);
    optional(policy.start, out, time);
    optional(policy.expiry, out, time);
    optional(policy.permissions, out, |permissions, out| {
        out.push(permissions.bits());
    });
}

fn pairs(metadata: &Metadata, out: &mut Vec<u8>) {
    let pairs = metadata.iter();
    count(pairs.len(), out);
    for (name, value) in pairs {
        string(name, out);
        string(value, out);
    }
}

fn list<T>(items: &[T], out: &mut Vec<u8>, each: impl Fn(&T, &mut Vec<u8>)) {
    count(items.len(), out);
    for item in items {
        each(item, out);
    }
}

/// A byte that says whether the value follows.
fn optional<T>(value: Option<T>, out: &mut Vec<u8>, write: impl Fn(T, &mut Vec<u8>)) {
    out.push(value.is_some().into());
    if let Some(value) = value {
        write(value, out);
    }
}

fn string(text: &str, out: &mut Vec<u8>) {
    count(text.len(), out);
    out.extend_from_slice(text.as_bytes());
}

fn queue_id(queue: QueueId, out: &mut Vec<u8>) {
    u32_field(queue.0, out);
}

fn time(time: Timestamp, out: &mut Vec<u8>) {
    out.extend_from_slice(&time.ticks().to_le_bytes());
}

fn count(count: usize, out: &mut Vec<u8>) {
    u32_field(as_u32(count), out);
}

fn u32_field(value: u32, out: &mut Vec<u8>) {
    out.extend_from_slice(&value.to_le_bytes());
}

/// Saturates; a record that long exceeds every frame and is never stored.
fn as_u32(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
