//! Too much of anything is refused, and the next client does not notice.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use queuerite_testkit::{ACCOUNT, KEY, Process, Request, SeededEntropy};

use crate::account::Account;
use crate::{VERSION, in_memory};

#[test]
fn a_body_of_a_megabyte_is_refused_however_it_is_sent() {
    let server = in_memory(&[]);
    let mut account = Account::new(server.client());
    account.create("much");
    let request = account.put_request("much", &"x".repeat(1 << 20), "");
    let request = request.signed_by(ACCOUNT, KEY);
    // The client writes everything before it reads anything. It must not lose the answer to a
    // connection that was closed while it wrote; chance decides that, so it is tried often.
    for _ in 0..20 {
        let response = account.client.send(&request).unwrap();
        assert_eq!(response.status, 413);
        let code = response.header("x-ms-error-code");
        assert_eq!(code, Some("RequestBodyTooLarge"));
        assert_eq!(response.element("MaxLimit").unwrap(), "65536");
    }
    is_healthy(&server);
}

#[test]
fn a_body_that_is_announced_too_large_is_not_waited_for() {
    let server = in_memory(&[]);
    let mut account = Account::new(server.client());
    account.create("much");
    let request = account
        .request("POST", "/much/messages")
        .header("Content-Length", "10000000");
    let response = account.send(request).unwrap();
    assert_eq!(response.status, 413);
    assert_eq!(response.header("connection"), Some("close"));
    is_healthy(&server);
}

#[test]
fn a_client_that_is_not_believed_gets_its_answer_however_much_it_sends() {
    let server = in_memory(&[]);
    for length in [10, 1_000, 65_000, 500_000, 3_000_000] {
        for _ in 0..5 {
            let mut stranger = Account::named(server.client(), ACCOUNT, "bm8=");
            let request = stranger.put_request("much", &"x".repeat(length), "");
            let response = stranger.expect(403, request);
            let code = response.header("x-ms-error-code");
            assert_eq!(code, Some("AuthenticationFailed"));
            // Small bodies are no reason to end the connection.
            if length <= 65_000 {
                let request = stranger.request("GET", "/much/messages");
                stranger.expect(403, request);
                assert!(stranger.client.is_connected());
            }
        }
    }
    is_healthy(&server);
}

#[test]
fn a_text_may_have_64_kibibytes_and_not_one_more() {
    let server = in_memory(&[]);
    let mut account = Account::new(server.client());
    account.create("size");
    account.put("size", &"x".repeat(65_536));
    account.put("size", &"&quot;".repeat(65_536));
    for text in [
        "x".repeat(65_537),
        "ä".repeat(32_769),
        "&quot;".repeat(65_537),
    ] {
        let request = account.put_request("size", &text, "");
        let response = account.expect(413, request);
        assert_eq!(response.element("MaxLimit").unwrap(), "65536");
    }
    assert_eq!(account.count("size"), 2);
}

#[test]
fn a_huge_head_is_refused() {
    let server = in_memory(&[]);
    let value = "x".repeat(100_000);
    let mut request = Request::new("GET", format!("/{ACCOUNT}?comp=list"));
    request = request.header("x-ms-version", VERSION);
    let long_value = request.clone().header("x-long", value.clone());
    let mut many = request.clone();
    for number in 0..2_000 {
        many = many.header(&format!("x-many-{number}"), "1");
    }
    let mut long_url = request;
    long_url.target = format!("/{ACCOUNT}?comp=list&x={value}");
    for request in [long_value, many, long_url] {
        let mut stream = connect(&server);
        // It may close before all is written.
        let _ = stream.write_all(&request.to_bytes(server.address));
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer:?}");
    }
    is_healthy(&server);
}

#[test]
fn a_head_of_the_size_that_clients_send_is_accepted() {
    let server = in_memory(&[]);
    let mut account = Account::new(server.client());
    let mut request = account.request("PUT", "/heavy");
    for number in 0..80 {
        request = request.header(&format!("x-ms-meta-name{number}"), "v".repeat(80));
    }
    request = request.header("User-Agent", "x".repeat(8_000));
    account.expect(201, request);
}

#[test]
fn garbage_is_refused() {
    let seed = 7;
    let mut chance = SeededEntropy::new(seed);
    let server = in_memory(&[]);
    let fixed = [
        "\x16\x03\x01\x02\0\x01\0\x01\x03\x03",
        "\0\0\0\0",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        "GET / HTTP/1.1\r\nna me: x\r\n\r\n",
    ];
    for text in fixed {
        let response = server.client().exchange(text.as_bytes(), false);
        assert_eq!(response.unwrap().status, 400, "{text:?}");
    }
    let mut all = vec![
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".to_vec(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
    ];
    for _ in 0..200 {
        let length = chance.next_number() % 400;
        let bytes = (0..length).map(|_| chance.next_number().to_le_bytes()[0]);
        all.push(bytes.collect());
    }
    for bytes in all {
        let mut stream = connect(&server);
        stream.write_all(&bytes).unwrap();
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer);
        let is_fine = answer.is_empty() || answer.starts_with("HTTP/1.1 4");
        assert!(is_fine, "seed {seed}: {bytes:?}: {answer}");
    }
    is_healthy(&server);
}

#[test]
fn a_line_break_that_is_smuggled_into_a_query_is_refused() {
    let server = in_memory(&[]);
    let mut account = Account::new(server.client());
    account.create("smuggle");
    let target = format!("/{ACCOUNT}?comp=list&x=%0D%0Ax-ms-meta-a:%20b%0D%0A%0D%0A");
    let request = Request::new("GET", target)
        .header("x-ms-version", VERSION)
        .header("Authorization", format!("SharedKey {ACCOUNT}:bm8="));
    let response = account.client.send(&request).unwrap();
    // It is refused before it is signed: a string-to-sign has a line for each parameter.
    assert_eq!(response.status, 400);
    let code = response.element("Code");
    assert_eq!(code.as_deref(), Some("RequestUrlFailedToParse"));
    assert!(!response.body.contains(&b'\r'), "{}", response.text());
}

fn is_healthy(server: &Process) {
    let mut account = Account::new(server.client());
    account.create("healthy");
    account.put("healthy", "text");
    assert_eq!(account.get("healthy", 1, 60)[0].text, "text");
}

fn connect(server: &Process) -> TcpStream {
    let stream = TcpStream::connect(server.address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    stream
}
