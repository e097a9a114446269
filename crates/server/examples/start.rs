//! What it takes to start a server, to have one that does nothing, and to stop it.
//!
//! ```sh
//! cargo build --release && cargo run --release --example start [-- RUNS [PROGRAM]]
//! ```
//!
//! The binary is started as often as is told, in turn: to tell its version, which is what any
//! start has to pay; in memory; on an empty location in the temporary folder; and on that location
//! again. The times count from before the process is made. What it holds of the machine's memory
//! is read after the first answer and a rest. A stop counts from the call of `kill` until the
//! process is gone; both ends cost a millisecond or two that are not the server's.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that goes wrong may end"
)]

use std::ffi::OsString;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use queuerite_testkit::{ACCOUNT, Process, Request, run};

const RUNS: usize = 50;
const REST: Duration = Duration::from_millis(500);
const VERSION: &str = "2021-12-02";
const PROGRAM: &str = "target/release/queuerite";

fn main() {
    let mut arguments = std::env::args_os().skip(1);
    let runs = arguments
        .next()
        .map_or(RUNS, |runs| runs.to_str().unwrap().parse().unwrap());
    let program = arguments.next().unwrap_or_else(|| PROGRAM.into());
    let bytes = fs::metadata(&program).unwrap().len();
    println!("{bytes} bytes of program, {runs} runs; median and 99th percentile:");

    let mut version = Vec::new();
    let mut kinds = ["in memory", "empty location", "same location"].map(Kind::new);
    for _ in 0..runs {
        let begin = Instant::now();
        assert!(run(&program, ["--version"]).status.success());
        version.push(milliseconds(begin));
        let folder = tempfile::tempdir().unwrap();
        let location = [OsString::from("--location"), folder.path().into()];
        let storages = [
            &["--inMemoryPersistence".into()][..],
            &location[..],
            &location[..],
        ];
        for (kind, storage) in kinds.iter_mut().zip(storages) {
            kind.measure(&program, storage);
        }
    }
    println!("{:>15}: {} ms to tell it", "version", spread(version));
    for kind in kinds {
        kind.report();
    }
}

/// Starts of one kind, each a number in every list.
struct Kind {
    name: &'static str,
    ready: Vec<f64>,
    answered: Vec<f64>,
    /// Memory that is no file's, in megabytes.
    anonymous: Vec<f64>,
    /// The parts of the program and its libraries that are in memory.
    file: Vec<f64>,
    stopped: Vec<f64>,
}

impl Kind {
    const fn new(name: &'static str) -> Self {
        Self {
            name,
            ready: Vec::new(),
            answered: Vec::new(),
            anonymous: Vec::new(),
            file: Vec::new(),
            stopped: Vec::new(),
        }
    }

    fn measure(&mut self, program: &OsString, storage: &[OsString]) {
        let options = ["--silent", "--queuePort", "0"].map(OsString::from);
        let options = options.iter().chain(storage);
        let list = Request::new("GET", format!("/{ACCOUNT}?comp=list")).signed(VERSION);

        let begin = Instant::now();
        let server = Process::start(program, options);
        self.ready.push(milliseconds(begin));
        assert_eq!(server.client().send(&list).unwrap().status, 200);
        self.answered.push(milliseconds(begin));

        thread::sleep(REST);
        let status = fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
        self.anonymous.push(megabytes(&status, "RssAnon:"));
        self.file.push(megabytes(&status, "RssFile:"));

        let begin = Instant::now();
        let (status, _) = server.terminate();
        self.stopped.push(milliseconds(begin));
        assert!(status.success());
    }

    fn report(self) {
        println!(
            "{:>15}: {} ms to the ready line, {} ms to the first signed 200, {} ms to stop",
            self.name,
            spread(self.ready),
            spread(self.answered),
            spread(self.stopped),
        );
        println!(
            "{:>15}  {} MB of memory its own, {} MB of files",
            "",
            spread(self.anonymous),
            spread(self.file),
        );
    }
}

fn milliseconds(begin: Instant) -> f64 {
    begin.elapsed().as_secs_f64() * 1e3
}

/// A value that the kernel gives in units of 1024 bytes.
fn megabytes(status: &str, name: &str) -> f64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.unwrap().split_whitespace().next().unwrap();
    number.parse::<f64>().unwrap() * 1024.0 / 1e6
}

/// The median, and what one in a hundred exceeds.
fn spread(mut values: Vec<f64>) -> String {
    values.sort_unstable_by(f64::total_cmp);
    let rank = |percent: usize| values.get((values.len() - 1) * percent / 100).unwrap();
    format!("{:.1} / {:.1}", rank(50), rank(99))
}
