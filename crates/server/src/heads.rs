//! What a stream of requests says that a map of headers does not: how names were spelled, and
//! whether two readers could take it for different requests.
//!
//! The HTTP library reads the same bytes and refuses most of what is malformed. Some it reads in
//! one of several ways that are allowed: two lengths, a length beside chunks, lines that end
//! without a carriage return. A proxy in front of this server may have read it in the other way,
//! and passed a second request for the body of a first. So such a head is marked, to be refused
//! whatever it asks. RFC 9112, sections 2.2, 3.2, 6.3 and 11.2.

use memchr::memchr;
use queuerite_wire::headers::X_MS_META_PREFIX;

/// Whole header names, such as `x-ms-meta-MyKey`.
pub(crate) type Names = Vec<Box<str>>;

/// What was noticed of the head of a request.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Seen {
    /// The names of metadata with capitals, as they were sent.
    pub(crate) names: Names,
    /// Whether it can be read in two ways.
    pub(crate) is_ambiguous: bool,
}

/// Follows the heads of a stream of requests, over the bodies between them.
///
/// It refuses nothing itself. Where the stream stops making sense it stops watching.
#[derive(Debug, Default)]
pub(crate) struct Heads {
    at: At,
    /// The line that has begun and not ended yet: its beginning, and its last byte.
    line: Vec<u8>,
    seen: Seen,
    body: Body,
    has_host: bool,
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

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Body {
    #[default]
    None,
    Length(u64),
    Chunked,
}

impl Heads {
    /// Reads what comes next, and gives what was seen of each head at its end.
    pub(crate) fn read(&mut self, mut bytes: &[u8], found: &mut impl FnMut(Seen)) {
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

    /// Whether a head has begun and not ended yet.
    pub(crate) const fn is_amid_head(&self) -> bool {
        match self.at {
            At::RequestLine => !self.line.is_empty(),
            At::HeaderLine => true,
            _ => false,
        }
    }

    fn read_line<'a>(&mut self, bytes: &'a [u8], found: &mut impl FnMut(Seen)) -> &'a [u8] {
        let Some(end) = memchr(b'\n', bytes) else {
            self.append(bytes);
            return &[];
        };
        let (head, rest) = bytes.split_at(end);
        if self.line.is_empty() {
            self.end_line(head, found);
        } else {
            self.append(head);
            let line = std::mem::take(&mut self.line);
            self.end_line(&line, found);
        }
        rest.get(1..).unwrap_or_default()
    }

    /// Adds to the line that has begun. Of a long one only what is looked at is kept: the name and
    /// the beginning of the value, and the byte before the line feed.
    fn append(&mut self, bytes: &[u8]) {
        let room = LINE_BYTES_KEPT.saturating_sub(self.line.len());
        let (kept, rest) = bytes.split_at(room.min(bytes.len()));
        self.line.extend_from_slice(kept);
        if let (Some(byte), Some(last)) = (rest.last(), self.line.last_mut()) {
            *last = *byte;
        }
    }

