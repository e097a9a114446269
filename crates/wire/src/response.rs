//! Answers: status, headers, body.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use queuerite_model::{AccountName, ListQueues, MessageText, Metadata, Outcome, Timestamp};

use crate::headers::{
    X_MS_APPROXIMATE_MESSAGES_COUNT, X_MS_CLIENT_REQUEST_ID, X_MS_ERROR_CODE, X_MS_META_PREFIX,
    X_MS_POP_RECEIPT, X_MS_REQUEST_ID, X_MS_TIME_NEXT_VISIBLE, X_MS_VERSION,
};
use crate::{
    RequestId, ServiceVersion, StorageErrorCode, UserDelegationKey, rfc1123,
    xml::{
        error, messages_list, queue_list, service_properties, service_stats, signed_identifiers,
        user_delegation_key,
    },
};

/// An answer, complete but for what the connection adds: its framing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers, their names in lower case.
    pub headers: HeaderMap,
    /// The body, which may be empty.
    pub body: Bytes,
    /// What the status line says in place of the standard phrase.
    pub reason: Option<String>,
    /// The names of those headers whose spelling clients may care about, as they are to be
    /// written: the metadata, whose names keep their case.
    pub spelled_names: Vec<String>,
}

impl Response {
    /// An answer without headers and body.
    pub fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            reason: None,
            spelled_names: Vec::new(),
        }
    }

    /// Sets a header. A name or value that HTTP cannot carry is left out: what the service says
    /// of itself always fits, and the rest came to it in a header.
    pub fn set(&mut self, name: impl TryInto<HeaderName>, value: impl Into<Bytes>) {
        let name = name.try_into();
        let value = HeaderValue::from_maybe_shared(value.into());
        if let (Ok(name), Ok(value)) = (name, value) {
            self.headers.insert(name, value);
        }
    }

    pub(crate) fn document(status: StatusCode, document: Bytes) -> Self {
        let mut response = Self::empty(status);
        response.set_document(document);
        response
    }

    fn set_document(&mut self, document: Bytes) {
        self.set(header::CONTENT_TYPE, "application/xml");
        self.body = document;
    }

    /// Turns the answer to a GET into that to a HEAD.
    fn drop_body(&mut self) {
        self.headers.remove(header::CONTENT_TYPE);
        self.body = Bytes::new();
    }

    fn set_metadata(&mut self, metadata: &Metadata) {
        for (name, value) in metadata.iter() {
            let name = format!("{X_MS_META_PREFIX}{name}");
            self.set(&name, value.to_owned());
            self.spelled_names.push(name);
        }
    }
}

/// What an answer takes from the request.
#[derive(Clone, Copy, Debug)]
pub struct ResponseContext<'a> {
    /// The version that rules the request.
    pub version: ServiceVersion,
    /// Whether the method was HEAD, whose answer has no body.
    pub method_is_head: bool,
    /// The account.
    pub account: &'a AccountName,
    /// The URL of the account's queue service as the client knows it, ending in a slash.
    pub service_endpoint: &'a str,
    /// The parameters of List Queues, if it was that.
    pub list: Option<&'a ListQueues>,
}

/// Writes the answer to a command that succeeded, but for its [`common_headers`].
pub fn respond(context: &ResponseContext<'_>, outcome: &Outcome<MessageText>) -> Response {
    let version = context.version;
    let ok = |document| Response::document(StatusCode::OK, document);
    let mut response = match outcome {
        Outcome::QueuesListed(page) => {
            let everything = ListQueues::default();
            ok(queue_list::write(
                page,
                context.list.unwrap_or(&everything),
                context.account,
                context.service_endpoint,
                version,
            ))
        }
        Outcome::ServiceProperties(properties) => {
            ok(service_properties::write(properties, version))
        }
        Outcome::ServiceStats(stats) => ok(service_stats::write(*stats)),
        Outcome::QueueMetadata {
            metadata,
            approximate_messages_count,
        } => {
            let mut response = Response::empty(StatusCode::OK);
            let count = approximate_messages_count.to_string();
            response.set(X_MS_APPROXIMATE_MESSAGES_COUNT, count);
            response.set_metadata(metadata);
            response
        }
        Outcome::QueueAcl(policies) => ok(signed_identifiers::write(policies)),
        Outcome::MessagesDequeued(messages) => ok(messages_list::write_dequeued(messages, version)),
        Outcome::MessagesPeeked(messages) => ok(messages_list::write_peeked(messages, version)),
        Outcome::QueueCreated => Response::empty(StatusCode::CREATED),
        Outcome::MessagePut(message) => {
            let mut response = Response::empty(StatusCode::CREATED);
            if version.puts_return_a_body() {
                response.set_document(messages_list::write_put(message));
            }
            response
        }
        Outcome::ServicePropertiesSet => Response::empty(StatusCode::ACCEPTED),
        Outcome::QueueUnchanged
        | Outcome::QueueDeleted
        | Outcome::QueueMetadataSet
        | Outcome::QueueAclSet
        | Outcome::MessageDeleted
        | Outcome::MessagesCleared => Response::empty(StatusCode::NO_CONTENT),
        Outcome::MessageUpdated(message) => {
            let mut response = Response::empty(StatusCode::NO_CONTENT);
            let pop_receipt = STANDARD.encode(message.pop_receipt.as_bytes());
            response.set(X_MS_POP_RECEIPT, pop_receipt);
            response.set(X_MS_TIME_NEXT_VISIBLE, rfc1123(message.time_next_visible));
            response
        }
    };
    // Among the operations, 200 is the answer to GET and HEAD and to nothing else.
    if response.status == StatusCode::OK && version.sends_cache_control() {
        response.set(header::CACHE_CONTROL, "no-cache");
    }
    if context.method_is_head {
        response.drop_body();
    }
    response
}

