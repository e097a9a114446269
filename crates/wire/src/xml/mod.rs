//! The documents of the protocol: a strict reader, a plain writer, and a file per document.

mod reader;
mod writer;

pub(crate) mod container_list;
pub(crate) mod error;
pub(crate) mod key_info;
pub(crate) mod messages_list;
pub(crate) mod queue_list;
pub(crate) mod queue_message;
pub(crate) mod service_properties;
pub(crate) mod service_stats;
pub(crate) mod signed_identifiers;
pub(crate) mod user_delegation_key;

pub use key_info::KeyInfo;
pub(crate) use key_info::read as read_key_info;
pub use queue_message::read as read_queue_message;
pub use service_properties::read as read_service_properties;
pub use signed_identifiers::read as read_signed_identifiers;

use crate::WireError;

/// A complaint about what a well-formed document says. The service names no place for most.
fn invalid() -> WireError {
    WireError::InvalidXml {
        line: 0,
        position: 0,
        reason: String::new(),
    }
}
