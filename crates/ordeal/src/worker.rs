//! A client that works on queues of its own and notes what is acknowledged.

use std::io;
use std::net::SocketAddr;

use queuerite_testkit::{Request, Response, SeededEntropy};

use crate::findings::{Finding, Kind};
use crate::ledger::{Message, Queue};
use crate::seen;
use crate::service::{self, Policy, Service};
use crate::time::{Span, now};

/// How a client's work on a server ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// The connection was closed, or could not be had.
    Closed,
    /// A request was refused with this status.
    Refused(u16),
    /// A request was never answered.
    NotAnswered,
}

/// One client, with one connection and one request at a time.
pub(crate) struct Worker {
    pub(crate) number: usize,
    pub(crate) queues: Vec<Queue>,
    pub(crate) chance: SeededEntropy,
    /// Whether it writes long texts, and leaves lasting messages between them.
    pub(crate) is_heavy: bool,
    /// The operation that was not answered when the work ended.
    pub(crate) under_way: Option<UnderWay>,
    pub(crate) acknowledged: u64,
    pub(crate) text_bytes: u64,
    pub(crate) round: u32,
    pub(crate) findings: Vec<Finding>,
    /// What was under way on the queue that is being compared.
    pub(crate) settling: Option<String>,
    /// Names of queues in which something was found. From then on they may be there or not, as
    /// their deletion may be lost as well.
    pub(crate) abandoned: Vec<String>,
    texts: u64,
    generation: u32,
}

/// An operation that was sent and not answered.
#[derive(Debug)]
pub(crate) struct UnderWay {
    /// The place of the queue.
    pub(crate) queue: usize,
    pub(crate) operation: Operation,
    /// From its sending until nobody waited for its answer any more.
    pub(crate) span: Span,
    /// Whether there was an answer, and no success. A server that does not know whether it can
    /// do something may still do it.
    pub(crate) was_refused: bool,
}

/// What a client does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Operation {
    CreateQueue {
        note: u32,
    },
    DeleteQueue,
    SetMetadata {
        note: u32,
    },
    SetPolicies(Vec<Policy>),
    Put {
        text: String,
        hidden: u32,
        time_to_live: Option<u32>,
    },
    Get {
        most: usize,
        seconds: u32,
    },
    Peek,
    Update {
        id: String,
        receipt: String,
        seconds: u32,
        text: Option<String>,
    },
    Delete {
        id: String,
        receipt: String,
    },
    Clear,
}

/// Queues of a client that are worked on.
const QUEUES: usize = 2;
/// How many messages a queue may have, so that one peek shows them all.
const MESSAGES_MAX: usize = service::PEEK_MAX - 4;
/// How many messages an anchor gets, and by heavy work.
const ANCHOR_MESSAGES: usize = 3;
const ANCHOR_MESSAGES_HEAVY: usize = MESSAGES_MAX;
/// Of how many operations one is on the anchor, and of heavy work.
const OPERATIONS_PER_ANCHOR: usize = 50;
const OPERATIONS_PER_ANCHOR_HEAVY: usize = 16;
/// The longest message text.
const TEXT_BYTES_MAX: usize = 64 * 1024;
/// For messages that shall stay hidden.
pub(crate) const LONG: u32 = 3600;

impl Worker {
    pub(crate) fn new(number: usize, seed: u64) -> Self {
        let mut worker = Self {
            number,
            queues: Vec::new(),
            chance: SeededEntropy::new(seed ^ ((number as u64 + 1) << 32)),
            is_heavy: false,
            under_way: None,
            acknowledged: 0,
            text_bytes: 0,
            round: 0,
            findings: Vec::new(),
            settling: None,
            abandoned: Vec::new(),
            texts: 0,
            generation: 0,
        };
        for place in 0..=QUEUES {
            let name = worker.new_name();
            worker.queues.push(Queue::new(name, place == QUEUES));
        }
        worker
    }

    /// What the names of all its queues begin with.
    pub(crate) fn prefix(&self) -> String {
        format!("client{}-", self.number)
    }

    /// Works until the server is gone or refuses, and notes what it had asked for last.
    pub(crate) fn work(&mut self, address: SocketAddr) -> End {
        let mut service = Service::new(address);
        loop {
            let (place, operation) = self.choose();
            let sent = now();
            let result = service.send(self.request(place, &operation));
            let end = match result {
                Ok((response, span)) if response.status < 300 => {
                    self.acknowledged += 1;
                    self.done(place, operation, &response, span);
                    continue;
                }
                Ok((response, _)) => End::Refused(response.status),
                Err(error) if is_timeout(&error) => End::NotAnswered,
                Err(_) => End::Closed,
            };
            let span = Span {
                sent,
                answered: now(),
            };
            self.break_off(place, operation, span, matches!(end, End::Refused(_)));
            return end;
        }
    }

