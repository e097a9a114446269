//! Answers, read as far as a script needs them.

use std::ops::Range;

use memchr::memmem;
use thiserror::Error;

/// A whole answer in a buffer.
#[derive(Debug)]
pub struct Answer<'a> {
    /// The status code.
    pub status: u16,
    /// The head, from the status line to the empty line.
    pub head: &'a [u8],
    /// The body, as it was sent.
    pub body: &'a [u8],
}

/// Why bytes are no answer.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("this is no answer: {0}")]
pub struct NotHttp(String);

impl<'a> Answer<'a> {
    /// The answer at the beginning of `bytes`, and how long it is; `None` while some of it is
    /// missing.
    pub fn read(bytes: &'a [u8]) -> Result<Option<(Self, usize)>, NotHttp> {
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut parsed = httparse::Response::new(&mut headers);
        let status = parsed.parse(bytes).map_err(|e| NotHttp(e.to_string()))?;
        let httparse::Status::Complete(head) = status else {
            return Ok(None);
        };
        let header = |name: &str| {
            let mut all = parsed.headers.iter();
            let found = all.find(|header| header.name.eq_ignore_ascii_case(name));
            found.map_or(&b""[..], |header| header.value)
        };
        let status = parsed.code.unwrap_or_default();
        let rest = bytes.get(head..).unwrap_or_default();
        let length = if header("transfer-encoding") == b"chunked" {
            chunked_bytes(rest)?
        } else {
            let length = std::str::from_utf8(header("content-length")).unwrap_or_default();
            Some(length.parse().unwrap_or(0))
        };
        let body = length.and_then(|length| rest.get(..length));
        Ok(body.map(|body| {
            let head = bytes.get(..head).unwrap_or_default();
            let length = head.len() + body.len();
            (Self { status, head, body }, length)
        }))
    }

    /// The texts of the elements of this name, in order.
    pub fn elements(&self, name: &str) -> impl Iterator<Item = &'a str> {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        let mut rest = self.body;
        std::iter::from_fn(move || {
            let range = between(rest, open.as_bytes(), close.as_bytes())?;
            let text = rest.get(range.clone()).unwrap_or_default();
            rest = rest.get(range.end..).unwrap_or_default();
            std::str::from_utf8(text).ok()
        })
    }

    /// The value of a header of an answer that has it in this spelling.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        let range = between(self.head, format!("\n{name}: ").as_bytes(), b"\r")?;
        std::str::from_utf8(self.head.get(range)?).ok()
    }
}

fn between(bytes: &[u8], open: &[u8], close: &[u8]) -> Option<Range<usize>> {
    let start = memmem::find(bytes, open)? + open.len();
    let end = memmem::find(bytes.get(start..)?, close)?;
    Some(start..start + end)
}

/// How long a chunked body is, with everything around its chunks. Nobody here looks into one.
fn chunked_bytes(mut rest: &[u8]) -> Result<Option<usize>, NotHttp> {
    let all = rest.len();
    loop {
        let size = httparse::parse_chunk_size(rest).map_err(|e| NotHttp(e.to_string()))?;
        let httparse::Status::Complete((start, size)) = size else {
            return Ok(None);
        };
        let chunk = start + usize::try_from(size).unwrap_or(usize::MAX) + 2;
        let Some(after) = rest.get(chunk..) else {
            return Ok(None);
        };
        rest = after;
        if size == 0 {
            return Ok(Some(all - rest.len()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &[u8] = b"HTTP/1.1 201 Created\r\nx-ms-popreceipt: abc\r\n\
        Content-Length: 30\r\n\r\n<L><Id>one</Id><Id>two</Id></L>HTTP/1.1";

    #[test]
    fn an_answer_is_read_when_it_is_whole() {
        let whole = PLAIN.len() - 9;
        for length in 0..whole {
            assert!(Answer::read(&PLAIN[..length]).unwrap().is_none());
        }
        let (answer, length) = Answer::read(PLAIN).unwrap().unwrap();
        assert_eq!((answer.status, length), (201, whole));
        assert_eq!(answer.header("x-ms-popreceipt"), Some("abc"));
        assert_eq!(answer.header("x-ms-other"), None);
        assert_eq!(answer.elements("Id").collect::<Vec<_>>(), ["one", "two"]);
        assert_eq!(answer.elements("Other").count(), 0);
    }

    #[test]
    fn a_chunked_answer_is_read_to_its_last_chunk() {
        let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
            5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nHTTP";
        for length in 0..chunked.len() - 4 {
            assert!(Answer::read(&chunked[..length]).unwrap().is_none());
        }
        let (answer, length) = Answer::read(chunked).unwrap().unwrap();
        assert_eq!((answer.status, length), (200, chunked.len() - 4));
    }

    #[test]
    fn what_is_not_http_is_said() {
        assert!(Answer::read(b"SSH-2.0-OpenSSH").is_err());
    }
}
