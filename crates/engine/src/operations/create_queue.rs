//! Create Queue: makes an empty queue. REST page "Create Queue".

use queuerite_model::{AccountName, Metadata, Outcome, QueueName, Timestamp};

use crate::{Change, Decision, Engine, EngineError};

/// Creating a queue that exists with the same metadata changes nothing and succeeds.
pub(crate) fn decide(
    engine: &Engine,
    now: Timestamp,
    account: &AccountName,
    name: &QueueName,
    metadata: &Metadata,
) -> Result<Decision, EngineError> {
    if let Ok((_, _, written)) = engine.find(account, name) {
        return if written.metadata.is_same_as(metadata) {
            Ok(Decision::read(Outcome::QueueUnchanged))
        } else {
            Err(EngineError::QueueAlreadyExists)
        };
    }
    let free_at = engine.name_free_at(account, name);
    if free_at.is_some_and(|free_at| free_at > now) {
        return Err(EngineError::QueueBeingDeleted);
    }
    let change = Change::QueueWritten {
        queue: engine.next_queue(),
        account: account.clone(),
        name: name.clone(),
        metadata: metadata.clone(),
        policies: Vec::new(),
    };
    Ok(Decision::change(Outcome::QueueCreated, change))
}
