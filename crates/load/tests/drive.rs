//! The driver against a server that does what the test wants of it.

#![expect(
    clippy::unwrap_used,
    reason = "the server of a test is part of the test"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use queuerite_load::drive::{DriveError, Length, Measured, Pace, drive};
use queuerite_load::request::{Credential, Requester};
use queuerite_load::script::{Script, Workload};
use queuerite_testkit::{ACCOUNT, KEY};
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ClientConfig, RootCertStore, ServerConfig, ServerConnection, StreamOwned};

const CONNECTIONS: usize = 4;

/// Answers one request after the other, whatever connection it came on.
struct Server {
    address: SocketAddr,
    answered: Arc<Mutex<u64>>,
}

#[derive(Clone, Copy)]
struct Behavior {
    status: &'static str,
    /// At this request it stops for so long, and with it all others.
    pause: Option<(u64, Duration)>,
}

const GOOD: Behavior = Behavior {
    status: "201 Created",
    pause: None,
};

impl Server {
    fn start(behavior: Behavior, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let answered = Arc::new(Mutex::new(0));
        let counter = Arc::clone(&answered);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, tls) = (stream.unwrap(), tls.clone());
                let counter = Arc::clone(&counter);
                stream.set_nodelay(true).unwrap();
                thread::spawn(move || match tls {
                    Some(tls) => {
                        let connection = ServerConnection::new(tls).unwrap();
                        serve(StreamOwned::new(connection, stream), behavior, &counter);
                    }
                    None => serve(stream, behavior, &counter),
                });
            }
        });
        Self { address, answered }
    }

    fn drive(
        &self,
        tls: Option<&Arc<ClientConfig>>,
        text_bytes: usize,
        pace: Pace,
        length: Length,
    ) -> Result<Measured, DriveError> {
        let requester = Requester::new(self.address, ACCOUNT, KEY, Credential::SharedKey);
        let script = |turn| Script::new(Workload::Put, requester.clone(), ["q"], text_bytes, turn);
        let scripts = (0..CONNECTIONS).map(script).collect();
        let mut marks = 0;
        let measured = drive(self.address, tls, scripts, pace, length, &mut || marks += 1)?;
        assert_eq!(marks, 2, "one when it begins, one when it ends");
        Ok(measured)
    }
}

/// Goes on until the client leaves.
fn serve(stream: impl Read + Write, behavior: Behavior, answered: &Mutex<u64>) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if let Some(value) = line.strip_prefix("Content-Length: ") {
                length = value.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
        }
        if stream.read_exact(&mut vec![0; length]).is_err() {
            return;
        }
        let mut answered = answered.lock().unwrap();
        *answered += 1;
        if let Some((number, pause)) = behavior.pause
            && *answered == number
        {
            thread::sleep(pause);
        }
        let answer = format!(
            "HTTP/1.1 {}\r\nContent-Length: 4\r\n\r\nbody",
            behavior.status
        );
        let sent = stream.get_mut().write_all(answer.as_bytes());
        if sent.and_then(|()| stream.get_mut().flush()).is_err() {
            return;
        }
    }
}

fn slow(measured: &Measured, at_least: Duration) -> u64 {
    let nanos = u64::try_from(at_least.as_nanos()).unwrap();
    measured.latency.count_between(nanos, u64::MAX)
}

/// The server stops for 200 ms. A thousand requests are due in a second: those that were due
/// within the first 150 ms of the pause waited for 50 ms at least, though only four could be sent.
#[test]
fn an_open_loop_blames_a_pause_for_all_that_was_due_meanwhile() {
    let pause = Duration::from_millis(200);
    let behavior = Behavior {
        pause: Some((100, pause)),
        ..GOOD
    };
    let length = Length::Time {
        warm_up: Duration::ZERO,
        measured: Duration::from_millis(600),
    };
    let server = Server::start(behavior, None);
    let open = server.drive(None, 100, Pace::Open(1000.0), length);
    let open = open.unwrap();
    assert_eq!(open.requests, 600, "whatever was due counts");
    assert_eq!(open.unanswered, 0);
    let blamed = slow(&open, Duration::from_millis(50));
    assert!(blamed >= 140, "{blamed} of 150");

    let server = Server::start(behavior, None);
    let closed = server.drive(None, 100, Pace::Closed, Length::Requests(600));
    let closed = closed.unwrap();
    assert!(slow(&closed, pause) >= 1, "the one that it stopped at");
    let noticed = slow(&closed, Duration::from_millis(150));
    assert!(noticed * 10 < blamed, "{noticed}: those under way, no more");
}

/// A server that answers nothing more cannot hide that by never answering.
#[test]
fn what_is_never_answered_counts_with_the_time_that_it_has_waited() {
    let behavior = Behavior {
        pause: Some((50, Duration::from_mins(1))),
        ..GOOD
    };
    let server = Server::start(behavior, None);
    let length = Length::Time {
        warm_up: Duration::ZERO,
        measured: Duration::from_millis(200),
    };
    let measured = server.drive(None, 100, Pace::Open(1000.0), length).unwrap();
    assert_eq!((measured.requests, measured.unanswered), (200, 151));
    assert_eq!(slow(&measured, Duration::from_secs(1)), 151);
}

#[test]
fn a_run_ends_after_so_many_requests() {
    for pace in [Pace::Closed, Pace::Open(10_000.0)] {
        let server = Server::start(GOOD, None);
        let measured = server.drive(None, 100, pace, Length::Requests(50));
        assert_eq!(measured.unwrap().requests, 50);
        assert_eq!(*server.answered.lock().unwrap(), 50, "and not one more");
    }
}

#[test]
fn a_run_ends_after_so_long_and_its_warm_up_does_not_count() {
    for pace in [Pace::Closed, Pace::Open(2_000.0)] {
        let server = Server::start(GOOD, None);
        let length = Length::Time {
            warm_up: Duration::from_millis(50),
            measured: Duration::from_millis(50),
        };
        let measured = server.drive(None, 100, pace, length).unwrap();
        let answered = *server.answered.lock().unwrap();
        assert!(measured.requests < answered, "{measured:?} of {answered}");
        assert!(measured.time >= Duration::from_millis(40), "{measured:?}");
    }
}

#[test]
fn another_status_than_expected_ends_the_run_and_is_told() {
    let behavior = Behavior {
        status: "503 Busy",
        ..GOOD
    };
    let server = Server::start(behavior, None);
    let error = server.drive(None, 100, Pace::Closed, Length::Requests(50));
    let error = error.unwrap_err().to_string();
    assert_eq!(error, "a Put was answered with 503: body");
}

/// Texts that no buffer takes at once.
#[test]
fn long_texts_arrive_through_tls_too() {
    let certified = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certified.cert.der().clone()).unwrap();
    let provider = Arc::new(ring::default_provider());
    let client = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .unwrap();
    let server = Server::start(GOOD, Some(Arc::new(server)));
    let client = Arc::new(client);
    for text_bytes in [100, 64 * 1024] {
        let measured = server.drive(
            Some(&client),
            text_bytes,
            Pace::Closed,
            Length::Requests(40),
        );
        assert_eq!(measured.unwrap().requests, 40);
    }
}
