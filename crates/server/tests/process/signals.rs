//! Stopping: orderly, in bounded time, whoever is connected.

use std::io::Write;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use queuerite_server::limits::STOP_TIME_MAX;
use queuerite_testkit::{ACCOUNT, KEY};

use crate::account::Account;
use crate::in_memory;

const CLOSING: &str = "Azurite Queue service is closing...";
const CLOSED: &str = "Azurite Queue service successfully closed";

/// Generous: four times what requests under way are given.
const PATIENCE: Duration = Duration::from_secs(4 * STOP_TIME_MAX.as_secs());

#[test]
fn interrupt_and_terminate_close_the_server() {
    for signal in ["INT", "TERM"] {
        let server = in_memory(&[]);
        server.signal(signal);
        let ended = server.wait();
        assert_eq!(ended.status.code(), Some(0), "{signal}");
        assert_eq!(ended.stdout, [CLOSING, CLOSED]);
        assert_eq!(ended.stderr, [""; 0]);
    }
}

#[test]
fn a_client_that_idles_holds_up_nothing() {
    let server = in_memory(&[]);
    let mut account = Account::new(server.client());
    account.create("idle");
    assert!(account.client.is_connected());
    let start = Instant::now();
    let (status, lines) = server.terminate();
    assert!(
        start.elapsed() < STOP_TIME_MAX,
        "an idle connection is waited for"
    );
    assert!(status.success());
    assert_eq!(lines, [CLOSING, CLOSED]);
    assert!(account.client.is_closed());
}

#[test]
fn a_request_that_never_ends_is_not_waited_for_long() {
    thread::scope(|scope| {
        for part in ["", "PUT /devsto", "PUT /a HTTP/1.1\r\nHost: x\r\n"] {
            scope.spawn(move || {
                let server = in_memory(&[]);
                let mut stream = TcpStream::connect(server.address).unwrap();
                stream.write_all(part.as_bytes()).unwrap();
                let start = Instant::now();
                let (status, lines) = server.terminate();
                assert!(start.elapsed() < PATIENCE, "{part:?}");
                assert!(status.success());
                assert_eq!(lines, [CLOSING, CLOSED]);
            });
        }
    });
}

#[test]
fn a_body_that_never_ends_is_not_waited_for_long() {
    let server = in_memory(&[]);
    let mut account = Account::new(server.client());
    account.create("half");
    let request = account
        .put_request("half", "text", "")
        .signed_by(ACCOUNT, KEY);
    let bytes = request.to_bytes(server.address);
    account.client.write(&bytes[..bytes.len() - 1]).unwrap();
    let start = Instant::now();
    let (status, lines) = server.terminate();
    assert!(start.elapsed() < PATIENCE);
    assert!(status.success());
    assert_eq!(lines, [CLOSING, CLOSED]);
}

#[test]
fn a_request_under_way_is_answered() {
    let mut server = in_memory(&[]);
    let mut account = Account::new(server.client());
    account.create("under-way");
    let request = account.put_request("under-way", "text", "");
    let bytes = request.signed_by(ACCOUNT, KEY).to_bytes(server.address);
    let (most, last) = bytes.split_at(bytes.len() - 1);
    account.client.write(most).unwrap();
    // Answered on another connection, so the first has been read.
    assert_eq!(Account::new(server.client()).count("under-way"), 0);
    server.signal("TERM");
    server.line_with(CLOSING);
    account.client.write(last).unwrap();
    let response = account.client.read(false).unwrap();
    assert_eq!(response.status, 201);
    assert!(account.client.is_closed());
    let ended = server.wait();
    assert!(ended.status.success());
    assert_eq!(ended.stdout, [CLOSED]);
}

#[test]
fn a_second_signal_ends_at_once() {
    for second in ["INT", "TERM"] {
        let mut server = in_memory(&[]);
        // Half a request, for otherwise the first signal is enough.
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.write_all(b"PUT /a HTTP/1.1\r\n").unwrap();
        Account::new(server.client()).create("seen");
        server.signal("TERM");
        server.line_with(CLOSING);
        server.signal(second);
        let ended = server.wait();
        assert_eq!(ended.status.code(), Some(130));
        assert_eq!(ended.stdout, [""; 0]);
    }
}