    /// Gives up a queue that is not what it should be, so that one loss is not found again.
    pub(crate) fn abandon(&mut self, place: usize) {
        let name = self.new_name();
        let is_anchor = self.queues[place].is_anchor;
        let old = std::mem::replace(&mut self.queues[place], Queue::new(name, is_anchor));
        self.abandoned.push(old.name);
    }

    pub(crate) fn find(&mut self, kind: Kind, count: usize, what: impl Into<String>) {
        let what = what.into();
        let what = match &self.settling {
            Some(operation) => format!("{what}, after {operation:.80}"),
            None => what,
        };
        self.findings.push(Finding {
            round: self.round,
            kind,
            count,
            what,
        });
    }

    /// Compares what an answer shows with the ledger of a queue.
    pub(crate) fn compare(
        &mut self,
        place: usize,
        response: &Response,
        most: usize,
        is_get: bool,
        span: Span,
    ) {
        let seen = service::messages(response);
        let findings = seen::compare(&mut self.queues[place], &seen, most, is_get, span);
        let is_sound = findings.is_empty();
        for (kind, what) in findings {
            self.find(kind, 1, what);
        }
        if !is_sound {
            self.abandon(place);
        }
    }

    fn choose(&mut self) -> (usize, Operation) {
        let (per_anchor, anchor_messages) = if self.is_heavy {
            (OPERATIONS_PER_ANCHOR_HEAVY, ANCHOR_MESSAGES_HEAVY)
        } else {
            (OPERATIONS_PER_ANCHOR, ANCHOR_MESSAGES)
        };
        let place = if self.below(per_anchor) == 0 {
            QUEUES
        } else {
            self.below(QUEUES)
        };
        let span = Span {
            sent: now(),
            answered: now(),
        };
        self.queues[place].forget_expired(span);
        let queue = &self.queues[place];
        let (exists, depth) = (queue.exists, queue.messages.len());
        let operation = if !exists {
            Operation::CreateQueue { note: 0 }
        } else if queue.is_anchor && depth >= anchor_messages {
            Operation::Peek
        } else if queue.is_anchor {
            self.new_put(true)
        } else {
            self.choose_any(place, depth, span)
        };
        (place, operation)
    }

    fn choose_any(&mut self, place: usize, depth: usize, span: Span) -> Operation {
        let note = self.queues[place].note;
        match self.below(100) {
            0 => Operation::DeleteQueue,
            1 | 2 => Operation::Clear,
            3..6 => Operation::SetMetadata { note: note + 1 },
            6..9 => Operation::SetPolicies(self.new_policies()),
            9..13 => Operation::Peek,
            13..33 => {
                let most = if self.below(8) == 0 {
                    service::PEEK_MAX
                } else {
                    1 + self.below(3)
                };
                let seconds = [1, 1, 2, LONG][self.below(4)];
                Operation::Get { most, seconds }
            }
            33..48 => self
                .any_held(place, span)
                .map_or(Operation::Peek, |(id, receipt)| {
                    let seconds = [0, 0, 1, LONG][self.below(4)];
                    let text = (self.below(2) == 0).then(|| self.new_text());
                    Operation::Update {
                        id,
                        receipt,
                        seconds,
                        text,
                    }
                }),
            // The fuller, the likelier is a delete.
            48.. if depth > self.below(MESSAGES_MAX) => {
                self.any_held(place, span)
                    .map_or(Operation::Clear, |(id, receipt)| Operation::Delete {
                        id,
                        receipt,
                    })
            }
            _ if depth >= MESSAGES_MAX => Operation::Clear,
            _ => self.new_put(false),
        }
    }

    fn request(&self, place: usize, operation: &Operation) -> Request {
        let queue = &self.queues[place].name;
        match operation {
            Operation::CreateQueue { note } => service::create_queue(queue, *note),
            Operation::DeleteQueue => service::delete_queue(queue),
            Operation::SetMetadata { note } => service::set_metadata(queue, *note),
            Operation::SetPolicies(policies) => service::set_policies(queue, policies),
            Operation::Put {
                text,
                hidden,
                time_to_live,
            } => service::put(queue, text, *hidden, *time_to_live),
            Operation::Get { most, seconds } => service::get(queue, *most, *seconds),
            Operation::Peek => service::peek(queue),
            Operation::Update {
                id,
                receipt,
                seconds,
                text,
            } => service::update(queue, id, receipt, *seconds, text.as_deref()),
            Operation::Delete { id, receipt } => service::delete(queue, id, receipt),
            Operation::Clear => service::clear(queue),
        }
    }

