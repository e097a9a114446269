//! What a request costs outside the queues: read, believe, answer. The requests are those that
//! the Python SDK sends, with a message text of 1 KiB.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "nobody calls a benchmark, and what it cannot set up ends it"
)]

use std::hint::black_box;
use std::net::IpAddr;
use std::process::ExitCode;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use queuerite_micro::Case;
use queuerite_model::{
    AccountKey, AccountName, Command, DequeueCount, DequeuedMessage, MessageId, MessageText,
    Outcome, PeekedMessage, PopReceipt, PutMessage, QueueListing, QueueName, QueuePage, Timestamp,
};
use queuerite_wire::{
    AccountKeys, Circumstances, CommonHeaders, Credential, Head, HeadOptions, RequestId, Response,
    ResponseContext, SERVER, ServiceVersion, StorageService, common_headers, parse_command,
    respond, verify,
};
use sha2::Sha256;

const ACCOUNT: &str = "devstoreaccount1";
const KEY: &[u8] = b"any sixty-four bytes will do for a key, and these are sixty-four";
const DATE: &str = "Mon, 05 Oct 2026 12:00:00 GMT";
const VERSION: &str = "2026-04-06";
const MESSAGES: &str = "/devstoreaccount1/orders/messages";
const CLIENT_REQUEST_ID: &str = "6b1f9e5c-a1d4-11f0-8de9-0242ac120002";

fn main() -> ExitCode {
    queuerite_micro::main(&[
        parse("wire: parse Put Message", put),
        parse("wire: parse Get Messages", get),
        parse("wire: parse Delete Message", delete),
        believe("wire: verify SharedKey", || put().signed(SHARED_KEY)),
        believe("wire: verify SharedKeyLite", || {
            put().signed(SHARED_KEY_LITE)
        }),
        believe("wire: verify account SAS", put_with_sas),
        answer("wire: answer Put Message", put_answer),
        answer("wire: answer Get Messages, 1", || {
            Outcome::MessagesDequeued(dequeued(1))
        }),
        answer("wire: answer Get Messages, 32", || {
            Outcome::MessagesDequeued(dequeued(32))
        }),
        answer("wire: answer Peek Messages, 1", || {
            Outcome::MessagesPeeked(dequeued(1).into_iter().map(|m| m.peeked).collect())
        }),
        answer("wire: answer Delete Message", || Outcome::MessageDeleted),
        answer("wire: answer List Queues, 100", queues_answer),
        Case::new("wire: common headers", || {
            let version = ServiceVersion::parse(VERSION);
            move || {
                let mut response = Response::empty(StatusCode::CREATED);
                let common = CommonHeaders {
                    request_id: RequestId::from_random([7; 16]),
                    date: now(),
                    version,
                    tells_version: true,
                    server: SERVER,
                    client_request_id: Some(CLIENT_REQUEST_ID),
                };
                common_headers(&mut response, black_box(&common));
                black_box(response);
            }
        }),
    ])
}

/// Head and command: all that is read of a request.
fn parse(name: &str, request: fn() -> Request) -> Case {
    Case::new(name, move || {
        let request = request().signed(SHARED_KEY);
        move || {
            black_box(black_box(&request).command());
        }
    })
}

/// The credential, found and believed.
fn believe(name: &str, request: fn() -> Request) -> Case {
    Case::new(name, move || {
        let request = request();
        let head = request.head();
        let keys = AccountKeys::new([&AccountKey::new(KEY.to_vec())]);
        let circumstances = Circumstances {
            service: StorageService::Queue,
            now: now(),
            source: IpAddr::from([127, 0, 0, 1]),
            is_https: false,
            takes_tokens: false,
            strict: false,
            any_version: false,
            any_source: false,
        };
        move || {
            let headers = &black_box(&request).headers;
            let credential = Credential::read(headers, &head.query).unwrap();
            black_box(verify(&head, headers, &credential, &keys, &circumstances).unwrap());
        }
    })
}

/// Status, headers and body of an answer.
fn answer(name: &str, outcome: fn() -> Outcome<MessageText>) -> Case {
    Case::new(name, move || {
        let outcome = outcome();
        let account = AccountName::parse(ACCOUNT).unwrap();
        let version = ServiceVersion::parse(VERSION).unwrap();
        move || {
            let context = ResponseContext {
                version,
                method_is_head: false,
                account: &account,
                service_endpoint: "http://127.0.0.1:10001/devstoreaccount1/",
                list: None,
            };
            black_box(respond(&context, black_box(&outcome)));
        }
    })
}

struct Request {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
}

impl Request {
    fn new(method: Method, target: &str, body: String) -> Self {
        let mut request = Self {
            method,
            uri: target.parse().unwrap(),
            headers: HeaderMap::new(),
            body: body.into(),
        };
        request.set("host", "127.0.0.1:10001");
        request.set("x-ms-version", VERSION);
        if !request.body.is_empty() {
            request.set("content-type", "application/xml");
            request.set("content-length", &request.body.len().to_string());
        }
        request.set("accept", "application/xml");
        request.set("x-ms-client-request-id", CLIENT_REQUEST_ID);
        request.set(
            "user-agent",
            "azsdk-python-storage-queue/12.15.0 Python/3.11.7 (Linux-6.1.0-x86_64-with-glibc2.36)",
        );
        request.set("accept-encoding", "gzip, deflate");
        request.set("connection", "keep-alive");
        request
    }

