//! Chance, as an argument.

use queuerite_model::MessageId;

/// Where the engine gets what must not repeat. The server draws from the system; tests seed it.
pub trait Entropy {
    /// An id that no other message has.
    fn message_id(&mut self) -> MessageId;

    /// A number that tells one pop receipt of a message from the next.
    fn nonce(&mut self) -> u32;
}
