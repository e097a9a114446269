//! Delete Message: removes a message, given its newest pop receipt. REST page "Delete Message".

use queuerite_model::{AccountName, MessageId, Outcome, PopReceipt, QueueName, Timestamp};

use crate::messages::{Message, Messages};
use crate::{Change, Decision, Engine, EngineError};

/// The receipt holds until the next get or update, even after the message became visible.
pub(crate) fn decide(
    engine: &Engine,
    now: Timestamp,
    account: &AccountName,
    name: &QueueName,
    message: Option<MessageId>,
    pop_receipt: &PopReceipt,
) -> Result<Decision, EngineError> {
    let (queue, messages, _) = engine.find(account, name)?;
    let message = find_held(messages, now, message, pop_receipt)?;
    let change = Change::MessageDeleted {
        queue,
        id: message.state.id,
    };
    Ok(Decision::change(Outcome::MessageDeleted, change))
}

/// The message that the receipt holds. The cloud answers a stale receipt as it does an unknown
/// message, with `MessageNotFound`; the documented `PopReceiptMismatch` was never recorded.
pub(crate) fn find_held<'a>(
    messages: &'a Messages,
    now: Timestamp,
    id: Option<MessageId>,
    pop_receipt: &PopReceipt,
) -> Result<&'a Message, EngineError> {
    id.and_then(|id| messages.alive(id, now))
        .filter(|message| message.pop_receipt() == *pop_receipt)
        .ok_or(EngineError::MessageNotFound)
}
