//! From a request that is believed to a [`Command`]: names, parameters, body, in this order.
//!
//! That is the order of section "what a server should return when several things are wrong" of
//! every recording: the URL before the query, the query before the body, and the state of the
//! queues, which this crate does not know, last.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Method};
use md5::{Digest, Md5};
use queuerite_model::limits::{
    MESSAGE_TEXT_BYTES_MAX, MESSAGE_TEXT_BYTES_MAX_BEFORE_2011, MESSAGES_PER_CALL_MAX,
    TIME_TO_LIVE_SECONDS_MAX_BEFORE_2017, VISIBILITY_TIMEOUT_SECONDS_DEFAULT,
    VISIBILITY_TIMEOUT_SECONDS_MAX, VISIBILITY_TIMEOUT_SECONDS_MAX_BEFORE_2011,
};
use queuerite_model::{
    Command, ListQueues, MessageId, MessageText, Operation, PopReceipt, QueueName, TimeToLive,
    VisibilityTimeout,
};

use crate::route::{Route, route};
use crate::{Head, ResourcePath, WireError, headers as names, metadata, xml};

/// Whether the request announces the length of its body as it must: PUT and POST need a
/// `Content-Length` unless the body is chunked. REST page "Common REST API error codes".
pub fn check_framing(method: &Method, headers: &HeaderMap) -> Result<(), WireError> {
    let needs_length = matches!(*method, Method::PUT | Method::POST);
    let has_length = headers.contains_key(http::header::CONTENT_LENGTH)
        || headers.contains_key(http::header::TRANSFER_ENCODING);
    if needs_length && !has_length {
        return Err(WireError::MissingContentLength);
    }
    Ok(())
}

/// Reads the operation, its parameters and its body. `spelled` holds the names of the request's
/// headers as they were sent, since [`HeaderMap`] folds their case and metadata keeps it.
pub fn parse_command(
    head: &Head,
    headers: &HeaderMap,
    spelled: &[Box<str>],
    body: &Bytes,
) -> Result<Command, WireError> {
    let queue = head.resource.path.queue_name()?;
    let route = route(head)?;
    check_timeout(head)?;
    let parameters = Parameters {
        head,
        headers,
        spelled,
        body,
    };
    let operation = match queue {
        None => parameters.service_operation(route)?,
        Some(queue) => parameters.queue_operation(route, queue)?,
    };
    Ok(Command {
        account: head.resource.account.clone(),
        operation,
    })
}

/// What remains to be read of a request.
struct Parameters<'a> {
    head: &'a Head,
    headers: &'a HeaderMap,
    spelled: &'a [Box<str>],
    body: &'a Bytes,
}

