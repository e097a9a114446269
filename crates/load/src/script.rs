//! What a client does, request after request.

use std::collections::VecDeque;
use std::fmt;

use thiserror::Error;

use crate::answer::Answer;
use crate::request::{Request, Requester};

/// What a benchmark consists of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Workload {
    /// Puts, and nothing is ever removed.
    Put,
    /// A message is put, one is got, and that one is deleted: the depth stays the same.
    Cycle,
    /// A message is got and given back, by an update that makes it visible at once.
    Get,
    /// Thirty-two messages are got at once, and left hidden: until there are no more.
    Get32,
    /// One message is looked at.
    Peek,
    /// Thirty-two messages are looked at.
    Peek32,
    /// Each client keeps a message for itself by updating it again and again.
    Update,
    /// Of ten requests: three puts, three gets with their deletes, a peek.
    Mixed,
    /// The queues are listed.
    List,
    /// Gets from queues that are empty.
    GetNothing,
}

impl Workload {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Put,
        Self::Cycle,
        Self::Get,
        Self::Get32,
        Self::Peek,
        Self::Peek32,
        Self::Update,
        Self::Mixed,
        Self::List,
        Self::GetNothing,
    ];

    /// How many messages a get or a peek asks for.
    pub const fn messages_max(self) -> u64 {
        match self {
            Self::Get32 | Self::Peek32 => 32,
            _ => 1,
        }
    }

    /// How many messages a get or a peek finds when there are enough of them.
    pub const fn messages_found(self) -> u64 {
        match self {
            Self::GetNothing => 0,
            other => other.messages_max(),
        }
    }
}

/// The kinds of requests.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Put Message.
    Put,
    /// Get Messages.
    Get,
    /// Delete Message.
    Delete,
    /// Update Message.
    Update,
    /// Peek Messages.
    Peek,
    /// List Queues.
    List,
}