/// Writes the answer to Get User Delegation Key, but for its [`common_headers`]. It is no GET,
/// so nothing is said of caches.
pub fn respond_user_delegation_key(key: &UserDelegationKey) -> Response {
    Response::document(StatusCode::OK, user_delegation_key::write(key))
}

/// Writes the answer to a request that failed, but for its [`common_headers`].
///
/// `text` is usually that of the code, and becomes the reason phrase. `details` are the
/// elements after the message. Without a version the answer is of the newest shape.
pub fn error_response(
    code: StorageErrorCode,
    text: &str,
    details: &[(&'static str, String)],
    request_id: &str,
    time: Timestamp,
    version: Option<ServiceVersion>,
    method_is_head: bool,
) -> Response {
    let document = error::write(code.name(), text, request_id, time, details);
    let mut response = Response::document(code.status(), document);
    response.reason = Some(text.to_owned());
    if version.is_none_or(ServiceVersion::sends_error_code_header) {
        response.set(X_MS_ERROR_CODE, code.name());
    }
    if method_is_head {
        response.drop_body();
    }
    response
}

/// The headers of every answer, successful or not. What is missing of them in answers that were
/// given early, before the service proper had the request, is for the caller to say.
#[derive(Clone, Copy, Debug)]
pub struct CommonHeaders<'a> {
    /// The id of the request.
    pub request_id: RequestId,
    /// The time of the answer.
    pub date: Timestamp,
    /// The version that rules the request; without one the answer is of the newest shape.
    pub version: Option<ServiceVersion>,
    /// Whether to say the version. The service does not where a signature is wrong or an
    /// `Authorization` header cannot be read.
    pub tells_version: bool,
    /// [`SERVER`], or [`SERVER_FRONT_END`] where the version is not said.
    pub server: &'static str,
    /// The client request id, if it is one that answers repeat.
    pub client_request_id: Option<&'a str>,
}

/// Adds the headers of every answer.
pub fn common_headers(response: &mut Response, common: &CommonHeaders<'_>) {
    response.set(X_MS_REQUEST_ID, common.request_id.to_string());
    response.set(header::DATE, rfc1123(common.date));
    if common
        .version
        .is_none_or(ServiceVersion::sends_version_header)
    {
        response.set(header::SERVER, common.server);
        if let Some(version) = common.version.filter(|_| common.tells_version) {
            response.set(X_MS_VERSION, version.to_string());
        }
    }
    if let Some(id) = common.client_request_id
        && common
            .version
            .is_none_or(ServiceVersion::echoes_client_request_id)
    {
        response.set(X_MS_CLIENT_REQUEST_ID, id.to_owned());
    }
}

/// The `Server` of answers that the service gives.
pub const SERVER: &str = "Windows-Azure-Queue/1.0 Microsoft-HTTPAPI/2.0";
/// The `Server` of answers that are given before the service has the request.
pub const SERVER_FRONT_END: &str = "Microsoft-HTTPAPI/2.0";

#[cfg(test)]
mod tests {
    use queuerite_model::{
        DequeueCount, DequeuedMessage, GeoReplicationStatus, MessageId, PeekedMessage, PopReceipt,
        PutMessage, QueuePage, ServiceStats, UpdatedMessage,
    };

    use super::*;

    const NOON: Timestamp = Timestamp::from_unix(1_791_201_600, 123_456_700);
    const XML: &str = "content-type: application/xml";
    const NO_CACHE: &str = "cache-control: no-cache";

    fn version(text: &str) -> ServiceVersion {
        ServiceVersion::parse(text).unwrap()
    }

    fn answer(outcome: &Outcome<MessageText>, version_text: &str, head: bool) -> Response {
        let context = ResponseContext {
            version: version(version_text),
            method_is_head: head,
            account: &AccountName::parse("contoso").unwrap(),
            service_endpoint: "http://127.0.0.1:10001/contoso/",
            list: None,
        };
        respond(&context, outcome)
    }

    fn lines(response: &Response) -> Vec<String> {
        let line = |(name, value): (&HeaderName, &HeaderValue)| {
            format!("{name}: {}", value.to_str().unwrap())
        };
        let mut lines: Vec<_> = response.headers.iter().map(line).collect();
        lines.sort();
        lines
    }

    /// Checks status, headers and whether the body is the document of this root.
    #[track_caller]
    fn answers(response: &Response, status: u16, headers: &[&str], root: &str) {
        assert_eq!(response.status.as_u16(), status);
        assert_eq!(lines(response), headers);
        assert_eq!(response.reason, None);
        let body = str::from_utf8(&response.body).unwrap();
        if root.is_empty() {
            assert_eq!(body, "");
        } else {
            let start = format!("\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><{root}");
            assert!(body.starts_with(&start), "{body}");
        }
    }

    fn metadata() -> Outcome<MessageText> {
        let pairs = vec![
            ("Owner".to_owned(), "sales".to_owned()),
            ("empty".to_owned(), String::new()),
        ];
        Outcome::QueueMetadata {
            metadata: Metadata::new(pairs).unwrap(),
            approximate_messages_count: 2,
        }
    }

    fn put() -> Outcome<MessageText> {
        Outcome::MessagePut(PutMessage {
            id: MessageId::from_bytes([0; 16]),
            insertion_time: NOON,
            expiration_time: NOON,
            pop_receipt: PopReceipt::issued(0, NOON),
            time_next_visible: NOON,
        })
    }

    #[test]
    fn documents_come_with_200_and_their_type() {
        let peeked = PeekedMessage {
            id: MessageId::from_bytes([0; 16]),
            insertion_time: NOON,
            expiration_time: NOON,
            dequeue_count: DequeueCount(1),
            text: MessageText::new("text".into()),
        };
        let dequeued = DequeuedMessage {
            peeked: peeked.clone(),
            pop_receipt: PopReceipt::issued(0, NOON),
            time_next_visible: NOON,
        };
        let stats = ServiceStats {
            status: GeoReplicationStatus::Live,
            last_sync_time: NOON,
        };
        for (outcome, root) in [
            (
                Outcome::QueuesListed(QueuePage::default()),
                "EnumerationResults ServiceEndpoint=\"http://127.0.0.1:10001/contoso/\">",
            ),
            (
                Outcome::ServiceProperties(Box::default()),
                "StorageServiceProperties>",
            ),
            (Outcome::ServiceStats(stats), "StorageServiceStats>"),
            (Outcome::QueueAcl(Vec::new()), "SignedIdentifiers />"),
            (Outcome::MessagesPeeked(Vec::new()), "QueueMessagesList />"),
            (Outcome::MessagesPeeked(vec![peeked]), "QueueMessagesList>"),
            (
                Outcome::MessagesDequeued(vec![dequeued]),
                "QueueMessagesList>",
            ),
        ] {
            let response = answer(&outcome, "2014-02-14", false);
            answers(&response, 200, &[NO_CACHE, XML], root);
            let response = answer(&outcome, "2013-08-15", false);
            answers(&response, 200, &[XML], root);
        }
    }

    #[test]
    fn what_has_nothing_to_tell_has_a_status_and_no_headers() {
        for (outcome, status) in [
            (Outcome::QueueCreated, 201),
            (Outcome::QueueUnchanged, 204),
            (Outcome::QueueDeleted, 204),
            (Outcome::QueueMetadataSet, 204),
            (Outcome::QueueAclSet, 204),
            (Outcome::MessageDeleted, 204),
            (Outcome::MessagesCleared, 204),
            (Outcome::ServicePropertiesSet, 202),
        ] {
            answers(&answer(&outcome, "2026-10-06", false), status, &[], "");
        }
    }

    #[test]
    fn put_message_has_a_body_since_2016_05_31() {
        let response = answer(&put(), "2016-05-31", false);
        answers(&response, 201, &[XML], "QueueMessagesList>");
        answers(&answer(&put(), "2015-12-11", false), 201, &[], "");
    }

    #[test]
    fn queue_metadata_is_in_headers_whose_spelling_is_remembered() {
        let common = [
            NO_CACHE,
            "x-ms-approximate-messages-count: 2",
            "x-ms-meta-empty: ",
            "x-ms-meta-owner: sales",
        ];
        for head in [false, true] {
            let response = answer(&metadata(), "2026-10-06", head);
            answers(&response, 200, &common, "");
            let names = ["x-ms-meta-Owner", "x-ms-meta-empty"];
            assert_eq!(response.spelled_names, names);
        }
    }

    #[test]
    fn metadata_beyond_ascii_leaves_as_utf8_and_what_http_cannot_carry_is_left_out() {
        let pairs = vec![("a".into(), "é".into()), ("b".into(), "1\n2".into())];
        let outcome = Outcome::QueueMetadata {
            metadata: Metadata::new(pairs).unwrap(),
            approximate_messages_count: 0,
        };
        let response = answer(&outcome, "2026-10-06", false);
        assert_eq!(response.headers.get("x-ms-meta-a").unwrap(), "é");
        assert_eq!(response.headers.get("x-ms-meta-b"), None);
    }

    #[test]
    fn update_message_tells_the_new_receipt_in_headers() {
        let time_next_visible = NOON.plus_seconds(60);
        let outcome = Outcome::MessageUpdated(UpdatedMessage {
            pop_receipt: PopReceipt::updated(
                0,
                Timestamp::from_unix(1_791_201_660, 0),
                DequeueCount(1),
            ),
            time_next_visible,
        });
        let expected = [
            "x-ms-popreceipt: AwAAAAMAAAAAAAAAAOblL8FU3QEBAAAA",
            "x-ms-time-next-visible: Mon, 05 Oct 2026 12:01:00 GMT",
        ];
        answers(&answer(&outcome, "2026-10-06", false), 204, &expected, "");
    }

    #[test]
    fn the_answer_to_head_has_no_body_and_says_no_type() {
        let response = answer(&Outcome::QueueAcl(Vec::new()), "2026-10-06", true);
        answers(&response, 200, &[NO_CACHE], "");
    }

    fn not_found(version_text: Option<&str>, head: bool) -> Response {
        let code = StorageErrorCode::QueueNotFound;
        let id = "8e4bb3a6-0003-005c-50d3-9dae05000000";
        let version = version_text.map(version);
        error_response(code, code.text(), &[], id, NOON, version, head)
    }

    #[test]
    fn an_error_says_its_text_in_the_status_line_and_in_the_document() {
        let response = not_found(Some("2017-07-29"), false);
        assert_eq!(response.status, StatusCode::NOT_FOUND);
        assert_eq!(
            response.reason.as_deref(),
            Some("The specified queue does not exist.")
        );
        assert_eq!(lines(&response), [XML, "x-ms-error-code: QueueNotFound"]);
        assert_eq!(
            str::from_utf8(&response.body).unwrap(),
            "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>QueueNotFound</Code>\
            <Message>The specified queue does not exist.\n\
            RequestId:8e4bb3a6-0003-005c-50d3-9dae05000000\n\
            Time:2026-10-05T12:00:00.1234567Z</Message></Error>"
        );
    }

    #[test]
    fn the_error_code_is_in_a_header_since_2017_07_29() {
        let code = |version| lines(&not_found(version, true));
        let expected = ["x-ms-error-code: QueueNotFound"];
        assert_eq!(code(Some("2017-07-29")), expected);
        assert_eq!(code(None), expected);
        assert!(code(Some("2017-04-17")).is_empty());
        assert!(not_found(None, true).body.is_empty());
    }

    fn common(version_text: Option<&str>, tells_version: bool) -> Vec<String> {
        let mut response = Response::empty(StatusCode::NO_CONTENT);
        let common = CommonHeaders {
            request_id: RequestId::from_random([0x11; 16]),
            date: NOON,
            version: version_text.map(version),
            tells_version,
            server: if tells_version {
                SERVER
            } else {
                SERVER_FRONT_END
            },
            client_request_id: Some("mine"),
        };
        common_headers(&mut response, &common);
        lines(&response)
    }

    #[test]
    fn every_answer_has_the_common_headers_of_its_version() {
        let date = "date: Mon, 05 Oct 2026 12:00:00 GMT";
        let server = "server: Windows-Azure-Queue/1.0 Microsoft-HTTPAPI/2.0";
        let id = "x-ms-request-id: 11111111-1003-1111-1111-111111000000";
        let echo = "x-ms-client-request-id: mine";
        assert_eq!(
            common(Some("2019-02-02"), true),
            [date, server, echo, id, "x-ms-version: 2019-02-02"]
        );
        assert_eq!(
            common(Some("2018-11-09"), true),
            [date, server, id, "x-ms-version: 2018-11-09"]
        );
        assert_eq!(common(Some("2009-07-17"), true), [date, id]);
        let front_end = "server: Microsoft-HTTPAPI/2.0";
        assert_eq!(
            common(Some("2019-02-02"), false),
            [date, front_end, echo, id]
        );
        assert_eq!(common(None, true), [date, server, echo, id]);
    }
}
