//! The access log: a line of Apache's common format on stdout for each answered request.
//!
//! A line is formatted where the request ends and handed to the thread that owns stdout (see
//! [`console`]), so that a slow terminal never slows a request: if the reader stops, lines are
//! dropped and counted rather than waited for.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use chrono::DateTime;
use http::request::Parts;
use http::{Method, StatusCode, Version};
use queuerite_model::Timestamp;
use queuerite_wire::Response;

use crate::ambient::wall_clock;
use crate::console;

/// A request that has been answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    /// Who asked.
    pub(crate) remote: IpAddr,
    /// When it was answered.
    pub(crate) at: Timestamp,
    /// What was asked for.
    pub(crate) method: &'a Method,
    /// Path and query as they were sent; signatures are taken out here.
    pub(crate) url: &'a str,
    /// The version of HTTP.
    pub(crate) version: Version,
    /// What was answered.
    pub(crate) status: StatusCode,
    /// Bytes of the body, if that is known.
    pub(crate) length: Option<u64>,
}

/// Writes the line of a request.
fn write(entry: &Entry<'_>) {
    console::offer(line(entry));
}

/// Writes the line of a request that was just answered.
pub(crate) fn write_answer(remote: SocketAddr, parts: &Parts, response: &Response) {
    write(&Entry {
        remote: remote.ip(),
        at: wall_clock(),
        method: &parts.method,
        url: parts.uri.path_and_query().map_or("", |url| url.as_str()),
        version: parts.version,
        status: response.status,
        length: Some(response.body.len() as u64),
    });
}

/// The line of a request.
fn line(entry: &Entry<'_>) -> String {
    let Entry {
        remote,
        at,
        method,
        url,
        version,
        status,
        length,
    } = *entry;
    let date = DateTime::from_timestamp(at.unix_seconds(), 0).unwrap_or_default();
    let date = date.format("%d/%b/%Y:%H:%M:%S +0000");
    let url = redacted(url);
    let url = quotable(&url);
    let status = status.as_u16();
    let length = length.map_or_else(|| "-".to_owned(), |length| length.to_string());
    format!("{remote} - - [{date}] \"{method} {url} {version:?}\" {status} {length}")
}

/// A URL that may be logged: the values of all query parameters `sig` are replaced by `*****`.
pub(crate) fn redacted(url: &str) -> Cow<'_, str> {
    let Some((path, query)) = url.split_once('?') else {
        return Cow::Borrowed(url);
    };
    let is_secret = |pair: &str| {
        let name = pair.split_once('=').map(|(name, _)| name);
        name.is_some_and(is_signature)
    };
    if !query.split('&').any(is_secret) {
        return Cow::Borrowed(url);
    }
    let mut clean = String::with_capacity(url.len());
    clean.push_str(path);
    let mut separator = '?';
    for pair in query.split('&') {
        clean.push(separator);
        match pair.split_once('=') {
            Some((name, _)) if is_signature(name) => {
                clean.push_str(name);
                clean.push_str("=*****");
            }
            _ => clean.push_str(pair),
        }
        separator = '&';
    }
    Cow::Owned(clean)
}

/// Whether a query parameter's name says `sig`, in any case, escaped or not.
fn is_signature(name: &str) -> bool {
    let mut bytes = name.bytes();
    let mut decoded = std::iter::from_fn(|| match bytes.next()? {
        b'%' => {
            let high = char::from(bytes.next()?).to_digit(16)?;
            let low = char::from(bytes.next()?).to_digit(16)?;
            u8::try_from(high << 4 | low).ok()
        }
        byte => Some(byte),
    });
    let found = b"sig".iter().all(|letter| {
        decoded
            .next()
            .is_some_and(|byte| byte.eq_ignore_ascii_case(letter))
    });
    found && decoded.next().is_none()
}

/// A URL between quotation marks ends where it should.
fn quotable(url: &str) -> Cow<'_, str> {
    if !url.contains(|c: char| c == '"' || c.is_control()) {
        return Cow::Borrowed(url);
    }
    let escaped = url.chars().map(|c| match c {
        '"' => "%22".to_owned(),
        c if c.is_control() => format!("%{:02X}", u32::from(c)),
        c => c.to_string(),
    });
    Cow::Owned(escaped.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(url: &str) -> Entry<'_> {
        Entry {
            remote: "127.0.0.1".parse().unwrap(),
            at: Timestamp::from_unix(1_795_329_584, 999_000_000),
            method: &Method::PUT,
            url,
            version: Version::HTTP_11,
            status: StatusCode::CREATED,
            length: None,
        }
    }

    #[test]
    fn a_line_has_apaches_common_format() {
        assert_eq!(
            line(&entry("/devstoreaccount1/que1")),
            "127.0.0.1 - - [22/Nov/2026:06:39:44 +0000] \
             \"PUT /devstoreaccount1/que1 HTTP/1.1\" 201 -"
        );
    }

    #[test]
    fn a_known_length_and_an_ipv6_address_are_printed_as_they_are() {
        let entry = Entry {
            remote: "::ffff:10.0.0.7".parse().unwrap(),
            method: &Method::GET,
            version: Version::HTTP_10,
            status: StatusCode::OK,
            length: Some(512),
            ..entry("/a?comp=list")
        };
        assert_eq!(
            line(&entry),
            "::ffff:10.0.0.7 - - [22/Nov/2026:06:39:44 +0000] \
             \"GET /a?comp=list HTTP/1.0\" 200 512"
        );
    }

    #[test]
    fn the_day_has_two_digits() {
        let entry = Entry {
            at: Timestamp::from_unix(0, 0),
            ..entry("/")
        };
        assert!(line(&entry).contains("[01/Jan/1970:00:00:00 +0000]"));
    }

    #[test]
    fn a_signature_is_never_shown() {
        for (url, expected) in [
            ("/a/q?sig=abc%3D", "/a/q?sig=*****"),
            ("/a/q?sig=abc&sv=2019", "/a/q?sig=*****&sv=2019"),
            ("/a/q?sv=2019&sig=abc", "/a/q?sv=2019&sig=*****"),
            ("/a/q?sv=1&SIG=abc&se=2", "/a/q?sv=1&SIG=*****&se=2"),
            ("/a/q?Sig=a&sIg=b", "/a/q?Sig=*****&sIg=*****"),
            ("/a/q?%73%49g=abc", "/a/q?%73%49g=*****"),
            ("/a/q?sig=a=b==", "/a/q?sig=*****"),
            ("/a/q?sig=a?sig=b", "/a/q?sig=*****"),
            ("/a/q?&&sig=a&", "/a/q?&&sig=*****&"),
            ("http://h/a/q?sig=a", "http://h/a/q?sig=*****"),
        ] {
            assert_eq!(redacted(url), expected);
            assert!(line(&entry(url)).contains(&format!(" {expected} ")));
        }
    }

    #[test]
    fn what_is_no_signature_stays() {
        for url in [
            "/a/sig=abc",
            "/a/q",
            "/a/q?",
            "/a/q?sig",
            "/a/q?sigs=abc&asig=b&si=policy",
            "/a/q?%=1&%7=2&%zz=3&=sig",
            "/a/q?comp=sig=1",
        ] {
            assert_eq!(redacted(url), url);
        }
    }

    #[test]
    fn a_url_cannot_end_the_quotation_or_the_line() {
        assert!(line(&entry("/a\"b\r\nc")).contains(" /a%22b%0D%0Ac "));
    }
}
