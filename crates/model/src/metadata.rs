//! Queue metadata: ordered name/value pairs.

use crate::limits::METADATA_BYTES_MAX;

/// The metadata of a queue, in the order and the spelling in which it was stored.
///
/// Names keep their case but compare without it. REST page "Naming Queues and Metadata".
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Metadata(Box<[(Box<str>, Box<str>)]>);

impl Metadata {
    /// Takes pairs whose names are C# identifiers and differ by more than case; the parser of
    /// the request sees to that. `None` if names and values together exceed 8 KiB.
    pub fn new(pairs: Vec<(String, String)>) -> Option<Self> {
        let bytes: usize = pairs
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        if bytes > METADATA_BYTES_MAX {
            return None;
        }
        Some(Self(
            pairs
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        ))
    }

    /// The pairs, in stored order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the other holds the same names, compared without case, with the same values.
    /// This is what decides between 204 and 409 in Create Queue.
    pub fn is_same_as(&self, other: &Self) -> bool {
        let found_in = |name: &str, value: &str| {
            other
                .iter()
                .any(|(n, v)| n.eq_ignore_ascii_case(name) && v == value)
        };
        self.0.len() == other.0.len() && self.iter().all(|(name, value)| found_in(name, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(pairs: &[(&str, &str)]) -> Metadata {
        Metadata::new(
            pairs
                .iter()
                .map(|(n, v)| ((*n).into(), (*v).into()))
                .collect(),
        )
        .unwrap()
    }

    #[test]
    fn sameness_ignores_order_and_the_case_of_names_but_not_of_values() {
        let stored = metadata(&[("a", "1"), ("B", "x")]);
        assert!(stored.is_same_as(&metadata(&[("b", "x"), ("A", "1")])));
        assert!(!stored.is_same_as(&metadata(&[("a", "1"), ("B", "X")])));
        assert!(!stored.is_same_as(&metadata(&[("a", "1")])));
        assert!(!stored.is_same_as(&Metadata::default()));
        assert!(Metadata::default().is_same_as(&Metadata::default()));
    }

    #[test]
    fn names_and_values_together_have_eight_kibibytes() {
        assert!(Metadata::new(vec![("n".into(), "v".repeat(8191))]).is_some());
        assert!(Metadata::new(vec![("n".into(), "v".repeat(8192))]).is_none());
    }
}
