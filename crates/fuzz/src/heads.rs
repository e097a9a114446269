//! A stream of requests, as the HTTP library reads it and as the server's own eyes do.

use std::cell::RefCell;
use std::convert::Infallible;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use queuerite_server::fuzzing;
use queuerite_server::limits::{HEAD_BYTES_MAX, HEADERS_MAX};

/// Whatever the pieces in which a stream comes, the same is seen in it; and up to the first head
/// that can be read in two ways, both readers are at the same request. The first byte says how
/// long the pieces are.
pub fn heads(data: &[u8]) {
    let Some((piece, stream)) = data.split_first() else {
        return;
    };
    let piece = match usize::from(*piece) {
        0 => stream.len().max(1),
        piece => piece,
    };
    let seen = fuzzing::heads(stream.chunks(piece));
    assert_eq!(seen, fuzzing::heads([stream]));

    let requests = requests_in(stream, piece);
    for (index, headers) in requests.iter().enumerate() {
        // The server refuses this one and closes the connection; the next was never there. That
        // holds for one that only the library has seen, too.
        let Some((names, false)) = seen.get(index) else {
            return;
        };
        if index == 0 {
            check_lines(stream);
        }
        check_framing(headers);
        check_names(headers, names, stream);
    }
}

/// The first head of the stream, by its lines: the library leaves out what it has passed over.
fn check_lines(stream: &[u8]) {
    let lines = stream.split_inclusive(|byte| *byte == b'\n');
    let is_empty = |line: &&[u8]| line.trim_ascii().is_empty();
    let head = lines
        .skip_while(is_empty)
        .skip(1)
        .take_while(|line| !is_empty(line));
    let mut lengths = 0;
    let mut hosts = 0;
    for line in head {
        assert!(line.ends_with(b"\r\n") && !line.starts_with(b" ") && !line.starts_with(b"\t"));
        let name = line.split(|byte| *byte == b':').next().unwrap();
        let is = |other: http::HeaderName| name.eq_ignore_ascii_case(other.as_str().as_bytes());
        lengths += usize::from(is(CONTENT_LENGTH) || is(TRANSFER_ENCODING));
        hosts += usize::from(is(HOST));
    }
    assert!(lengths <= 1 && hosts <= 1);
}

/// The headers of the requests that the HTTP library takes.
fn requests_in(stream: &[u8], piece: usize) -> Vec<HeaderMap> {
    let taken = RefCell::new(Vec::new());
    let service = service_fn(|request: Request<Incoming>| {
        let (parts, body) = request.into_parts();
        taken.borrow_mut().push(parts.headers);
        async {
            let _ = body.collect().await;
            let mut response = Response::new(Empty::<Bytes>::new());
            *response.status_mut() = StatusCode::NOT_FOUND;
            Ok::<_, Infallible>(response)
        }
    });
    let connection = http1::Builder::new()
        .max_buf_size(HEAD_BYTES_MAX)
        .max_header_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .serve_connection(Stream { stream, piece }, service);
    let mut connection = pin!(connection);
    // Nothing is ever waited for but a turn.
    let mut context = Context::from_waker(Waker::noop());
    let mut turns = 0..stream.len() + TURNS_MIN;
    let is_over = turns.any(|_| connection.as_mut().poll(&mut context).is_ready());
    assert!(is_over, "the connection does not end");
    taken.into_inner()
}

/// The length of the body is said once, and in a way on which all readers agree.
fn check_framing(headers: &HeaderMap) {
    let count = |name| headers.get_all(name).iter().count();
    assert!(count(CONTENT_LENGTH) + count(TRANSFER_ENCODING) <= 1);
    assert!(count(HOST) <= 1);
    if let Some(length) = headers.get(CONTENT_LENGTH) {
        assert!(length.as_bytes().iter().all(u8::is_ascii_digit));
    }
    if let Some(coding) = headers.get(TRANSFER_ENCODING) {
        assert!(coding.as_bytes().eq_ignore_ascii_case(b"chunked"));
    }
}

/// The names with capitals are some of the request's; and a name that the stream has nowhere in
/// small letters is one of those.
fn check_names(headers: &HeaderMap, names: &[Box<str>], stream: &[u8]) {
    for name in names {
        assert!(
            headers.contains_key(&**name),
            "{name} is of another request"
        );
    }
    for header in headers.keys().map(http::HeaderName::as_str) {
        let is_spelled = names.iter().any(|name| name.eq_ignore_ascii_case(header));
        let is_small = || {
            let mut windows = stream.windows(header.len());
            windows.any(|window| window == header.as_bytes())
        };
        assert!(
            is_spelled || !header.starts_with("x-ms-meta-") || is_small(),
            "the spelling of {header} is lost"
        );
    }
}

/// A connection that has all of its bytes at hand, and takes every answer.
struct Stream<'a> {
    stream: &'a [u8],
    piece: usize,
}

impl Read for Stream<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let length = self.piece.min(self.stream.len()).min(buffer.remaining());
        let (piece, rest) = self.stream.split_at(length);
        buffer.put_slice(piece);
        self.stream = rest;
        Poll::Ready(Ok(()))
    }
}

impl Write for Stream<'_> {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// More than any request needs; a longer stream has more.
const TURNS_MIN: usize = 1000;