impl Kind {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 6] = [
        Self::Put,
        Self::Get,
        Self::Delete,
        Self::Update,
        Self::Peek,
        Self::List,
    ];

    const fn expected_status(self) -> u16 {
        match self {
            Self::Put => 201,
            Self::Get | Self::Peek | Self::List => 200,
            Self::Delete | Self::Update => 204,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Another answer than there should be.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("a {kind} was answered with {status}: {body}")]
pub struct Unexpected {
    kind: Kind,
    status: u16,
    body: String,
}

/// One client: what it sends next, and what it makes of the answer.
#[derive(Debug)]
pub struct Script {
    workload: Workload,
    requester: Requester,
    /// The queues that are used in turn, and which of them is in use.
    queues: Vec<Prepared>,
    at: usize,
    list: Vec<u8>,
    /// The messages that this client has got, or put and kept.
    held: VecDeque<Held>,
    turn: usize,
    last: Option<Kind>,
}

/// A queue, and the requests to it that are the same each time, made once.
#[derive(Debug)]
struct Prepared {
    queue: String,
    put: Vec<u8>,
    get: Vec<u8>,
    peek: Vec<u8>,
}

#[derive(Debug)]
struct Held {
    id: String,
    receipt: String,
}

impl Script {
    /// A client of these queues, whose texts have so many bytes.
    pub fn new<S: AsRef<str>>(
        workload: Workload,
        requester: Requester,
        queues: impl IntoIterator<Item = S>,
        text_bytes: usize,
        turn: usize,
    ) -> Self {
        let text = "x".repeat(text_bytes);
        let body = format!("<QueueMessage><MessageText>{text}</MessageText></QueueMessage>");
        let make = |method, path: &str, query: &[_], body| {
            let mut bytes = Vec::new();
            let request = Request {
                method,
                path,
                query,
                body,
            };
            requester.write(&request, &mut bytes);
            bytes
        };
        let forever = [("messagettl", "-1")];
        let hidden = [("messagettl", "-1"), ("visibilitytimeout", "3600")];
        let put_query: &[_] = match workload {
            Workload::Update => &hidden,
            _ => &forever,
        };
        let count = workload.messages_max().to_string();
        let get_query = [
            ("numofmessages", count.as_str()),
            ("visibilitytimeout", "3600"),
        ];
        let peek_query = [("numofmessages", count.as_str()), ("peekonly", "true")];
        let prepared = queues.into_iter().map(|queue| {
            let queue = queue.as_ref();
            let path = format!("/{queue}/messages");
            Prepared {
                queue: queue.into(),
                put: make("POST", &path, put_query, Some(body.as_bytes())),
                get: make("GET", &path, &get_query, None),
                peek: make("GET", &path, &peek_query, None),
            }
        });
        Self {
            workload,
            queues: prepared.collect(),
            at: 0,
            list: make("GET", "", &[("comp", "list"), ("maxresults", "50")], None),
            requester,
            held: VecDeque::new(),
            turn,
            last: None,
        }
    }

    /// What was asked last.
    pub const fn last(&self) -> Option<Kind> {
        self.last
    }

    /// Appends the next request.
    pub fn next(&mut self, out: &mut Vec<u8>) -> Kind {
        let kind = self.next_kind();
        if self.begins_anew(kind) {
            self.at = (self.at + 1) % self.queues.len().max(1);
        }
        self.last = Some(kind);
        let Some(queue) = self.queues.get(self.at) else {
            return kind;
        };
        match kind {
            Kind::Put => out.extend_from_slice(&queue.put),
            Kind::Get => out.extend_from_slice(&queue.get),
            Kind::Peek => out.extend_from_slice(&queue.peek),
            Kind::List => out.extend_from_slice(&self.list),
            Kind::Delete | Kind::Update => self.write_about_held(kind, &queue.queue, out),
        }
        kind
    }

    /// Whether this request has nothing to do with the one before it, so that it may go to another
    /// queue.
    const fn begins_anew(&self, kind: Kind) -> bool {
        match (self.workload, kind) {
            (Workload::Update, _) | (_, Kind::Delete | Kind::Update) => false,
            (Workload::Cycle, kind) => matches!(kind, Kind::Put),
            _ => true,
        }
    }

    fn next_kind(&mut self) -> Kind {
        self.turn += 1;
        match self.workload {
            Workload::Update | Workload::Get if !self.held.is_empty() => Kind::Update,
            Workload::Put | Workload::Update => Kind::Put,
            Workload::Get | Workload::Get32 | Workload::GetNothing => Kind::Get,
            Workload::Peek | Workload::Peek32 => Kind::Peek,
            Workload::List => Kind::List,
            Workload::Cycle => match (self.last, self.held.is_empty()) {
                (_, false) => Kind::Delete,
                (Some(Kind::Put), true) => Kind::Get,
                _ => Kind::Put,
            },
            Workload::Mixed if !self.held.is_empty() => Kind::Delete,
            Workload::Mixed => match self.turn % 7 {
                0 | 2 | 4 => Kind::Put,
                6 => Kind::Peek,
                _ => Kind::Get,
            },
        }
    }

    /// A delete ends what was got; an update takes it further, or gives it back.
    fn write_about_held(&self, kind: Kind, queue: &str, out: &mut Vec<u8>) {
        let Some(held) = self.held.front() else {
            return;
        };
        let path = format!("/{queue}/messages/{}", held.id);
        let timeout = if self.workload == Workload::Get {
            "0"
        } else {
            "3600"
        };
        let query = [
            ("popreceipt", held.receipt.as_str()),
            ("visibilitytimeout", timeout),
        ];
        let (method, query, body): (_, &[_], _) = match kind {
            Kind::Update => ("PUT", &query, Some(&b""[..])),
            _ => ("DELETE", query.get(..1).unwrap_or_default(), None),
        };
        let request = Request {
            method,
            path: &path,
            query,
            body,
        };
        self.requester.write(&request, out);
    }

    /// Takes note of an answer; `false` if there is nothing left to do.
    pub fn answered(&mut self, answer: &Answer<'_>) -> Result<bool, Unexpected> {
        let Some(kind) = self.last else {
            return Ok(true);
        };
        if answer.status != kind.expected_status() {
            return Err(Unexpected {
                kind,
                status: answer.status,
                body: String::from_utf8_lossy(answer.body).into_owned(),
            });
        }
        match (kind, self.workload) {
            (Kind::Get, Workload::Get32) => return Ok(answer.body.len() > EMPTY_BYTES_MAX),
            (Kind::Get, Workload::GetNothing) => {}
            (Kind::Get, _) | (Kind::Put, Workload::Update) => self.held.extend(held(answer)),
            (Kind::Delete, _) | (Kind::Update, Workload::Get) => {
                self.held.pop_front();
            }
            (Kind::Update, _) => {
                if let (Some(held), Some(receipt)) =
                    (self.held.front_mut(), answer.header("x-ms-popreceipt"))
                {
                    receipt.clone_into(&mut held.receipt);
                }
            }
            (Kind::Put | Kind::Peek | Kind::List, _) => {}
        }
        Ok(true)
    }
}

fn held(answer: &Answer<'_>) -> impl Iterator<Item = Held> {
    let pairs = answer
        .elements("MessageId")
        .zip(answer.elements("PopReceipt"));
    pairs.map(|(id, receipt)| Held {
        id: id.into(),
        receipt: receipt.into(),
    })
}

/// What a list without messages has at most.
const EMPTY_BYTES_MAX: usize = 150;

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use queuerite_testkit::{ACCOUNT, KEY};

    use super::*;
    use crate::request::Credential;

    fn script(workload: Workload) -> Script {
        let address = SocketAddr::from(([127, 0, 0, 1], 10001));
        let requester = Requester::new(address, ACCOUNT, KEY, Credential::SharedKey);
        Script::new(workload, requester, ["orders"], 10, 0)
    }

    fn answer(script: &mut Script, status: u16, head: &str, body: &str) {
        let (head, body) = (head.as_bytes(), body.as_bytes());
        let answer = Answer { status, head, body };
        assert_eq!(script.answered(&answer), Ok(true));
    }

    fn next(script: &mut Script) -> String {
        let mut out = Vec::new();
        script.next(&mut out);
        let text = String::from_utf8(out).unwrap();
        text.lines().next().unwrap().to_owned()
    }

    const GOT: &str = "<QueueMessage><MessageId>id-1</MessageId>\
        <PopReceipt>a+b=</PopReceipt></QueueMessage>";

    #[test]
    fn a_cycle_deletes_what_it_got() {
        let mut script = script(Workload::Cycle);
        for _ in 0..2 {
            assert!(next(&mut script).starts_with("POST /devstoreaccount1/orders/messages?"));
            answer(&mut script, 201, "", GOT);
            assert!(next(&mut script).starts_with("GET /devstoreaccount1/orders/messages?"));
            answer(&mut script, 200, "", GOT);
            assert_eq!(
                next(&mut script),
                "DELETE /devstoreaccount1/orders/messages/id-1?popreceipt=a%2Bb%3D HTTP/1.1"
            );
            answer(&mut script, 204, "", "");
        }
    }

    #[test]
    fn an_update_goes_on_with_the_new_receipt() {
        let mut script = script(Workload::Update);
        assert!(next(&mut script).starts_with("POST"));
        answer(&mut script, 201, "", GOT);
        assert!(next(&mut script).contains("popreceipt=a%2Bb%3D&visibilitytimeout=3600"));
        answer(&mut script, 204, "\nx-ms-popreceipt: new\r", "");
        assert!(next(&mut script).contains("popreceipt=new&"));
    }

    #[test]
    fn queues_take_turns_but_a_cycle_stays_with_its_own() {
        let address = SocketAddr::from(([127, 0, 0, 1], 10001));
        let requester = Requester::new(address, ACCOUNT, KEY, Credential::Sas);
        let mut script = Script::new(Workload::Cycle, requester, ["one", "two"], 10, 0);
        for queue in ["two", "one", "two"] {
            for (status, body) in [(201, GOT), (200, GOT), (204, "")] {
                assert!(next(&mut script).contains(&format!("/{queue}/messages")));
                answer(&mut script, status, "", body);
            }
        }
    }

    #[test]
    fn a_wrong_status_is_told() {
        let mut script = script(Workload::Put);
        next(&mut script);
        let answer = Answer {
            status: 503,
            head: b"",
            body: b"busy",
        };
        let error = script.answered(&answer).unwrap_err();
        assert_eq!(error.to_string(), "a Put was answered with 503: busy");
    }
}
