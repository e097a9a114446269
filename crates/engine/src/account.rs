//! An account: its queues by name, and its service properties.

use std::collections::BTreeMap;

use queuerite_model::{QueueName, ServiceProperties};

use crate::{QueueId, TextRef};

/// What one account owns. Accounts exist as soon as they are asked for, and own nothing then.
#[derive(Debug, Default)]
pub(crate) struct Account {
    /// The service properties, and where their complete record is; `None` until first set.
    pub(crate) properties: Option<(Box<ServiceProperties>, TextRef)>,
    /// The queues, in the order in which they are listed.
    pub(crate) queues: BTreeMap<QueueName, QueueId>,
    /// The deleted queues whose names are still taken.
    pub(crate) being_deleted: BTreeMap<QueueName, QueueId>,
}
