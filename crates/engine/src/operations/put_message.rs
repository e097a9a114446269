//! Put Message: adds a message at the back of a queue. REST page "Put Message".

use queuerite_model::{
    AccountName, DequeueCount, MessageText, Outcome, PopReceipt, PutMessage, QueueName, TimeToLive,
    Timestamp, VisibilityTimeout,
};

use crate::{Change, Decision, Engine, EngineError, Entropy, MessageState};

/// The parameters of Put Message.
pub(crate) struct Put<'a> {
    pub(crate) text: &'a MessageText,
    pub(crate) visibility_timeout: VisibilityTimeout,
    pub(crate) time_to_live: TimeToLive,
}

/// The receipt allows an update or a delete at once, without a get in between.
pub(crate) fn decide(
    engine: &Engine,
    now: Timestamp,
    entropy: &mut dyn Entropy,
    account: &AccountName,
    name: &QueueName,
    put: &Put<'_>,
) -> Result<Decision, EngineError> {
    let (queue, _, _) = engine.find(account, name)?;
    let message = MessageState {
        id: entropy.message_id(),
        sequence: engine.next_sequence(),
        insertion_time: now,
        expiration_time: put.time_to_live.after(now),
        time_next_visible: put.visibility_timeout.after(now),
        dequeue_count: DequeueCount(0),
        nonce: entropy.nonce(),
        updated: false,
    };
    let outcome = Outcome::MessagePut(PutMessage {
        id: message.id,
        insertion_time: message.insertion_time,
        expiration_time: message.expiration_time,
        pop_receipt: PopReceipt::issued(message.nonce, message.time_next_visible),
        time_next_visible: message.time_next_visible,
    });
    Ok(Decision::change(
        outcome,
        Change::MessageWritten {
            queue,
            message,
            text: put.text.clone(),
        },
    ))
}
