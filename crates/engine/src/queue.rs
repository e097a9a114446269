//! A queue: metadata, stored access policies, messages.

use queuerite_model::{AccountName, Metadata, QueueName, StoredAccessPolicy, Timestamp};

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

/// What is left of a deleted queue for as long as its name is taken.
///
/// Its complete record stays needed, although it says nothing of the end: with it, a store keeps
/// whatever is younger, and so the record of the end.
#[derive(Debug)]
pub(crate) struct DeletedQueue {
    pub(crate) written: Written,
    pub(crate) name_free_at: Timestamp,
}

impl DeletedQueue {
    /// What says all this again: the end alone would be the end of nothing.
    pub(crate) fn to_changes(&self, queue: QueueId) -> [Change; 2] {
        let end = Change::QueueDeleted {
            queue,
            name_free_at: self.name_free_at,
        };
        [self.written.to_change(queue), end]
    }
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
