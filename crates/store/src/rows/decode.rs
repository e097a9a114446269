//! Reading a change, from any bytes whatever.

use bytes::Bytes;
use queuerite_engine::{Change, MessageState, QueueId};
use queuerite_model::{
    AccountName, CorsRule, DequeueCount, Logging, MessageId, MessageText, Metadata, Metrics,
    Permissions, QueueName, RetentionPolicy, ServiceProperties, StoredAccessPolicy, Timestamp,
};

use super::cursor::Cursor;
use super::encode::Written;
use super::{MESSAGE_HEAD_BYTES, PREFIX_BYTES, RowError, kind};

/// A record as it was read.
#[derive(Debug)]
pub(crate) struct Record {
    /// What it says. A message text shares the bytes it was read from.
    pub(crate) change: Change,
    /// Where in those bytes its text lies.
    pub(crate) written: Written,
    /// How many bytes the record takes.
    pub(crate) bytes: usize,
}

/// Reads the record that begins at `start`, and checks every byte of it.
pub(crate) fn decode(bytes: &Bytes, start: usize) -> Result<Record, RowError> {
    let mut prefix = Cursor::new(bytes.get(start..).ok_or(RowError::CutShort)?);
    let length = prefix.u32()?;
    let check = prefix.u32()?;

    let payload_start = start + PREFIX_BYTES;
    let end = usize::try_from(length)
        .ok()
        .and_then(|length| payload_start.checked_add(length))
        .ok_or(RowError::CutShort)?;
    let payload = bytes.get(payload_start..end).ok_or(RowError::CutShort)?;
    let is_message = payload.first() == Some(&kind::MESSAGE_WRITTEN);
    let head = if is_message {
        payload
            .get(..MESSAGE_HEAD_BYTES)
            .ok_or(RowError::CutShort)?
    } else {
        payload
    };
    let mut actual = crc32fast::Hasher::new();
    actual.update(&length.to_le_bytes());
    actual.update(head);
    if actual.finalize() != check {
        return Err(RowError::CheckSum);
    }

    let text_start = payload_start + head.len();
    let text = bytes.slice(text_start..end);
    Ok(Record {
        written: Written {
            offset: if is_message {
                text_start
            } else {
                payload_start
            },
            length: text.len(),
        },
        change: change(head, text)?,
        bytes: end - start,
    })
}

/// The text of `length` bytes at `offset`, if that is what was written there.
pub(crate) fn text_at(bytes: &[u8], offset: usize, length: usize) -> Result<&[u8], RowError> {
    let before = offset.checked_sub(8).ok_or(RowError::CutShort)?;
    let mut cursor = Cursor::new(bytes.get(before..).ok_or(RowError::CutShort)?);
    let stored_length = cursor.u32()?;
    let check = cursor.u32()?;
    let end = offset.checked_add(length).ok_or(RowError::CutShort)?;
    let text = bytes.get(offset..end).ok_or(RowError::CutShort)?;
    if usize::try_from(stored_length) == Ok(length) && crc32fast::hash(text) == check {
        Ok(text)
    } else {
        Err(RowError::CheckSum)
    }
}

fn change(head: &[u8], text: Bytes) -> Result<Change, RowError> {
    let mut fields = Cursor::new(head);
    let change = match fields.u8()? {
        kind::PROPERTIES_WRITTEN => Change::PropertiesWritten {
            account: account(&mut fields)?,
            properties: Box::new(service_properties(&mut fields)?),
        },
        kind::QUEUE_WRITTEN => Change::QueueWritten {
            queue: queue_id(&mut fields)?,
            account: account(&mut fields)?,
            name: QueueName::parse(fields.string()?)
                .map_err(|_| RowError::Impossible("queue name"))?,
            metadata: metadata(&mut fields)?,
            policies: fields.list(policy)?,
        },
        kind::QUEUE_DELETED => Change::QueueDeleted {
            queue: queue_id(&mut fields)?,
            name_free_at: time(&mut fields)?,
        },
        kind::MESSAGE_WRITTEN => Change::MessageWritten {
            queue: queue_id(&mut fields)?,
            message: message_state(&mut fields)?,
            text: message_text(&mut fields, text)?,
        },
        kind::MESSAGES_DELIVERED => Change::MessagesDelivered {
            queue: queue_id(&mut fields)?,
            messages: fields.list(|item| Ok((message_id(item)?, DequeueCount(item.u32()?))))?,
            time_next_visible: time(&mut fields)?,
            nonce: fields.u32()?,
        },
        kind::MESSAGE_RESCHEDULED => Change::MessageRescheduled {
            queue: queue_id(&mut fields)?,
            id: message_id(&mut fields)?,
            time_next_visible: time(&mut fields)?,
            nonce: fields.u32()?,
        },
        kind::MESSAGE_DELETED => Change::MessageDeleted {
            queue: queue_id(&mut fields)?,
            id: message_id(&mut fields)?,
        },
        kind::MESSAGES_CLEARED => Change::MessagesCleared {
            queue: queue_id(&mut fields)?,
        },
        unknown => return Err(RowError::UnknownKind(unknown)),
    };
    fields.finish()?;
    Ok(change)
}

