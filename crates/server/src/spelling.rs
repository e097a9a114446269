//! The spelling of metadata names, which HTTP does not keep and the service does.
//!
//! `x-ms-meta-MyKey` is stored, listed and returned as `MyKey`, but header maps fold names to
//! lower case. So a connection is watched on its way in and out: each request's head is read
//! for names with capitals, and each answer's head has its names put back. A name keeps its
//! length, so nothing else of the answer moves; and since no body of ours holds a raw carriage
//! return, nothing but a head can match.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use queuerite_wire::headers::X_MS_META_PREFIX;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What is known of the spelling of names on one connection.
#[derive(Debug, Default)]
pub(crate) struct Spellings {
    /// For each head that came in and was not yet asked for: its names with capitals.
    asked: Mutex<VecDeque<Names>>,
    /// Names with capitals of answers that did not go out yet.
    answered: Mutex<Names>,
    has_answered: AtomicBool,
}

/// Whole header names, such as `x-ms-meta-MyKey`.
pub(crate) type Names = Vec<Box<str>>;

impl Spellings {
    /// The names with capitals of the next request, in the order in which requests came in.
    pub(crate) fn of_next_request(&self) -> Names {
        lock(&self.asked).pop_front().unwrap_or_default()
    }

    /// Spells these names so in the answer that goes out next.
    pub(crate) fn restore(&self, names: impl IntoIterator<Item = Box<str>>) {
        let mut answered = lock(&self.answered);
        answered.extend(
            names
                .into_iter()
                .filter(|name| has_capitals(name.as_bytes())),
        );
        self.has_answered
            .store(!answered.is_empty(), Ordering::Release);
    }
}

/// A connection whose spelling is watched.
#[derive(Debug)]
pub(crate) struct Spelled<Io> {
    io: Io,
    spellings: Arc<Spellings>,
    heads: Heads,
    /// Bytes of answers with restored names that were accepted and not yet written.
    out: Vec<u8>,
}

impl<Io> Spelled<Io> {
    pub(crate) fn new(io: Io, spellings: Arc<Spellings>) -> Self {
        Self {
            io,
            spellings,
            heads: Heads::default(),
            out: Vec::new(),
        }
    }
}

impl<Io: AsyncRead + Unpin> AsyncRead for Spelled<Io> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let this = &mut *self;
        ready!(Pin::new(&mut this.io).poll_read(context, buffer))?;
        let new = buffer.filled().get(before..).unwrap_or_default();
        this.heads.read(new, &mut |names| {
            lock(&this.spellings.asked).push_back(names);
        });
        Poll::Ready(Ok(()))
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for Spelled<Io> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_drain(context))?;
        if !self.spellings.has_answered.load(Ordering::Acquire) {
            return Pin::new(&mut self.io).poll_write(context, bytes);
        }
        // Taken as a whole, because a head that is cut in two could not be searched.
        let names = std::mem::take(&mut *lock(&self.spellings.answered));
        self.spellings.has_answered.store(false, Ordering::Release);
        self.out.extend_from_slice(bytes);
        restore_names(&mut self.out, &names);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.spellings.has_answered.load(Ordering::Acquire) {
            let first = slices.iter().find(|slice| !slice.is_empty());
            return self.poll_write(context, first.map_or(&[], |slice| slice));
        }
        ready!(self.poll_drain(context))?;
        Pin::new(&mut self.io).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(context))?;
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(context))?;
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

impl<Io: AsyncWrite + Unpin> Spelled<Io> {
    fn poll_drain(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.out.is_empty() {
            let written = ready!(Pin::new(&mut self.io).poll_write(context, &self.out))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.out.drain(..written);
        }
        Poll::Ready(Ok(()))
    }
}

/// Follows the heads of a stream of requests, over the bodies between them.
///
/// It refuses nothing; that is the HTTP library's work, which reads the same bytes. Where the
/// stream stops making sense it stops watching.
#[derive(Debug, Default)]
struct Heads {
    at: At,
    /// The line that has begun and not ended yet.
    line: Vec<u8>,
    names: Names,
    body: Body,
}

#[derive(Debug, Default)]
enum At {
    #[default]
    RequestLine,
    HeaderLine,
    Body(u64),
    ChunkSize,
    Chunk(u64),
    ChunkEnd,
    Trailer,
    Lost,
}

#[derive(Clone, Copy, Debug, Default)]
enum Body {
    #[default]
    None,
    Length(u64),
    Chunked,
}

impl Heads {
    fn read(&mut self, mut bytes: &[u8], found: &mut impl FnMut(Names)) {
        while !bytes.is_empty() {
            match &mut self.at {
                At::Lost => return,
                At::Body(left) | At::Chunk(left) => {
                    let skipped = usize::try_from(*left)
                        .unwrap_or(usize::MAX)
                        .min(bytes.len());
                    *left -= skipped as u64;
                    bytes = bytes.get(skipped..).unwrap_or_default();
                    self.leave_body_if_over();
                }
                _ => bytes = self.read_line(bytes, found),
            }
        }
    }