    fn set(&mut self, name: &str, value: &str) {
        let name: HeaderName = name.parse().unwrap();
        self.headers
            .insert(name, HeaderValue::from_str(value).unwrap());
    }

    fn value(&self, name: impl header::AsHeaderName) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    /// REST page "Authorize with Shared Key".
    fn signed(mut self, scheme: &str) -> Self {
        self.set("x-ms-date", DATE);
        let (method, path) = (&self.method, self.uri.path());
        let kind = self.value(header::CONTENT_TYPE);
        let ours = format!(
            "x-ms-client-request-id:{CLIENT_REQUEST_ID}\nx-ms-date:{DATE}\nx-ms-version:{VERSION}\n"
        );
        let text = if scheme == SHARED_KEY {
            let length = self.value(header::CONTENT_LENGTH);
            let query: String = self
                .query()
                .flat_map(|(name, value)| ["\n".into(), name.to_owned(), ":".into(), value])
                .collect();
            format!("{method}\n\n\n{length}\n\n{kind}\n\n\n\n\n\n\n{ours}/{ACCOUNT}{path}{query}")
        } else {
            format!("{method}\n\n{kind}\n\n{ours}/{ACCOUNT}{path}")
        };
        self.set(
            "authorization",
            &format!("{scheme} {ACCOUNT}:{}", signature(&text)),
        );
        self
    }

    /// The parameters, which these requests send in order.
    fn query(&self) -> impl Iterator<Item = (&str, String)> {
        let pairs = self.uri.query().unwrap_or_default().split('&');
        pairs
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name, value.replace("%3D", "=")))
    }

    fn head(&self) -> Head {
        let options = HeadOptions {
            strict: false,
            any_version: false,
            host_style: true,
        };
        let accounts = |name: &str| name == ACCOUNT;
        Head::parse(&self.method, &self.uri, &self.headers, options, &accounts).unwrap()
    }

    fn command(&self) -> Command {
        parse_command(&self.head(), &self.headers, &[], &self.body).unwrap()
    }
}

const SHARED_KEY: &str = "SharedKey";
const SHARED_KEY_LITE: &str = "SharedKeyLite";

fn put() -> Request {
    Request::new(Method::POST, MESSAGES, put_body())
}

fn put_body() -> String {
    format!(
        "<?xml version='1.0' encoding='utf-8'?>\n\
         <QueueMessage><MessageText>{}</MessageText></QueueMessage>",
        text().as_str()
    )
}

fn get() -> Request {
    let target = format!("{MESSAGES}?numofmessages=32&visibilitytimeout=30");
    Request::new(Method::GET, &target, String::new())
}

fn delete() -> Request {
    let receipt = BASE64_STANDARD.encode(receipt().as_bytes());
    let receipt = receipt.replace('=', "%3D");
    let target = format!("{MESSAGES}/{}?popreceipt={receipt}", id(1));
    Request::new(Method::DELETE, &target, String::new())
}

/// REST page "Create an account SAS".
fn put_with_sas() -> Request {
    let expiry = "2027-10-05T12:00:00Z";
    let text = format!("{ACCOUNT}\nrwdlacup\nq\nsco\n\n{expiry}\n\n\n{VERSION}\n\n");
    let signature = signature(&text).replace('+', "%2B").replace('/', "%2F");
    let signature = signature.replace('=', "%3D");
    let expiry = expiry.replace(':', "%3A");
    let target =
        format!("{MESSAGES}?se={expiry}&sp=rwdlacup&sv={VERSION}&ss=q&srt=sco&sig={signature}");
    Request::new(Method::POST, &target, put_body())
}

fn signature(text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY).unwrap();
    mac.update(text.as_bytes());
    BASE64_STANDARD.encode(mac.finalize().into_bytes())
}

fn put_answer() -> Outcome<MessageText> {
    let DequeuedMessage {
        peeked,
        pop_receipt,
        time_next_visible,
    } = message(1);
    Outcome::MessagePut(PutMessage {
        id: peeked.id,
        insertion_time: peeked.insertion_time,
        expiration_time: peeked.expiration_time,
        pop_receipt,
        time_next_visible,
    })
}

fn queues_answer() -> Outcome<MessageText> {
    let queues = (0..100).map(|number| QueueListing {
        name: QueueName::parse(&format!("orders-{number:03}")).unwrap(),
        metadata: None,
    });
    Outcome::QueuesListed(QueuePage {
        queues: queues.collect(),
        next: None,
    })
}

fn dequeued(count: u8) -> Vec<DequeuedMessage<MessageText>> {
    (0..count).map(message).collect()
}

fn message(number: u8) -> DequeuedMessage<MessageText> {
    DequeuedMessage {
        peeked: PeekedMessage {
            id: id(number),
            insertion_time: now(),
            expiration_time: now().plus_seconds(604_800),
            dequeue_count: DequeueCount(1),
            text: text(),
        },
        pop_receipt: receipt(),
        time_next_visible: now().plus_seconds(30),
    }
}

fn id(number: u8) -> MessageId {
    MessageId::from_random([number; 16])
}

fn receipt() -> PopReceipt {
    PopReceipt::issued(7, now())
}

/// 1 KiB that no document has to escape.
fn text() -> MessageText {
    MessageText::new("0123456789abcdef".repeat(64))
}

fn now() -> Timestamp {
    Timestamp::from_unix(1_791_201_600, 0)
}
