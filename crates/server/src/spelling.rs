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
use std::time::Duration;

use memchr::memchr;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use crate::heads::{Heads, Names, Seen, has_capitals};

/// What is known of the spelling of names on one connection.
#[derive(Debug, Default)]
pub(crate) struct Spellings {
    /// For each head that came in and was not yet asked for: what was seen of it.
    asked: Mutex<VecDeque<Seen>>,
    /// For each answer whose head did not go out yet: its names with capitals.
    answered: Mutex<VecDeque<Names>>,
}

impl Spellings {
    /// What was seen of the next request, in the order in which requests came in. One that was
    /// not seen is one on which two readers did not agree.
    pub(crate) fn of_next_request(&self) -> Seen {
        let seen = lock(&self.asked).pop_front();
        seen.unwrap_or_else(|| Seen {
            is_ambiguous: true,
            ..Seen::default()
        })
    }

    /// Spells these names so in the next answer. Every answer has its call, names or not:
    /// several may go out at once, and each has names of its own.
    pub(crate) fn restore(&self, names: impl IntoIterator<Item = Box<str>>) {
        let names = names.into_iter();
        let names = names.filter(|name| has_capitals(name.as_bytes())).collect();
        lock(&self.answered).push_back(names);
    }
}

/// A connection whose spelling is watched, and whose heads may take only so long.
#[derive(Debug)]
pub(crate) struct Spelled<Io> {
    io: Io,
    spellings: Arc<Spellings>,
    heads: Heads,
    head_time: Duration,
    /// When the head that has begun must have ended; only for one that came in pieces.
    deadline: Option<Pin<Box<Sleep>>>,
    answers: Answers,
    /// Bytes of answers with restored names that were accepted and not yet written.
    out: Vec<u8>,
}

impl<Io> Spelled<Io> {
    pub(crate) fn new(io: Io, spellings: Arc<Spellings>, head_time: Duration) -> Self {
        Self {
            io,
            spellings,
            heads: Heads::default(),
            head_time,
            deadline: None,
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
        if Pin::new(&mut this.io)
            .poll_read(context, buffer)?
            .is_pending()
        {
            return this.poll_deadline(context);
        }
        let new = buffer.filled().get(before..).unwrap_or_default();
        this.heads.read(new, &mut |seen| {
            lock(&this.spellings.asked).push_back(seen);
        });
        if !this.heads.is_amid_head() {
            this.deadline = None;
        }
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

impl<Io> Spelled<Io> {
    /// Waits for more of a head that has begun, but not for ever.
    fn poll_deadline(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.heads.is_amid_head() {
            return Poll::Pending;
        }
        let head_time = self.head_time;
        let deadline = self
            .deadline
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(head_time)));
        ready!(deadline.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
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
            let Some(length) = memchr(end_byte, rest) else {
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
