//! A request as text, which is how it stands in the corpus.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use queuerite_model::{AccountKey, Timestamp};
use queuerite_testkit::{ACCOUNT, KEY};
use queuerite_wire::{AccountKeys, Circumstances, Head, HeadError, HeadOptions, StorageService};

/// A request: a line with method and URL, header lines, an empty line, and the body.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    /// The names of the headers as they are written.
    pub(crate) spelled: Vec<Box<str>>,
    pub(crate) body: Bytes,
}

impl Request {
    /// Reads a request; lines that HTTP would not take are left out, and without a first line
    /// there is no request.
    pub(crate) fn read(text: &[u8]) -> Option<Self> {
        let mut rest = text;
        let mut first = line(&mut rest)?.split(|byte| *byte == b' ');
        let method = Method::from_bytes(first.next()?).ok()?;
        let uri = Uri::try_from(first.next()?).ok()?;
        let mut headers = HeaderMap::new();
        let mut spelled = Vec::new();
        while let Some(header) = line(&mut rest).filter(|header| !header.is_empty()) {
            let Some(colon) = header.iter().position(|byte| *byte == b':') else {
                continue;
            };
            let name = HeaderName::from_bytes(&header[..colon]);
            let value = HeaderValue::from_bytes(header[colon + 1..].trim_ascii());
            if let (Ok(name), Ok(value)) = (name, value) {
                headers.append(name, value);
                spelled.push(String::from_utf8_lossy(&header[..colon]).into());
            }
        }
        Some(Self {
            method,
            uri,
            headers,
            spelled,
            body: Bytes::copy_from_slice(rest),
        })
    }

    /// Reads two requests that a line `--- other` separates.
    pub(crate) fn read_two(text: &[u8]) -> Option<(Self, Option<Self>)> {
        let between = text.windows(OTHER.len()).position(|window| window == OTHER);
        let Some(between) = between else {
            return Some((Self::read(text)?, None));
        };
        let other = Self::read(&text[between + OTHER.len()..]);
        Some((Self::read(&text[..between])?, other))
    }

    pub(crate) fn head(&self, options: HeadOptions) -> Result<Head, HeadError> {
        Head::parse(&self.method, &self.uri, &self.headers, options, &is_served)
    }

    /// The same request with another query.
    pub(crate) fn with_query(&self, query: &str) -> Option<Self> {
        let mut parts = self.uri.clone().into_parts();
        let path_and_query = format!("{}?{query}", self.uri.path());
        parts.path_and_query = Some(path_and_query.parse().ok()?);
        Some(Self {
            uri: Uri::from_parts(parts).ok()?,
            ..self.clone()
        })
    }

    pub(crate) fn set(&mut self, name: &'static str, value: &str) {
        self.headers.insert(name, value.parse().unwrap());
    }
}

/// The accounts whose requests are read: one with a key, and one whose name begins as that of
/// the other does.
pub(crate) fn is_served(account: &str) -> bool {
    account == ACCOUNT || account == "dev"
}

/// The keys of either account.
pub(crate) fn keys() -> AccountKeys {
    AccountKeys::new(&[AccountKey::new(BASE64_STANDARD.decode(KEY).unwrap())])
}

pub(crate) const LENIENT: HeadOptions = HeadOptions {
    strict: false,
    any_version: false,
    host_style: true,
};

/// Monday, 5 October 2026, at noon.
pub(crate) const NOON: Timestamp = Timestamp::from_unix(1_791_201_600, 0);

pub(crate) fn circumstances() -> Circumstances {
    Circumstances {
        service: StorageService::Queue,
        now: NOON,
        source: [127, 0, 0, 1].into(),
        is_https: false,
        takes_tokens: true,
        strict: false,
        any_version: false,
        any_source: false,
    }
}

fn line<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    if rest.is_empty() {
        return None;
    }
    let end = rest.iter().position(|byte| *byte == b'\n');
    let (line, after) = rest.split_at(end.unwrap_or(rest.len()));
    *rest = after.get(1..).unwrap_or_default();
    Some(line.strip_suffix(b"\r").unwrap_or(line))
}

const OTHER: &[u8] = b"\n--- other\n";
