//! Delete Queue: removes a queue and its messages. REST page "Delete Queue".

use queuerite_model::{AccountName, Outcome, QueueName, Timestamp};

use crate::{Change, Decision, Engine, EngineError};

/// The queue is gone at once; its name may stay taken for a while (see
/// [`EngineOptions`](crate::EngineOptions)).
pub(crate) fn decide(
    engine: &Engine,
    now: Timestamp,
    account: &AccountName,
    name: &QueueName,
) -> Result<Decision, EngineError> {
    let (queue, _, _) = engine.find(account, name)?;
    let name_free_at = now.plus_seconds(engine.options.queue_deletion_seconds);
    Ok(Decision::change(
        Outcome::QueueDeleted,
        Change::QueueDeleted {
            queue,
            name_free_at,
        },
    ))
}
