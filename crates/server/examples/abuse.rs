//! How much memory a server takes under clients that mean harm, and whether others are served
//! all the while. `scripts/abuse.sh` builds the server and runs this.
//!
//! Every kind of client has a server of its own. The memory is the peak of the process as the
//! kernel knows it; it is compared with nothing here, since it depends on the allocator, but a
//! client that is not served is a failure.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "the table is for whoever ran it, and a wrong value may end it"
)]

use std::fs;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::process::ExitCode;

use queuerite_testkit::{ACCOUNT, Client, Process, Request};

const VERSION: &str = "2021-12-02";

/// What some clients do: open so many connections, and keep them.
type Abuse = fn(&Process, usize) -> Vec<TcpStream>;

const CASES: [(&str, usize, Abuse); 8] = [
    ("nobody", 0, nothing),
    ("idle after a request", CONNECTIONS, idle),
    ("a head of 60 KB that does not end", CONNECTIONS, slow_heads),
    ("a body that does not begin", CONNECTIONS, slow_bodies),
    (
        "a body of 300 KB that does not end",
        CONNECTIONS,
        long_slow_bodies,
    ),
    ("an announced body of 1 GB", 8, huge_bodies),
    ("1 GB in chunks", 8, huge_chunks),
    ("answers of 2 MB that nobody reads", 1000, unread_answers),
];

/// As many as a server has, and some less for those who want to be served.
const CONNECTIONS: usize = 9_900;

fn main() -> ExitCode {
    let program = std::env::args().nth(1).expect("usage: abuse PROGRAM");
    rlimit::increase_nofile_limit(u64::MAX).unwrap();
    println!(
        "{:<36} {:>11} {:>9} {:>8}",
        "clients with", "connections", "peak MB", "others"
    );
    let mut all_served = true;
    for (name, connections, abuse) in CASES {
        let arguments = ["--silent", "--inMemoryPersistence", "--queuePort", "0"];
        let server = Process::start(&program, arguments);
        fill(&server);
        fs::write(format!("/proc/{}/clear_refs", server.id()), "5").unwrap();
        let held = abuse(&server, connections);
        let is_served = is_served(&server);
        all_served &= is_served;
        println!(
            "{name:<36} {:>11} {:>9} {:>8}",
            held.len(),
            peak_megabytes(server.id()),
            if is_served { "served" } else { "refused" }
        );
        server.kill();
    }
    if all_served {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn nothing(_: &Process, _: usize) -> Vec<TcpStream> {
    Vec::new()
}

fn idle(server: &Process, connections: usize) -> Vec<TcpStream> {
    let list = signed("GET", "?comp=list").to_bytes(server.address);
    let mut held = each(server, connections, &list);
    for stream in &mut held {
        stream.set_nonblocking(false).unwrap();
        assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
    }
    held
}

fn slow_heads(server: &Process, connections: usize) -> Vec<TcpStream> {
    let head = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}", "x".repeat(60_000));
    each(server, connections, head.as_bytes())
}

fn slow_bodies(server: &Process, connections: usize) -> Vec<TcpStream> {
    each(server, connections, &put_of(server, 300_000))
}

fn long_slow_bodies(server: &Process, connections: usize) -> Vec<TcpStream> {
    let mut bytes = put_of(server, 300_000);
    bytes.extend_from_slice(&vec![b'x'; 299_000]);
    each(server, connections, &bytes)
}

fn huge_bodies(server: &Process, connections: usize) -> Vec<TcpStream> {
    let begun = put_of(server, GIGABYTE);
    pour(server, connections, &begun, &vec![b'x'; PIECE])
}

fn huge_chunks(server: &Process, connections: usize) -> Vec<TcpStream> {
    let begun = signed_put().header("Transfer-Encoding", "chunked");
    let begun = begun.signed(VERSION).to_bytes(server.address);
    let mut chunk = format!("{PIECE:x}\r\n").into_bytes();
    chunk.extend_from_slice(&vec![b'x'; PIECE]);
    chunk.extend_from_slice(b"\r\n");
    pour(server, connections, &begun, &chunk)
}

fn unread_answers(server: &Process, connections: usize) -> Vec<TcpStream> {
    let peek = signed("GET", "/long/messages?peekonly=true&numofmessages=32");
    let peek = peek.to_bytes(server.address);
    each(server, connections, &peek.repeat(4))
}

/// Opens connections and sends the same on each, as far as the server takes it.
fn each(server: &Process, connections: usize, bytes: &[u8]) -> Vec<TcpStream> {
    let mut held = Vec::with_capacity(connections);
    for _ in 0..connections {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_nonblocking(true).unwrap();
        let mut sent = 0;
        while let Some(rest) = bytes.get(sent..).filter(|rest| !rest.is_empty()) {
            match stream.write(rest) {
                Ok(length) => sent += length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => break,
            }
        }
        held.push(stream);
    }
    held
}

/// Sends a gigabyte on each connection, as far as the server takes it.
fn pour(server: &Process, connections: usize, begun: &[u8], piece: &[u8]) -> Vec<TcpStream> {
    let mut held = Vec::new();
    for _ in 0..connections {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.write_all(begun).unwrap();
        for _ in 0..GIGABYTE / PIECE {
            if stream.write_all(piece).is_err() {
                break;
            }
        }
        held.push(stream);
    }
    held
}

/// A queue with as many long texts as one Peek Messages returns.
fn fill(server: &Process) {
    let mut client = server.client();
    let created = client.send(&signed("PUT", "/long")).unwrap();
    assert_eq!(created.status, 201);
    for _ in 0..32 {
        assert_eq!(put(&mut client, &"x".repeat(65_536)), 201);
    }
}

fn is_served(server: &Process) -> bool {
    let mut client = server.client();
    let health = client.send(&Request::new("GET", "/_queuerite/health"));
    health.is_ok_and(|health| health.status == 200) && put(&mut client, "text") == 201
}

fn put(client: &mut Client, text: &str) -> u16 {
    let body = format!("<QueueMessage><MessageText>{text}</MessageText></QueueMessage>");
    let put = signed_put().body(body).signed(VERSION);
    client.send(&put).map_or(0, |answer| answer.status)
}

/// The head of a put with a body of so many bytes.
fn put_of(server: &Process, length: usize) -> Vec<u8> {
    let put = signed_put().header("Content-Length", length.to_string());
    put.signed(VERSION).to_bytes(server.address)
}

fn signed_put() -> Request {
    Request::new("POST", format!("/{ACCOUNT}/long/messages"))
}

fn signed(method: &str, path: &str) -> Request {
    Request::new(method, format!("/{ACCOUNT}{path}")).signed(VERSION)
}

fn peak_megabytes(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = peak.and_then(|peak| peak.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap() / 1000
}

const GIGABYTE: usize = 1 << 30;
const PIECE: usize = 64 * 1024;
