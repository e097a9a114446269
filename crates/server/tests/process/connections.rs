//! HTTP as clients speak it, well and badly.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

use queuerite_testkit::{ACCOUNT, KEY, Process, Request, Response};

use crate::account::Account;
use crate::{PROGRAM, VERSION, in_memory};

#[test]
fn a_connection_stays_open_from_request_to_request() {
    let server = in_memory(&[]);
    let mut account = Account::new(server.client());
    account.create("one");
    // What is refused keeps the connection as well.
    for (status, method, below) in [
        (404, "GET", "/none/messages"),
        (400, "PUT", "/UPPER"),
        (400, "GET", "/one/messages?numofmessages=0"),
    ] {
        let request = account.request(method, below);
        account.expect(status, request);
    }
    let unsigned = Request::new("PUT", format!("/{ACCOUNT}/one?comp=metadata"))
        .header("Content-Length", "0")
        .header("Authorization", format!("SharedKey {ACCOUNT}:bm8="));
    assert_eq!(account.client.send(&unsigned).unwrap().status, 403);
    account.put("one", "text");
    assert!(account.client.is_connected());
}

#[test]
fn requests_in_a_row_are_answered_in_order() {
    let server = in_memory(&[]);
    let mut account = Account::new(server.client());
    account.create("row");
    let mut bytes = Vec::new();
    for number in 0..50 {
        let request = account.put_request("row", &format!("text {number}"), "");
        bytes.extend(request.signed_by(ACCOUNT, KEY).to_bytes(server.address));
        let request = account.get_request("row", 1, 60);
        bytes.extend(request.signed_by(ACCOUNT, KEY).to_bytes(server.address));
    }
    account.client.write(&bytes).unwrap();
    for number in 0..50 {
        assert_eq!(account.client.read(false).unwrap().status, 201);
        let text = account.client.read(false).unwrap().element("MessageText");
        assert_eq!(text.unwrap(), format!("text {number}"));
    }
}

#[test]
fn an_answer_does_not_wait_for_the_rest_of_the_next_request() {
    let server = in_memory(&[]);
    let mut account = Account::new(server.client());
    account.create("parts");
    let request = account.put_request("parts", "text", "");
    let bytes = request.signed_by(ACCOUNT, KEY).to_bytes(server.address);
    for at in [1, 10, 100, bytes.len() - 1] {
        let one_and_a_part = [&bytes, &bytes[..at]].concat();
        account.client.write(&one_and_a_part).unwrap();
        assert_eq!(account.client.read(false).unwrap().status, 201);
        account.client.write(&bytes[at..]).unwrap();
        assert_eq!(account.client.read(false).unwrap().status, 201);
    }
}

#[test]
fn the_spelling_of_metadata_names_is_kept() {
    let server = in_memory(&[]);
    let mut account = Account::new(server.client());
    for (queue, name) in [("que-a", "MyKey"), ("que-b", "mykey"), ("que-c", "MYKEY")] {
        let request = account
            .request("PUT", &format!("/{queue}"))
            .header(&format!("x-ms-meta-{name}"), queue);
        account.expect(201, request);
    }
    for (queue, name) in [("que-a", "MyKey"), ("que-b", "mykey"), ("que-c", "MYKEY")] {
        let request = account.request("GET", &format!("/{queue}?comp=metadata"));
        assert_eq!(metadata(&account.expect(200, request)), [pair(name, queue)]);
    }
    let request = account.request("GET", "/?comp=list&include=metadata");
    let text = account.expect(200, request).text();
    for element in ["<MyKey>que-a<", "<mykey>que-b<", "<MYKEY>que-c<"] {
        assert!(text.contains(element), "{text}");
    }
}

