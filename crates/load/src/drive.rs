//! Driving many connections from one thread.
//!
//! A closed loop sends the next request of a connection when the last was answered: it finds the
//! most that a server can do. An open loop sends requests when they are due, whatever the server
//! does, and counts the time of each from when it was due: a server that stops for a moment cannot
//! hide it by not being asked (coordinated omission).

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use mio::{Events, Poll, Token};
use rustls::ClientConfig;
use thiserror::Error;

use crate::answer::{Answer, NotHttp};
use crate::script::{Kind, Script, Unexpected};
use crate::stream::Stream;

/// When requests are sent.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Pace {
    /// Each connection always has one under way.
    Closed,
    /// So many in a second, over all connections.
    Open(f64),
}

/// When a run is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Length {
    /// So long after a while that does not count.
    Time {
        /// What does not count.
        warm_up: Duration,
        /// What counts.
        measured: Duration,
    },
    /// After so many requests.
    Requests(u64),
}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Answers that counted.
    pub requests: u64,
    /// In this time.
    pub time: Duration,
    /// Nanoseconds until each answer.
    pub latency: Histogram<u64>,
    /// The same by kind of request, in the order of [`Kind::ALL`].
    pub by_kind: [Histogram<u64>; Kind::ALL.len()],
    /// When what counts began and ended.
    pub began: Instant,
}

impl Measured {
    /// Answers in a second.
    pub fn per_second(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "nobody sends 2^52 requests")]
        let requests = self.requests as f64;
        requests / self.time.as_secs_f64()
    }
}

