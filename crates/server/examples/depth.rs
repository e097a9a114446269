//! What a Get costs on a short queue and on a long one, in one run on one server.
//!
//! ```sh
//! cargo run --release --example depth [-- MESSAGES]
//! ```
//!
//! One queue holds 100 messages, the other 100,000, of which half are hidden. A client gets one
//! message from each in turn, signed and over one connection, and makes it visible again, so
//! that neither queue becomes shorter. Printed are the times of the Gets alone, from the first
//! byte sent to the last received. The server runs in this process, with its default durability
//! in a temporary folder, and once more in memory, where no disk blurs the comparison.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a measurement that goes wrong may end"
)]

use std::ffi::OsString;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use queuerite_server::Server;
use queuerite_server::config::{Config, Parsed};
use queuerite_testkit::{ACCOUNT, Client, Request, Response, encoded};

const VERSION: &str = "2021-12-02";
const SHORT: usize = 100;
const LONG: usize = 100_000;
const ROUNDS: usize = 2_000;
/// Rounds before those that count.
const WARM_UP_ROUNDS: usize = 200;
/// Connections that fill the long queue.
const FILLERS: usize = 32;

fn main() {
    let long = std::env::args().nth(1);
    let long = long.map_or(LONG, |messages| messages.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let location = folder.path().to_str().unwrap();
    for (name, arguments) in [
        ("in memory", &["--inMemoryPersistence"][..]),
        ("on disk, fsync", &["--location", location][..]),
    ] {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap();
        let words = ["queuerite", "--silent", "--queuePort", "0"];
        let words = words.iter().chain(arguments).map(OsString::from);
        let Parsed::Run(config) = Config::from_arguments(words, &|_| None).unwrap() else {
            return;
        };
        let server = runtime.block_on(Server::start(&config, None)).unwrap();
        measure(name, server.listening()[0].address, long);
        runtime.block_on(server.stop());
    }
}

fn measure(name: &str, address: SocketAddr, long: usize) {
    let queues = [("short", SHORT), ("long", long)];
    for (queue, messages) in queues {
        fill(address, queue, messages);
    }
    let mut client = Client::new(address);
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..WARM_UP_ROUNDS + ROUNDS {
        for ((queue, _), times) in queues.iter().zip(&mut times) {
            let target = format!("/{ACCOUNT}/{queue}/messages?visibilitytimeout=3600");
            let request = Request::new("GET", target).signed(VERSION);
            let bytes = request.to_bytes(address);
            let start = Instant::now();
            let response = client.exchange(&bytes, false).unwrap();
            let time = start.elapsed();
            show_again(&mut client, queue, &response);
            if round >= WARM_UP_ROUNDS {
                times.push(time);
            }
        }
    }
    println!("{name}, {ROUNDS} gets of each queue");
    let [short, long] = times.map(|mut times| {
        times.sort();
        (times[times.len() / 2], times[times.len() * 99 / 100])
    });
    for ((queue, messages), (median, p99)) in queues.iter().zip([short, long]) {
        println!("  {queue:<5} {messages:>7} messages  median {median:>9.1?}  p99 {p99:>9.1?}");
    }
    let ratio = |one: Duration, other: Duration| one.as_secs_f64() / other.as_secs_f64();
    let (median, p99) = (ratio(long.0, short.0), ratio(long.1, short.1));
    println!("  long/short             median {median:>8.2}   p99 {p99:>8.2}");
}

/// Fills a queue; every second message is hidden for a day.
fn fill(address: SocketAddr, queue: &str, messages: usize) {
    let request = Request::new("PUT", format!("/{ACCOUNT}/{queue}")).signed(VERSION);
    assert_eq!(Client::new(address).send(&request).unwrap().status, 201);
    thread::scope(|scope| {
        for filler in 0..FILLERS {
            scope.spawn(move || {
                let mut client = Client::new(address);
                for number in (filler..messages).step_by(FILLERS) {
                    let seconds = if number % 2 == 0 { 0 } else { 86_400 };
                    let target = format!("/{ACCOUNT}/{queue}/messages?visibilitytimeout={seconds}");
                    let text = format!("message {number:0>90}");
                    let body =
                        format!("<QueueMessage><MessageText>{text}</MessageText></QueueMessage>");
                    let request = Request::new("POST", target).body(body).signed(VERSION);
                    assert_eq!(client.send(&request).unwrap().status, 201);
                }
            });
        }
    });
}

/// Makes the message of a Get visible again, at the end of the line.
fn show_again(client: &mut Client, queue: &str, response: &Response) {
    let id = response.element("MessageId").unwrap();
    let receipt = encoded(&response.element("PopReceipt").unwrap());
    let target =
        format!("/{ACCOUNT}/{queue}/messages/{id}?popreceipt={receipt}&visibilitytimeout=0");
    let request = Request::new("PUT", target).signed(VERSION);
    assert_eq!(client.send(&request).unwrap().status, 204);
}
