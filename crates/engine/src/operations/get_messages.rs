//! Get Messages: hands out visible messages and hides them. REST page "Get Messages".

use queuerite_model::{
    AccountName, DequeuedMessage, Outcome, PopReceipt, QueueName, Timestamp, VisibilityTimeout,
};

use crate::operations::peek_messages::peek;
use crate::{Change, Decision, Engine, EngineError, Entropy};

/// All messages of one call share a time next visible and a pop receipt. Unlike in a put or an
/// update, the time may lie beyond a message's expiration; it then never comes back.
pub(crate) fn decide(
    engine: &Engine,
    now: Timestamp,
    entropy: &mut dyn Entropy,
    account: &AccountName,
    name: &QueueName,
    count: u32,
    visibility_timeout: VisibilityTimeout,
) -> Result<Decision, EngineError> {
    let (queue, messages, _) = engine.find(account, name)?;
    let nonce = entropy.nonce();
    let time_next_visible = visibility_timeout.after(now);
    let delivered: Vec<_> = messages
        .visible_at(now)
        .take(count as usize)
        .map(|message| {
            let mut peeked = peek(message);
            peeked.dequeue_count = peeked.dequeue_count.next();
            let pop_receipt = PopReceipt::issued(nonce, time_next_visible);
            DequeuedMessage {
                peeked,
                pop_receipt,
                time_next_visible,
            }
        })
        .collect();
    if delivered.is_empty() {
        return Ok(Decision::read(Outcome::MessagesDequeued(delivered)));
    }
    let messages = delivered
        .iter()
        .map(|message| (message.peeked.id, message.peeked.dequeue_count))
        .collect();
    let change = Change::MessagesDelivered {
        queue,
        messages,
        time_next_visible,
        nonce,
    };
    Ok(Decision::change(
        Outcome::MessagesDequeued(delivered),
        change,
    ))
}
