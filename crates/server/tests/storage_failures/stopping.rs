//! Being told to stop while all is under way: what was accepted is finished, nothing is lost.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use queuerite_ordeal::End;
use queuerite_server::limits::STOP_TIME_MAX;
use queuerite_testkit::{Process, Request};
use tempfile::TempDir;

use crate::{load, start};

/// What closing the store may take.
const CLOSE_TIME_MAX: Duration = Duration::from_secs(5);
/// How soon "at once" is.
const AT_ONCE: Duration = Duration::from_secs(2);

const ROUNDS: u64 = 5;

#[test]
fn a_stop_under_load_finishes_what_was_accepted_and_loses_nothing() {
    let location = TempDir::new().unwrap();
    let mut load = load();
    for round in 0..ROUNDS {
        let server = start(location.path());
        load.check(server.address);
        let address = server.address;
        let ((status, time), ends) = load.work(address, || {
            thread::sleep(Duration::from_millis(50 + 50 * round));
            let start = Instant::now();
            let (status, lines) = server.terminate();
            let last = lines.last().map(String::as_str);
            assert_eq!(last, Some("Azurite Queue service successfully closed"));
            (status, start.elapsed())
        });
        assert!(status.success(), "{status}");
        assert!(time < STOP_TIME_MAX + CLOSE_TIME_MAX, "it took {time:?}");
        // Nobody was refused what had been accepted; the rest found the door closed.
        assert!(ends.iter().all(|end| *end == End::Closed), "{ends:?}");
        assert!(TcpStream::connect(address).is_err());
    }
    let server = start(location.path());
    load.check(server.address);
    load.drain(server.address);
    server.terminate();
    eprintln!("{}", load.expect_no_losses());
}

#[test]
fn a_request_that_is_accepted_is_answered_though_the_server_was_told_to_stop() {
    let location = TempDir::new().unwrap();
    let mut server = start(location.path());
    let (mut slow, text) = half_a_put(&server);
    server.signal("TERM");
    server.line_with("is closing");
    slow.write_all(text.as_bytes()).unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    assert!(server.wait().status.success());

    let server = start(location.path());
    let peek = Request::new("GET", format!("{QUEUE}/messages?peekonly=true"));
    let answer = server.client().send(&peek.signed(VERSION)).unwrap();
    assert_eq!(answer.element("MessageText").as_deref(), Some("slow"));
}

#[test]
fn a_second_signal_ends_at_once_and_loses_nothing() {
    let location = TempDir::new().unwrap();
    let mut load = load();
    for round in 0..ROUNDS {
        let mut server = start(location.path());
        load.check(server.address);
        let ((status, time), ends) = load.work(server.address, || {
            // It would be waited for.
            let _slow = half_a_put(&server);
            thread::sleep(Duration::from_millis(50 + 50 * round));
            server.signal("TERM");
            server.line_with("is closing");
            let start = Instant::now();
            server.signal("INT");
            (server.wait().status, start.elapsed())
        });
        assert_eq!(status.code(), Some(130), "{status}");
        assert!(time < AT_ONCE, "it took {time:?}");
        load.expect_closed(&ends);
    }
    let server = start(location.path());
    load.check(server.address);
    load.drain(server.address);
    server.terminate();
    eprintln!("{}", load.expect_no_losses());
}

/// A connection on which a put has begun and was accepted, and the body that it still lacks.
fn half_a_put(server: &Process) -> (TcpStream, String) {
    let create = Request::new("PUT", QUEUE).signed(VERSION);
    assert!(server.client().send(&create).unwrap().status < 300);

    let body = "<QueueMessage><MessageText>slow</MessageText></QueueMessage>".to_owned();
    // Whoever is told to continue has been accepted.
    let put = Request::new("POST", format!("{QUEUE}/messages"))
        .header("Content-Length", body.len().to_string())
        .header("Expect", "100-continue")
        .signed(VERSION);
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.write_all(&put.to_bytes(server.address)).unwrap();
    let mut answer = [0; CONTINUE.len()];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, CONTINUE);
    (stream, body)
}

const CONTINUE: &[u8; 25] = b"HTTP/1.1 100 Continue\r\n\r\n";
const QUEUE: &str = "/devstoreaccount1/stopping";
const VERSION: &str = "2021-12-02";
