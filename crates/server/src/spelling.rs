//! The spelling of metadata names, which HTTP does not keep and the service does.
//!
//! `x-ms-meta-MyKey` is stored, listed and returned as `MyKey`, but header maps fold names to
//! lower case. So a connection is watched on its way in and out: each request's head is read
//! for names with capitals, and each answer's head has its names put back. A name keeps its
//! length, so nothing else of the answer moves; and no body of ours holds a raw carriage
//! return, so the first one after a body belongs to the next head.

use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use queuerite_wire::headers::X_MS_META_PREFIX;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What is known of the spelling of names on one connection.
#[derive(Debug, Default)]
pub(crate) struct Spellings {
    /// For each head that came in and was not yet asked for: its names with capitals.
    asked: Mutex<VecDeque<Names>>,
    /// For each answer whose head did not go out yet: its names with capitals.
    answered: Mutex<VecDeque<Names>>,
}

/// Whole header names, such as `x-ms-meta-MyKey`.
pub(crate) type Names = Vec<Box<str>>;

impl Spellings {
    /// The names with capitals of the next request, in the order in which requests came in.
    pub(crate) fn of_next_request(&self) -> Names {
        lock(&self.asked).pop_front().unwrap_or_default()
    }

    /// Spells these names so in the next answer. Every answer has its call, names or not:
    /// several may go out at once, and each has names of its own.
    pub(crate) fn restore(&self, names: impl IntoIterator<Item = Box<str>>) {
        let names = names.into_iter();
        let names = names.filter(|name| has_capitals(name.as_bytes())).collect();
        lock(&self.answered).push_back(names);
    }
}

/// A connection whose spelling is watched.
#[derive(Debug)]
pub(crate) struct Spelled<Io> {
    io: Io,
    spellings: Arc<Spellings>,
    heads: Heads,
    answers: Answers,
    /// Bytes of answers with restored names that were accepted and not yet written.
    out: Vec<u8>,
}

