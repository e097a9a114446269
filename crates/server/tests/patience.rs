//! What a client may have of the server, and for how long: limits that are too large to be met in
//! a test are made small, on a server inside of this process.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "in a test a wrong value may end it"
)]

use std::ffi::OsString;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use queuerite_server::Server;
use queuerite_server::config::{Config, Parsed};
use queuerite_server::limits::Limits;
use queuerite_testkit::{ACCOUNT, Client, Request, Response};
use tokio::runtime::Runtime;

const VERSION: &str = "2021-12-02";
/// How soon a limit of time is met.
const SOON: Duration = Duration::from_millis(200);

/// A server, with the runtime that it lives in.
struct Running {
    address: SocketAddr,
    _runtime: Runtime,
    _server: Server,
}

fn start(change: impl FnOnce(&mut Limits)) -> Running {
    let words = [
        "queuerite",
        "--silent",
        "--inMemoryPersistence",
        "--queuePort",
        "0",
    ];
    let Ok(Parsed::Run(mut config)) =
        Config::from_arguments(words.iter().map(OsString::from), &|_| None)
    else {
        panic!("{words:?}")
    };
    change(&mut config.limits);
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(Server::start(&config, None)).unwrap();
    Running {
        address: server.listening()[0].address,
        _runtime: runtime,
        _server: server,
    }
}

fn request(method: &str, path: &str) -> Request {
    Request::new(method, format!("/{ACCOUNT}{path}"))
}

fn send(client: &mut Client, request: Request) -> Response {
    client.send(&request.signed(VERSION)).unwrap()
}

/// A queue with as many long texts as one Peek Messages returns.
fn fill(address: SocketAddr) -> Client {
    let mut client = Client::new(address);
    assert_eq!(send(&mut client, request("PUT", "/long")).status, 201);
    let text = "x".repeat(65_536);
    let body = format!("<QueueMessage><MessageText>{text}</MessageText></QueueMessage>");
    for _ in 0..32 {
        let put = request("POST", "/long/messages").body(body.clone());
        assert_eq!(send(&mut client, put).status, 201);
    }
    client
}

fn peek() -> Request {
    request("GET", "/long/messages?peekonly=true&numofmessages=32")
}

/// What still comes until the server closes the connection, which it has to.
fn read_to_close(stream: &mut TcpStream) -> String {
    stream
        .set_read_timeout(Some(Duration::from_mins(1)))
        .unwrap();
    let mut bytes = Vec::new();
    if let Err(error) = stream.read_to_end(&mut bytes) {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn a_head_that_does_not_end_is_not_waited_for() {
    let server = start(|limits| limits.head_time = SOON);
    for begun in ["G", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\r"] {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.write_all(begun.as_bytes()).unwrap();
        assert_eq!(read_to_close(&mut stream), "", "{begun:?}");
    }
}

#[test]
fn a_connection_may_idle_for_longer_than_a_head_may_take() {
    let server = start(|limits| limits.head_time = Duration::ZERO);
    let mut client = Client::new(server.address);
    for _ in 0..3 {
        let response = send(&mut client, request("GET", "?comp=list"));
        assert_eq!(response.status, 200);
        assert!(client.is_connected());
    }
}

#[test]
fn a_body_that_does_not_end_is_not_waited_for() {
    let server = start(|limits| limits.body_time = SOON);
    let mut client = Client::new(server.address);
    send(&mut client, request("PUT", "/slow"));
    let put = request("POST", "/slow/messages").header("Content-Length", "1000");
    client
        .write(&put.signed(VERSION).to_bytes(server.address))
        .unwrap();
    client.write(b"<QueueMessage>").unwrap();
    let response = client.read(false).unwrap();
    assert_eq!(response.status, 500);
    assert_eq!(
        response.header("x-ms-error-code"),
        Some("OperationTimedOut")
    );
    assert_eq!(response.header("connection"), Some("close"));
}

#[test]
fn whoever_takes_no_answer_is_let_go_and_gives_back_what_it_held() {
    let server = start(|limits| {
        limits.stall_time = SOON;
        limits.memory_bytes = 3 * 1024 * 1024;
        limits.memory_wait = Duration::ZERO;
    });
    let mut other = fill(server.address);
    // It asks again and again and reads nothing, until the buffers of both sides are full.
    let mut stalled = TcpStream::connect(server.address).unwrap();
    let asking = std::thread::spawn(move || {
        let peek = peek().signed(VERSION).to_bytes(server.address);
        while stalled.write_all(&peek).is_ok() {}
    });
    let mut has_waited = false;
    loop {
        let response = send(&mut other, peek());
        if response.status == 200 && has_waited {
            break;
        }
        let code = response.header("x-ms-error-code").map(str::to_owned);
        if response.status != 200 {
            assert_eq!(
                (response.status, code.as_deref()),
                (503, Some("ServerBusy"))
            );
            has_waited = true;
        }
        // What is short is served all the while.
        assert_eq!(send(&mut other, request("GET", "?comp=list")).status, 200);
    }
    asking.join().unwrap();
}

#[test]
fn an_answer_is_not_given_out_byte_by_byte_for_ever() {
    let server = start(|limits| limits.answer_time = SOON);
    fill(server.address);
    let mut slow = TcpStream::connect(server.address).unwrap();
    let peek = peek().signed(VERSION).to_bytes(server.address);
    for _ in 0..10 {
        slow.write_all(&peek).unwrap();
    }
    // It never stalls: it takes a little, again and again, and is cut off all the same.
    let mut taken = 0;
    let mut piece = [0; 4096];
    loop {
        match slow.read(&mut piece) {
            Ok(0) | Err(_) => break,
            Ok(length) => taken += length,
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(taken < 10 * 2_000_000, "{taken}");
}

#[test]
fn memory_that_is_taken_is_waited_for() {
    let server = start(|limits| limits.memory_bytes = 3 * 1024 * 1024);
    fill(server.address);
    let clients = (0..8)
        .map(|_| std::thread::spawn(move || send(&mut Client::new(server.address), peek()).status));
    for client in clients.collect::<Vec<_>>() {
        assert_eq!(client.join().unwrap(), 200);
    }
}

#[test]
fn one_connection_too_many_is_turned_away_and_the_next_is_served() {
    let server = start(|limits| limits.connections = 2);
    let list = || request("GET", "?comp=list");
    let mut first = Client::new(server.address);
    let mut second = Client::new(server.address);
    assert_eq!(send(&mut first, list()).status, 200);
    assert_eq!(send(&mut second, list()).status, 200);
    let mut third = TcpStream::connect(server.address).unwrap();
    let answer = read_to_close(&mut third);
    assert!(
        answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"),
        "{answer}"
    );
    assert_eq!(send(&mut first, list()).status, 200);
    drop(second);
    loop {
        let mut third = Client::new(server.address);
        match third.send(&list().signed(VERSION)) {
            Ok(response) if response.status == 200 => break,
            // The server has not yet seen that there is a place.
            Ok(response) => assert_eq!(response.status, 503),
            Err(_) => {}
        }
    }
}
