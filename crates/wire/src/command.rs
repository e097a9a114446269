//! From a request that is believed to a [`Command`]: names, parameters, body, in this order.
//!
//! When several things are wrong, the URL is reported before the query, the query before the
//! body, and the state of the queues, which this crate does not know, last. It is recorded that
//! the form of a pop receipt comes before the queue, and the body before it too; the rest is the
//! order that fits.

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
    Timestamp, VisibilityTimeout,
};

use crate::{
    Head, KeyInfo, OperationKind, ResourcePath, WireError, headers as names, metadata, xml,
};

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
    let operation = OperationKind::of_request(head)?;
    let queue = head.resource.path.queue_name()?;
    check_timeout(head)?;
    let parameters = Parameters {
        head,
        headers,
        spelled,
        body,
    };
    let operation = match queue {
        None => parameters.service_operation(operation)?,
        Some(queue) => parameters.queue_operation(operation, queue)?,
    };
    Ok(Command {
        account: head.resource.account.clone(),
        operation,
    })
}

/// Reads the body of Get User Delegation Key, the one operation that is no command on queues.
pub fn parse_key_info(
    head: &Head,
    headers: &HeaderMap,
    body: &Bytes,
    now: Timestamp,
) -> Result<KeyInfo, WireError> {
    check_timeout(head)?;
    xml::read_key_info(checked_body(headers, body)?, head.version, now)
}

/// What remains to be read of a request.
struct Parameters<'a> {
    head: &'a Head,
    headers: &'a HeaderMap,
    spelled: &'a [Box<str>],
    body: &'a Bytes,
}

