//! The durable facts, and nothing else.

use queuerite_model::{
    AccountName, DequeueCount, MessageId, MessageText, Metadata, QueueName, ServiceProperties,
    StoredAccessPolicy, Timestamp,
};

/// Where a store keeps a record, and in it a message text.
///
/// The engine holds one for each message, each queue and each account's properties, and never
/// looks inside. `frame` is the unit that a store drops as a whole; it may drop the oldest one
/// as soon as nothing live has its complete record there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct TextRef {
    /// The frame's number; frames are numbered in the order in which they were committed.
    pub frame: u64,
    /// Where in the frame the text begins, in bytes.
    pub offset: u32,
    /// The text's length in bytes; 0 for records without a text.
    pub length: u32,
}

/// Names one incarnation of a queue: a queue deleted and created again has a new id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct QueueId(pub u32);

/// Something that happened, as it is stored and replayed.
///
/// [`PropertiesWritten`](Self::PropertiesWritten), [`QueueWritten`](Self::QueueWritten) and
/// [`MessageWritten`](Self::MessageWritten) are complete: each holds all there is to know about
/// its subject and supersedes whatever came before. The others change or end a subject. That
/// is what lets a store drop old frames: a frame is needed only while it holds the newest
/// complete record of something alive, because a change to a subject is younger than its
/// complete record or has been superseded by one. A deleted queue counts as alive for as long as
/// its name is taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// Complete: an account's service properties.
    PropertiesWritten {
        /// The account.
        account: AccountName,
        /// All its properties.
        properties: Box<ServiceProperties>,
    },
    /// Complete: a queue, without its messages.
    QueueWritten {
        /// Which incarnation.
        queue: QueueId,
        /// The account that owns it.
        account: AccountName,
        /// Its name.
        name: QueueName,
        /// Its metadata.
        metadata: Metadata,
        /// Its stored access policies.
        policies: Vec<StoredAccessPolicy>,
    },
    /// The queue and all its messages are gone.
    QueueDeleted {
        /// Which incarnation.
        queue: QueueId,
        /// Until when its name stays taken; in the past if it does not.
        name_free_at: Timestamp,
    },
    /// Complete: a message.
    MessageWritten {
        /// The queue that holds it.
        queue: QueueId,
        /// All but the text.
        message: MessageState,
        /// The text, which only the store keeps.
        text: MessageText,
    },
    /// Get Messages handed these out.
    MessagesDelivered {
        /// The queue that holds them.
        queue: QueueId,
        /// Each message with its new dequeue count.
        messages: Vec<(MessageId, DequeueCount)>,
        /// Until when they are hidden.
        time_next_visible: Timestamp,
        /// The nonce of their common pop receipt.
        nonce: u32,
    },
    /// Update Message without a text moved a message's visibility.
    MessageRescheduled {
        /// The queue that holds it.
        queue: QueueId,
        /// The message.
        id: MessageId,
        /// Until when it is hidden.
        time_next_visible: Timestamp,
        /// The nonce of its new pop receipt.
        nonce: u32,
    },
    /// A message is gone.
    MessageDeleted {
        /// The queue that held it.
        queue: QueueId,
        /// The message.
        id: MessageId,
    },
    /// All messages of a queue are gone.
    MessagesCleared {
        /// The queue.
        queue: QueueId,
    },
}

/// All of a message but its text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MessageState {
    /// Its id.
    pub id: MessageId,
    /// Its place among messages with the same time next visible: the order of insertion.
    pub sequence: u64,
    /// When it was put.
    pub insertion_time: Timestamp,
    /// When it expires; [`Timestamp::NEVER`] if it does not.
    pub expiration_time: Timestamp,
    /// From when it is visible.
    pub time_next_visible: Timestamp,
    /// How often it was handed out.
    pub dequeue_count: DequeueCount,
    /// The nonce of its newest pop receipt.
    pub nonce: u32,
    /// Whether that receipt came from Update Message, whose receipts have another form.
    pub updated: bool,
}

/// A complete record that nothing needs any more, because its subject is gone or has a newer
/// one. The store counts these to find out which frames are dead.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Released(pub TextRef);
