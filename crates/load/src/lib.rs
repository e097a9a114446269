//! A load generator for servers of the Queue Storage protocol.
//!
//! One thread drives any number of connections with requests that are made and signed before or
//! as they are sent, so that a core for itself is enough for the fastest server on another.

mod answer;
pub mod drive;
pub mod floor;
pub mod request;
pub mod script;
mod stream;

pub use answer::{Answer, NotHttp};
