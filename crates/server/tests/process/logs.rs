//! What is logged, where, and what never is.

use std::fs;
use std::process::Command;

use queuerite_testkit::{ACCOUNT, KEY, Process, Request, sign};
use tempfile::TempDir;

use crate::account::Account;
use crate::{PROGRAM, VERSION};

/// A server in memory, with this environment.
fn server(arguments: &[&str], environment: &[(&str, &str)]) -> Process {
    let mut command = Command::new(PROGRAM);
    command
        .args(["--inMemoryPersistence", "--queuePort", "0"])
        .args(arguments)
        .env_remove("RUST_LOG")
        .env_remove("QUEUERITE_LOG")
        .envs(environment.iter().copied());
    Process::start_command(&mut command)
}

#[test]
fn each_request_to_the_service_has_a_line_in_the_access_log() {
    let server = server(&[], &[]);
    let mut account = Account::new(server.client());
    account.create("logged");
    let mut unsigned = |method: &str, below: &str| {
        let request =
            Request::new(method, format!("/{ACCOUNT}{below}")).header("Content-Length", "0");
        account.client.send(&request).unwrap().body.len()
    };
    let refused = unsigned(
        "GET",
        "/logged?comp=metadata&sv=2020-08-04&sig=c2VjcmV0&se=x",
    );
    unsigned("HEAD", "/logged?SIG=c2VjcmV0");
    // Health checks come every other second, and nobody reads of them.
    let health = Request::new("GET", "/_queuerite/health");
    assert_eq!(account.client.send(&health).unwrap().status, 200);
    let (_, lines) = server.terminate();
    let requests: Vec<_> = lines
        .iter()
        .filter(|line| !line.starts_with("Azurite"))
        .map(|line| without_date(line))
        .collect();
    let expected = [
        r#""PUT /devstoreaccount1/logged HTTP/1.1" 201 0"#.to_owned(),
        format!(
            r#""GET /devstoreaccount1/logged?comp=metadata&sv=2020-08-04&sig=*****&se=x HTTP/1.1" 403 {refused}"#
        ),
        r#""HEAD /devstoreaccount1/logged?SIG=***** HTTP/1.1" 403 0"#.to_owned(),
    ];
    assert_eq!(requests, expected);
    assert!(!lines.concat().contains("c2VjcmV0"));
}

/// A line of the access log from the request on, once its beginning is found to be as it
/// should: `127.0.0.1 - - [22/Nov/2026:06:39:44 +0000] `.
#[track_caller]
fn without_date(line: &str) -> String {
    let rest = line.strip_prefix("127.0.0.1 - - [").unwrap();
    let (date, rest) = rest.split_once("] ").unwrap();
    let shape: String = date
        .chars()
        .map(|c| match c {
            c if c.is_ascii_digit() => '9',
            c if c.is_ascii_alphabetic() => 'a',
            c => c,
        })
        .collect();
    assert_eq!(shape, "99/aaa/9999:99:99:99 +9999");
    assert!(date.ends_with(" +0000"));
    rest.to_owned()
}

#[test]
fn silent_silences_the_access_log_and_nothing_else() {
    let server = server(&["--silent"], &[]);
    Account::new(server.client()).create("unlogged");
    assert_eq!(server.lines.len(), 3);
    let (_, rest) = server.terminate();
    let expected = [
        "Azurite Queue service is closing...",
        "Azurite Queue service successfully closed",
    ];
    assert_eq!(rest, expected);
}

#[test]
fn the_debug_log_explains_a_request_and_keeps_secrets() {
    const TEXT: &str = "a text that is nobody's business";
    let folder = TempDir::new().unwrap();
    // Its folder is made.
    let file = folder.path().join("logs/debug.log");
    for _ in 0..2 {
        let server = server(&["--silent", "-d", file.to_str().unwrap()], &[]);
        let mut account = Account::new(server.client());
        account.create("debugged");
        let request = account.put_request("debugged", TEXT, "");
        let date = "Sun, 22 Nov 2026 06:39:44 GMT";
        let length = request.body.len();
        let request = request.header("x-ms-date", date);
        let response = account.expect(201, request);
        let id = response.header("x-ms-request-id").unwrap().to_owned();
        account.get("debugged", 1, 60);

        let string_to_sign = format!(
            "POST\\n\\n\\n{length}\\n\\n\\n\\n\\n\\n\\n\\n\\nx-ms-date:{date}\\n\
             x-ms-version:{VERSION}\\n/{ACCOUNT}/{ACCOUNT}/debugged/messages"
        );
        let signature = sign(KEY, &string_to_sign.replace("\\n", "\n"));
        // The same with a wrong signature: the server's string is told, its signature is not.
        let mut wrong = account
            .put_request("debugged", TEXT, "")
            .header("x-ms-date", date)
            .signed_by(ACCOUNT, "bm8=");
        wrong.headers.push(("x-extra".into(), "1".into()));
        assert_eq!(account.client.send(&wrong).unwrap().status, 403);
        assert!(server.terminate().0.success());

        let log = fs::read_to_string(&file).unwrap();
        let of_request: Vec<_> = log.lines().filter(|line| line.contains(&id)).collect();
        assert!(
            of_request.iter().any(|line| line.contains(&string_to_sign)),
            "{log}"
        );
        for line in of_request {
            // The time, the request id, the level.
            let mut words = line.split(' ');
            let time = words.next().unwrap();
            assert_eq!(
                (time.len(), &time[10..11], &time[23..]),
                (24, "T", "Z"),
                "{line}"
            );
            assert_eq!(words.next(), Some(id.as_str()), "{line}");
            assert_eq!(words.next(), Some("debug:"), "{line}");
        }
        let refused = log
            .lines()
            .find(|line| line.contains("AuthenticationFailed"));
        assert!(refused.unwrap().contains("string to sign"), "{log}");
        for secret in [KEY, &signature, TEXT] {
            assert!(!log.contains(secret), "{secret} is in {log}");
        }
    }
    // Appended, not begun anew.
    let log = fs::read_to_string(&file).unwrap();
    assert_eq!(log.matches("AuthenticationFailed").count(), 2);
}

#[test]
fn the_environment_sets_the_level_on_stderr() {
    for variable in ["QUEUERITE_LOG", "RUST_LOG"] {
        let mut server = server(&["--silent"], &[(variable, "debug")]);
        Account::new(server.client()).create("told");
        let line = server.error_with("parsed");
        assert!(line.contains(" request_id="), "{line}");
    }
    let quiet = server(
        &["--silent"],
        &[("QUEUERITE_LOG", "off"), ("RUST_LOG", "debug")],
    );
    Account::new(quiet.client()).create("untold");
    quiet.signal("TERM");
    assert_eq!(quiet.wait().stderr, [""; 0]);
}

#[test]
fn a_level_that_is_none_is_refused() {
    let mut command = Command::new(PROGRAM);
    command
        .args(["--inMemoryPersistence", "--queuePort", "0"])
        .env("QUEUERITE_LOG", "=;=");
    let output = queuerite_testkit::run_command(&mut command);
    assert!(!output.status.success());
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(errors.lines().count(), 1, "{errors}");
    assert!(
        errors.starts_with("queuerite: QUEUERITE_LOG is no level"),
        "{errors}"
    );
}
