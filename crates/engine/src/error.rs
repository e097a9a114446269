//! Why a command cannot be carried out, in the domain's own words.

use thiserror::Error;

/// What the state of the queues forbids. Malformed requests never reach the engine.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum EngineError {
    /// There is no such queue.
    #[error("the queue does not exist")]
    QueueNotFound,
    /// Create Queue on a queue that has other metadata.
    #[error("the queue exists with other metadata")]
    QueueAlreadyExists,
    /// Create Queue while the name is still taken by a deleted queue.
    #[error("the queue is being deleted")]
    QueueBeingDeleted,
    /// There is no such message, or the pop receipt is not its newest.
    #[error("the message does not exist, or the pop receipt is not its newest")]
    MessageNotFound,
    /// Update Message would hide a message beyond its expiration time.
    #[error("the message would be hidden beyond its expiration time")]
    VisibilityBeyondExpiration,
}