/// Why a run was given up.
#[derive(Debug, Error)]
pub enum DriveError {
    /// The connection broke.
    #[error("the connection to the server failed: {0}")]
    Io(#[from] io::Error),
    /// The server speaks something else.
    #[error(transparent)]
    NotHttp(#[from] NotHttp),
    /// The server does not do what it should.
    #[error(transparent)]
    Unexpected(#[from] Unexpected),
    /// Nothing happened any more.
    #[error("the server has not answered for {} s", STALL_TIME_MAX.as_secs())]
    Stalled,
}

/// A server that says nothing for so long is given up.
const STALL_TIME_MAX: Duration = Duration::from_mins(1);

/// Connects every script to the server and runs them all. `begins` is called when what counts
/// begins.
pub fn drive(
    address: SocketAddr,
    tls: Option<&Arc<ClientConfig>>,
    scripts: Vec<Script>,
    pace: Pace,
    length: Length,
    begins: &mut dyn FnMut(),
) -> Result<Measured, DriveError> {
    let poll = Poll::new()?;
    let mut clients = Vec::with_capacity(scripts.len());
    for (number, script) in scripts.into_iter().enumerate() {
        let mut stream = Stream::connect(address, tls)?;
        stream.register(poll.registry(), Token(number))?;
        clients.push(Client {
            stream,
            script,
            output: Vec::new(),
            sent: 0,
            input: Vec::new(),
            under_way: None,
        });
    }
    Driver {
        poll,
        clients,
        pace,
        length,
    }
    .run(begins)
}

struct Client {
    stream: Stream,
    script: Script,
    output: Vec<u8>,
    /// How much of the output is sent.
    sent: usize,
    input: Vec<u8>,
    /// What is asked, and since when it is waited for.
    under_way: Option<(Kind, Instant)>,
}

impl Client {
    fn begin(&mut self, due: Instant) -> io::Result<()> {
        self.output.clear();
        self.sent = 0;
        let kind = self.script.next(&mut self.output);
        self.under_way = Some((kind, due));
        self.send()
    }

    fn send(&mut self) -> io::Result<()> {
        let rest = self.output.get(self.sent..).unwrap_or_default();
        self.sent += self.stream.write_some(rest)?;
        Ok(())
    }

    /// What was answered, if it was.
    fn receive(&mut self) -> Result<Option<Received>, DriveError> {
        self.stream.read_into(&mut self.input)?;
        let Some((kind, due)) = self.under_way else {
            return Ok(None);
        };
        let Some((answer, length)) = Answer::read(&self.input)? else {
            return Ok(None);
        };
        let has_more = self.script.answered(&answer)?;
        self.input.drain(..length);
        self.under_way = None;
        Ok(Some(Received {
            kind,
            due,
            has_more,
        }))
    }
}

/// A whole answer.
struct Received {
    kind: Kind,
    due: Instant,
    has_more: bool,
}

struct Driver {
    poll: Poll,
    clients: Vec<Client>,
    pace: Pace,
    length: Length,
}

impl Driver {
    fn run(mut self, begins: &mut dyn FnMut()) -> Result<Measured, DriveError> {
        let start = Instant::now();
        let (begin, end, most) = match self.length {
            Length::Time { warm_up, measured } => {
                (start + warm_up, Some(start + warm_up + measured), u64::MAX)
            }
            Length::Requests(most) => (start, None, most),
        };
        let mut tally = Tally::new();
        let mut has_begun = false;
        let mut begun = 0;
        let mut idle = VecDeque::new();
        let mut schedule = Schedule {
            pace: self.pace,
            start,
            sent: 0,
        };
        for number in 0..self.clients.len() {
            match self.pace {
                Pace::Closed if begun < most => {
                    begun += 1;
                    self.begin(number, Instant::now())?;
                }
                _ => idle.push_back(number),
            }
        }
        let mut events = Events::with_capacity(1024);
        let mut last_answer = start;
        let mut is_over = false;
        loop {
            self.poll.poll(&mut events, Some(schedule.patience()))?;
            for event in &events {
                let number = event.token().0;
                let Some(client) = self.clients.get_mut(number) else {
                    continue;
                };
                if event.is_writable() && client.sent < client.output.len() {
                    client.send()?;
                }
                if !event.is_readable() {
                    continue;
                }
                let Some(received) = client.receive()? else {
                    continue;
                };
                let now = Instant::now();
                last_answer = now;
                if !has_begun && now >= begin {
                    has_begun = true;
                    tally.began = now;
                    begins();
                } else if has_begun {
                    tally.count(received.kind, now - received.due);
                }
                is_over |= !received.has_more || end.is_some_and(|end| now >= end);
                match self.pace {
                    Pace::Closed if begun < most && !is_over => {
                        begun += 1;
                        client.begin(now)?;
                    }
                    _ => idle.push_back(number),
                }
            }
            let now = Instant::now();
            while !is_over
                && begun < most
                && let Some(due) = schedule.due(now)
                && let Some(number) = idle.pop_front()
            {
                schedule.sent += 1;
                begun += 1;
                self.begin(number, due)?;
            }
            if is_over || begun >= most && tally.requests + 1 >= most {
                return Ok(tally.measured(last_answer));
            }
            if now.duration_since(last_answer) > STALL_TIME_MAX {
                return Err(DriveError::Stalled);
            }
        }
    }

    fn begin(&mut self, number: usize, due: Instant) -> io::Result<()> {
        match self.clients.get_mut(number) {
            Some(client) => client.begin(due),
            None => Ok(()),
        }
    }
}

/// When the requests of an open loop are due.
struct Schedule {
    pace: Pace,
    start: Instant,
    sent: u64,
}

impl Schedule {
    /// When the next request was due, if it was.
    fn due(&self, now: Instant) -> Option<Instant> {
        let Pace::Open(per_second) = self.pace else {
            return None;
        };
        #[expect(clippy::cast_precision_loss, reason = "nobody sends 2^52 requests")]
        let due = self.start + Duration::from_secs_f64(self.sent as f64 / per_second);
        (due <= now).then_some(due)
    }

    /// How long to wait for events. The system's timers are too coarse for an open loop, which
    /// has a core for itself.
    const fn patience(&self) -> Duration {
        match self.pace {
            Pace::Closed => Duration::from_secs(1),
            Pace::Open(_) => Duration::ZERO,
        }
    }
}

struct Tally {
    requests: u64,
    began: Instant,
    by_kind: [Histogram<u64>; Kind::ALL.len()],
}

impl Tally {
    fn new() -> Self {
        Self {
            requests: 0,
            began: Instant::now(),
            by_kind: Kind::ALL.map(|_| histogram()),
        }
    }

    fn count(&mut self, kind: Kind, latency: Duration) {
        self.requests += 1;
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        if let Some(histogram) = self.by_kind.get_mut(kind as usize) {
            histogram.saturating_record(nanos);
        }
    }

    fn measured(self, ended: Instant) -> Measured {
        let mut latency = histogram();
        for of_kind in &self.by_kind {
            latency += of_kind;
        }
        Measured {
            requests: self.requests,
            time: ended - self.began,
            latency,
            by_kind: self.by_kind,
            began: self.began,
        }
    }
}

#[expect(clippy::unwrap_used, reason = "the bounds are constants that fit")]
fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(100, 120_000_000_000, 3).unwrap()
}
