//! What a request asks.

use crate::{
    AccountName, MessageId, MessageText, Metadata, PopReceipt, QueueName, ServicePropertiesUpdate,
    StoredAccessPolicy, TimeToLive, VisibilityTimeout,
};

/// An operation on an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Command {
    /// The account whose queues are meant.
    pub account: AccountName,
    /// What to do there.
    pub operation: Operation,
}

/// A variant per operation of the REST API, its fields already typed and within their ranges.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Operation {
    /// List Queues.
    ListQueues(ListQueues),
    /// Get Queue Service Properties.
    GetServiceProperties,
    /// Set Queue Service Properties.
    SetServiceProperties(ServicePropertiesUpdate),
    /// Get Queue Service Stats.
    GetServiceStats,
    /// Create Queue.
    CreateQueue {
        /// The queue.
        queue: QueueName,
        /// Its metadata.
        metadata: Metadata,
    },
    /// Delete Queue.
    DeleteQueue {
        /// The queue.
        queue: QueueName,
    },
    /// Get Queue Metadata.
    GetQueueMetadata {
        /// The queue.
        queue: QueueName,
    },
    /// Set Queue Metadata.
    SetQueueMetadata {
        /// The queue.
        queue: QueueName,
        /// What replaces its metadata.
        metadata: Metadata,
    },
    /// Get Queue ACL.
    GetQueueAcl {
        /// The queue.
        queue: QueueName,
    },
    /// Set Queue ACL.
    SetQueueAcl {
        /// The queue.
        queue: QueueName,
        /// What replaces its stored access policies, at most five.
        policies: Vec<StoredAccessPolicy>,
    },
    /// Put Message.
    PutMessage {
        /// The queue.
        queue: QueueName,
        /// The message text.
        text: MessageText,
        /// How long it stays hidden at first.
        visibility_timeout: VisibilityTimeout,
        /// How long it lives; longer than the visibility timeout.
        time_to_live: TimeToLive,
    },
    /// Get Messages.
    GetMessages {
        /// The queue.
        queue: QueueName,
        /// How many at most, 1 to 32.
        count: u32,
        /// How long they stay hidden, at least one second.
        visibility_timeout: VisibilityTimeout,
    },
    /// Peek Messages.
    PeekMessages {
        /// The queue.
        queue: QueueName,
        /// How many at most, 1 to 32.
        count: u32,
    },
    /// Delete Message.
    DeleteMessage {
        /// The queue.
        queue: QueueName,
        /// The message; `None` if the URL's id is no GUID, so that no message can have it.
        message: Option<MessageId>,
        /// The newest receipt.
        pop_receipt: PopReceipt,
    },
    /// Clear Messages.
    ClearMessages {
        /// The queue.
        queue: QueueName,
    },
    /// Update Message.
    UpdateMessage {
        /// The queue.
        queue: QueueName,
        /// The message; `None` if the URL's id is no GUID, so that no message can have it.
        message: Option<MessageId>,
        /// The newest receipt.
        pop_receipt: PopReceipt,
        /// How long it stays hidden from now on.
        visibility_timeout: VisibilityTimeout,
        /// The new message text; `None` keeps the old one.
        text: Option<MessageText>,
    },
}

impl Operation {
    /// The operation's name in the REST reference.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ListQueues(_) => "List Queues",
            Self::GetServiceProperties => "Get Queue Service Properties",
            Self::SetServiceProperties(_) => "Set Queue Service Properties",
            Self::GetServiceStats => "Get Queue Service Stats",
            Self::CreateQueue { .. } => "Create Queue",
            Self::DeleteQueue { .. } => "Delete Queue",
            Self::GetQueueMetadata { .. } => "Get Queue Metadata",
            Self::SetQueueMetadata { .. } => "Set Queue Metadata",
            Self::GetQueueAcl { .. } => "Get Queue ACL",
            Self::SetQueueAcl { .. } => "Set Queue ACL",
            Self::PutMessage { .. } => "Put Message",
            Self::GetMessages { .. } => "Get Messages",
            Self::PeekMessages { .. } => "Peek Messages",
            Self::DeleteMessage { .. } => "Delete Message",
            Self::ClearMessages { .. } => "Clear Messages",
            Self::UpdateMessage { .. } => "Update Message",
        }
    }

    /// The queue that the operation is about; `None` if it is about the service.
    pub const fn queue(&self) -> Option<&QueueName> {
        match self {
            Self::ListQueues(_)
            | Self::GetServiceProperties
            | Self::SetServiceProperties(_)
            | Self::GetServiceStats => None,
            Self::CreateQueue { queue, .. }
            | Self::DeleteQueue { queue }
            | Self::GetQueueMetadata { queue }
            | Self::SetQueueMetadata { queue, .. }
            | Self::GetQueueAcl { queue }
            | Self::SetQueueAcl { queue, .. }
            | Self::PutMessage { queue, .. }
            | Self::GetMessages { queue, .. }
            | Self::PeekMessages { queue, .. }
            | Self::DeleteMessage { queue, .. }
            | Self::ClearMessages { queue }
            | Self::UpdateMessage { queue, .. } => Some(queue),
        }
    }

    /// Whether the operation only reads. Get Messages writes: it hides what it returns.
    pub const fn is_read(&self) -> bool {
        matches!(
            self,
            Self::ListQueues(_)
                | Self::GetServiceProperties
                | Self::GetServiceStats
                | Self::GetQueueMetadata { .. }
                | Self::GetQueueAcl { .. }
                | Self::PeekMessages { .. }
        )
    }
}

/// The parameters of List Queues.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ListQueues {
    /// Only queues whose names begin with this; empty for all.
    pub prefix: String,
    /// Only queues from this name on, inclusive; the next marker of the page before.
    pub marker: Option<String>,
    /// How many at most, 1 to 5000.
    pub max_results: Option<u32>,
    /// Whether each queue comes with its metadata.
    pub include_metadata: bool,
}
