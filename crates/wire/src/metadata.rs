//! Metadata as request headers: `x-ms-meta-<name>: <value>`.

use http::HeaderMap;
use queuerite_model::Metadata;

use crate::WireError;
use crate::headers::{X_MS_META_PREFIX, text};

/// The metadata of a request. A header that is repeated becomes one value, joined by commas; but
/// names that differ only in case are refused. REST page "Naming Queues and Metadata".
///
/// `spelled` holds the names with capitals as they were sent, each time they were.
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
        let spellings: Vec<_> = spelled
            .iter()
            .filter(|name| name.eq_ignore_ascii_case(header.as_str()))
            .filter_map(|name| name.get(X_MS_META_PREFIX.len()..))
            .collect();
        let name = spellings.first().copied().unwrap_or(folded);
        let is_one_name = spellings.is_empty()
            || (spellings.len() == values.len() && spellings.iter().all(|other| *other == name));
        if !is_one_name {
            return Err(WireError::InvalidMetadata);
        }
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
        let has_capitals = |name: &str| name.bytes().any(|b| b.is_ascii_uppercase());
        let names = lines.iter().map(|(name, _)| *name);
        let spelled: Vec<_> = names
            .filter(|name| has_capitals(name))
            .map(Into::into)
            .collect();
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
        for name in ["x-ms-meta-color", "x-ms-meta-Color"] {
            let lines = [(name, "blue"), (name, "Orange"), (name, "Red")];
            let joined = pair(name.strip_prefix("x-ms-meta-").unwrap(), "blue,Orange,Red");
            assert_eq!(read_lines(&lines).unwrap(), [joined]);
        }
    }

    #[test]
    fn names_that_differ_only_in_case_are_refused() {
        for names in [
            ["x-ms-meta-color", "x-ms-meta-Color"],
            ["x-ms-meta-Color", "x-ms-meta-color"],
            ["x-ms-meta-Color", "x-ms-meta-COLOR"],
        ] {
            let lines = names.map(|name| (name, "blue"));
            assert_eq!(
                read_lines(&lines),
                Err(WireError::InvalidMetadata),
                "{names:?}"
            );
        }
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
