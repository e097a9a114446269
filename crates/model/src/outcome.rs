//! What came of a command.

use crate::{
    DequeueCount, MessageId, Metadata, PopReceipt, QueueName, ServiceProperties, ServiceStats,
    StoredAccessPolicy, Timestamp,
};

/// The successful result of a [`Command`](crate::Command), a variant per kind of answer.
///
/// `Text` is how a message text is held: the engine answers with references, which are
/// exchanged for the texts before the answer is written (see [`Outcome::try_map_texts`]).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome<Text> {
    /// List Queues: one page.
    QueuesListed(QueuePage),
    /// Get Queue Service Properties.
    ServiceProperties(Box<ServiceProperties>),
    /// Set Queue Service Properties.
    ServicePropertiesSet,
    /// Get Queue Service Stats.
    ServiceStats(ServiceStats),
    /// Create Queue: it is new.
    QueueCreated,
    /// Create Queue: it was there already, with the same metadata.
    QueueUnchanged,
    /// Delete Queue.
    QueueDeleted,
    /// Get Queue Metadata.
    QueueMetadata {
        /// The metadata.
        metadata: Metadata,
        /// How many messages the queue holds, hidden ones included.
        approximate_messages_count: u64,
    },
    /// Set Queue Metadata.
    QueueMetadataSet,
    /// Get Queue ACL.
    QueueAcl(Vec<StoredAccessPolicy>),
    /// Set Queue ACL.
    QueueAclSet,
    /// Put Message.
    MessagePut(PutMessage),
    /// Get Messages: none to 32.
    MessagesDequeued(Vec<DequeuedMessage<Text>>),
    /// Peek Messages: none to 32.
    MessagesPeeked(Vec<PeekedMessage<Text>>),
    /// Delete Message.
    MessageDeleted,
    /// Clear Messages.
    MessagesCleared,
    /// Update Message.
    MessageUpdated(UpdatedMessage),
}

impl<Text> Outcome<Text> {
    /// The same outcome with every message text exchanged; the first failure ends it.
    pub fn try_map_texts<To, Error>(
        self,
        mut exchange: impl FnMut(Text) -> Result<To, Error>,
    ) -> Result<Outcome<To>, Error> {
        Ok(match self {
            Self::MessagesDequeued(messages) => Outcome::MessagesDequeued(
                messages
                    .into_iter()
                    .map(|message| {
                        let peeked = message.peeked;
                        Ok(DequeuedMessage {
                            peeked: peeked.with_text(&mut exchange)?,
                            pop_receipt: message.pop_receipt,
                            time_next_visible: message.time_next_visible,
                        })
                    })
                    .collect::<Result<_, _>>()?,
            ),
            Self::MessagesPeeked(messages) => Outcome::MessagesPeeked(
                messages
                    .into_iter()
                    .map(|message| message.with_text(&mut exchange))
                    .collect::<Result<_, _>>()?,
            ),
            Self::QueuesListed(page) => Outcome::QueuesListed(page),
            Self::ServiceProperties(properties) => Outcome::ServiceProperties(properties),
            Self::ServicePropertiesSet => Outcome::ServicePropertiesSet,
            Self::ServiceStats(stats) => Outcome::ServiceStats(stats),
            Self::QueueCreated => Outcome::QueueCreated,
            Self::QueueUnchanged => Outcome::QueueUnchanged,
            Self::QueueDeleted => Outcome::QueueDeleted,
            Self::QueueMetadata {
                metadata,
                approximate_messages_count,
            } => Outcome::QueueMetadata {
                metadata,
                approximate_messages_count,
            },
            Self::QueueMetadataSet => Outcome::QueueMetadataSet,
            Self::QueueAcl(policies) => Outcome::QueueAcl(policies),
            Self::QueueAclSet => Outcome::QueueAclSet,
            Self::MessagePut(message) => Outcome::MessagePut(message),
            Self::MessageDeleted => Outcome::MessageDeleted,
            Self::MessagesCleared => Outcome::MessagesCleared,
            Self::MessageUpdated(message) => Outcome::MessageUpdated(message),
        })
    }
}

/// One page of List Queues.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct QueuePage {
    /// The queues, ascending by name.
    pub queues: Vec<QueueListing>,
    /// The first queue of the next page, if there is one.
    pub next: Option<QueueName>,
}

/// One queue in a [`QueuePage`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QueueListing {
    /// Its name.
    pub name: QueueName,
    /// Its metadata, if it was asked for.
    pub metadata: Option<Metadata>,
}

/// What Put Message tells of the new message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PutMessage {
    /// Its id.
    pub id: MessageId,
    /// When it was put.
    pub insertion_time: Timestamp,
    /// When it expires.
    pub expiration_time: Timestamp,
    /// With which it can be updated or deleted at once.
    pub pop_receipt: PopReceipt,
    /// From when it can be got.
    pub time_next_visible: Timestamp,
}

/// What Peek Messages tells of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PeekedMessage<Text> {
    /// Its id.
    pub id: MessageId,
    /// When it was put.
    pub insertion_time: Timestamp,
    /// When it expires.
    pub expiration_time: Timestamp,
    /// How often it was handed out by Get Messages, this time included.
    pub dequeue_count: DequeueCount,
    /// Its text.
    pub text: Text,
}

impl<Text> PeekedMessage<Text> {
    fn with_text<To, Error>(
        self,
        exchange: &mut impl FnMut(Text) -> Result<To, Error>,
    ) -> Result<PeekedMessage<To>, Error> {
        Ok(PeekedMessage {
            id: self.id,
            insertion_time: self.insertion_time,
            expiration_time: self.expiration_time,
            dequeue_count: self.dequeue_count,
            text: exchange(self.text)?,
        })
    }
}

/// What Get Messages tells of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DequeuedMessage<Text> {
    /// What Peek Messages would tell of it now.
    pub peeked: PeekedMessage<Text>,
    /// With which it can be updated or deleted; the same for all messages of one call.
    pub pop_receipt: PopReceipt,
    /// Until when it is hidden.
    pub time_next_visible: Timestamp,
}

/// What Update Message tells of the message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UpdatedMessage {
    /// The new receipt.
    pub pop_receipt: PopReceipt,
    /// Until when it is hidden.
    pub time_next_visible: Timestamp,
}
