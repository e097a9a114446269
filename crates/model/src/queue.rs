//! Queue names.

use std::borrow::Borrow;
use std::fmt;

use thiserror::Error;

use crate::limits::{QUEUE_NAME_CHARACTERS_MAX, QUEUE_NAME_CHARACTERS_MIN};

/// The name of a queue: 3 to 63 of `a-z`, `0-9` and `-`, beginning and ending with a letter or
/// digit, without two dashes in a row. REST page "Naming Queues and Metadata".
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct QueueName(Box<str>);

impl QueueName {
    /// Reads a queue name; length is judged before characters.
    pub fn parse(text: &str) -> Result<Self, QueueNameError> {
        let characters = text.chars().count();
        if !(QUEUE_NAME_CHARACTERS_MIN..=QUEUE_NAME_CHARACTERS_MAX).contains(&characters) {
            return Err(QueueNameError::Length);
        }
        let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let dashes_apart = !text.starts_with('-') && !text.ends_with('-') && !text.contains("--");
        if text.bytes().all(legal) && dashes_apart {
            Ok(Self(text.into()))
        } else {
            Err(QueueNameError::Characters)
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for QueueName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names compare as their texts do, so a map by name can be searched by any text.
impl Borrow<str> for QueueName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// Why a text is not a queue name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum QueueNameError {
    /// Fewer than 3 or more than 63 characters.
    #[error("a queue name has 3 to 63 characters")]
    Length,
    /// A character or an arrangement of dashes that is not allowed.
    #[error("a queue name consists of a-z, 0-9 and single dashes between them")]
    Characters,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(name: &str, why: QueueNameError) {
        assert_eq!(QueueName::parse(name), Err(why), "{name:?}");
    }

    #[test]
    fn names_of_the_allowed_form_are_queue_names() {
        for name in ["abc", "orders", "a-b-c", "123", "messages", &"a".repeat(63)] {
            assert_eq!(QueueName::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn length_is_judged_first() {
        refused("", QueueNameError::Length);
        refused("ab", QueueNameError::Length);
        refused("-", QueueNameError::Length);
        refused(&"a".repeat(64), QueueNameError::Length);
        refused(&"_".repeat(64), QueueNameError::Length);
    }

    #[test]
    fn recorded_bad_characters_are_refused() {
        for name in [
            "a_b",
            "-ab",
            "ab-",
            "a--b",
            "Abc",
            "啊齄丂",
            "a|b",
            "{a}",
            "$logs",
            "a.b",
        ] {
            refused(name, QueueNameError::Characters);
        }
    }
}
