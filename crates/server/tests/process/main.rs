//! The real binary, as its users meet it: its command line, its connections, its memory.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    reason = "in a test a wrong value may end it"
)]

mod account;
mod browser;
mod command_line;
mod companions;
mod connections;
mod crash;
mod health;
mod intrusion;
mod limits;
mod logs;
mod persistence;
mod secrets;
mod signals;
mod smuggling;
mod strict;
mod tls;
mod tokens;

use std::ffi::OsStr;
use std::path::Path;

use queuerite_testkit::Process;

/// The binary under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_queuerite");

/// The version that requests name unless a test is about it.
const VERSION: &str = "2021-12-02";

/// A server that forgets, with these further arguments.
fn in_memory(arguments: &[&str]) -> Process {
    let usual = ["--silent", "--inMemoryPersistence", "--queuePort", "0"];
    Process::start(PROGRAM, usual.iter().chain(arguments))
}

/// A server that remembers in this location.
fn on(location: &Path) -> Process {
    Process::on_location(PROGRAM, location)
}

/// A server that remembers, with these further arguments.
fn on_with(location: &Path, arguments: &[&str]) -> Process {
    let usual = ["--silent", "--queuePort", "0", "--location"].map(OsStr::new);
    let arguments = arguments.iter().map(OsStr::new);
    let all = usual.into_iter().chain([location.as_os_str()]);
    Process::start(PROGRAM, all.chain(arguments))
}
