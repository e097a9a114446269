//! Kills servers, cuts their power, and compares what they remember with what they acknowledged.
//!
//! A [`Load`] works on a server over many connections and keeps a ledger of what was
//! acknowledged; it stands outside of the server's process, and survives it. After a restart it
//! compares: what was acknowledged is there exactly once, what was deleted is gone, and what was
//! under way is in one of its two states. Whatever differs is a [`Finding`].
//!
//! [`crash`] and [`power_cut`] put a server through many such rounds. Any server of the protocol
//! will do, and any tests may use the load.

// Tests unwrap and index; so do their tools.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::missing_panics_doc,
    reason = "a broken tool is a broken test"
)]

mod check;
pub mod crash;
mod findings;
mod ledger;
mod load;
mod offline;
pub mod power_cut;
mod relocation;
mod seen;
mod server;
mod service;
mod time;
mod worker;

pub use findings::{Ends, Finding, Kind, Report};
pub use load::Load;
pub use offline::Offline;
pub use server::{Server, Template, free_port};
pub use worker::End;
