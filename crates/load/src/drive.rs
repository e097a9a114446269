//! Driving many connections from one thread.
//!
//! A closed loop sends the next request of a connection when the last was answered: it finds the
//! most that a server can do. An open loop sends requests when they are due, whatever the server
//! does, and counts the time of each from when it was due: a server that stops for a moment cannot
//! hide it by not being asked (coordinated omission). Whatever was due before the end of an open
//! loop counts, however late its answer is.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use mio::event::Event;
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
    /// Requests that counted.
    pub requests: u64,
    /// Those among them, in an open loop, that had no answer when the run was given up. They count
    /// with the time for which they had waited by then.
    pub unanswered: u64,
    /// In this time.
    pub time: Duration,
    /// The part of it in which an open loop had nothing to do but look at the clock.
    pub idle: Duration,
    /// Nanoseconds until each answer.
    pub latency: Histogram<u64>,
    /// The same by kind of request, in the order of [`Kind::ALL`].
    pub by_kind: [Histogram<u64>; Kind::ALL.len()],
}

impl Measured {
    /// Answers in a second.
    pub fn per_second(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "nobody sends 2^52 requests")]
        let requests = (self.requests - self.unanswered) as f64;
        requests / self.time.as_secs_f64()
    }

    /// What was measured of one kind of request.
    pub fn of(&self, kind: Kind) -> Option<&Histogram<u64>> {
        let histogram = self.by_kind.get(kind as usize);
        histogram.filter(|histogram| !histogram.is_empty())
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
    /// It was over before anything counted.
    #[error("there was nothing to measure: the run ended at once")]
    Nothing,
}

/// A server that says nothing for so long is given up.
const STALL_TIME_MAX: Duration = Duration::from_mins(1);

/// For so long after its end, an open loop waits for what was due before.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(2);

/// Connects every script to the server and runs them all. `mark` is called when what counts
/// begins, and again when it ends.
pub fn drive(
    address: SocketAddr,
    tls: Option<&Arc<ClientConfig>>,
    scripts: Vec<Script>,
    pace: Pace,
    length: Length,
    mark: &mut dyn FnMut(),
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
    let start = Instant::now();
    let (begin, end, requests_max) = match length {
        Length::Time { warm_up, measured } => {
            let begin = start + warm_up;
            (begin, Some(begin + measured), u64::MAX)
        }
        Length::Requests(most) => (start, None, most),
    };
    Driver {
        poll,
        idle: (0..clients.len()).collect(),
        clients,
        schedule: Schedule {
            pace,
            start,
            end,
            requests_max,
            begun: 0,
        },
        tally: Tally::new(pace, begin),
        last_answer: start,
    }
    .run(mark)
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

    /// Sends what is left, also of what TLS made of it.
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
    /// The clients that wait for nothing, the longest-idle first.
    idle: VecDeque<usize>,
    schedule: Schedule,
    tally: Tally,
    last_answer: Instant,
}

impl Driver {
    fn run(mut self, mark: &mut dyn FnMut()) -> Result<Measured, DriveError> {
        let mut events = Events::with_capacity(1024);
        let mut has_more = true;
        let mut now = self.schedule.start;
        self.tally.begin_if_due(now, mark);
        self.send_what_is_due(now)?;
        loop {
            let before = Instant::now();
            let patience = self.schedule.patience(now, self.tally.begin);
            match self.poll.poll(&mut events, Some(patience)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            }
            now = Instant::now();
            self.tally.begin_if_due(now, mark);
            for event in &events {
                has_more &= self.attend(event)?;
            }
            let began = self.schedule.begun;
            self.send_what_is_due(now)?;
            if events.is_empty() && self.schedule.begun == began {
                self.tally.idle_for(now - before);
            }
            if !has_more || self.is_over(now) {
                mark();
                return self.measured(now);
            }
            if now.duration_since(self.last_answer) > STALL_TIME_MAX {
                return Err(DriveError::Stalled);
            }
        }
    }

    /// Goes on with one connection; `false` if its script has nothing left to do.
    fn attend(&mut self, event: &Event) -> Result<bool, DriveError> {
        let number = event.token().0;
        let Some(client) = self.clients.get_mut(number) else {
            return Ok(true);
        };
        if event.is_writable() && client.under_way.is_some() {
            client.send()?;
        }
        if !event.is_readable() {
            return Ok(true);
        }
        let Some(received) = client.receive()? else {
            return Ok(true);
        };
        let now = Instant::now();
        self.last_answer = now;
        self.tally.answered(&received, now);
        self.idle.push_back(number);
        if received.has_more {
            self.send_what_is_due(now)?;
        }
        Ok(received.has_more)
    }

    fn send_what_is_due(&mut self, now: Instant) -> io::Result<()> {
        while let Some(due) = self.schedule.due(now)
            && let Some(number) = self.idle.pop_front()
        {
            self.schedule.begun += 1;
            if let Some(client) = self.clients.get_mut(number) {
                client.begin(due)?;
            }
        }
        Ok(())
    }

