//! The strings to sign of `SharedKey` and `SharedKeyLite`. REST page "Authorize with Shared
//! Key", which reads line by line as this does.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, header};

use super::Scheme;
use super::canonical::{
    Reading, canonicalized_headers, canonicalized_resource, canonicalized_resource_lite,
};
use crate::headers::{self, CONTENT_MD5, X_MS_DATE};
use crate::{Head, WireError};

/// What the client should have signed. A standard header that is sent twice has no line that it
/// could stand in, so it is an error.
pub(super) fn string_to_sign(
    scheme: Scheme,
    head: &Head,
    headers: &HeaderMap,
    reading: Reading,
) -> Result<String, WireError> {
    match scheme {
        Scheme::SharedKey if !head.version.shared_key_is_short() => {
            shared_key(head, headers, reading)
        }
        Scheme::SharedKey | Scheme::SharedKeyLite => shared_key_lite(head, headers, reading),
    }
}

/// The string of `SharedKey` since 2009-09-19.
fn shared_key(head: &Head, headers: &HeaderMap, reading: Reading) -> Result<String, WireError> {
    let canonicalized = canonicalized_headers(headers, head.version, reading)
        + &canonicalized_resource(head, reading);
    Ok([
        /* VERB */ verb(head),
        /* Content-Encoding */ line(headers, &header::CONTENT_ENCODING)?,
        /* Content-Language */ line(headers, &header::CONTENT_LANGUAGE)?,
        /* Content-Length */ content_length(head, headers)?,
        /* Content-MD5 */ line(headers, &CONTENT_MD5)?,
        /* Content-Type */ line(headers, &header::CONTENT_TYPE)?,
        /* Date */ date(headers)?,
        /* If-Modified-Since */ line(headers, &header::IF_MODIFIED_SINCE)?,
        /* If-Match */ line(headers, &header::IF_MATCH)?,
        /* If-None-Match */ line(headers, &header::IF_NONE_MATCH)?,
        /* If-Unmodified-Since */ line(headers, &header::IF_UNMODIFIED_SINCE)?,
        /* Range */ line(headers, &header::RANGE)?,
        /* CanonicalizedHeaders and CanonicalizedResource */ canonicalized.into(),
    ]
    .join("\n"))
}

/// The string of `SharedKeyLite`, and of `SharedKey` before 2009-09-19.
fn shared_key_lite(
    head: &Head,
    headers: &HeaderMap,
    reading: Reading,
) -> Result<String, WireError> {
    let canonicalized = canonicalized_headers(headers, head.version, reading)
        + &canonicalized_resource_lite(head, reading);
    Ok([
        /* VERB */ verb(head),
        /* Content-MD5 */ line(headers, &CONTENT_MD5)?,
        /* Content-Type */ line(headers, &header::CONTENT_TYPE)?,
        /* Date */ date(headers)?,
        /* CanonicalizedHeaders and CanonicalizedResource */ canonicalized.into(),
    ]
    .join("\n"))
}

fn verb(head: &Head) -> Cow<'_, str> {
    head.method.as_str().to_ascii_uppercase().into()
}

/// A length of zero is an empty line, but was not always. A body in chunks has no length.
fn content_length<'a>(head: &Head, headers: &'a HeaderMap) -> Result<Cow<'a, str>, WireError> {
    let length = line(headers, &header::CONTENT_LENGTH)?;
    if length == "0" && head.version.zero_content_length_signs_empty() {
        return Ok(Cow::default());
    }
    Ok(length)
}

/// Empty if `x-ms-date` is sent, which is signed among the canonicalized headers.
fn date(headers: &HeaderMap) -> Result<Cow<'_, str>, WireError> {
    let date = line(headers, &header::DATE)?;
    if headers.contains_key(X_MS_DATE) {
        return Ok(Cow::default());
    }
    Ok(date)
}

fn line<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Cow<'a, str>, WireError> {
    headers::only(headers, name).map(Option::unwrap_or_default)
}
