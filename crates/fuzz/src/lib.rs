//! What must hold for any input whatever: targets of a fuzzer, and the inputs that it found.
//!
//! A target is a function that takes bytes and panics if something does not hold. The harness
//! calls it with the inputs that libFuzzer thinks up, and `tests/corpus.rs` with those that are
//! kept in `corpus`. No target knows which of the two it is.

// Targets unwrap and index, as tests do: a panic is what they are for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a panic is how a target reports"
)]

mod bearer_token;
mod engine;
mod export_line;
mod frames;
mod head;
mod heads;
mod query;
mod records;
mod request;
mod shared_access_signature;
mod shared_key;
mod xml;

pub use bearer_token::bearer_token;
pub use engine::engine;
pub use export_line::export_line;
pub use frames::{frame, search};
pub use head::head;
pub use heads::heads;
pub use query::query;
pub use records::record;
pub use shared_access_signature::shared_access_signature;
pub use shared_key::shared_key;
pub use xml::{queue_message, service_properties, signed_identifiers};

/// A target: it panics if something does not hold for the input.
pub type Target = fn(&[u8]);

/// Every target under its name, which is also that of its folder in `corpus`.
pub const TARGETS: &[(&str, Target)] = &[
    ("bearer_token", bearer_token),
    ("engine", engine),
    ("export_line", export_line),
    ("frame", frame),
    ("head", head),
    ("heads", heads),
    ("query", query),
    ("queue_message", queue_message),
    ("record", record),
    ("search", search),
    ("service_properties", service_properties),
    ("shared_access_signature", shared_access_signature),
    ("shared_key", shared_key),
    ("signed_identifiers", signed_identifiers),
];