    fn is_over(&self, now: Instant) -> bool {
        if self.tally.answers >= self.schedule.requests_max {
            return true;
        }
        let Some(end) = self.schedule.end.filter(|end| now >= *end) else {
            return false;
        };
        match self.schedule.pace {
            Pace::Closed => true,
            Pace::Open(_) => {
                let is_idle = self.idle.len() == self.clients.len();
                is_idle && self.schedule.due(now).is_none() || now >= end + DRAIN_TIME_MAX
            }
        }
    }

    fn measured(mut self, now: Instant) -> Result<Measured, DriveError> {
        // A closed loop has no more to say; an open loop answers for all that was due.
        if matches!(self.schedule.pace, Pace::Open(_)) && self.schedule.end.is_some() {
            for client in &self.clients {
                if let Some((kind, due)) = client.under_way {
                    self.tally.given_up(kind, due, now);
                }
            }
            let kind = self.clients.first().and_then(|client| client.script.last());
            while let Some(due) = self.schedule.due(now) {
                self.schedule.begun += 1;
                self.tally.given_up(kind.unwrap_or(Kind::Put), due, now);
            }
        }
        let ended = match self.schedule.end {
            Some(end) => self.last_answer.max(end.min(now)),
            None => self.last_answer,
        };
        self.tally.measured(ended)
    }
}

/// When requests are due.
struct Schedule {
    pace: Pace,
    start: Instant,
    end: Option<Instant>,
    requests_max: u64,
    /// How many were sent.
    begun: u64,
}

impl Schedule {
    /// When the next request was due, if it was.
    fn due(&self, now: Instant) -> Option<Instant> {
        if self.begun >= self.requests_max {
            return None;
        }
        let due = match self.pace {
            Pace::Closed => now,
            Pace::Open(per_second) => {
                #[expect(clippy::cast_precision_loss, reason = "nobody sends 2^52 requests")]
                let seconds = self.begun as f64 / per_second;
                self.start + Duration::from_secs_f64(seconds)
            }
        };
        let is_before_end = self.end.is_none_or(|end| due < end);
        (due <= now && is_before_end).then_some(due)
    }

    /// How long to wait for events. The system's timers are too coarse for an open loop, which
    /// has a core for itself.
    fn patience(&self, now: Instant, begin: Instant) -> Duration {
        match self.pace {
            Pace::Closed => {
                let boundaries = [Some(begin), self.end].into_iter().flatten();
                let next = boundaries.filter(|boundary| *boundary > now).min();
                let until_next = next.map_or(PATIENCE, |next| next - now);
                until_next.min(PATIENCE)
            }
            Pace::Open(_) => Duration::ZERO,
        }
    }
}

/// How often a closed loop looks whether the server is still there.
const PATIENCE: Duration = Duration::from_secs(1);

struct Tally {
    pace: Pace,
    /// When what counts should begin, and when it did.
    begin: Instant,
    began: Option<Instant>,
    answers: u64,
    unanswered: u64,
    idle: Duration,
    by_kind: [Histogram<u64>; Kind::ALL.len()],
}

impl Tally {
    fn new(pace: Pace, begin: Instant) -> Self {
        Self {
            pace,
            begin,
            began: None,
            answers: 0,
            unanswered: 0,
            idle: Duration::ZERO,
            by_kind: Kind::ALL.map(|_| histogram()),
        }
    }

    fn begin_if_due(&mut self, now: Instant, mark: &mut dyn FnMut()) {
        if self.began.is_none() && now >= self.begin {
            self.began = Some(match self.pace {
                Pace::Closed => now,
                // What was due since then counts.
                Pace::Open(_) => self.begin,
            });
            mark();
        }
    }

    const fn idle_for(&mut self, time: Duration) {
        if self.began.is_some() {
            self.idle = self.idle.saturating_add(time);
        }
    }

    fn answered(&mut self, received: &Received, now: Instant) {
        self.answers += 1;
        let counts = match self.pace {
            Pace::Closed => self.began.is_some(),
            Pace::Open(_) => received.due >= self.begin,
        };
        if counts {
            self.record(received.kind, now - received.due);
        }
    }

    fn given_up(&mut self, kind: Kind, due: Instant, now: Instant) {
        if due >= self.begin {
            self.unanswered += 1;
            self.record(kind, now - due);
        }
    }

    fn record(&mut self, kind: Kind, latency: Duration) {
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        if let Some(histogram) = self.by_kind.get_mut(kind as usize) {
            histogram.saturating_record(nanos);
        }
    }

    fn measured(self, ended: Instant) -> Result<Measured, DriveError> {
        let mut latency = histogram();
        for of_kind in &self.by_kind {
            latency += of_kind;
        }
        let began = self.began.filter(|began| *began < ended);
        match began {
            Some(began) if !latency.is_empty() => Ok(Measured {
                requests: latency.len(),
                unanswered: self.unanswered,
                time: ended - began,
                idle: self.idle,
                latency,
                by_kind: self.by_kind,
            }),
            _ => Err(DriveError::Nothing),
        }
    }
}

#[expect(clippy::unwrap_used, reason = "the bounds are constants that fit")]
fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(100, 120_000_000_000, 3).unwrap()
}
