//! Whether a credential permits a command.

use queuerite_model::Command;

use queuerite_wire::{Head, Verified};
use thiserror::Error;

/// A command that its sender may carry out. Only [`authorize`] makes one, so nothing reaches a
/// queue past it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Authorized(Command);

impl Authorized {
    /// The command.
    pub fn into_command(self) -> Command {
        self.0
    }
}

/// An account key permits everything there is to parse, except that under `--strict` the
/// secondary endpoint is read-only, as it is in the cloud.
pub(crate) fn authorize(
    _verified: &Verified,
    head: &Head,
    command: Command,
    strict: bool,
) -> Result<Authorized, AuthorizationError> {
    if strict && head.resource.is_secondary && !command.operation.is_read() {
        return Err(AuthorizationError::SecondaryIsReadOnly);
    }
    Ok(Authorized(command))
}

/// Why a credential that was believed does not permit a command.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum AuthorizationError {
    /// The command writes, and came through the secondary endpoint.
    #[error("the secondary endpoint is read-only")]
    SecondaryIsReadOnly,
}
