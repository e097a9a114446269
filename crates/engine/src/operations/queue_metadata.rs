//! Get and Set Queue Metadata. REST pages of these names.

use queuerite_model::{AccountName, Metadata, Outcome, QueueName, Timestamp};

use crate::{Change, Decision, Engine, EngineError};

/// The approximate messages count includes hidden messages, and here it is exact.
pub(crate) fn decide_get(
    engine: &Engine,
    now: Timestamp,
    account: &AccountName,
    name: &QueueName,
) -> Result<Decision, EngineError> {
    let (_, messages, written) = engine.find(account, name)?;
    Ok(Decision::read(Outcome::QueueMetadata {
        metadata: written.metadata.clone(),
        approximate_messages_count: messages.count_alive(now) as u64,
    }))
}

/// Replaces the whole set.
pub(crate) fn decide_set(
    engine: &Engine,
    account: &AccountName,
    name: &QueueName,
    metadata: &Metadata,
) -> Result<Decision, EngineError> {
    let (queue, _, written) = engine.find(account, name)?;
    let change = Change::QueueWritten {
        queue,
        account: account.clone(),
        name: name.clone(),
        metadata: metadata.clone(),
        policies: written.policies.clone(),
    };
    Ok(Decision::change(Outcome::QueueMetadataSet, change))
}