impl Parameters<'_> {
    fn service_operation(&self, operation: OperationKind) -> Result<Operation, WireError> {
        match operation {
            OperationKind::ListQueues => Ok(Operation::ListQueues(self.list_queues()?)),
            OperationKind::GetServiceProperties => Ok(Operation::GetServiceProperties),
            OperationKind::SetServiceProperties => {
                let update = xml::read_service_properties(self.checked_body()?, self.head.version)?;
                Ok(Operation::SetServiceProperties(update))
            }
            OperationKind::GetServiceStats if self.head.resource.is_secondary => {
                Ok(Operation::GetServiceStats)
            }
            OperationKind::GetServiceStats => Err(WireError::InvalidQueryParameter {
                name: "comp",
                value: self.text("comp").unwrap_or_default().to_owned(),
                reason: "",
            }),
            _ => Err(WireError::OperationNeedsBearerToken),
        }
    }

    fn queue_operation(
        &self,
        operation: OperationKind,
        queue: QueueName,
    ) -> Result<Operation, WireError> {
        Ok(match operation {
            OperationKind::CreateQueue => Operation::CreateQueue {
                queue,
                metadata: self.metadata()?,
            },
            OperationKind::DeleteQueue => Operation::DeleteQueue { queue },
            OperationKind::GetQueueMetadata => Operation::GetQueueMetadata { queue },
            OperationKind::SetQueueMetadata => Operation::SetQueueMetadata {
                queue,
                metadata: self.metadata()?,
            },
            OperationKind::GetQueueAcl => Operation::GetQueueAcl { queue },
            OperationKind::SetQueueAcl => {
                let policies = xml::read_signed_identifiers(self.checked_body()?)?;
                Operation::SetQueueAcl { queue, policies }
            }
            OperationKind::PutMessage => self.put_message(queue)?,
            OperationKind::GetMessages => Operation::GetMessages {
                queue,
                count: self.count()?,
                visibility_timeout: self
                    .visibility_timeout(1)?
                    .unwrap_or_else(|| hidden_for(VISIBILITY_TIMEOUT_SECONDS_DEFAULT)),
            },
            OperationKind::PeekMessages => Operation::PeekMessages {
                queue,
                count: self.count()?,
            },
            OperationKind::ClearMessages => Operation::ClearMessages { queue },
            OperationKind::DeleteMessage => {
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
            max_results: match self.text("maxresults") {
                Some("") => None,
                _ => self.number("maxresults", 1, i32::MAX.into())?,
            },
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

    fn checked_body(&self) -> Result<&[u8], WireError> {
        checked_body(self.headers, self.body)
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

/// The body, once it agrees with its `Content-MD5`, if that was sent.
fn checked_body<'a>(headers: &HeaderMap, body: &'a Bytes) -> Result<&'a [u8], WireError> {
    if let Some(specified) =
        names::joined(headers, &names::CONTENT_MD5).filter(|md5| !md5.is_empty())
    {
        let digest = BASE64_STANDARD
            .decode(&*specified)
            .map_err(|_| WireError::InvalidMd5)?;
        if digest.len() != 16 {
            return Err(WireError::InvalidMd5);
        }
        let calculated = Md5::digest(body);
        if digest != calculated.as_slice() {
            return Err(WireError::Md5Mismatch {
                specified: specified.into_owned(),
                calculated: BASE64_STANDARD.encode(calculated),
            });
        }
    }
    Ok(body)
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

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue, Uri};
    use proptest::prelude::*;

    use super::*;
    use crate::HeadOptions;

    const NEWEST: &str = "2026-10-06";
    const HELLO: &str = "<QueueMessage><MessageText>hello</MessageText></QueueMessage>";
    const RECEIPT: &str = "AgAAAAMAAAAAAAAAkFnBcDn20wE=";
    const ID: &str = "11111111-2222-3333-4444-555555555555";

    /// Reads a request of the account `acct` that was signed as it should be.
    fn read(
        version: &str,
        line: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Operation, WireError> {
        let (method, target) = line.split_once(' ').unwrap();
        let uri: Uri = format!("/acct{target}").parse().unwrap();
        let mut map = HeaderMap::new();
        for (name, value) in headers.iter().chain(&[("x-ms-version", version)]) {
            let name: HeaderName = name.parse().unwrap();
            map.append(name, HeaderValue::from_str(value).unwrap());
        }
        let method: Method = method.parse().unwrap();
        let accounts = |name: &str| name == "acct";
        let head = Head::parse(&method, &uri, &map, OPTIONS, &accounts).map_err(|e| e.error)?;
        let spelled: Vec<_> = headers.iter().map(|(name, _)| (*name).into()).collect();
        let command = parse_command(&head, &map, &spelled, &Bytes::from(body.to_owned()))?;
        assert_eq!(command.account.as_str(), "acct");
        Ok(command.operation)
    }

    const OPTIONS: HeadOptions = HeadOptions {
        strict: false,
        any_version: true,
        host_style: true,
    };

    #[expect(clippy::needless_pass_by_value, reason = "so each case is one line")]
    #[track_caller]
    fn check(version: &str, line: &str, body: &str, expected: Result<Operation, WireError>) {
        assert_eq!(read(version, line, &[], body), expected, "{version} {line}");
    }

    /// Checks that a request is refused because of one of its parameters.
    #[track_caller]
    fn check_invalid(line: &str, name: &'static str, value: &str, reason: &'static str) {
        check(NEWEST, line, HELLO, Err(invalid(name, value, reason)));
    }

    #[track_caller]
    fn check_range(
        version: &str,
        line: &str,
        name: &'static str,
        range: [i64; 2],
        values: &[&str],
    ) {
        let [minimum, maximum] = range;
        for value in values {
            let error = WireError::OutOfRangeQueryParameter {
                name,
                value: (*value).to_owned(),
                minimum,
                maximum,
            };
            let line = format!("{line}{name}={value}");
            check(version, &line, HELLO, Err(error));
        }
    }

    fn queue() -> QueueName {
        QueueName::parse("orders").unwrap()
    }

    fn get(count: u32, seconds: u32) -> Operation {
        Operation::GetMessages {
            queue: queue(),
            count,
            visibility_timeout: hidden_for(seconds),
        }
    }

    fn put(seconds: u32, time_to_live: TimeToLive) -> Operation {
        Operation::PutMessage {
            queue: queue(),
            text: MessageText::new("hello".into()),
            visibility_timeout: hidden_for(seconds),
            time_to_live,
        }
    }

    fn receipt() -> PopReceipt {
        PopReceipt::from_bytes(&BASE64_STANDARD.decode(RECEIPT).unwrap()).unwrap()
    }

    fn list(prefix: &str, marker: Option<&str>, max: Option<u32>, metadata: bool) -> Operation {
        Operation::ListQueues(ListQueues {
            prefix: prefix.into(),
            marker: marker.map(Into::into),
            max_results: max,
            include_metadata: metadata,
        })
    }

    #[test]
    fn get_takes_one_to_32_messages() {
        let target = "GET /orders/messages?";
        check(NEWEST, target, "", Ok(get(1, 30)));
        for (value, count) in [("1", 1), ("32", 32), ("%2032%20", 32), ("032", 32)] {
            let line = format!("{target}numofmessages={value}");
            check(NEWEST, &line, "", Ok(get(count, 30)));
        }
        let outside = [
            "0",
            "33",
            "-1",
            "99999999999999999999",
            "-99999999999999999999",
        ];
        check_range(NEWEST, target, "numofmessages", [1, 32], &outside);
        for value in ["", "x", "1.0", "0x1", "1 2"] {
            let line = format!("{target}numofmessages={}", value.replace(' ', "%20"));
            check_invalid(&line, "numofmessages", value, "");
        }
    }

    #[test]
    fn peek_takes_one_to_32_messages_and_no_timeout() {
        let target = "GET /orders/messages?peekonly=true&";
        for (value, count) in [
            ("", 1),
            ("numofmessages=32", 32),
            ("visibilitytimeout=x", 1),
        ] {
            let queue = queue();
            let peek = Operation::PeekMessages { queue, count };
            check(NEWEST, &format!("{target}{value}"), "", Ok(peek));
        }
        check_range(NEWEST, target, "numofmessages", [1, 32], &["0", "33"]);
    }

    #[test]
    fn get_hides_for_a_second_to_seven_days_and_once_for_two_hours() {
        let target = "GET /orders/messages?";
        let name = "visibilitytimeout";
        for (version, most) in [
            (NEWEST, 604_800),
            ("2011-08-18", 604_800),
            ("2009-09-19", 7200),
        ] {
            for seconds in [1, most] {
                let line = format!("{target}{name}={seconds}");
                check(version, &line, "", Ok(get(1, seconds)));
            }
            let beyond = (most + 1).to_string();
            let range = [1, i64::from(most)];
            check_range(version, target, name, range, &["0", "-1", &beyond]);
        }
    }

    #[test]
    fn put_hides_for_nothing_to_seven_days_and_once_never() {
        let target = "POST /orders/messages?messagettl=-1&";
        let name = "visibilitytimeout";
        for seconds in [0, 604_800] {
            let line = format!("{target}{name}={seconds}");
            check(NEWEST, &line, HELLO, Ok(put(seconds, TimeToLive::Never)));
        }
        check_range(NEWEST, target, name, [0, 604_800], &["-1", "604801"]);
        check_invalid(&format!("{target}{name}=x"), name, "x", "");
        let line = "POST /orders/messages?visibilitytimeout=x";
        check("2009-09-19", line, HELLO, Ok(put(0, TimeToLive::DEFAULT)));
    }

    #[test]
    fn put_keeps_as_long_as_it_is_told() {
        let line = |value: &str| format!("POST /orders/messages?messagettl={value}");
        for (value, expected) in [
            ("1", TimeToLive::Seconds(1)),
            ("604801", TimeToLive::Seconds(604_801)),
            ("-1", TimeToLive::Never),
        ] {
            for version in [NEWEST, "2017-07-29"] {
                check(version, &line(value), HELLO, Ok(put(0, expected)));
            }
        }
        let beyond = read(NEWEST, &line("99999999999999999999"), &[], HELLO);
        assert!(matches!(beyond, Ok(Operation::PutMessage { .. })));
        let reason = "Value must be greater than or equal to 1, or -1 to indicate an infinite TTL.";
        for value in ["0", "-2", "-99999999999999999999"] {
            check_invalid(&line(value), "messagettl", value, reason);
        }
        check_invalid(&line(""), "messagettl", "", "");

        let old = "2017-04-17";
        for seconds in [1, 604_800] {
            let expected = Ok(put(0, TimeToLive::Seconds(seconds)));
            check(old, &line(&seconds.to_string()), HELLO, expected);
        }
        let target = "POST /orders/messages?";
        let outside = ["0", "-1", "604801"];
        check_range(old, target, "messagettl", [1, 604_800], &outside);
    }

    #[test]
    fn a_message_must_live_longer_than_it_is_hidden() {
        let target = "POST /orders/messages?";
        let reason = "messagettl must be greater than visibilitytimeout";
        for (parameters, value) in [
            ("visibilitytimeout=604800", "604800"),
            ("visibilitytimeout=10&messagettl=10", "10"),
            ("messagettl=10&visibilitytimeout=11", "11"),
        ] {
            let line = format!("{target}{parameters}");
            check_invalid(&line, "visibilitytimeout", value, reason);
        }
        let line = format!("{target}visibilitytimeout=604799");
        check(NEWEST, &line, HELLO, Ok(put(604_799, TimeToLive::DEFAULT)));
        let line = format!("{target}visibilitytimeout=10&messagettl=11");
        check(NEWEST, &line, HELLO, Ok(put(10, TimeToLive::Seconds(11))));
    }

    #[test]
    fn a_text_has_64_kib_and_once_had_8() {
        let text = |n: usize| HELLO.replace("hello", &"a".repeat(n));
        let line = "POST /orders/messages";
        for (version, limit) in [
            (NEWEST, 65_536),
            ("2011-08-18", 65_536),
            ("2009-09-19", 8192),
        ] {
            let fits = read(version, line, &[], &text(limit));
            assert!(fits.is_ok(), "{version}");
            let error = WireError::BodyTooLarge { limit };
            check(version, line, &text(limit + 1), Err(error));
        }
    }

    #[test]
    fn update_needs_a_receipt_and_a_timeout_and_may_have_a_text() {
        let target = format!("PUT /orders/messages/{ID}?");
        let line = |parameters: &str| format!("{target}{parameters}");
        let expected = |seconds, text: Option<&str>| Operation::UpdateMessage {
            queue: queue(),
            message: MessageId::parse(ID),
            pop_receipt: receipt(),
            visibility_timeout: hidden_for(seconds),
            text: text.map(|text| MessageText::new(text.into())),
        };
        let both = format!("popreceipt={RECEIPT}&visibilitytimeout=0");
        check(NEWEST, &line(&both), "", Ok(expected(0, None)));
        check(NEWEST, &line(&both), HELLO, Ok(expected(0, Some("hello"))));
        let longest = line(&format!("popreceipt={RECEIPT}&visibilitytimeout=604800"));
        check(NEWEST, &longest, "", Ok(expected(604_800, None)));

        let missing = |name| Err(WireError::MissingQueryParameter { name });
        let without = line("visibilitytimeout=0");
        check(NEWEST, &without, HELLO, missing("popreceipt"));
        let without = line(&format!("popreceipt={RECEIPT}"));
        check(NEWEST, &without, HELLO, missing("visibilitytimeout"));
        let target = line(&format!("popreceipt={RECEIPT}&"));
        let outside = ["-1", "604801"];
        check_range(NEWEST, &target, "visibilitytimeout", [0, 604_800], &outside);

        let value = "2009-09-19".to_owned();
        let error = WireError::UnsupportedVersion { value };
        check("2009-09-19", &line(&both), "", Err(error));
    }

    #[test]
    fn delete_reads_the_receipt_and_not_the_id() {
        let line = |id: &str, receipt: &str| format!("DELETE /orders/messages/{id}?{receipt}");
        for (id, message) in [(ID, MessageId::parse(ID)), ("mymsg", None)] {
            let expected = Operation::DeleteMessage {
                queue: queue(),
                message,
                pop_receipt: receipt(),
            };
            let line = line(id, &format!("PopReceipt={RECEIPT}"));
            check(NEWEST, &line, "", Ok(expected));
        }
        let name = "popreceipt";
        let error = WireError::MissingQueryParameter { name };
        check(NEWEST, &line(ID, ""), "", Err(error));
        for value in ["", "garbage", "AAAA", "AgAAAAMAAAAAAAAAkFnBcDn2 wE="] {
            let sent = format!("{name}={}", value.replace(' ', "+"));
            check_invalid(&line(ID, &sent), name, value, "Invalid pop receipt format");
        }
    }

    #[test]
    fn list_reads_a_page() {
        for (parameters, expected) in [
            ("", list("", None, None, false)),
            ("&prefix=o%20r", list("o r", None, None, false)),
            ("&prefix=", list("", None, None, false)),
            ("&maxresults=", list("", None, None, false)),
            ("&maxresults=1", list("", None, Some(1), false)),
            (
                "&maxresults=2147483647",
                list("", None, Some(2_147_483_647), false),
            ),
            ("&marker=", list("", None, None, false)),
            (
                "&marker=/acct/orders",
                list("", Some("orders"), None, false),
            ),
            (
                "&marker=%2Facct%2Forders",
                list("", Some("orders"), None, false),
            ),
            ("&include=", list("", None, None, false)),
            ("&include=,", list("", None, None, false)),
            ("&include=metadata", list("", None, None, true)),
            ("&include=Metadata,%20metadata", list("", None, None, true)),
        ] {
            let line = format!("GET ?comp=list{parameters}");
            check(NEWEST, &line, "", Ok(expected));
        }
        let old = "GET ?comp=list&include=metadata";
        check("2009-07-17", old, "", Ok(list("", None, None, false)));
    }

    #[test]
    fn list_refuses_what_is_no_page() {
        let target = "GET ?comp=list&";
        for marker in [
            "garbage",
            "/",
            "/other/orders",
            "/acct",
            "acct/orders",
            "/acctorders",
        ] {
            let line = format!("{target}marker={marker}");
            check(NEWEST, &line, "", Err(WireError::MarkerOutOfRange));
        }
        for include in ["messages", "metadata,messages"] {
            let line = format!("{target}include={include}");
            check_invalid(&line, "include", include, "");
        }
        let range = [1, i64::from(i32::MAX)];
        let outside = ["0", "-1", "2147483648"];
        check_range(NEWEST, target, "maxresults", range, &outside);
    }

    #[test]
    fn of_a_repeated_parameter_the_first_counts() {
        let line = "GET /orders/messages?numofmessages=2&NumOfMessages=33";
        check(NEWEST, line, "", Ok(get(2, 30)));
        check_range(
            NEWEST,
            "GET /orders/messages?",
            "numofmessages",
            [1, 32],
            &["33"],
        );
    }

    #[test]
    fn a_timeout_is_a_positive_number_on_every_operation() {
        let clear = Operation::ClearMessages { queue: queue() };
        for timeout in ["1", "30", "31", "99999999999999999999"] {
            let line = format!("DELETE /orders/messages?timeout={timeout}");
            check(NEWEST, &line, "", Ok(clear.clone()));
        }
        for timeout in ["0", "-1", "", "soon"] {
            for line in [
                "DELETE /orders/messages?",
                "GET ?comp=list&",
                "PUT /orders?",
            ] {
                let line = format!("{line}timeout={timeout}");
                check_invalid(&line, "timeout", timeout, "");
            }
        }
    }

    #[test]
    fn mistakes_are_reported_in_order() {
        let line = "GET /A_/messages?comp=x&timeout=0&numofmessages=0";
        check(NEWEST, line, "", Err(WireError::QueueNameLength));
        let line = "GET /A_B/messages?comp=x&timeout=0&numofmessages=0";
        check(NEWEST, line, "", Err(WireError::QueueNameCharacters));
        let line = "GET /orders/messages?comp=x&timeout=0&numofmessages=0";
        check_invalid(line, "comp", "x", "");
        let line = "GET /orders/messages?timeout=0&numofmessages=0";
        check_invalid(line, "timeout", "0", "");
        let line = "PATCH /orders/messages?timeout=0";
        let allowed = "GET, POST, DELETE";
        check(
            NEWEST,
            line,
            "",
            Err(WireError::UnsupportedVerb { allowed }),
        );
        let line = "POST /orders/messages?visibilitytimeout=x&messagettl=y";
        check(
            NEWEST,
            line,
            "<",
            Err(invalid("visibilitytimeout", "x", "")),
        );
        let line = "POST /orders/messages?messagettl=y";
        check(NEWEST, line, "<", Err(invalid("messagettl", "y", "")));
        let line = "PUT /orders/messages/x?popreceipt=y&visibilitytimeout=z";
        let reason = "Invalid pop receipt format";
        check(NEWEST, line, "<", Err(invalid("popreceipt", "y", reason)));
    }

    #[test]
    fn content_md5_is_that_of_the_body() {
        let line = "POST /orders/messages";
        let put = put(0, TimeToLive::DEFAULT);
        let with = |md5: &str| read(NEWEST, line, &[("content-md5", md5)], HELLO);
        let calculated = BASE64_STANDARD.encode(Md5::digest(HELLO));
        assert_eq!(with(&calculated), Ok(put.clone()));
        assert_eq!(with(""), Ok(put));
        let specified = BASE64_STANDARD.encode([0; 16]);
        let other = with(&specified);
        let mismatch = WireError::Md5Mismatch {
            specified,
            calculated,
        };
        assert_eq!(other, Err(mismatch));
        for malformed in [
            "AAAA",
            "!",
            &BASE64_STANDARD.encode([0; 17]),
            "AAAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert_eq!(with(malformed), Err(WireError::InvalidMd5), "{malformed}");
        }
        for line in [
            "PUT /orders?comp=acl",
            "PUT ?restype=service&comp=properties",
        ] {
            let error = read(NEWEST, line, &[("content-md5", "!")], "<a/>");
            assert_eq!(error, Err(WireError::InvalidMd5), "{line}");
        }
    }

    #[test]
    fn a_body_announces_its_length() {
        let framing = |method: &Method, header: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            if let Some(name) = header {
                headers.insert(name, HeaderValue::from_static("0"));
            }
            check_framing(method, &headers)
        };
        for method in [Method::PUT, Method::POST] {
            assert_eq!(framing(&method, None), Err(WireError::MissingContentLength));
            assert_eq!(framing(&method, Some("content-length")), Ok(()));
            assert_eq!(framing(&method, Some("transfer-encoding")), Ok(()));
        }
        for method in [Method::GET, Method::HEAD, Method::DELETE, Method::OPTIONS] {
            assert_eq!(framing(&method, None), Ok(()));
        }
    }

    #[test]
    fn queues_are_named_and_described() {
        let queue = queue();
        let headers = [("x-ms-meta-A", "1")];
        let metadata = queuerite_model::Metadata::new(vec![("A".into(), "1".into())]).unwrap();
        let read = |line| read(NEWEST, line, &headers, "");
        let expected = Operation::CreateQueue {
            queue: queue.clone(),
            metadata: metadata.clone(),
        };
        assert_eq!(read("PUT /orders"), Ok(expected));
        let expected = Operation::SetQueueMetadata {
            queue: queue.clone(),
            metadata,
        };
        assert_eq!(read("PUT /orders?comp=metadata"), Ok(expected));
        let expected = Operation::SetQueueAcl {
            queue: queue.clone(),
            policies: Vec::new(),
        };
        assert_eq!(read("PUT /orders?comp=acl"), Ok(expected));
        let expected = Operation::DeleteQueue { queue };
        assert_eq!(read("DELETE /orders"), Ok(expected));
    }

    #[test]
    fn stats_are_on_the_secondary_and_delegation_keys_for_bearers() {
        let line = "GET -secondary?restype=service&comp=stats";
        check(NEWEST, line, "", Ok(Operation::GetServiceStats));
        check_invalid("GET ?restype=service&comp=Stats", "comp", "Stats", "");
        let line = "POST ?restype=service&comp=userdelegationkey";
        check(NEWEST, line, "", Err(WireError::OperationNeedsBearerToken));
    }

    /// A request whose parts are often right.
    fn target() -> impl Strategy<Value = String> {
        let path = "(/acct|/acct-secondary|)(/[a-z-]{2,5}|/orders)?(/messages)?(/[!-~]{0,6})?";
        let name = "(comp|restype|peekonly|numofmessages|visibilitytimeout|messagettl|popreceipt|\
                    timeout|prefix|marker|maxresults|include|[!-~]{0,4})";
        let value = "(list|properties|metadata|acl|stats|service|true|-?[0-9]{1,20}|\
                     AgAAAAMAAAAAAAAAkFnBcDn20wE=|/acct/orders|[!-~]{0,6})";
        (path, proptest::collection::vec((name, value), 0..4)).prop_map(|(path, pairs)| {
            let pairs: Vec<_> = pairs
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            format!("{path}?{}", pairs.join("&"))
        })
    }

    fn header() -> impl Strategy<Value = (String, Vec<u8>)> {
        let name =
            "(content-md5|x-ms-version|x-ms-client-request-id|host|x-ms-meta-[a-zA-Z_-]{0,3})";
        let value = prop_oneof![
            Just(NEWEST.as_bytes().to_vec()),
            Just(b"2009-07-17".to_vec()),
            proptest::collection::vec(any::<u8>(), 0..20),
        ];
        (name, value)
    }

    fn body() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            Just(HELLO.as_bytes().to_vec()),
            "(<QueueMessage>|<SignedIdentifiers>|</?[a-zA-Z]{1,5}/?>|&[a-z#0-9]{0,4};|[ -~]){0,8}"
                .prop_map(String::into_bytes),
            proptest::collection::vec(any::<u8>(), 0..40),
        ]
    }

    proptest! {
        #[test]
        fn no_request_panics(
            method in "(GET|HEAD|PUT|POST|DELETE|OPTIONS|PATCH|[A-Z]{1,8})",
            target in prop_oneof![target(), "[!-~]{1,60}"],
            headers in proptest::collection::vec(header(), 0..4),
            body in body(),
        ) {
            let method: Method = method.parse().unwrap();
            let Ok(uri) = target.parse::<Uri>() else { return Ok(()) };
            let mut map = HeaderMap::new();
            for (name, value) in &headers {
                let name: HeaderName = name.parse().unwrap();
                if let Ok(value) = HeaderValue::from_bytes(value) {
                    map.append(name, value);
                }
            }
            let spelled: Vec<_> = headers.iter().map(|(name, _)| name.as_str().into()).collect();
            let accounts = |name: &str| name == "acct";
            let _ = check_framing(&method, &map);
            if let Ok(head) = Head::parse(&method, &uri, &map, OPTIONS, &accounts) {
                let _ = parse_command(&head, &map, &spelled, &Bytes::from(body));
            }
        }
    }
}
