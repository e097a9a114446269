//! The names of headers, and readers that say which header was wrong.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use queuerite_model::limits::CLIENT_REQUEST_ID_CHARACTERS_MAX;

use crate::WireError;

/// What every header of the service begins with; all of them are signed.
pub const X_MS_PREFIX: &str = "x-ms-";
/// The service version, of requests and of answers.
pub const X_MS_VERSION: HeaderName = HeaderName::from_static("x-ms-version");
/// When the request was signed; takes precedence over `Date`.
pub const X_MS_DATE: HeaderName = HeaderName::from_static("x-ms-date");
/// The client's name for its request, repeated in the answer.
pub const X_MS_CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-client-request-id");
/// The server's name for the request.
pub const X_MS_REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-request-id");
/// The `Code` of the error document.
pub const X_MS_ERROR_CODE: HeaderName = HeaderName::from_static("x-ms-error-code");
/// The MD5 of the body.
pub const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");
/// What stands before the name of a metadata pair.
pub const X_MS_META_PREFIX: &str = "x-ms-meta-";
/// The approximate messages count of Get Queue Metadata.
pub const X_MS_APPROXIMATE_MESSAGES_COUNT: HeaderName =
    HeaderName::from_static("x-ms-approximate-messages-count");
/// The pop receipt of Update Message.
pub const X_MS_POP_RECEIPT: HeaderName = HeaderName::from_static("x-ms-popreceipt");
/// The time next visible of Update Message.
pub const X_MS_TIME_NEXT_VISIBLE: HeaderName = HeaderName::from_static("x-ms-time-next-visible");

/// The only value of a header: sending it twice is an error, however alike.
pub fn only<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<Cow<'a, str>>, WireError> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => Ok(Some(text(value))),
        (Some(_), Some(_)) => Err(WireError::InvalidHeader {
            name: name.to_string(),
            value: joined(headers, name).unwrap_or_default().into_owned(),
        }),
    }
}

/// The values of a header in the order in which they arrived, joined with commas.
pub fn joined<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<Cow<'a, str>> {
    let mut values = headers.get_all(name).iter().map(text);
    let mut joined = values.next()?;
    for value in values {
        joined.to_mut().extend([",", &value]);
    }
    Some(joined)
}

/// A value as text without white space around it: UTF-8 if it is that, and otherwise a
/// character for each byte, as HTTP once had it.
pub fn text(value: &HeaderValue) -> Cow<'_, str> {
    let bytes = value.as_bytes().trim_ascii();
    match str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    }
}

/// The length of the body in bytes, if it is given.
pub fn content_length(headers: &HeaderMap) -> Result<Option<u64>, WireError> {
    let name = header::CONTENT_LENGTH;
    let Some(value) = only(headers, &name)? else {
        return Ok(None);
    };
    let digits = value.bytes().all(|b| b.is_ascii_digit());
    match value.parse() {
        Ok(length) if digits => Ok(Some(length)),
        _ => Err(WireError::InvalidHeader {
            name: name.to_string(),
            value: value.into_owned(),
        }),
    }
}

/// Whether the body comes in chunks, so that its length need not be given.
pub fn is_chunked(headers: &HeaderMap) -> bool {
    joined(headers, &header::TRANSFER_ENCODING).is_some_and(|codings| {
        let last = codings.rsplit(',').next().unwrap_or_default();
        last.trim().eq_ignore_ascii_case("chunked")
    })
}

/// The client request id if it is one that is repeated: at most 1,024 visible ASCII characters.
/// Any other is ignored, and no error. REST page "Troubleshooting API operations".
pub fn client_request_id(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all(X_MS_CLIENT_REQUEST_ID).iter();
    let (value, None) = (text(values.next()?), values.next()) else {
        return None;
    };
    let echoed = (1..=CLIENT_REQUEST_ID_CHARACTERS_MAX).contains(&value.len())
        && value.bytes().all(|b| b.is_ascii_graphic());
    echoed.then(|| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &[u8])]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                let value = HeaderValue::from_bytes(value).unwrap();
                (HeaderName::from_static(name), value)
            })
            .collect()
    }

    #[test]
    fn a_header_sent_twice_is_not_the_only_one() {
        let map = headers(&[("content-type", b"a"), ("content-type", b"a")]);
        assert_eq!(
            only(&map, &header::CONTENT_TYPE),
            Err(WireError::InvalidHeader {
                name: "content-type".into(),
                value: "a,a".into()
            })
        );
        assert_eq!(only(&map, &CONTENT_MD5), Ok(None));
    }

    #[test]
    fn values_are_text_in_whatever_encoding() {
        let map = headers(&[("x-ms-meta-a", "é".as_bytes()), ("x-ms-meta-b", b" \xe9 ")]);
        for name in ["x-ms-meta-a", "x-ms-meta-b"] {
            let name = HeaderName::from_static(name);
            assert_eq!(joined(&map, &name).unwrap(), "é");
        }
    }

    #[test]
    fn a_length_is_a_number_and_nothing_else() {
        let length = |value: &[u8]| content_length(&headers(&[("content-length", value)]));
        assert_eq!(length(b"72"), Ok(Some(72)));
        assert_eq!(content_length(&HeaderMap::new()), Ok(None));
        for bad in [
            &b""[..],
            b"+1",
            b"-1",
            b"1,1",
            b"0x1",
            b"99999999999999999999",
        ] {
            assert!(length(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn chunked_is_the_last_of_the_codings() {
        let chunked = |value: &[u8]| is_chunked(&headers(&[("transfer-encoding", value)]));
        assert!(chunked(b"chunked"));
        assert!(chunked(b"gzip, Chunked"));
        assert!(!chunked(b"gzip"));
        assert!(!is_chunked(&HeaderMap::new()));
    }

    #[test]
    fn a_client_request_id_is_visible_ascii_of_a_limited_length() {
        let echo = |value: &[u8]| client_request_id(&headers(&[("x-ms-client-request-id", value)]));
        assert_eq!(echo(b"7f3a-1").as_deref(), Some("7f3a-1"));
        assert_eq!(echo(&[b'a'; 1024]).map(|id| id.len()), Some(1024));
        assert_eq!(echo(&[b'a'; 1025]), None);
        assert_eq!(echo(b""), None);
        assert_eq!(echo("é".as_bytes()), None);
        assert_eq!(echo(b"a\tb"), None);
        let twice = headers(&[
            ("x-ms-client-request-id", b"a"),
            ("x-ms-client-request-id", b"b"),
        ]);
        assert_eq!(client_request_id(&twice), None);
    }
}
