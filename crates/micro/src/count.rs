//! Counting instructions: this program, run by valgrind.

use std::process::{self, Command, Stdio};
use std::{env, fs};

/// Before the name of the one case to run.
pub(crate) const CASE: &str = "--case";
/// Before which of the two runs it is.
pub(crate) const HALF: &str = "--half";
/// The run that does what is measured.
pub(crate) const WHOLE: &str = "whole";
/// The run that only prepares it.
const EMPTY: &str = "empty";

/// Whether there is something to count with.
pub(crate) fn is_possible() -> bool {
    let mut valgrind = Command::new("valgrind");
    let asked = valgrind.arg("--version").stdout(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

/// How many instructions the main thread takes to run a case once. Where it waits for other
/// threads it may spin: so the fewest of several `tries` count.
pub(crate) fn instructions(name: &str, times: usize, tries: u8) -> u64 {
    let fewest = |half| {
        (0..tries)
            .map(|_| run(name, half))
            .min()
            .unwrap_or_default()
    };
    fewest(WHOLE).saturating_sub(fewest(EMPTY)) / times as u64
}

/// How many instructions the main thread takes, from its start to its end.
fn run(name: &str, half: &str) -> u64 {
    let program = env::current_exe().expect("the program knows where it is");
    let dir = env::temp_dir().join(format!("queuerite-micro-{}", process::id()));
    fs::create_dir_all(&dir).expect("a place for what valgrind writes");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--separate-threads=yes"])
        .arg(format!("--callgrind-out-file={}", dir.join("of").display()))
        .arg(program)
        .args([CASE, name, HALF, half])
        .output()
        .expect("valgrind starts");
    let counts = fs::read_to_string(dir.join("of-01"));
    // What is left of it is no reason to stop.
    let _ = fs::remove_dir_all(&dir);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} under valgrind: {said}");
    let counts = counts.expect("valgrind writes the counts of the main thread");
    total(&counts).expect("valgrind writes a total")
}

/// Reads the line `totals: 1234567`.
fn total(counts: &str) -> Option<u64> {
    let mut lines = counts.lines();
    lines.find_map(|line| line.strip_prefix("totals: ")?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_read_from_what_valgrind_writes() {
        let counts = "events: Ir\nsummary: 12345\n\nfn=(1)\n7 12345\n\ntotals: 12345\n";
        assert_eq!(total(counts), Some(12_345));
        assert_eq!(total("events: Ir\n"), None);
    }
}