impl<Io> Spelled<Io> {
    pub(crate) fn new(io: Io, spellings: Arc<Spellings>) -> Self {
        Self {
            io,
            spellings,
            heads: Heads::default(),
            answers: Answers::default(),
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
        let this = &mut *self;
        let mut answered = lock(&this.spellings.answered);
        if answered.iter().all(Vec::is_empty) {
            let written = ready!(Pin::new(&mut this.io).poll_write(context, bytes))?;
            let accepted = bytes.get(..written).unwrap_or_default();
            this.answers.read(accepted, &mut answered, &mut |_, _| {});
            return Poll::Ready(Ok(written));
        }
        // Taken as a whole, because a head that is cut in two could not be corrected. (Since this
        // is not vectored, heads and their bodies come in one piece.)
        let out = &mut this.out;
        out.extend_from_slice(bytes);
        this.answers.read(bytes, &mut answered, &mut |line, names| {
            if let Some(line) = out.get_mut(line) {
                restore_name(line, names);
            }
        });
        Poll::Ready(Ok(bytes.len()))
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
            match (length, self.body) {
                // Chunks count for more than a length.
                (Some(_), Body::Chunked) => {}
                (Some(length), _) => self.body = Body::Length(length),
                (None, _) => self.at = At::Lost,
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

/// Follows the heads of a stream of answers.
#[derive(Debug, Default)]
struct Answers {
    at: Out,
    /// Bytes of the line that has begun and not ended yet.
    line_length: usize,
    /// The names of the answer whose head goes out.
    names: Names,
}

#[derive(Clone, Copy, Debug, Default)]
enum Out {
    /// In a body, or in the status line after it.
    #[default]
    Body,
    EndOfStatusLine,
    FirstHeaderLine,
    HeaderLine,
}

impl Answers {
    /// Gives the place of each header line to `found`, with the names of its answer.
    fn read(
        &mut self,
        bytes: &[u8],
        answered: &mut VecDeque<Names>,
        found: &mut impl FnMut(Range<usize>, &Names),
    ) {
        let mut start = 0;
        while let Some(rest) = bytes.get(start..).filter(|rest| !rest.is_empty()) {
            let end_byte = match self.at {
                Out::Body => b'\r',
                _ => b'\n',
            };
            let Some(length) = rest.iter().position(|byte| *byte == end_byte) else {
                self.line_length += rest.len();
                return;
            };
            let line_length = std::mem::take(&mut self.line_length) + length;
            // An empty line still has its carriage return.
            let is_empty = line_length <= 1;
            self.at = match self.at {
                Out::Body => Out::EndOfStatusLine,
                Out::EndOfStatusLine => Out::FirstHeaderLine,
                Out::FirstHeaderLine | Out::HeaderLine if is_empty => Out::Body,
                at => {
                    // An interim answer has no header lines, and no names.
                    if matches!(at, Out::FirstHeaderLine) {
                        self.names = answered.pop_front().unwrap_or_default();
                    }
                    found(start..start + length, &self.names);
                    Out::HeaderLine
                }
            };
            start += length + 1;
        }
    }
}

/// Gives a header line that begins with one of the names, whatever its case, that spelling.
fn restore_name(line: &mut [u8], names: &Names) {
    let length = line.iter().position(|byte| *byte == b':').unwrap_or(0);
    let Some(place) = line.get_mut(..length) else {
        return;
    };
    let name = names.iter().map(|name| name.as_bytes());
    if let Some(name) = name
        .into_iter()
        .find(|name| name.eq_ignore_ascii_case(place))
    {
        place.copy_from_slice(name);
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

    /// What goes out when these answers were given and `stream` is written in pieces.
    fn written(answers: &[&[&str]], stream: &[u8], piece: usize) -> String {
        let mut waiting: VecDeque<Names> = answers
            .iter()
            .map(|names| names.iter().map(|name| Box::from(*name)).collect())
            .collect();
        let mut answers = Answers::default();
        let mut out = Vec::new();
        for bytes in stream.chunks(piece) {
            let before = out.len();
            out.extend_from_slice(bytes);
            let new = &mut out[before..];
            answers.read(bytes, &mut waiting, &mut |line, names| {
                restore_name(&mut new[line], names);
            });
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn an_answer_gets_its_names_back_and_keeps_everything_else() {
        let answer =
            b"HTTP/1.1 200 OK\r\nx-ms-meta-mykey: mykey\r\nx-ms-meta-b: 1\r\n\r\nx-ms-meta-mykey:";
        let names: &[&str] = &["x-ms-meta-MyKey", "x-ms-meta-Absent"];
        let expected =
            "HTTP/1.1 200 OK\r\nx-ms-meta-MyKey: mykey\r\nx-ms-meta-b: 1\r\n\r\nx-ms-meta-mykey:";
        assert_eq!(written(&[names], answer, 1000), expected);
    }

    #[test]
    fn answers_that_go_out_together_keep_their_names_apart() {
        let answers =
            b"HTTP/1.1 200 OK\r\nx-ms-meta-mykey: a\r\ncontent-length: 9\r\n\r\n<a>\n\n</a>\
            HTTP/1.1 100 Continue\r\n\r\n\
            HTTP/1.1 200 OK\r\nx-ms-meta-mykey: b\r\n\r\n\
            HTTP/1.1 204 No Content\r\nx-ms-meta-mykey: c\r\n\r\n\
            HTTP/1.1 200 OK\r\nx-ms-meta-mykey: d\r\n\r\n";
        let names: &[&[&str]] = &[
            &["x-ms-meta-MyKey"],
            &[],
            &["x-ms-meta-MYKEY"],
            &["x-ms-meta-MyKey"],
        ];
        let expected = "HTTP/1.1 200 OK\r\nx-ms-meta-MyKey: a\r\ncontent-length: 9\r\n\r\n<a>\n\n</a>\
            HTTP/1.1 100 Continue\r\n\r\n\
            HTTP/1.1 200 OK\r\nx-ms-meta-mykey: b\r\n\r\n\
            HTTP/1.1 204 No Content\r\nx-ms-meta-MYKEY: c\r\n\r\n\
            HTTP/1.1 200 OK\r\nx-ms-meta-MyKey: d\r\n\r\n";
        assert_eq!(written(names, answers, 10_000), expected);
        // Whoever follows in pieces still counts the heads; lines that are cut stay as they are.
        for piece in 1..60 {
            let pieces = written(names, answers, piece);
            assert!(
                pieces.eq_ignore_ascii_case(expected),
                "in pieces of {piece}"
            );
        }
    }
}
