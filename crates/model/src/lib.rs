//! The vocabulary of queuerite.
//!
//! Every value here is valid by construction: a [`QueueName`] exists only if it is one, a
//! [`VisibilityTimeout`] only within its range. The other crates speak to each other in these
//! words, and this crate knows none of them.
//!
//! [`Command`] is what a request asks and [`Outcome`] what came of it. The wire crate makes the
//! one and writes the other; the engine does the reverse.

pub mod account;
pub mod command;
pub mod guid;
pub mod limits;
pub mod message;
pub mod metadata;
pub mod outcome;
pub mod policy;
pub mod properties;
pub mod queue;
pub mod time;

pub use account::{AccountKey, AccountName};
pub use command::{Command, ListQueues, Operation};
pub use guid::Guid;
pub use message::{DequeueCount, MessageId, MessageText, PopReceipt};
pub use metadata::Metadata;
pub use outcome::{
    DequeuedMessage, Outcome, PeekedMessage, PutMessage, QueueListing, QueuePage, UpdatedMessage,
};
pub use policy::{Permissions, StoredAccessPolicy};
pub use properties::{
    CorsRule, GeoReplicationStatus, Logging, Metrics, RetentionPolicy, ServiceProperties,
    ServicePropertiesUpdate, ServiceStats,
};
pub use queue::{QueueName, QueueNameError};
pub use time::{TimeToLive, Timestamp, VisibilityTimeout};
