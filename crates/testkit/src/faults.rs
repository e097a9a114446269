//! Failures at the calls that were chosen for them.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use queuerite_engine::{Change, Released, TextRef};
use queuerite_model::{MessageText, Timestamp};
use queuerite_store::{SledStore, Store, StoreError};

use crate::DiskStore;

/// A call of a [`Store`] that can fail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Call {
    /// [`Store::stage`].
    Stage,
    /// [`Store::commit`].
    Commit,
    /// [`Store::read`].
    Read,
    /// [`Store::reclaim`].
    Reclaim,
    /// [`Store::relocatable`].
    Relocatable,
}

/// In which way a call fails. It returns an error in any case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// Nothing was done.
    Before,
    /// It was done in part: of a commit, the next crash keeps any prefix of its frames.
    /// Any other call is done or not done as a whole, and this means not.
    Halfway,
    /// Everything was done.
    After,
}

/// A failure, and the call at which it happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fault {
    /// Which kind of call.
    pub call: Call,
    /// How many such calls succeed before it.
    pub after: u8,
    /// In which way it fails.
    pub failure: Failure,
}

/// The faults that are to come. Clones share them, so that they can be armed while a store is
/// in use.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<State>>);

#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each can change without the others"
)]
struct State {
    armed: Vec<Fault>,
    are_paused: bool,
    is_forgiving: bool,
    is_poisoned: bool,
    has_staged: bool,
    fired: u64,
}

impl Faults {
    /// Lets a call fail.
    pub fn arm(&self, fault: Fault) {
        self.state().armed.push(fault);
    }

    /// Lets no call fail from now on, until a fault is armed again.
    pub fn disarm(&self) {
        self.state().armed.clear();
    }

    /// Lets no call fail, and counts none, while `are_paused`.
    pub fn pause(&self, are_paused: bool) {
        self.state().are_paused = are_paused;
    }

    /// Plants a bug: a failed store goes on.
    pub fn forgive(&self) {
        self.state().is_forgiving = true;
    }

    /// Whether the store has failed so that it must refuse every write.
    pub fn is_poisoned(&self) -> bool {
        self.state().is_poisoned
    }

    /// Whether the next commit has something to do.
    pub fn has_staged(&self) -> bool {
        self.state().has_staged
    }

    /// How many calls failed on purpose.
    pub fn fired(&self) -> u64 {
        self.state().fired
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn writable(&self) -> Result<(), StoreError> {
        let state = self.state();
        if state.is_poisoned && !state.is_forgiving {
            return Err(StoreError::Poisoned);
        }
        Ok(())
    }

    /// The failure of this call, if it is to fail.
    fn strike(&self, call: Call) -> Option<Failure> {
        let mut state = self.state();
        if state.are_paused {
            return None;
        }
        let index = state.armed.iter().position(|fault| fault.call == call)?;
        if state.armed[index].after > 0 {
            state.armed[index].after -= 1;
            return None;
        }
        let failure = state.armed.remove(index).failure;
        state.fired += 1;
        // A failed read alone leaves memory and store together.
        state.is_poisoned |= call != Call::Read || failure != Failure::Before;
        Some(failure)
    }
}

/// A store that can stop in the middle of a commit.
pub trait Breakable: Store {
    /// Does some of what [`Store::commit`] does, such that a crash may keep any of it.
    fn commit_halfway(&mut self, now: Timestamp);

    /// The time of the last commit that the store knows of.
    fn last_commit(&self) -> Option<Timestamp>;
}

impl Breakable for DiskStore {
    fn commit_halfway(&mut self, now: Timestamp) {
        self.write_without_flush(now);
    }

    fn last_commit(&self) -> Option<Timestamp> {
        Self::last_commit(self)
    }
}

impl Breakable for SledStore {
    /// From outside it can only be whole or not at all.
    fn commit_halfway(&mut self, _: Timestamp) {}

    fn last_commit(&self) -> Option<Timestamp> {
        Self::last_commit(self)
    }
}

/// Any store, with faults in front of it. After one that hits a write it is poisoned, as the
/// contract has it, and what is behind it is not called any more but for reading.
#[derive(Debug)]
pub struct FaultyStore<S> {
    inner: S,
    faults: Faults,
}

impl<S: Breakable> FaultyStore<S> {
    /// A store that was just opened, with nothing staged and nothing failed.
    pub fn new(inner: S, faults: Faults) -> Self {
        {
            let mut state = faults.state();
            state.is_poisoned = false;
            state.has_staged = false;
        }
        Self { inner, faults }
    }

    /// The time of the last commit that the store knows of.
    pub fn last_commit(&self) -> Option<Timestamp> {
        self.inner.last_commit()
    }

    fn write(
        &mut self,
        call: Call,
        run: impl FnOnce(&mut S) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.faults.writable()?;
        match self.faults.strike(call) {
            None => run(&mut self.inner),
            Some(Failure::After) => run(&mut self.inner).and_then(|()| Err(injected(call))),
            Some(Failure::Before | Failure::Halfway) => Err(injected(call)),
        }
    }
}

impl<S: Breakable> Store for FaultyStore<S> {
    fn admit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        self.faults.writable()?;
        self.inner.admit(changes)
    }

    fn stage(&mut self, changes: &[Change], places: &mut Vec<TextRef>) -> Result<(), StoreError> {
        self.write(Call::Stage, |inner| inner.stage(changes, places))?;
        self.faults.state().has_staged = true;
        Ok(())
    }

    fn commit(&mut self, now: Timestamp) -> Result<(), StoreError> {
        self.faults.writable()?;
        match self.faults.strike(Call::Commit) {
            None => {
                self.inner.commit(now)?;
                self.faults.state().has_staged = false;
                return Ok(());
            }
            Some(Failure::Before) => {}
            Some(Failure::Halfway) => self.inner.commit_halfway(now),
            Some(Failure::After) => self.inner.commit(now)?,
        }
        Err(injected(Call::Commit))
    }

    fn read(&self, place: TextRef) -> Result<MessageText, StoreError> {
        match self.faults.strike(Call::Read) {
            None => self.inner.read(place),
            Some(_) => Err(injected(Call::Read)),
        }
    }

    fn release(&mut self, released: Released) {
        self.inner.release(released);
    }

    fn reclaim(&mut self) -> Result<(), StoreError> {
        self.write(Call::Reclaim, Store::reclaim)
    }

    fn relocatable(&self) -> Result<Vec<(Change, TextRef)>, StoreError> {
        self.faults.writable()?;
        match self.faults.strike(Call::Relocatable) {
            None => self.inner.relocatable(),
            Some(_) => Err(injected(Call::Relocatable)),
        }
    }
}

fn injected(call: Call) -> StoreError {
    let action = match call {
        Call::Stage => "stage",
        Call::Commit => "commit",
        Call::Read => "read",
        Call::Reclaim => "reclaim",
        Call::Relocatable => "relocate",
    };
    StoreError::Io {
        action,
        path: "on purpose".into(),
        source: io::Error::other("injected"),
    }
}
