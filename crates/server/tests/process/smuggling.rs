//! A head that can be read in two ways is refused, and so is whatever follows it: a proxy in
//! front may have read it in the other way.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use queuerite_testkit::{ACCOUNT, Process, Request};

use crate::{VERSION, in_memory};

#[test]
fn a_request_that_can_be_read_in_two_ways_is_refused_with_all_that_follows() {
    let server = in_memory(&[]);
    let create = |name: &str| {
        let request = Request::new("PUT", format!("/{ACCOUNT}/{name}"));
        request.signed(VERSION).to_bytes(server.address)
    };
    let smuggled = create("smuggled");
    for (what, head) in [
        ("two lengths", "Content-Length: 0\r\nContent-Length: 0\r\n"),
        (
            "two lengths that differ",
            "Content-Length: 5\r\nContent-Length: 0\r\n",
        ),
        ("a list of lengths", "Content-Length: 0, 0\r\n"),
        ("a signed length", "Content-Length: +0\r\n"),
        (
            "a length beside chunks",
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        ),
        (
            "chunks beside a length",
            "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        ),
        ("an unknown coding", "Transfer-Encoding: gzip, chunked\r\n"),
        (
            "chunks twice",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        ),
        ("a misspelled coding", "Transfer-Encoding: xchunked\r\n"),
        ("a bare line feed", "Content-Length: 0\nX: y\r\n"),
        ("a folded line", "X: y\r\n Content-Length: 0\r\n"),
        ("a space before the colon", "Content-Length : 0\r\n"),
        ("two hosts", "Host: a\r\nContent-Length: 0\r\n"),
        ("a bare carriage return", "X: a\rContent-Length: 0\r\n"),
        ("a null byte", "X: a\0b\r\n"),
    ] {
        let put = create("first");
        let request_line = put.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        let mut bytes = put[..request_line].to_vec();
        bytes.extend_from_slice(head.as_bytes());
        bytes.extend_from_slice(b"Host: x\r\n\r\n0\r\n\r\n");
        bytes.extend_from_slice(&smuggled);
        let answers = exchange(&server, &bytes);
        assert!(
            answers.starts_with("HTTP/1.1 400 Bad Request\r\n"),
            "{what}: {answers}"
        );
        assert_eq!(answers.matches("HTTP/1.1 ").count(), 1, "{what}: {answers}");
        assert!(!answers.contains("x-ms-"), "{what}: {answers}");
    }
    let list = Request::new("GET", format!("/{ACCOUNT}?comp=list")).signed(VERSION);
    let list = server.client().send(&list).unwrap();
    assert!(list.text().contains("<Queues />"), "{}", list.text());
}

/// Sends all of it and reads all that comes back until the server closes.
fn exchange(server: &Process, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address).unwrap();
    let _ = stream.write_all(bytes);
    let mut answers = Vec::new();
    let _ = stream.read_to_end(&mut answers);
    String::from_utf8_lossy(&answers).into_owned()
}
