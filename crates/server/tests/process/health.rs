//! `queuerite healthcheck`, and what a port that speaks TLS says without.

use queuerite_testkit::{Client, Process, Request, run};

use super::{PROGRAM, in_memory};

fn check(arguments: &[&str]) -> (Option<i32>, String) {
    let ended = run(PROGRAM, ["healthcheck"].iter().chain(arguments));
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(said.lines().count() <= 1, "{said}");
    (ended.status.code(), said)
}

#[test]
fn a_server_that_is_ready_is_healthy_and_one_that_is_gone_is_not() {
    let server = in_memory(&[]);
    let port = server.address.port().to_string();
    assert_eq!(check(&["--queuePort", &port]), (Some(0), String::new()));
    // As they may be given for the server itself.
    let all = ["--queueHost", "0.0.0.0", "--queuePort", &port, "--silent"];
    assert_eq!(check(&all).0, Some(0));
    server.kill();
    let (code, said) = check(&["--queuePort", &port]);
    assert_eq!(code, Some(1));
    let start = format!("queuerite: no answer from 127.0.0.1:{port}: ");
    assert!(said.starts_with(&start), "{said}");
}

#[test]
fn what_cannot_be_asked_is_said() {
    assert_eq!(check(&["--queuePort", "0"]).0, Some(2));
    let (code, said) = check(&["--queuPort", "1"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("did you mean '--queuePort'?"), "{said}");
}

#[test]
fn a_port_that_speaks_tls_tells_of_its_health_in_clear_and_of_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let certificates = folder.path().to_str().unwrap();
    assert!(
        run(PROGRAM, ["cert", "--directory", certificates])
            .status
            .success()
    );
    let path = |name| format!("{certificates}/{name}");
    let (cert, key) = (path("cert.pem"), path("key.pem"));
    let server: Process = in_memory(&["--cert", &cert, "--key", &key]);
    let port = server.address.port().to_string();
    assert_eq!(
        check(&["--queuePort", &port, "--cert", &cert, "--key", &key]).0,
        Some(0)
    );
    let mut client = Client::new(server.address);
    let list = Request::new("GET", "/devstoreaccount1?comp=list").signed(super::VERSION);
    let response = client.send(&list).unwrap();
    assert_eq!(response.status, 400);
    assert_eq!(response.header("connection"), Some("close"));
    assert!(
        response.text().contains("speaks HTTPS"),
        "{}",
        response.text()
    );
    assert!(client.is_closed());
}
