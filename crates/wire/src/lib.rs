//! The Azure Queue Storage REST protocol as data: bytes in, types out; types in, bytes out.
//!
//! Nothing here opens a socket, reads a clock or knows what a queue holds.

mod error;
mod error_code;

pub use error::WireError;
pub use error_code::{RESOURCE_NAME_LENGTH_TEXT, StorageErrorCode};
