//! Clear Messages: removes all messages of a queue, hidden ones too. REST page "Clear Messages".

use queuerite_model::{AccountName, Outcome, QueueName};

use crate::{Change, Decision, Engine, EngineError};

/// One record, however many messages there are.
pub(crate) fn decide(
    engine: &Engine,
    account: &AccountName,
    name: &QueueName,
) -> Result<Decision, EngineError> {
    let (queue, messages, _) = engine.find(account, name)?;
    if messages.len() == 0 {
        return Ok(Decision::read(Outcome::MessagesCleared));
    }
    Ok(Decision::change(
        Outcome::MessagesCleared,
        Change::MessagesCleared { queue },
    ))
}