    fn end_line(&mut self, line: &[u8], found: &mut impl FnMut(Seen)) {
        let with_return = line.strip_suffix(b"\r");
        self.seen.is_ambiguous |= with_return.is_none();
        let line = with_return.unwrap_or(line);
        match self.at {
            // Empty lines before a request are allowed.
            At::RequestLine if line.is_empty() => {}
            At::RequestLine => self.at = At::HeaderLine,
            At::HeaderLine if line.is_empty() => {
                found(std::mem::take(&mut self.seen));
                self.has_host = false;
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
        let Some(colon) = memchr(b':', line) else {
            self.seen.is_ambiguous = true;
            return;
        };
        let (name, value) = line.split_at(colon);
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        // A line that goes on with the one before, or a name that some would trim.
        self.seen.is_ambiguous |= name.iter().any(u8::is_ascii_whitespace);
        if name.eq_ignore_ascii_case(b"content-length") {
            self.frame(content_length(value).map(Body::Length));
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            let is_chunked = value.eq_ignore_ascii_case(b"chunked");
            self.frame(is_chunked.then_some(Body::Chunked));
        } else if name.eq_ignore_ascii_case(b"host") {
            self.seen.is_ambiguous |= std::mem::replace(&mut self.has_host, true);
        } else if is_metadata(name) && has_capitals(name) {
            self.seen
                .names
                .extend(std::str::from_utf8(name).map(Into::into));
        }
    }

    /// A header says how long the body is. It can be said once, and in a way that is known.
    fn frame(&mut self, body: Option<Body>) {
        self.seen.is_ambiguous |= self.body != Body::None || body.is_none();
        self.body = body.unwrap_or(self.body);
    }

    fn leave_body_if_over(&mut self) {
        match self.at {
            At::Body(0) => self.at = At::RequestLine,
            At::Chunk(0) => self.at = At::ChunkEnd,
            _ => {}
        }
    }
}

/// How much of a line is kept that comes in pieces. Longer than any name of metadata.
const LINE_BYTES_KEPT: usize = 10 * 1024;

/// Digits and nothing else: no sign, which some readers allow, and no list.
fn content_length(value: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(value).ok()?;
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_number)
}

fn is_metadata(name: &[u8]) -> bool {
    let prefix = X_MS_META_PREFIX.as_bytes();
    name.get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

pub(crate) fn has_capitals(name: &[u8]) -> bool {
    name.iter().any(u8::is_ascii_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen_in(stream: &[u8], piece: usize) -> Vec<Seen> {
        let mut heads = Heads::default();
        let mut found = Vec::new();
        for bytes in stream.chunks(piece) {
            heads.read(bytes, &mut |seen| found.push(seen));
        }
        found
    }

    #[test]
    fn each_head_gives_its_names_with_capitals_and_bodies_give_none() {
        let stream = b"PUT /a HTTP/1.1\r\nHost: x\r\nX-Ms-Meta-MyKey: 1\r\nx-ms-meta-low: 2\r\nContent-Length: 0\r\n\r\n\
            \r\nPOST /b HTTP/1.1\r\nContent-Length: 23\r\n\r\n\r\n\r\nx-ms-meta-Fake: y\r\n\
            POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nab\r\nc\r\n0\r\nx-ms-meta-Trailer: 1\r\n\r\n\
            GET /d HTTP/1.1\r\nx-ms-meta-LastOne: v\r\n\r\n";
        let expected = [
            vec!["X-Ms-Meta-MyKey"],
            vec![],
            vec![],
            vec!["x-ms-meta-LastOne"],
        ];
        for piece in 1..60 {
            let seen = seen_in(stream, piece);
            let names: Vec<Vec<&str>> = seen
                .iter()
                .map(|seen| seen.names.iter().map(AsRef::as_ref).collect())
                .collect();
            assert_eq!(names, expected, "in pieces of {piece}");
            assert!(seen.iter().all(|seen| !seen.is_ambiguous));
        }
    }

    #[test]
    fn a_head_that_can_be_read_in_two_ways_is_marked_and_the_next_is_not() {
        for lines in [
            "Content-Length: 0\r\nContent-Length: 0\r\n",
            "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Content-Length: +0\r\n",
            "Content-Length: 0, 0\r\n",
            "Content-Length: \r\n",
            "X: 1\n",
            "X: 1\r\n folded\r\n",
            "X : 1\r\n",
            "no colon\r\n",
            "Host: a\r\nHost: a\r\n",
        ] {
            let stream = format!("PUT / HTTP/1.1\r\n{lines}\r\n");
            for piece in 1..40 {
                let seen = seen_in(stream.as_bytes(), piece);
                assert_eq!(seen.len(), 1, "{lines:?}");
                assert!(seen[0].is_ambiguous, "{lines:?}");
            }
        }
        let stream = b"GET / HTTP/1.1\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n";
        let marks: Vec<bool> = seen_in(stream, 5)
            .iter()
            .map(|seen| seen.is_ambiguous)
            .collect();
        assert_eq!(marks, [true, false]);
    }

    #[test]
    fn of_a_long_line_the_name_and_the_end_are_seen() {
        let long = "x".repeat(100_000);
        for (end, is_ambiguous) in [("\r\n", false), ("\n", true)] {
            let stream = format!("PUT / HTTP/1.1\r\nx-ms-meta-Name: {long}{end}\r\n");
            let expected = Seen {
                names: vec!["x-ms-meta-Name".into()],
                is_ambiguous,
            };
            for piece in [1000, 4096, 99_999, 1_000_000] {
                let seen = seen_in(stream.as_bytes(), piece);
                assert_eq!(seen, std::slice::from_ref(&expected));
            }
        }
    }

    #[test]
    fn a_head_is_amid_from_its_first_byte_to_its_last() {
        let mut heads = Heads::default();
        let mut amid_after = |text: &str| {
            heads.read(text.as_bytes(), &mut |_| {});
            heads.is_amid_head()
        };
        assert!(!amid_after("\r\n"));
        assert!(amid_after("G"));
        assert!(amid_after("ET / HTTP/1.1\r\n"));
        assert!(amid_after("Content-Length: 1\r\n"));
        assert!(!amid_after("\r\n"));
        assert!(!amid_after("x"));
        assert!(amid_after("G"));
    }
}
