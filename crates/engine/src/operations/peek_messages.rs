//! Peek Messages: shows visible messages and changes nothing. REST page "Peek Messages".

use queuerite_model::{AccountName, Outcome, PeekedMessage, QueueName, Timestamp};

use crate::messages::Message;
use crate::{Decision, Engine, EngineError, TextRef};

/// The messages that a get would return now, in the same order.
pub(crate) fn decide(
    engine: &Engine,
    now: Timestamp,
    account: &AccountName,
    name: &QueueName,
    count: u32,
) -> Result<Decision, EngineError> {
    let (_, messages, _) = engine.find(account, name)?;
    let peeked = messages
        .visible_at(now)
        .take(count as usize)
        .map(peek)
        .collect();
    Ok(Decision::read(Outcome::MessagesPeeked(peeked)))
}

/// What a message shows of itself.
pub(crate) fn peek(message: &Message) -> PeekedMessage<TextRef> {
    PeekedMessage {
        id: message.state.id,
        insertion_time: message.state.insertion_time,
        expiration_time: message.state.expiration_time,
        dequeue_count: message.state.dequeue_count,
        text: message.place,
    }
}
