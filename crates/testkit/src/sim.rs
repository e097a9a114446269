//! An engine in virtual time.

use std::collections::VecDeque;

use queuerite_engine::{Change, Engine, EngineError, EngineOptions, Released, TextRef};
use queuerite_model::{
    AccountName, Command, MessageText, Operation, Outcome, QueueName, Timestamp,
};

use crate::SeededEntropy;

/// An engine with a clock that moves when told, and a log of one change per frame.
///
/// The log keeps the store's promises and no more: it may [forget](Sim::forget) old frames and
/// [move](Sim::relocate) what is alive in them, and after a [restart](Sim::restart) only it
/// remains.
#[derive(Debug)]
pub struct Sim {
    /// The engine under test.
    pub engine: Engine,
    /// What time it is.
    pub now: Timestamp,
    /// How the engine departs from the cloud, from the next restart on.
    pub options: EngineOptions,
    entropy: SeededEntropy,
    log: VecDeque<Record>,
    next_frame: u64,
}

#[derive(Debug)]
struct Record {
    place: TextRef,
    change: Change,
    is_needed: bool,
}

impl Sim {
    /// A simulation that begins in 2026 and draws its ids from `seed`.
    pub fn new(seed: u64, options: EngineOptions) -> Self {
        Self {
            engine: Engine::new(options),
            now: Timestamp::from_unix(1_791_201_600, 0),
            options,
            entropy: SeededEntropy::new(seed),
            log: VecDeque::new(),
            next_frame: 0,
        }
    }

    /// Carries out one operation on the account `devstoreaccount1`.
    pub fn run(&mut self, operation: Operation) -> Result<Outcome<MessageText>, EngineError> {
        let command = Command {
            account: account(),
            operation,
        };
        let decision = self.engine.decide(self.now, &mut self.entropy, &command)?;
        for change in decision.changes {
            self.append(vec![change]);
        }
        Ok(decision
            .outcome
            .try_map_texts(|place| Ok::<_, EngineError>(self.text_at(place)))
            .unwrap())
    }

    /// Lets `seconds` pass.
    pub fn wait(&mut self, seconds: u64) {
        self.now = self.now.plus_seconds(seconds);
    }

    /// Sweeps what has expired.
    pub fn sweep(&mut self) {
        let mut released = Vec::new();
        self.engine.sweep(self.now, &mut released);
        self.release(&released);
    }

    /// Forgets the oldest frames that nothing needs, but never the newest.
    pub fn forget(&mut self) {
        while self.log.len() > 1 && self.log.front().is_some_and(|record| !record.is_needed) {
            self.log.pop_front();
        }
    }

    /// Moves what is alive in the oldest frame to a new one.
    pub fn relocate(&mut self) {
        let oldest = self.log.front();
        let fresh = oldest.map(|r| self.engine.relocate(&r.change, r.place));
        self.append(fresh.unwrap_or_default());
    }

    /// Replaces the engine by one that knows only what the log holds.
    pub fn restart(&mut self) {
        self.engine = Engine::new(self.options);
        let mut released = Vec::new();
        for record in &mut self.log {
            record.is_needed = is_complete(&record.change);
            self.engine
                .apply(&record.change, record.place, &mut released);
        }
        self.release(&released);
        assert_eq!(self.engine.queues_without_record(), 0);
    }

    /// How many records the log holds.
    pub fn frames(&self) -> usize {
        self.log.len()
    }

    /// Changes that belong together, to one frame.
    fn append(&mut self, changes: Vec<Change>) {
        let mut released = Vec::new();
        for (change, offset) in changes.into_iter().zip(0..) {
            let place = TextRef {
                frame: self.next_frame,
                offset,
                length: 0,
            };
            self.engine.apply(&change, place, &mut released);
            let is_needed = is_complete(&change);
            self.log.push_back(Record {
                place,
                change,
                is_needed,
            });
        }
        self.next_frame += 1;
        self.release(&released);
    }

    fn release(&mut self, released: &[Released]) {
        for Released(place) in released {
            let record = self
                .log
                .iter_mut()
                .find(|record| record.place == *place)
                .unwrap();
            assert!(record.is_needed, "released twice: {record:?}");
            record.is_needed = false;
        }
    }

    fn text_at(&self, place: TextRef) -> MessageText {
        match &self
            .log
            .iter()
            .find(|record| record.place == place)
            .unwrap()
            .change
        {
            Change::MessageWritten { text, .. } => text.clone(),
            other => panic!("no text in {other:?}"),
        }
    }
}

/// The account of every test that needs only one.
pub fn account() -> AccountName {
    AccountName::parse("devstoreaccount1").unwrap()
}

/// A queue name.
pub fn queue_name(name: &str) -> QueueName {
    QueueName::parse(name).unwrap()
}

/// A message text.
pub fn text(text: &str) -> MessageText {
    MessageText::new(text.into())
}

/// Whether the change holds all there is to know about its subject.
pub(crate) fn is_complete(change: &Change) -> bool {
    matches!(
        change,
        Change::PropertiesWritten { .. }
            | Change::QueueWritten { .. }
            | Change::MessageWritten { .. }
    )
}