#[test]
fn the_spelling_of_metadata_names_is_kept_among_requests_in_a_row() {
    let server = in_memory(&[]);
    let mut account = Account::new(server.client());
    let queues = ["que-a", "que-b", "que-c", "que-d"];
    let names = ["MyKey", "mykey", "MYKEY", "myKey"];
    let mut bytes = Vec::new();
    for (queue, name) in queues.into_iter().zip(names) {
        let request = account
            .request("PUT", &format!("/{queue}"))
            .header(&format!("X-Ms-Meta-{name}"), "1")
            .header("x-ms-meta-Other", "2");
        bytes.extend(request.signed_by(ACCOUNT, KEY).to_bytes(server.address));
    }
    // Every order of two answers, with bodies and without between them.
    let mut expected = Vec::new();
    for first in 0..queues.len() {
        for second in 0..queues.len() {
            for at in [first, second] {
                let method = if at % 2 == 0 { "GET" } else { "HEAD" };
                let below = format!("/{}?comp=metadata", queues[at]);
                let request = account.request(method, &below).signed_by(ACCOUNT, KEY);
                bytes.extend(request.to_bytes(server.address));
                let request = account.request("GET", "/?comp=list&include=metadata");
                bytes.extend(request.signed_by(ACCOUNT, KEY).to_bytes(server.address));
                expected.push((method == "HEAD", names[at]));
            }
        }
    }
    account.client.write(&bytes).unwrap();
    for _ in queues {
        assert_eq!(account.client.read(false).unwrap().status, 201);
    }
    for (is_head, name) in expected {
        let response = account.client.read(is_head).unwrap();
        assert_eq!(metadata(&response), [pair(name, "1"), pair("Other", "2")]);
        let list = account.client.read(false).unwrap().text();
        assert!(list.contains("<MyKey>1</MyKey><Other>2</Other>"), "{list}");
    }
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.into(), value.into())
}

/// Names and values of the metadata, as they are spelled, in order of the names.
fn metadata(response: &Response) -> Vec<(String, String)> {
    let headers = response.headers.iter();
    let mut pairs: Vec<_> = headers
        .filter_map(|(name, value)| {
            let name = name.strip_prefix("x-ms-meta-")?;
            Some(pair(name, value))
        })
        .collect();
    pairs.sort_by_key(|(name, _)| name.to_lowercase());
    pairs
}

#[test]
fn a_client_that_asks_first_is_told_to_continue() {
    let server = in_memory(&[]);
    let mut account = Account::new(server.client());
    account.create("asks");
    let request = account
        .put_request("asks", "text", "")
        .header("Expect", "100-continue")
        .signed_by(ACCOUNT, KEY);
    let bytes = request.to_bytes(server.address);
    let (head, body) = bytes.split_at(bytes.len() - request.body.len());

    let mut stream = connect(&server);
    stream.write_all(head).unwrap();
    let expected = "HTTP/1.1 100 Continue\r\n\r\n";
    let mut interim = vec![0; expected.len()];
    stream.read_exact(&mut interim).unwrap();
    assert_eq!(String::from_utf8(interim).unwrap(), expected);
    stream.write_all(body).unwrap();
    assert!(status_line(&mut stream).starts_with("HTTP/1.1 201"));
    assert_eq!(account.peek("asks")[0].text, "text");
}

#[test]
fn a_client_that_asks_first_is_refused_at_once() {
    let server = in_memory(&[]);
    for (status, length, signature) in [(403, "100", "bm8="), (413, "10000000", "")] {
        let mut request = Request::new("POST", format!("/{ACCOUNT}/asks/messages"))
            .header("x-ms-version", VERSION)
            .header("Expect", "100-continue")
            .header("Content-Length", length);
        request = if signature.is_empty() {
            request.signed_by(ACCOUNT, KEY)
        } else {
            request.header("Authorization", format!("SharedKey {ACCOUNT}:{signature}"))
        };
        let mut stream = connect(&server);
        stream.write_all(&request.to_bytes(server.address)).unwrap();
        let line = status_line(&mut stream);
        assert!(line.starts_with(&format!("HTTP/1.1 {status}")), "{line}");
    }
}

