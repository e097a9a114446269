//! A file per operation, or per pair of Get and Set. Each opens with what the operation does
//! and the REST page that says so, then decides.

pub(crate) mod clear_messages;
pub(crate) mod create_queue;
pub(crate) mod delete_message;
pub(crate) mod delete_queue;
pub(crate) mod get_messages;
pub(crate) mod list_queues;
pub(crate) mod peek_messages;
pub(crate) mod put_message;
pub(crate) mod queue_acl;
pub(crate) mod queue_metadata;
pub(crate) mod service_properties;
pub(crate) mod update_message;
