//! The strings to sign of `SharedKey` and `SharedKeyLite`. REST page "Authorize with Shared
//! Key", which reads line by line as this does.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, header};

use super::Scheme;
use super::canonical::{
    Reading, canonicalized_headers, canonicalized_resource, canonicalized_resource_lite,
};
use crate::headers::{self, CONTENT_MD5, X_MS_DATE};
use crate::{Head, StorageService, WireError};

/// What the client should have signed. A standard header that is sent twice has no line that it
/// could stand in, so it is an error.
pub(super) fn string_to_sign(
    scheme: Scheme,
    service: StorageService,
    head: &Head,
    headers: &HeaderMap,
    reading: Reading,
) -> Result<String, WireError> {
    match scheme {
        _ if service == StorageService::Table => table(scheme, head, headers, reading),
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

/// The strings of the table service, which signs the date by itself and no other header of ours.
fn table(
    scheme: Scheme,
    head: &Head,
    headers: &HeaderMap,
    reading: Reading,
) -> Result<String, WireError> {
    let date = match headers::only(headers, &X_MS_DATE)? {
        Some(date) => date,
        None => line(headers, &header::DATE)?,
    };
    let resource = canonicalized_resource_lite(head, reading);
    Ok(match scheme {
        Scheme::SharedKey => [
            /* VERB */ verb(head),
            /* Content-MD5 */ line(headers, &CONTENT_MD5)?,
            /* Content-Type */ line(headers, &header::CONTENT_TYPE)?,
            /* Date */ date,
            /* CanonicalizedResource */ resource.into(),
        ]
        .join("\n"),
        Scheme::SharedKeyLite => [date, resource.into()].join("\n"),
    })
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

#[cfg(test)]
mod tests {
    use http::{HeaderValue, Method, Uri};

    use super::*;
    use crate::HeadOptions;

    fn string(
        scheme: Scheme,
        version: &'static str,
        pairs: &[(&'static str, &'static str)],
    ) -> Result<String, WireError> {
        string_of(StorageService::Queue, scheme, version, pairs)
    }

    fn string_of(
        service: StorageService,
        scheme: Scheme,
        version: &'static str,
        pairs: &[(&'static str, &'static str)],
    ) -> Result<String, WireError> {
        let mut headers = HeaderMap::new();
        headers.insert("x-ms-version", HeaderValue::from_static(version));
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        let options = HeadOptions {
            strict: false,
            any_version: false,
            host_style: false,
        };
        let uri = Uri::from_static("/a/q?timeout=3");
        let head = Head::parse(&Method::PUT, &uri, &headers, options, &|name| name == "a").unwrap();
        let reading = Reading::all().next().unwrap();
        string_to_sign(scheme, service, &head, &headers, reading)
    }

    const ALL: &[(&str, &str)] = &[
        ("content-encoding", "encoding"),
        ("content-language", "language"),
        ("content-length", "72"),
        ("content-md5", "md5"),
        ("content-type", "type"),
        ("date", "date"),
        ("if-modified-since", "if-modified-since"),
        ("if-match", "if-match"),
        ("if-none-match", "if-none-match"),
        ("if-unmodified-since", "if-unmodified-since"),
        ("range", "range"),
    ];

    #[test]
    fn the_long_form_has_twelve_lines_before_the_headers() {
        assert_eq!(
            string(Scheme::SharedKey, "2009-09-19", ALL).unwrap(),
            "PUT\nencoding\nlanguage\n72\nmd5\ntype\ndate\nif-modified-since\nif-match\n\
             if-none-match\nif-unmodified-since\nrange\n\
             x-ms-version:2009-09-19\n/a/a/q\ntimeout:3"
        );
        assert_eq!(
            string(Scheme::SharedKey, "2026-04-06", &[]).unwrap(),
            "PUT\n\n\n\n\n\n\n\n\n\n\n\nx-ms-version:2026-04-06\n/a/a/q\ntimeout:3"
        );
    }

    #[test]
    fn the_lite_form_has_four_and_was_once_the_only_one() {
        let lite = "PUT\nmd5\ntype\ndate\nx-ms-version:2009-07-17\n/a/a/q";
        for scheme in [Scheme::SharedKey, Scheme::SharedKeyLite] {
            assert_eq!(string(scheme, "2009-07-17", ALL).unwrap(), lite);
        }
        assert_eq!(
            string(Scheme::SharedKeyLite, "2026-04-06", ALL).unwrap(),
            lite.replace("2009-07-17", "2026-04-06")
        );
    }

    #[test]
    fn the_date_is_signed_once() {
        let both = [("date", "one"), ("x-ms-date", "two")];
        for scheme in [Scheme::SharedKey, Scheme::SharedKeyLite] {
            let signed = string(scheme, "2026-04-06", &both).unwrap();
            assert!(!signed.contains("one"));
            assert!(signed.contains("\nx-ms-date:two\n"));
        }
    }

    #[test]
    fn a_length_of_zero_was_signed_until_2015() {
        let zero = [("content-length", "0")];
        let old = string(Scheme::SharedKey, "2014-02-14", &zero).unwrap();
        assert_eq!(old.lines().nth(3), Some("0"));
        let new = string(Scheme::SharedKey, "2015-02-21", &zero).unwrap();
        assert_eq!(new.lines().nth(3), Some(""));
    }

    #[test]
    fn a_standard_header_that_is_sent_twice_is_refused() {
        for (name, _) in ALL {
            let twice = [(*name, "a"), (*name, "b")];
            let error = WireError::InvalidHeader {
                name: (*name).to_owned(),
                value: "a,b".into(),
            };
            let long = string(Scheme::SharedKey, "2026-04-06", &twice);
            assert_eq!(long, Err(error));
        }
    }

    #[test]
    fn tables_sign_the_date_and_hardly_anything_else() {
        let both = [
            ("x-ms-date", "x-date"),
            ("date", "date"),
            ("content-type", "t"),
        ];
        let table = |scheme, pairs| string_of(StorageService::Table, scheme, "2021-12-02", pairs);
        let signed = table(Scheme::SharedKey, &both[..]).unwrap();
        assert_eq!(signed, "PUT\n\nt\nx-date\n/a/a/q");
        let signed = table(Scheme::SharedKeyLite, &both[1..]).unwrap();
        assert_eq!(signed, "date\n/a/a/q");
    }
}