#[test]
fn a_body_in_chunks_is_signed_without_a_length() {
    let server = in_memory(&[]);
    let mut account = Account::new(server.client());
    account.create("chunks");
    let request = account
        .request("POST", "/chunks/messages")
        .header("Transfer-Encoding", "chunked")
        .signed_by(ACCOUNT, KEY);
    let body = "<QueueMessage><MessageText>in pieces</MessageText></QueueMessage>";
    let mut bytes = request.to_bytes(server.address);
    for piece in body.as_bytes().chunks(7) {
        write!(bytes, "{:x};x=y\r\n", piece.len()).unwrap();
        bytes.extend(piece);
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"0\r\n\r\n");
    let response = account.client.exchange(&bytes, false).unwrap();
    assert_eq!(response.status, 201, "{}", response.text());
    assert_eq!(account.peek("chunks")[0].text, "in pieces");
}

#[test]
fn http_1_0_is_understood() {
    let server = in_memory(&[]);
    let mut account = Account::new(server.client());
    account.create("old");
    account.put("old", "text");
    let request = account.request("GET", "/old/messages?peekonly=true");
    let bytes = request.signed_by(ACCOUNT, KEY).to_bytes(server.address);
    let text = String::from_utf8(bytes)
        .unwrap()
        .replace("1.1\r\n", "1.0\r\n");
    for with_host in [true, false] {
        let host = format!("Host: {}\r\n", server.address);
        let text = text.replace(&host, if with_host { &host } else { "" });
        let mut stream = connect(&server);
        stream.write_all(text.as_bytes()).unwrap();
        // The end of the connection is the end of the answer.
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
        assert!(answer.contains("<MessageText>text<"), "{answer}");
    }
}

#[test]
fn a_target_may_be_a_whole_url() {
    let server = in_memory(&[]);
    let mut account = Account::new(server.client());
    account.create("whole");
    let request = account.request("GET", "/whole?comp=metadata");
    let mut request = request.signed_by(ACCOUNT, KEY);
    request.target = format!("http://{}{}", server.address, request.target);
    assert_eq!(account.client.send(&request).unwrap().status, 200);
}

#[test]
fn head_has_no_body_and_the_connection_goes_on() {
    let server = in_memory(&[]);
    let mut account = Account::new(server.client());
    account.create("heads");
    for below in ["/heads?comp=metadata", "/heads?comp=acl"] {
        let request = account.request("HEAD", below);
        let response = account.expect(200, request);
        assert!(response.body.is_empty());
    }
    let request = account.request("HEAD", "/none?comp=metadata");
    let response = account.expect(404, request);
    assert_eq!(response.header("x-ms-error-code"), Some("QueueNotFound"));
    let request = account.request("GET", "/none?comp=metadata");
    assert!(
        account
            .expect(404, request)
            .text()
            .contains("QueueNotFound")
    );
    assert!(account.client.is_connected());
}

#[test]
fn a_connection_that_idles_is_closed_after_the_keep_alive_time() {
    let server = in_memory(&["--queueKeepAliveTimeout", "0.2"]);
    let mut account = Account::new(server.client());
    account.create("idle");
    assert!(account.client.is_closed());
}

#[test]
fn a_slow_client_is_served_byte_by_byte() {
    let server = in_memory(&[]);
    let mut account = Account::new(server.client());
    account.create("slow");
    let request = account.put_request("slow", "a text that takes its time", "");
    let bytes = request
        .header("x-ms-meta-UnUsed", "1")
        .signed_by(ACCOUNT, KEY)
        .to_bytes(server.address);
    let mut stream = connect(&server);
    for byte in bytes {
        stream.write_all(&[byte]).unwrap();
        thread::sleep(Duration::from_micros(200));
    }
    assert!(status_line(&mut stream).starts_with("HTTP/1.1 201"));
    assert_eq!(account.peek("slow")[0].text, "a text that takes its time");
}

