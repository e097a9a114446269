//! The operations of the REST API by name, before anything is known of their parameters.

use queuerite_model::Operation;

use crate::route::route;
use crate::{Head, ResourcePath, WireError};

/// Which operation a request means: all that there is to know for judging whether its sender may
/// ask for it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(missing_docs, reason = "they are the operations of the REST reference")]
pub enum OperationKind {
    ListQueues,
    GetServiceProperties,
    SetServiceProperties,
    GetServiceStats,
    GetUserDelegationKey,
    CreateQueue,
    DeleteQueue,
    GetQueueMetadata,
    SetQueueMetadata,
    GetQueueAcl,
    SetQueueAcl,
    PutMessage,
    GetMessages,
    PeekMessages,
    ClearMessages,
    UpdateMessage,
    DeleteMessage,
}

impl OperationKind {
    /// The operation that method, path and selectors of a request name. The name of its queue
    /// is left for later, unless there is no operation, for then nothing comes later.
    pub fn of_request(head: &Head) -> Result<Self, WireError> {
        if head.resource.path == ResourcePath::Unknown {
            return Err(WireError::UnknownResource);
        }
        route(head).or_else(|error| {
            head.resource.path.queue_name()?;
            Err(error)
        })
    }

    /// The kind of an operation of which everything is known.
    pub const fn of(operation: &Operation) -> Self {
        match operation {
            Operation::ListQueues(_) => Self::ListQueues,
            Operation::GetServiceProperties => Self::GetServiceProperties,
            Operation::SetServiceProperties(_) => Self::SetServiceProperties,
            Operation::GetServiceStats => Self::GetServiceStats,
            Operation::CreateQueue { .. } => Self::CreateQueue,
            Operation::DeleteQueue { .. } => Self::DeleteQueue,
            Operation::GetQueueMetadata { .. } => Self::GetQueueMetadata,
            Operation::SetQueueMetadata { .. } => Self::SetQueueMetadata,
            Operation::GetQueueAcl { .. } => Self::GetQueueAcl,
            Operation::SetQueueAcl { .. } => Self::SetQueueAcl,
            Operation::PutMessage { .. } => Self::PutMessage,
            Operation::GetMessages { .. } => Self::GetMessages,
            Operation::PeekMessages { .. } => Self::PeekMessages,
            Operation::DeleteMessage { .. } => Self::DeleteMessage,
            Operation::ClearMessages { .. } => Self::ClearMessages,
            Operation::UpdateMessage { .. } => Self::UpdateMessage,
        }
    }

    /// Whether the operation only reads. Get Messages writes: it hides what it returns.
    pub const fn is_read(self) -> bool {
        matches!(
            self,
            Self::ListQueues
                | Self::GetServiceProperties
                | Self::GetServiceStats
                | Self::GetUserDelegationKey
                | Self::GetQueueMetadata
                | Self::GetQueueAcl
                | Self::PeekMessages
        )
    }
}