impl Parameters<'_> {
    fn service_operation(&self, route: Route) -> Result<Operation, WireError> {
        match route {
            Route::ListQueues => Ok(Operation::ListQueues(self.list_queues()?)),
            Route::GetServiceProperties => Ok(Operation::GetServiceProperties),
            Route::SetServiceProperties => {
                let update = xml::read_service_properties(self.checked_body()?, self.head.version)?;
                Ok(Operation::SetServiceProperties(update))
            }
            Route::GetServiceStats if self.head.resource.is_secondary => {
                Ok(Operation::GetServiceStats)
            }
            Route::GetServiceStats => Err(WireError::InvalidQueryParameter {
                name: "comp",
                value: self.text("comp").unwrap_or_default().to_owned(),
                reason: "",
            }),
            _ => Err(WireError::OperationNeedsBearerToken),
        }
    }

    fn queue_operation(&self, route: Route, queue: QueueName) -> Result<Operation, WireError> {
        Ok(match route {
            Route::CreateQueue => Operation::CreateQueue {
                queue,
                metadata: self.metadata()?,
            },
            Route::DeleteQueue => Operation::DeleteQueue { queue },
            Route::GetQueueMetadata => Operation::GetQueueMetadata { queue },
            Route::SetQueueMetadata => Operation::SetQueueMetadata {
                queue,
                metadata: self.metadata()?,
            },
            Route::GetQueueAcl => Operation::GetQueueAcl { queue },
            Route::SetQueueAcl => {
                let policies = xml::read_signed_identifiers(self.checked_body()?)?;
                Operation::SetQueueAcl { queue, policies }
            }
            Route::PutMessage => self.put_message(queue)?,
            Route::GetMessages => Operation::GetMessages {
                queue,
                count: self.count()?,
                visibility_timeout: self
                    .visibility_timeout(1)?
                    .unwrap_or_else(|| hidden_for(VISIBILITY_TIMEOUT_SECONDS_DEFAULT)),
            },
            Route::PeekMessages => Operation::PeekMessages {
                queue,
                count: self.count()?,
            },
            Route::ClearMessages => Operation::ClearMessages { queue },
            Route::DeleteMessage => {
                let pop_receipt = self.pop_receipt()?;
                Operation::DeleteMessage {
                    queue,
                    message: self.message_id(),
                    pop_receipt,
                }
            }
            _ => self.update_message(queue)?,
        })
    }

    fn list_queues(&self) -> Result<ListQueues, WireError> {
        let include = self.text("include").unwrap_or_default();
        let mut items = include
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty());
        if items
            .clone()
            .any(|item| !item.eq_ignore_ascii_case("metadata"))
        {
            return Err(invalid("include", include, ""));
        }
        Ok(ListQueues {
            prefix: self.text("prefix").unwrap_or_default().to_owned(),
            marker: self.marker()?,
            max_results: self.number("maxresults", 1, i32::MAX.into())?,
            include_metadata: items.next().is_some() && self.head.version.lists_metadata(),
        })
    }

    /// A marker is `/account/queue`, as a next marker was; listing begins at that queue.
    fn marker(&self) -> Result<Option<String>, WireError> {
        let Some(marker) = self.text("marker").filter(|marker| !marker.is_empty()) else {
            return Ok(None);
        };
        let account = self.head.resource.account.as_str();
        let name = marker
            .strip_prefix('/')
            .and_then(|rest| rest.strip_prefix(account))
            .and_then(|rest| rest.strip_prefix('/'))
            .ok_or(WireError::MarkerOutOfRange)?;
        Ok(Some(name.to_owned()))
    }

    fn put_message(&self, queue: QueueName) -> Result<Operation, WireError> {
        let visibility_timeout = if self.head.version.puts_may_hide() {
            self.visibility_timeout(0)?
                .unwrap_or(VisibilityTimeout::ZERO)
        } else {
            VisibilityTimeout::ZERO
        };
        let time_to_live = self.time_to_live()?;
        if !time_to_live.exceeds(visibility_timeout) {
            let value = visibility_timeout.seconds().to_string();
            let reason = "messagettl must be greater than visibilitytimeout";
            return Err(invalid("visibilitytimeout", &value, reason));
        }
        let text = self.message_text()?;
        Ok(Operation::PutMessage {
            queue,
            text,
            visibility_timeout,
            time_to_live,
        })
    }

    fn update_message(&self, queue: QueueName) -> Result<Operation, WireError> {
        let version = self.head.version;
        if !version.has_update_message() {
            return Err(WireError::UnsupportedVersion {
                value: version.to_string(),
            });
        }
        let pop_receipt = self.pop_receipt()?;
        let visibility_timeout =
            self.visibility_timeout(0)?
                .ok_or(WireError::MissingQueryParameter {
                    name: "visibilitytimeout",
                })?;
        let text = if self.body.is_empty() {
            None
        } else {
            Some(self.message_text()?)
        };
        let message = self.message_id();
        Ok(Operation::UpdateMessage {
            queue,
            message,
            pop_receipt,
            visibility_timeout,
            text,
        })
    }

    fn metadata(&self) -> Result<queuerite_model::Metadata, WireError> {
        metadata::read(self.headers, self.spelled)
    }

    fn message_text(&self) -> Result<MessageText, WireError> {
        let limit = if self.head.version.texts_reach_64_kib() {
            MESSAGE_TEXT_BYTES_MAX
        } else {
            MESSAGE_TEXT_BYTES_MAX_BEFORE_2011
        };
        xml::read_queue_message(self.checked_body()?, limit)
    }

    /// The body, once it agrees with its `Content-MD5`, if that was sent.
    fn checked_body(&self) -> Result<&[u8], WireError> {
        if let Some(specified) =
            names::joined(self.headers, "content-md5").filter(|md5| !md5.is_empty())
        {
            let digest = BASE64_STANDARD
                .decode(&specified)
                .map_err(|_| WireError::InvalidMd5)?;
            if digest.len() != 16 {
                return Err(WireError::InvalidMd5);
            }
            let calculated = Md5::digest(self.body);
            if digest != calculated.as_slice() {
                return Err(WireError::Md5Mismatch {
                    specified,
                    calculated: BASE64_STANDARD.encode(calculated),
                });
            }
        }
        Ok(self.body)
    }

    fn count(&self) -> Result<u32, WireError> {
        Ok(self
            .number("numofmessages", 1, MESSAGES_PER_CALL_MAX.into())?
            .unwrap_or(1))
    }

    fn visibility_timeout(&self, least: i64) -> Result<Option<VisibilityTimeout>, WireError> {
        let most = if self.head.version.visibility_timeout_reaches_seven_days() {
            VISIBILITY_TIMEOUT_SECONDS_MAX
        } else {
            VISIBILITY_TIMEOUT_SECONDS_MAX_BEFORE_2011
        };
        let seconds = self.number("visibilitytimeout", least, most.into())?;
        Ok(seconds.map(hidden_for))
    }

    fn time_to_live(&self) -> Result<TimeToLive, WireError> {
        const NAME: &str = "messagettl";
        if !self.head.version.time_to_live_is_unlimited() {
            let most = i64::try_from(TIME_TO_LIVE_SECONDS_MAX_BEFORE_2017).unwrap_or(i64::MAX);
            let seconds = self.number(NAME, 1, most)?;
            return Ok(seconds.map_or(TimeToLive::DEFAULT, |s| TimeToLive::Seconds(s.into())));
        }
        let Some(value) = self.text(NAME) else {
            return Ok(TimeToLive::DEFAULT);
        };
        match parse_integer(NAME, value)? {
            -1 => Ok(TimeToLive::Never),
            seconds if seconds >= 1 => Ok(TimeToLive::Seconds(seconds.unsigned_abs())),
            _ => Err(invalid(
                NAME,
                value,
                "Value must be greater than or equal to 1, or -1 to indicate an infinite TTL.",
            )),
        }
    }

    fn pop_receipt(&self) -> Result<PopReceipt, WireError> {
        let value = self
            .text("popreceipt")
            .ok_or(WireError::MissingQueryParameter { name: "popreceipt" })?;
        BASE64_STANDARD
            .decode(value)
            .ok()
            .and_then(|bytes| PopReceipt::from_bytes(&bytes))
            .ok_or_else(|| invalid("popreceipt", value, "Invalid pop receipt format"))
    }

    fn message_id(&self) -> Option<MessageId> {
        match &self.head.resource.path {
            ResourcePath::Message { message, .. } => MessageId::parse(message),
            _ => None,
        }
    }

    /// A query parameter that must be an integer within a range, if it is there.
    fn number(
        &self,
        name: &'static str,
        minimum: i64,
        maximum: i64,
    ) -> Result<Option<u32>, WireError> {
        let Some(value) = self.text(name) else {
            return Ok(None);
        };
        let number = parse_integer(name, value)?;
        if number < minimum || number > maximum {
            let value = value.to_owned();
            return Err(WireError::OutOfRangeQueryParameter {
                name,
                value,
                minimum,
                maximum,
            });
        }
        Ok(u32::try_from(number).ok())
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.head.query.get(name)
    }
}

/// `timeout` is taken by every operation; it must be a positive number of seconds, and more
/// than 30 means 30. Nothing here takes that long, so it has no further effect.
fn check_timeout(head: &Head) -> Result<(), WireError> {
    let Some(value) = head.query.get("timeout") else {
        return Ok(());
    };
    if parse_integer("timeout", value)? < 1 {
        return Err(invalid("timeout", value, ""));
    }
    Ok(())
}

/// Reads an integer; one too large for us is as good as the largest there is.
fn parse_integer(name: &'static str, value: &str) -> Result<i64, WireError> {
    use std::num::IntErrorKind::{NegOverflow, PosOverflow};
    value
        .trim()
        .parse::<i64>()
        .or_else(|error| match error.kind() {
            PosOverflow => Ok(i64::MAX),
            NegOverflow => Ok(i64::MIN),
            _ => Err(invalid(name, value, "")),
        })
}

fn hidden_for(seconds: u32) -> VisibilityTimeout {
    VisibilityTimeout::from_seconds(seconds).unwrap_or_default()
}

fn invalid(name: &'static str, value: &str, reason: &'static str) -> WireError {
    WireError::InvalidQueryParameter {
        name,
        value: value.to_owned(),
        reason,
    }
}
