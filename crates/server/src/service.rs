//! The seam between the HTTP side and whatever carries commands out.

use std::sync::Arc;

use queuerite_engine::EngineError;
use queuerite_model::{AccountName, CorsRule, MessageText, Outcome};
use thiserror::Error;

use crate::authorize::{AuthorizationError, Authorized};

/// Carries out commands on queues.
///
/// The HTTP side knows only this. The local [`Executor`](crate::Executor) is one
/// implementation; another may run the same commands on a database that several front ends
/// share, so nothing above this seam assumes a single process, and nothing below it knows HTTP.
pub trait QueueService: Send + Sync + 'static {
    /// Carries out a command. When this returns, its outcome is as durable as the service
    /// promises; a caller that gives up earlier must not conclude that nothing happened.
    fn execute(
        &self,
        command: Authorized,
    ) -> impl Future<Output = Result<Outcome<MessageText>, ServiceError>> + Send;

    /// The CORS rules of an account, as of the latest change that was acknowledged. They belong
    /// to every answer, so asking costs no command.
    fn cors_rules(&self, account: &AccountName) -> Arc<[CorsRule]>;

    /// Whether commands can be carried out at the moment.
    fn is_ready(&self) -> bool;
}

/// Why a command was not carried out.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ServiceError {
    /// The state of the queues forbids it.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A stored access policy does not permit it.
    #[error(transparent)]
    Unauthorized(#[from] AuthorizationError),
    /// More commands wait than may; try again.
    #[error("too many commands are waiting")]
    Busy,
    /// The in-memory store holds as much as it may.
    #[error("the in-memory store is full: {limit} bytes of message text")]
    Full {
        /// The limit in bytes.
        limit: u64,
    },
    /// The disk is nearly full, and what is left is kept for deletions and gets.
    #[error("the disk is nearly full")]
    NoSpace,
    /// A text that belongs to the answer cannot be read. Nothing has changed.
    #[error("a stored text cannot be read")]
    Unreadable,
    /// The store failed, now or earlier. What happened to the command is not known.
    #[error("the store has failed")]
    Failed,
}