#[test]
fn a_multibyte_text_that_is_cut_in_two_arrives_whole() {
    let server = in_memory(&[]);
    let mut account = Account::new(server.client());
    account.create("cut");
    let request = account
        .put_request("cut", "ä€😀", "")
        .signed_by(ACCOUNT, KEY);
    let bytes = request.to_bytes(server.address);
    let start = bytes.len() - request.body.len();
    for at in start..bytes.len() {
        let mut stream = connect(&server);
        stream.write_all(&bytes[..at]).unwrap();
        thread::sleep(Duration::from_millis(2));
        stream.write_all(&bytes[at..]).unwrap();
        assert!(status_line(&mut stream).starts_with("HTTP/1.1 201"));
        assert_eq!(account.get("cut", 1, 60)[0].text, "ä€😀");
    }
}

#[test]
fn a_client_that_goes_away_leaves_nothing_and_harms_nobody() {
    let server = in_memory(&[]);
    let mut account = Account::new(server.client());
    account.create("gone");
    let request = account.put_request("gone", &"x".repeat(30_000), "");
    let bytes = request.signed_by(ACCOUNT, KEY).to_bytes(server.address);
    for part in [1, 20, 300, 1_000, 20_000, bytes.len() - 1] {
        let mut stream = connect(&server);
        stream.write_all(&bytes[..part]).unwrap();
        drop(stream);
        // Half closed, as some proxies leave connections.
        let mut stream = connect(&server);
        stream.write_all(&bytes[..part]).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(!answer.contains("201"), "{answer}");
    }
    assert_eq!(account.count("gone"), 0);
}

#[test]
fn two_hundred_clients_at_once_are_served() {
    let server = in_memory(&[]);
    Account::new(server.client()).create("many");
    thread::scope(|scope| {
        for number in 0..200 {
            let mut account = Account::new(server.client());
            scope.spawn(move || {
                let text = format!("text {number}");
                account.put("many", &text);
                let message = account.get("many", 1, 600).remove(0);
                account.delete("many", &message);
            });
        }
    });
    assert_eq!(Account::new(server.client()).count("many"), 0);
}

#[test]
fn the_account_is_in_the_host_or_in_the_path() {
    let server = in_memory(&[]);
    Account::new(server.client()).create("found");
    let port = server.address.port();
    let mut client = server.client();
    for host in [
        "devstoreaccount1.queue.localhost",
        "devstoreaccount1.localhost",
    ] {
        let request = Request::new("GET", "/found?comp=metadata")
            .header("Host", format!("{host}:{port}"))
            .signed(VERSION);
        assert_eq!(client.send(&request).unwrap().status, 200, "{host}");
    }
    for host in [
        "localhost",
        "azurite",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "host.docker.internal",
        "gateway.docker.internal",
        "queuerite.tests.svc.cluster.local",
        "10.1.2.3",
    ] {
        let request = Request::new("GET", format!("/{ACCOUNT}/found?comp=metadata"))
            .header("Host", format!("{host}:{port}"))
            .signed(VERSION);
        assert_eq!(client.send(&request).unwrap().status, 200, "{host}");
    }
}

#[test]
fn with_path_style_only_the_host_does_not_matter() {
    let server = in_memory(&["--disableProductStyleUrl"]);
    let mut client = server.client();
    let host = "devstoreaccount1.localhost";
    let in_path = Request::new("PUT", format!("/{ACCOUNT}/found"));
    let in_path = in_path.header("Host", host).signed(VERSION);
    assert_eq!(client.send(&in_path).unwrap().status, 201);
    let in_host = Request::new("GET", "/found?comp=metadata");
    let in_host = in_host.header("Host", host).signed(VERSION);
    assert_eq!(client.send(&in_host).unwrap().status, 404);
}

#[test]
fn ipv6_is_listened_on() {
    let server = in_memory(&["--queueHost", "::1"]);
    let port = server.address.port();
    let expected = [
        "Azurite Queue service is starting on ::1:0".to_owned(),
        format!("Azurite Queue service successfully listens on http://::1:{port}"),
    ];
    assert_eq!(server.lines[1..], expected);
    assert!(server.address.is_ipv6());
    let mut account = Account::new(server.client());
    account.create("six");
    account.put("six", "text");
}

