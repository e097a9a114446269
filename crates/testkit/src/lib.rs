//! Tools of the tests, and of nothing else.
//!
//! [`Sim`] runs an engine in virtual time with a log that forgets as a store may forget;
//! [`Reference`] is the same service written as naively as possible, to be agreed with.
//! [`simulation`] adds clients, a [`Disk`], [`Faults`] and crashes, all of them under a seed.
//! [`Process`] is the real binary, and [`Client`] speaks to it in raw HTTP.

// Tests unwrap and index; so do their tools.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a broken tool is a broken test"
)]

mod client;
mod disk;
mod entropy;
mod faults;
pub mod fixture;
mod process;
mod reference;
mod sim;
pub mod simulation;
mod tls;

pub use client::{ACCOUNT, Client, KEY, Request, Response, encoded, http_date, sign};
pub use disk::{Disk, DiskOptions, DiskStore, PlantedBug};
pub use entropy::SeededEntropy;
pub use faults::{Breakable, Call, Failure, Fault, Faults, FaultyStore};
pub use process::{Ended, Process, run, run_command};
pub use reference::Reference;
pub use rustls::ProtocolVersion;
pub use rustls::version::{TLS12, TLS13};
pub use sim::{Sim, account, queue_name, text};
pub use tls::Trust;
