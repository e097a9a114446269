//! What a long queue costs in memory, and how long a server takes to open it after a kill.
//!
//! ```sh
//! cargo build --release && cargo run --release --example resident [-- MESSAGES [MORE OPTIONS]]
//! ```
//!
//! A million messages of 1 KiB are put over 32 connections, into a location in the temporary
//! folder. At every tenth of them, and after a rest, the memory of the process is printed as the
//! kernel knows it. Then it is killed and started again.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that goes wrong may end"
)]

use std::ffi::OsString;
use std::fs;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use queuerite_testkit::{ACCOUNT, Client, Process, Request};

const MESSAGES: usize = 1_000_000;
const STEPS: usize = 10;
const CONNECTIONS: usize = 32;
const TEXT_BYTES: usize = 1024;
const REST: Duration = Duration::from_secs(30);
const VERSION: &str = "2021-12-02";
const PROGRAM: &str = "target/release/queuerite";

fn main() {
    let mut arguments = std::env::args_os().skip(1);
    let messages = arguments.next().map_or(MESSAGES, |messages| {
        messages.to_str().unwrap().parse().unwrap()
    });
    let folder = tempfile::tempdir().unwrap();
    let mut options: Vec<OsString> = ["--silent", "--queuePort", "0", "--location"]
        .map(OsString::from)
        .into();
    options.push(folder.path().into());
    options.extend(arguments);

    let server = Process::start(PROGRAM, &options);
    let create = Request::new("PUT", format!("/{ACCOUNT}/long")).signed(VERSION);
    assert_eq!(server.client().send(&create).unwrap().status, 201);
    let empty = Memory::of(server.id());
    println!("{:>9} messages: {}", 0, empty.describe());
    let begin = Instant::now();
    for step in 1..=STEPS {
        put(server.address, messages / STEPS);
        report(step * messages / STEPS, server.id(), empty);
    }
    println!("put in {:.1} s", begin.elapsed().as_secs_f64());
    thread::sleep(REST);
    println!("after a rest of {} s:", REST.as_secs());
    report(messages, server.id(), empty);
    server.kill();

    let begin = Instant::now();
    let server = Process::start(PROGRAM, &options);
    println!(
        "killed; ready again after {:.2} s",
        begin.elapsed().as_secs_f64()
    );
    report(messages, server.id(), empty);
    server.kill();
}

fn put(address: SocketAddr, messages: usize) {
    thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            scope.spawn(|| {
                let mut client = Client::new(address);
                let text = "x".repeat(TEXT_BYTES);
                let body =
                    format!("<QueueMessage><MessageText>{text}</MessageText></QueueMessage>");
                let put = Request::new("POST", format!("/{ACCOUNT}/long/messages")).body(body);
                let put = put.signed(VERSION);
                for _ in 0..messages / CONNECTIONS {
                    assert_eq!(client.send(&put).unwrap().status, 201);
                }
            });
        }
    });
}

fn report(messages: usize, process: u32, empty: Memory) {
    let memory = Memory::of(process);
    let each = memory.anonymous.saturating_sub(empty.anonymous) * 1000 / messages.max(1) as u64;
    println!(
        "{messages:>9} messages: {}, {each} bytes each",
        memory.describe()
    );
}

/// What a process has of the machine's memory, in kilobytes.
#[derive(Clone, Copy)]
struct Memory {
    resident: u64,
    /// Without files.
    anonymous: u64,
}

impl Memory {
    fn of(process: u32) -> Self {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let value = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap()
                .split_whitespace()
                .next()
                .unwrap()
                .parse()
                .unwrap()
        };
        Self {
            resident: value("VmRSS:"),
            anonymous: value("RssAnon:"),
        }
    }

    fn describe(self) -> String {
        let (resident, anonymous) = (self.resident / 1000, self.anonymous / 1000);
        format!("{resident} MB resident, {anonymous} MB of it its own")
    }
}
