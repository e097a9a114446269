//! A queue: metadata, stored access policies, messages.

use queuerite_model::{AccountName, Metadata, QueueName, StoredAccessPolicy};

use crate::messages::Messages;
use crate::{Change, QueueId, TextRef};

/// One incarnation of a queue.
///
/// `written` is `None` only while a store is replayed: a queue's complete record may be younger
/// than its first messages, which then wait here for it.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    pub(crate) written: Option<Written>,
    pub(crate) messages: Messages,
}

/// What a queue's complete record says, and where that record is.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) account: AccountName,
    pub(crate) name: QueueName,
    pub(crate) metadata: Metadata,
    pub(crate) policies: Vec<StoredAccessPolicy>,
    pub(crate) place: TextRef,
}

impl Written {
    /// The complete record of this queue, as of now.
    pub(crate) fn to_change(&self, queue: QueueId) -> Change {
        Change::QueueWritten {
            queue,
            account: self.account.clone(),
            name: self.name.clone(),
            metadata: self.metadata.clone(),
            policies: self.policies.clone(),
        }
    }
}
