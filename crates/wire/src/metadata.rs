//! Metadata as request headers: `x-ms-meta-<name>: <value>`.

use http::HeaderMap;
use queuerite_model::Metadata;

use crate::WireError;
use crate::headers::{X_MS_META_PREFIX, text};

/// The metadata of a request. A header that is repeated becomes one value, joined by commas.
/// REST page "Naming Queues and Metadata".
pub(crate) fn read(headers: &HeaderMap, spelled: &[Box<str>]) -> Result<Metadata, WireError> {
    let mut pairs = Vec::new();
    for header in headers.keys() {
        let Some(folded) = header.as_str().strip_prefix(X_MS_META_PREFIX) else {
            continue;
        };
        let values: Vec<_> = headers.get_all(header).iter().map(text).collect();
        let value = values.join(",");
        if folded.is_empty() {
            return Err(WireError::EmptyMetadataKey { value });
        }
        let name = spelled
            .iter()
            .find(|name| name.eq_ignore_ascii_case(header.as_str()))
            .and_then(|name| name.get(X_MS_META_PREFIX.len()..))
            .unwrap_or(folded);
        if !is_identifier(name) {
            return Err(WireError::InvalidMetadata);
        }
        pairs.push((name.to_owned(), value));
    }
    Metadata::new(pairs).ok_or(WireError::MetadataTooLarge)
}

/// Whether the name is a C# identifier of the characters that a header's name can have.
fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    let begins = |c: char| c.is_ascii_alphabetic() || c == '_';
    characters.next().is_some_and(begins) && characters.all(|c| begins(c) || c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read_lines(
        lines: &[(&'static str, &'static str)],
    ) -> Result<Vec<(String, String)>, WireError> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let name = http::HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        let spelled: Vec<_> = lines.iter().map(|(name, _)| (*name).into()).collect();
        let metadata = read(&headers, &spelled)?;
        Ok(metadata
            .iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect())
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.into(), value.into())
    }

    #[test]
    fn names_keep_their_spelling() {
        let read = read_lines(&[
            ("x-ms-date", "now"),
            ("X-Ms-Meta-MyKey", "v"),
            ("x-ms-meta-_a1", ""),
        ]);
        assert_eq!(read.unwrap(), [pair("MyKey", "v"), pair("_a1", "")]);
    }

    #[test]
    fn a_repeated_header_is_joined_by_commas() {
        let lines = [
            ("x-ms-meta-color", "blue"),
            ("x-ms-meta-Color", "Orange"),
            ("x-ms-meta-color", "Red"),
        ];
        assert_eq!(
            read_lines(&lines).unwrap(),
            [pair("color", "blue,Orange,Red")]
        );
    }

    #[test]
    fn a_name_must_be_an_identifier() {
        for name in [
            "x-ms-meta-1a",
            "x-ms-meta-a-b",
            "x-ms-meta-a.b",
            "x-ms-meta-a!",
        ] {
            assert_eq!(
                read_lines(&[(name, "v")]),
                Err(WireError::InvalidMetadata),
                "{name}"
            );
        }
        let empty = WireError::EmptyMetadataKey { value: "v".into() };
        assert_eq!(read_lines(&[("x-ms-meta-", "v")]), Err(empty));
    }
}