#[test]
fn health_needs_no_key() {
    let server = in_memory(&[]);
    let mut client = server.client();
    for (method, path, status, body) in [
        ("GET", "/_queuerite/health", 200, r#"{"status":"healthy"}"#),
        ("GET", "/_queuerite/ready", 200, r#"{"status":"ready"}"#),
        ("HEAD", "/_queuerite/health", 200, ""),
        ("HEAD", "/_queuerite/ready", 200, ""),
        (
            "GET",
            "/_queuerite/health?x=1",
            200,
            r#"{"status":"healthy"}"#,
        ),
        (
            "GET",
            "/_queuerite/none",
            404,
            r#"{"error":"no such path"}"#,
        ),
        ("GET", "/_queuerite/", 404, r#"{"error":"no such path"}"#),
        ("GET", "/_queuerite", 404, r#"{"error":"no such path"}"#),
        (
            "DELETE",
            "/_queuerite/health",
            405,
            r#"{"error":"only GET and HEAD"}"#,
        ),
    ] {
        let request = Request::new(method, path).header("Content-Length", "0");
        let response = client.send(&request).unwrap();
        assert_eq!(response.status, status, "{method} {path}");
        assert_eq!(response.text(), body, "{method} {path}");
    }
    // No account can be called so, but nearly.
    let response = client.send(&Request::new("GET", "/_queueritely/health"));
    assert!(response.unwrap().text().contains("ResourceNotFound"));
}

#[test]
fn accounts_do_not_see_each_other() {
    const ONE: &str = "b25lIGtleQ==";
    const TWO: &str = "dHdvIGtleQ==";
    const TWO_ALSO: &str = "YWxzbyB0d28=";
    let mut command = std::process::Command::new(PROGRAM);
    command
        .args(["--silent", "--inMemoryPersistence", "--queuePort", "0"])
        .env(
            "AZURITE_ACCOUNTS",
            format!("one:{ONE};two:{TWO}:{TWO_ALSO}"),
        );
    let server = Process::start_command(&mut command);
    let mut one = Account::named(server.client(), "one", ONE);
    let mut two = Account::named(server.client(), "two", TWO);
    one.create("shared");
    one.put("shared", "of one");
    assert_eq!(two.queues(), [""; 0]);
    two.create("shared");
    assert_eq!(two.count("shared"), 0);
    two.create("second");
    assert_eq!(one.queues(), ["shared"]);
    let mut two_also = Account::named(server.client(), "two", TWO_ALSO);
    assert_eq!(two_also.queues(), ["second", "shared"]);

    // A key opens its own account only, and the default account is gone.
    let mut wrong = Account::named(server.client(), "two", ONE);
    let request = wrong.request("GET", "/?comp=list");
    wrong.expect(403, request);
    let request = Request::new("GET", "/two?comp=list").signed_by("one", ONE);
    assert_eq!(server.client().send(&request).unwrap().status, 403);
    let mut default = Account::new(server.client());
    let request = default.request("GET", "/?comp=list");
    default.expect(404, request);
}

#[test]
fn a_text_comes_back_as_it_was_sent() {
    let server = in_memory(&[]);
    let mut account = Account::new(server.client());
    account.create("texts");
    account.put("texts", " a &lt;b&gt; &amp; &quot;c&#xD;&#xA;\t\u{1f600} ");
    let text = &account.peek("texts")[0].text;
    assert_eq!(text, " a &lt;b&gt; &amp; \"c&#xD;\n\t\u{1f600} ");
}

fn connect(server: &Process) -> TcpStream {
    let stream = TcpStream::connect(server.address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    stream
}

/// The first line of an answer.
fn status_line(stream: &mut TcpStream) -> String {
    let mut line = Vec::new();
    let mut byte = [0];
    while !line.ends_with(b"\n") && stream.read(&mut byte).unwrap() == 1 {
        line.extend(byte);
    }
    String::from_utf8(line).unwrap()
}