fn message_state(fields: &mut Cursor<'_>) -> Result<MessageState, RowError> {
    Ok(MessageState {
        id: message_id(fields)?,
        sequence: fields.u64()?,
        insertion_time: time(fields)?,
        expiration_time: time(fields)?,
        time_next_visible: time(fields)?,
        dequeue_count: DequeueCount(fields.u32()?),
        nonce: fields.u32()?,
        updated: fields.boolean()?,
    })
}

fn message_text(fields: &mut Cursor<'_>, text: Bytes) -> Result<MessageText, RowError> {
    let length = fields.u32()?;
    let check = fields.u32()?;
    if u32::try_from(text.len()) != Ok(length) || crc32fast::hash(&text) != check {
        return Err(RowError::CheckSum);
    }
    MessageText::from_utf8(text).ok_or(RowError::Impossible("message text"))
}

fn service_properties(fields: &mut Cursor<'_>) -> Result<ServiceProperties, RowError> {
    Ok(ServiceProperties {
        logging: logging(fields)?,
        hour_metrics: metrics(fields)?,
        minute_metrics: metrics(fields)?,
        cors: fields.list(cors_rule)?,
    })
}

fn logging(fields: &mut Cursor<'_>) -> Result<Logging, RowError> {
    Ok(Logging {
        read: fields.boolean()?,
        write: fields.boolean()?,
        delete: fields.boolean()?,
        retention_policy: retention(fields)?,
    })
}

fn metrics(fields: &mut Cursor<'_>) -> Result<Metrics, RowError> {
    Ok(Metrics {
        include_apis: fields.optional(Cursor::boolean)?,
        retention_policy: retention(fields)?,
    })
}

fn retention(fields: &mut Cursor<'_>) -> Result<RetentionPolicy, RowError> {
    Ok(RetentionPolicy {
        days: fields.optional(Cursor::u16)?,
    })
}

fn cors_rule(fields: &mut Cursor<'_>) -> Result<CorsRule, RowError> {
    Ok(CorsRule {
        allowed_origins: fields.string()?.into(),
        allowed_methods: fields.string()?.into(),
        allowed_headers: fields.string()?.into(),
        exposed_headers: fields.string()?.into(),
        max_age_in_seconds: fields.u32()?,
    })
}

fn policy(fields: &mut Cursor<'_>) -> Result<StoredAccessPolicy, RowError> {
    Ok(StoredAccessPolicy {
        id: fields.string()?.into(),
        start: fields.optional(time)?,
        expiry: fields.optional(time)?,
        permissions: fields.optional(permissions)?,
    })
}

fn permissions(fields: &mut Cursor<'_>) -> Result<Permissions, RowError> {
    let bits = fields.u8()?;
    let permissions = Permissions::from_bits(bits);
    if permissions.bits() == bits {
        Ok(permissions)
    } else {
        Err(RowError::Impossible("permission"))
    }
}

fn metadata(fields: &mut Cursor<'_>) -> Result<Metadata, RowError> {
    let pairs = fields.list(|pair| Ok((pair.string()?.into(), pair.string()?.into())))?;
    Metadata::new(pairs).ok_or(RowError::Impossible("metadata"))
}

fn account(fields: &mut Cursor<'_>) -> Result<AccountName, RowError> {
    AccountName::parse(fields.string()?).map_err(|_| RowError::Impossible("account name"))
}

fn queue_id(fields: &mut Cursor<'_>) -> Result<QueueId, RowError> {
    fields.u32().map(QueueId)
}

fn message_id(fields: &mut Cursor<'_>) -> Result<MessageId, RowError> {
    fields.array().map(MessageId::from_bytes)
}

fn time(fields: &mut Cursor<'_>) -> Result<Timestamp, RowError> {
    let ticks = fields.u64()?;
    let time = Timestamp::from_ticks(ticks);
    if time.ticks() == ticks {
        Ok(time)
    } else {
        Err(RowError::Impossible("time"))
    }
}
