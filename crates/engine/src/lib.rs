//! Queue semantics as a pure state machine.
//!
//! No clock, no randomness, no I/O, no panic on input: time and chance are arguments, and what
//! is to be remembered is returned as [`Change`]s for somebody else to store.
//!
//! [`Engine::decide`] reads and answers; [`Engine::apply`] moves. The reply and the stored
//! record come from the same [`Decision`], so they cannot disagree.

mod account;
mod change;
mod engine;
mod entropy;
mod error;
mod messages;
mod operations;
mod queue;

pub use change::{Change, MessageState, QueueId, Released, TextRef};
pub use engine::{Decision, Engine, EngineOptions};
pub use entropy::Entropy;
pub use error::EngineError;