    fn read_line<'a>(&mut self, bytes: &'a [u8], found: &mut impl FnMut(Names)) -> &'a [u8] {
        let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
            self.line.extend_from_slice(bytes);
            if self.line.len() > LINE_BYTES_MAX {
                self.at = At::Lost;
            }
            return &[];
        };
        let (head, rest) = bytes.split_at(end);
        if self.line.is_empty() {
            self.end_line(trim_end(head), found);
        } else {
            let mut line = std::mem::take(&mut self.line);
            line.extend_from_slice(head);
            self.end_line(trim_end(&line), found);
        }
        rest.get(1..).unwrap_or_default()
    }

    fn end_line(&mut self, line: &[u8], found: &mut impl FnMut(Names)) {
        match self.at {
            // Empty lines before a request are allowed.
            At::RequestLine if line.is_empty() => {}
            At::RequestLine => self.at = At::HeaderLine,
            At::HeaderLine if line.is_empty() => {
                found(std::mem::take(&mut self.names));
                self.at = match std::mem::take(&mut self.body) {
                    Body::None => At::RequestLine,
                    Body::Length(length) => At::Body(length),
                    Body::Chunked => At::ChunkSize,
                };
                self.leave_body_if_over();
            }
            At::HeaderLine => self.header(line),
            At::ChunkSize => {
                let digits = line.split(|byte| *byte == b';').next().unwrap_or_default();
                let size = std::str::from_utf8(digits).ok().map(str::trim);
                let size = size.and_then(|digits| u64::from_str_radix(digits, 16).ok());
                self.at = size.map_or(At::Lost, |size| {
                    if size == 0 {
                        At::Trailer
                    } else {
                        At::Chunk(size)
                    }
                });
            }
            At::ChunkEnd => self.at = At::ChunkSize,
            At::Trailer if line.is_empty() => self.at = At::RequestLine,
            At::Trailer | At::Body(_) | At::Chunk(_) | At::Lost => {}
        }
    }

    fn header(&mut self, line: &[u8]) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            return;
        };
        let (name, value) = line.split_at(colon);
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        if name.eq_ignore_ascii_case(b"content-length") {
            let length = std::str::from_utf8(value)
                .ok()
                .and_then(|digits| digits.parse().ok());
            match length {
                Some(length) => self.body = Body::Length(length),
                None => self.at = At::Lost,
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.body = Body::Chunked;
        } else if has_capitals(name) && is_metadata(name) {
            self.names.extend(std::str::from_utf8(name).map(Into::into));
        }
    }

    fn leave_body_if_over(&mut self) {
        match self.at {
            At::Body(0) => self.at = At::RequestLine,
            At::Chunk(0) => self.at = At::ChunkEnd,
            _ => {}
        }
    }
}

/// The longest line that is followed; the HTTP library refuses heads long before.
const LINE_BYTES_MAX: usize = 1024 * 1024;

fn is_metadata(name: &[u8]) -> bool {
    let prefix = X_MS_META_PREFIX.as_bytes();
    name.get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

fn has_capitals(name: &[u8]) -> bool {
    name.iter().any(u8::is_ascii_uppercase)
}

fn trim_end(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Gives every header line that begins with one of the names, whatever its case, that spelling.
fn restore_names(answer: &mut [u8], names: &[Box<str>]) {
    for name in names.iter().map(|name| name.as_bytes()) {
        let line_length = name.len() + 3;
        let is_its_line = |window: &[u8]| {
            window.starts_with(b"\r\n")
                && window.ends_with(b":")
                && window
                    .get(2..name.len() + 2)
                    .is_some_and(|n| n.eq_ignore_ascii_case(name))
        };
        let Some(start) = answer.windows(line_length).position(is_its_line) else {
            continue;
        };
        if let Some(place) = answer.get_mut(start + 2..start + 2 + name.len()) {
            place.copy_from_slice(name);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_in(stream: &[u8], piece: usize) -> Vec<Vec<String>> {
        let mut heads = Heads::default();
        let mut found = Vec::new();
        for bytes in stream.chunks(piece) {
            heads.read(bytes, &mut |names| {
                found.push(names.into_iter().map(String::from).collect());
            });
        }
        found
    }

    #[test]
    fn each_head_gives_its_names_with_capitals_and_bodies_give_none() {
        let stream = b"PUT /a HTTP/1.1\r\nHost: x\r\nX-Ms-Meta-MyKey: 1\r\nx-ms-meta-low: 2\r\nContent-Length: 0\r\n\r\n\
            \r\nPOST /b HTTP/1.1\r\nContent-Length: 22\r\n\r\n\r\n\r\nx-ms-meta-Fake: y\r\n\
            POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nab\r\nc\r\n0\r\nx-ms-meta-Trailer: 1\r\n\r\n\
            GET /d HTTP/1.1\nx-ms-meta-LastOne: v\n\n";
        let expected = [
            vec!["X-Ms-Meta-MyKey"],
            vec![],
            vec![],
            vec!["x-ms-meta-LastOne"],
        ];
        for piece in 1..60 {
            assert_eq!(names_in(stream, piece), expected, "in pieces of {piece}");
        }
    }

    #[test]
    fn a_stream_that_makes_no_sense_is_watched_no_longer() {
        let stream = b"POST / HTTP/1.1\r\nContent-Length: ten\r\n\r\nPUT / HTTP/1.1\r\nx-ms-meta-A: 1\r\n\r\n";
        assert!(names_in(stream, 7).is_empty());
    }

    #[test]
    fn an_answer_gets_its_names_back_and_keeps_everything_else() {
        let mut answer =
            b"HTTP/1.1 200 OK\r\nx-ms-meta-mykey: mykey\r\nx-ms-meta-b: 1\r\n\r\nx-ms-meta-mykey:"
                .to_vec();
        restore_names(
            &mut answer,
            &["x-ms-meta-MyKey".into(), "x-ms-meta-Absent".into()],
        );
        let expected =
            b"HTTP/1.1 200 OK\r\nx-ms-meta-MyKey: mykey\r\nx-ms-meta-b: 1\r\n\r\nx-ms-meta-mykey:";
        assert_eq!(answer, expected);
    }
}
