//! What the operating system may do to a store, for real: disks that fill up, that turn
//! read-only, that hang; and stopping while all is under way.
//!
//! Some of it only root may arrange. A test that cannot says so on stderr, and passes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "in a test a wrong value may end it"
)]

mod disk;
mod failing;
mod hanging;
mod stopping;
mod sync_order;

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use queuerite_ordeal::Load;
use queuerite_testkit::Process;

/// The binary under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_queuerite");

/// How many clients work at once.
const CLIENTS: usize = 6;

/// The arguments of a server that remembers in this location.
fn arguments(location: &Path) -> [&OsStr; 5] {
    let [silent, port, zero, name] = ["--silent", "--queuePort", "0", "--location"].map(OsStr::new);
    [silent, port, zero, name, location.as_os_str()]
}

fn start(location: &Path) -> Process {
    Process::start(PROGRAM, arguments(location))
}

fn load() -> Load {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed = u64::from(now.subsec_micros());
    // Shown by the test harness if the test fails.
    eprintln!("seed {seed}");
    Load::new(CLIENTS, seed)
}

/// Says that a test was not run, past the harness that keeps what a passed test prints.
fn skipped(reason: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {reason}");
}

/// Runs a command that has to succeed.
fn run(program: &str, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(arguments).output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    Err(format!("{program} {arguments:?}: {}", errors.trim()))
}
