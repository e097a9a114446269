//! What is remembered, and how.
//!
//! A [`Store`] takes [`Change`]s, says where it put them, and makes them durable when told to.
//! It never asks why.

mod database;
mod durability;
mod durable;
mod error;
mod format;
mod frame;
mod guard;
mod held;
mod high_water;
mod journal;
mod ledger;
mod lock;
mod memory_store;
mod newest;
mod open;
mod rebuild;
mod replay;
mod resident;
mod room;
mod rows;
mod salvage;
#[cfg(test)]
mod samples;
mod settler;
mod sled_store;

use queuerite_engine::{Change, Released, TextRef};
use queuerite_model::{MessageText, Timestamp};

pub use durability::{Durability, DurabilityError};
pub use durable::{DurableEngine, ExecuteError};
pub use error::StoreError;
pub use frame::FRAME_BYTES_MAX;
pub use memory_store::MemoryStore;
pub use rebuild::{Rebuild, Rebuilt};
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub use salvage::fuzzing;
pub use salvage::{
    Access, Damage, LiveMessage, LiveQueue, Location, Progress, Salvage, SalvageReport, Step,
};
pub use sled_store::{RECLAIMED_FRAMES_MAX, SledOptions, SledStore};

/// The durable shadow of an engine.
///
/// One thread owns engine and store. It stages the changes of every waiting command, applies
/// them to the engine at the places that [`stage`](Store::stage) returned, commits once, and
/// only then answers. After a failed write the store is poisoned: every later write fails with
/// [`StoreError::Poisoned`], because memory may be ahead of what is stored. Reads go on while
/// they can.
pub trait Store: Send {
    /// Whether there is room for the changes of one operation: [`StoreError::NoSpace`] or
    /// [`StoreError::Full`] if not, and then everything is as it was. To be asked before
    /// [`stage`](Store::stage) for whatever a client wants; not for what moves to a new place in
    /// order to make room.
    fn admit(&mut self, changes: &[Change]) -> Result<(), StoreError>;

    /// Takes the changes of one operation, which stay together whatever happens, and appends to
    /// `places` where each went. Their texts can be read at once; durable they become with the
    /// next [`commit`](Store::commit).
    fn stage(&mut self, changes: &[Change], places: &mut Vec<TextRef>) -> Result<(), StoreError>;

    /// Makes everything staged durable, in the strength this store was opened with. `now` is
    /// remembered as the time of the commit. With nothing staged it does nothing.
    fn commit(&mut self, now: Timestamp) -> Result<(), StoreError>;

    /// The text stored at `place`. It is the text that was written there, or an error.
    fn read(&self, place: TextRef) -> Result<MessageText, StoreError>;

    /// Learns that the complete record at this place is no longer needed.
    fn release(&mut self, released: Released);

    /// Gives back the space of dead frames. Called after a commit, when nobody waits.
    fn reclaim(&mut self) -> Result<(), StoreError>;

    /// If too much of the store is dead, the complete records of the oldest frames, each with
    /// its place. The caller stages the live ones again, in their present state; once that is
    /// committed and the old places are released, [`reclaim`](Store::reclaim) drops the frames.
    fn relocatable(&self) -> Result<Vec<(Change, TextRef)>, StoreError>;
}
