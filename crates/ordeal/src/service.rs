//! The requests of the load, and what their answers say.

use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;

use queuerite_testkit::{ACCOUNT, Client, Request, Response, encoded};

use crate::time::{Span, now};

/// Old enough for every server, new enough for every operation.
const VERSION: &str = "2019-12-12";

/// The service at an address, over one connection.
pub(crate) struct Service {
    client: Client,
}

/// A message as an answer tells of it; what an answer leaves out is empty.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Told {
    pub(crate) id: String,
    pub(crate) inserted: String,
    pub(crate) expires: String,
    pub(crate) receipt: String,
    pub(crate) visible: String,
    pub(crate) count: u32,
    pub(crate) text: String,
}

/// A stored access policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Policy {
    pub(crate) id: String,
    pub(crate) expiry: String,
    pub(crate) permissions: String,
}

impl Service {
    pub(crate) const fn new(address: SocketAddr) -> Self {
        Self {
            client: Client::new(address),
        }
    }

    /// Sends a request and says when the server must have acted on it.
    pub(crate) fn send(&mut self, request: Request) -> io::Result<(Response, Span)> {
        let sent = now();
        let response = self.client.send(&request.signed(VERSION))?;
        let answered = now();
        Ok((response, Span { sent, answered }))
    }
}

fn request(method: &str, below: &str) -> Request {
    Request::new(method, format!("/{ACCOUNT}{below}"))
}

pub(crate) fn create_queue(queue: &str, note: u32) -> Request {
    request("PUT", &format!("/{queue}")).header("x-ms-meta-note", note.to_string())
}

pub(crate) fn delete_queue(queue: &str) -> Request {
    request("DELETE", &format!("/{queue}"))
}

pub(crate) fn list_queues(prefix: &str) -> Request {
    request("GET", &format!("/?comp=list&prefix={prefix}"))
}

pub(crate) fn set_metadata(queue: &str, note: u32) -> Request {
    request("PUT", &format!("/{queue}?comp=metadata")).header("x-ms-meta-note", note.to_string())
}

pub(crate) fn get_metadata(queue: &str) -> Request {
    request("GET", &format!("/{queue}?comp=metadata"))
}

pub(crate) fn set_policies(queue: &str, policies: &[Policy]) -> Request {
    let mut document = r#"<?xml version="1.0" encoding="utf-8"?><SignedIdentifiers>"#.to_owned();
    for policy in policies {
        let Policy {
            id,
            expiry,
            permissions,
        } = policy;
        write!(
            document,
            "<SignedIdentifier><Id>{id}</Id><AccessPolicy><Start>2020-01-01T00:00:00Z</Start>\
             <Expiry>{expiry}Z</Expiry><Permission>{permissions}</Permission></AccessPolicy>\
             </SignedIdentifier>"
        )
        .unwrap();
    }
    document += "</SignedIdentifiers>";
    request("PUT", &format!("/{queue}?comp=acl")).body(document)
}

pub(crate) fn get_policies(queue: &str) -> Request {
    request("GET", &format!("/{queue}?comp=acl"))
}

pub(crate) fn put(queue: &str, text: &str, hidden: u32, time_to_live: Option<u32>) -> Request {
    let mut target = format!("/{queue}/messages?visibilitytimeout={hidden}");
    if let Some(seconds) = time_to_live {
        write!(target, "&messagettl={seconds}").unwrap();
    }
    request("POST", &target).body(document(text))
}

pub(crate) fn get(queue: &str, most: usize, seconds: u32) -> Request {
    let query = format!("numofmessages={most}&visibilitytimeout={seconds}");
    request("GET", &format!("/{queue}/messages?{query}"))
}

pub(crate) fn peek(queue: &str) -> Request {
    let query = format!("peekonly=true&numofmessages={PEEK_MAX}");
    request("GET", &format!("/{queue}/messages?{query}"))
}

/// Most messages that one peek or get shows.
pub(crate) const PEEK_MAX: usize = 32;

pub(crate) fn update(
    queue: &str,
    id: &str,
    receipt: &str,
    seconds: u32,
    text: Option<&str>,
) -> Request {
    let receipt = encoded(receipt);
    let target = format!("/{queue}/messages/{id}?popreceipt={receipt}&visibilitytimeout={seconds}");
    request("PUT", &target).body(text.map(document).unwrap_or_default())
}

pub(crate) fn delete(queue: &str, id: &str, receipt: &str) -> Request {
    let receipt = encoded(receipt);
    request(
        "DELETE",
        &format!("/{queue}/messages/{id}?popreceipt={receipt}"),
    )
}

pub(crate) fn clear(queue: &str) -> Request {
    request("DELETE", &format!("/{queue}/messages"))
}

/// The texts of the load need no escapes.
fn document(text: &str) -> String {
    format!("<QueueMessage><MessageText>{text}</MessageText></QueueMessage>")
}

/// The names of a list of queues.
pub(crate) fn queue_names(response: &Response) -> Vec<String> {
    let text = response.text();
    let names = text.split("<Name>").skip(1);
    names.map(|rest| until_tag(rest).to_owned()).collect()
}

/// The metadata of the load.
pub(crate) fn note(response: &Response) -> Option<u32> {
    response.header("x-ms-meta-note")?.parse().ok()
}

/// The approximate messages count.
pub(crate) fn count(response: &Response) -> Option<usize> {
    let count = response.header("x-ms-approximate-messages-count");
    count?.parse().ok()
}

/// The stored access policies of an answer.
pub(crate) fn policies(response: &Response) -> Vec<Policy> {
    let text = response.text();
    let parts = text.split("<SignedIdentifier>").skip(1);
    parts
        .map(|part| Policy {
            id: value(part, "Id"),
            // Some servers add a fraction of a second.
            expiry: value(part, "Expiry")
                .trim_end_matches('Z')
                .trim_end_matches('0')
                .trim_end_matches('.')
                .to_owned(),
            permissions: value(part, "Permission"),
        })
        .collect()
}

/// The messages of an answer, in order.
pub(crate) fn messages(response: &Response) -> Vec<Told> {
    let text = response.text();
    let parts = text.split("<QueueMessage>").skip(1);
    parts
        .map(|part| Told {
            id: value(part, "MessageId"),
            inserted: value(part, "InsertionTime"),
            expires: value(part, "ExpirationTime"),
            receipt: value(part, "PopReceipt"),
            visible: value(part, "TimeNextVisible"),
            count: value(part, "DequeueCount").parse().unwrap_or_default(),
            text: value(part, "MessageText"),
        })
        .collect()
}

fn value(part: &str, name: &str) -> String {
    let after = part.split_once(&format!("<{name}>"));
    until_tag(after.unwrap_or_default().1).to_owned()
}

fn until_tag(text: &str) -> &str {
    text.split('<').next().unwrap_or_default()
}
