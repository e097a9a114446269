//! Update Message: a new visibility timeout, and perhaps a new text, for a message whose newest
//! pop receipt is given. REST page "Update Message".

use queuerite_model::{
    AccountName, MessageId, MessageText, Outcome, PopReceipt, QueueName, Timestamp, UpdatedMessage,
    VisibilityTimeout,
};

use crate::operations::delete_message::find_held;
use crate::{Change, Decision, Engine, EngineError, Entropy, MessageState};

/// The parameters of Update Message.
pub(crate) struct Update<'a> {
    pub(crate) message: Option<MessageId>,
    pub(crate) pop_receipt: &'a PopReceipt,
    pub(crate) visibility_timeout: VisibilityTimeout,
    pub(crate) text: Option<&'a MessageText>,
}

/// Insertion, expiration and dequeue count stay; the old receipt is worth nothing afterwards.
/// The message must not be hidden beyond its expiration.
pub(crate) fn decide(
    engine: &Engine,
    now: Timestamp,
    entropy: &mut dyn Entropy,
    account: &AccountName,
    name: &QueueName,
    update: &Update<'_>,
) -> Result<Decision, EngineError> {
    let (queue, messages, _) = engine.find(account, name)?;
    let held = find_held(messages, now, update.message, update.pop_receipt)?;
    let time_next_visible = update.visibility_timeout.after(now);
    if time_next_visible > held.state.expiration_time {
        return Err(EngineError::VisibilityBeyondExpiration);
    }
    let nonce = entropy.nonce();
    let change = match update.text {
        Some(text) => Change::MessageWritten {
            queue,
            message: MessageState {
                time_next_visible,
                nonce,
                updated: true,
                ..held.state
            },
            text: text.clone(),
        },
        None => Change::MessageRescheduled {
            queue,
            id: held.state.id,
            time_next_visible,
            nonce,
        },
    };
    let pop_receipt = PopReceipt::updated(nonce, time_next_visible, held.state.dequeue_count);
    let outcome = Outcome::MessageUpdated(UpdatedMessage {
        pop_receipt,
        time_next_visible,
    });
    Ok(Decision::change(outcome, change))
}
