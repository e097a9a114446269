//! Queue semantics as a pure state machine.
//!
//! No clock, no randomness, no I/O, no panic on input: time and chance are arguments, and what
//! is to be remembered is returned as [`Change`]s for somebody else to store.

mod change;
mod entropy;
mod error;

pub use change::{Change, MessageState, QueueId, Released, TextRef};
pub use entropy::Entropy;
pub use error::EngineError;