    /// Notes an acknowledgement.
    fn done(&mut self, place: usize, operation: Operation, response: &Response, span: Span) {
        let queue = &mut self.queues[place];
        match operation {
            Operation::CreateQueue { note } => {
                queue.exists = true;
                queue.note = note;
            }
            Operation::DeleteQueue => queue.clear(),
            Operation::SetMetadata { note } => queue.note = note,
            Operation::SetPolicies(policies) => queue.policies = policies,
            Operation::Put {
                text,
                hidden,
                time_to_live,
            } => {
                self.text_bytes += text.len() as u64;
                let mut message = Message::put_under_way(text, hidden, time_to_live, span);
                if let Some(told) = service::messages(response).first() {
                    message.put_answered(told);
                }
                queue.messages.push(message);
            }
            Operation::Get { most, .. } => self.compare(place, response, most, true, span),
            Operation::Peek => self.compare(place, response, service::PEEK_MAX, false, span),
            Operation::Update {
                id, seconds, text, ..
            } => {
                self.text_bytes += text.as_ref().map_or(0, String::len) as u64;
                let receipt = response.header("x-ms-popreceipt").map(Into::into);
                if let Some(message) = queue.message(&id) {
                    message.updated(receipt, seconds, span);
                    message.text = text.unwrap_or_else(|| message.text.clone());
                }
            }
            Operation::Delete { id, .. } => drop(queue.remove(&id)),
            Operation::Clear => queue.clear_messages(),
        }
    }

    /// Notes an operation of which nobody knows whether it was done.
    fn break_off(&mut self, queue: usize, operation: Operation, span: Span, was_refused: bool) {
        self.under_way = Some(UnderWay {
            queue,
            operation,
            span,
            was_refused,
        });
    }

    /// A message that can be updated and deleted: its id and receipt.
    fn any_held(&mut self, place: usize, span: Span) -> Option<(String, String)> {
        let held: Vec<_> = self.queues[place]
            .messages
            .iter()
            .filter(|message| !message.is_short_lived(span))
            .filter_map(|message| Some((message.id.clone()?, message.receipt.clone()?)))
            .collect();
        let at = self.below(held.len().max(1));
        held.into_iter().nth(at)
    }

    fn new_put(&mut self, is_lasting: bool) -> Operation {
        let text = if is_lasting {
            self.new_text_of(100)
        } else {
            self.new_text()
        };
        let choice = if is_lasting { 0 } else { self.below(32) };
        let (hidden, time_to_live) = match choice {
            1..4 => (1, None),
            4..8 => (LONG, None),
            8 => (0, Some(3)),
            _ => (0, None),
        };
        Operation::Put {
            text,
            hidden,
            time_to_live,
        }
    }

    /// A text that no other message ever had, of any length.
    fn new_text(&mut self) -> String {
        let length = match self.below(64) {
            0 => TEXT_BYTES_MAX,
            1..48 if self.is_heavy => TEXT_BYTES_MAX / 4 + self.below(TEXT_BYTES_MAX * 3 / 4),
            1..8 => 16_000,
            8..24 => 2_000,
            _ => self.below(200),
        };
        self.new_text_of(length)
    }

    /// The same, of this length, or a little longer if it is short.
    fn new_text_of(&mut self, length: usize) -> String {
        self.texts += 1;
        let mut text = format!("{}text{}-", self.prefix(), self.texts);
        text += &"x".repeat(length.saturating_sub(text.len()));
        text
    }

    fn new_policies(&mut self) -> Vec<Policy> {
        (0..self.below(3))
            .map(|number| Policy {
                id: format!("policy{number}"),
                expiry: format!("2031-01-01T00:00:0{}", 1 + self.below(9)),
                permissions: ["r", "ra", "raup"][self.below(3)].into(),
            })
            .collect()
    }

    fn new_name(&mut self) -> String {
        self.generation += 1;
        format!("{}queue{}", self.prefix(), self.generation)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.chance.next_number() % limit as u64).unwrap()
    }
}

pub(crate) fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}
