//! An engine together with the store that remembers it.
//!
//! This is everything that happens to a command between its arrival and its answer, without the
//! threads and clocks around it: so it can be run a million times under a seed, with failures
//! wherever one likes.

use std::path::Path;

use queuerite_engine::{Change, Engine, EngineError, EngineOptions, Entropy, Released, TextRef};
use queuerite_model::{Command, MessageText, Outcome, Timestamp};
use thiserror::Error;

use crate::{Store, StoreError};

/// An engine and its store, which hold the same at every commit.
///
/// [`execute`](Self::execute) answers from memory, and nothing that it returned may be told to
/// anybody before the next [`commit`](Self::commit) has succeeded. If that fails, memory is
/// ahead of what is stored and this is good for nothing more.
pub struct DurableEngine<S> {
    engine: Engine,
    store: S,
    has_changed: bool,
    /// Buffers that are kept, so that a command allocates none.
    places: Vec<TextRef>,
    released: Vec<Released>,
}

impl<S: Store> DurableEngine<S> {
    const fn new(engine: Engine, store: S) -> Self {
        Self {
            engine,
            store,
            has_changed: false,
            places: Vec::new(),
            released: Vec::new(),
        }
    }

    /// Opens a store and replays it into a new engine. `path` names the store in an error.
    pub fn recover(
        options: EngineOptions,
        path: &Path,
        open: impl FnOnce(&mut dyn FnMut(Change, TextRef)) -> Result<S, StoreError>,
    ) -> Result<Self, StoreError> {
        let mut engine = Engine::new(options);
        let mut released = Vec::new();
        let store = open(&mut |change, place| engine.apply(&change, place, &mut released))?;
        let nameless = engine.queues_without_record();
        if nameless > 0 {
            return Err(StoreError::Corrupt {
                path: path.into(),
                reason: format!("{nameless} queues have messages but no record of their own"),
            });
        }
        let mut recovered = Self {
            released,
            ..Self::new(engine, store)
        };
        recovered.release();
        Ok(recovered)
    }

    /// Carries out a command in memory, and stages what it changes.
    pub fn execute(
        &mut self,
        now: Timestamp,
        entropy: &mut dyn Entropy,
        command: &Command,
    ) -> Result<Outcome<MessageText>, ExecuteError> {
        let decision = self.engine.decide(now, entropy, command)?;
        if !decision.changes.is_empty() {
            self.store.admit(&decision.changes).map_err(refused)?;
        }
        // Texts are read first: what follows may give their places to others.
        let outcome = decision
            .outcome
            .try_map_texts(|place| self.store.read(place))
            .map_err(ExecuteError::Refused)?;
        if !decision.changes.is_empty() {
            self.stage_and_apply(&decision.changes)
                .map_err(ExecuteError::Store)?;
        }
        Ok(outcome)
    }

    /// Makes everything so far as durable as the store promises; does nothing if nothing has
    /// changed.
    pub fn commit(&mut self, now: Timestamp) -> Result<(), StoreError> {
        if self.has_changed {
            self.store.commit(now)?;
            self.has_changed = false;
        }
        Ok(())
    }

    /// Forgets what has expired at `now`.
    pub fn sweep(&mut self, now: Timestamp) {
        self.engine.sweep(now, &mut self.released);
        self.release();
    }

    /// To be called after a commit: forgets what has expired, drops dead frames, and moves some
    /// of what pins them. Says whether there may be more to move, so that whoever has nothing
    /// else to do calls it again; one call does no more than a commit or two would.
    pub fn tidy(&mut self, now: Timestamp) -> Result<bool, StoreError> {
        self.sweep(now);
        let records = self.store.relocatable()?;
        let mut has_moved = false;
        if let Some(frame) = records.first().map(|(_, place)| place.frame) {
            tracing::debug!(frame, "relocating what pins the oldest frame");
            for (record, place) in &records {
                let fresh = self.engine.relocate(record, *place);
                if !fresh.is_empty() {
                    self.stage_and_apply(&fresh)?;
                    has_moved = true;
                }
            }
            // The copies are durable before reclaim may drop what they were copied from.
            self.commit(now)?;
            tracing::debug!(frame, "relocated what pinned the oldest frame");
        }
        self.store.reclaim()?;
        Ok(has_moved)
    }

    /// When [`sweep`](Self::sweep) has work next, if ever.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.engine.next_deadline()
    }

    /// The engine, to be looked at.
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The store, to be looked at.
    pub const fn store(&self) -> &S {
        &self.store
    }

    fn stage_and_apply(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        self.places.clear();
        self.store.stage(changes, &mut self.places)?;
        self.has_changed = true;
        for (change, place) in changes.iter().zip(&self.places) {
            self.engine.apply(change, *place, &mut self.released);
        }
        self.release();
        Ok(())
    }

    fn release(&mut self) {
        for released in self.released.drain(..) {
            self.store.release(released);
        }
    }
}

/// Why a command was not carried out.
#[derive(Debug, Error)]
pub enum ExecuteError {
    /// The state of the queues forbids it.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The store has no room for it, or cannot read a text that it asks for. Nothing has
    /// changed, and other commands may fare better.
    #[error(transparent)]
    Refused(StoreError),
    /// The store has failed, and memory may be ahead of it.
    #[error(transparent)]
    Store(StoreError),
}

/// What [`Store::admit`] says: a refusal, or that the store had failed before.
const fn refused(error: StoreError) -> ExecuteError {
    match error {
        StoreError::NoSpace { .. } | StoreError::Full { .. } => ExecuteError::Refused(error),
        _ => ExecuteError::Store(error),
    }
}

impl<S: Store + ?Sized> Store for Box<S> {
    fn admit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        (**self).admit(changes)
    }

    fn stage(&mut self, changes: &[Change], places: &mut Vec<TextRef>) -> Result<(), StoreError> {
        (**self).stage(changes, places)
    }

    fn commit(&mut self, now: Timestamp) -> Result<(), StoreError> {
        (**self).commit(now)
    }

    fn read(&self, place: TextRef) -> Result<MessageText, StoreError> {
        (**self).read(place)
    }

    fn release(&mut self, released: Released) {
        (**self).release(released);
    }

    fn reclaim(&mut self) -> Result<(), StoreError> {
        (**self).reclaim()
    }

    fn relocatable(&self) -> Result<Vec<(Change, TextRef)>, StoreError> {
        (**self).relocatable()
    }
}
