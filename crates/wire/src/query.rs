//! The query of a request: decoded pairs, in order, with their repetitions.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::WireError;

/// The parameters of the query, in the order in which they were sent.
///
/// Names are in lower case, for they compare without regard to case. In names and values a plus
/// sign means a space, as .NET (and so the service) reads it; a client that follows RFC 3986
/// instead means the plus sign itself, and signs that. Both readings are kept, for the signature
/// may fit either; until one has been found to fit, the first rules.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Query {
    pairs: Vec<Pair>,
    plus: Plus,
}

impl Query {
    /// Reads what stands after the `?` of a URL. A parameter without `=` has an empty value.
    pub fn parse(raw: Option<&str>) -> Result<Self, WireError> {
        let pairs = raw
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(Pair::parse)
            .collect::<Result<_, _>>()?;
        Ok(Self {
            pairs,
            plus: Plus::default(),
        })
    }

    /// The value of the parameter, of the first one if there are several.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find_map(|(other, value)| (other == name).then_some(value))
    }

    /// Whether the parameter selects `value`: `comp=list` does, and `Comp=LIST` too.
    pub fn is(&self, name: &str, value: &str) -> bool {
        self.get(name)
            .is_some_and(|other| other.eq_ignore_ascii_case(value))
    }

    /// All names and values, in the order in which they were sent.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.read_with(self.plus)
    }

    /// The same query, read as the client was found to mean it.
    #[must_use]
    pub(crate) fn ruled_by(self, plus: Plus) -> Self {
        Self { plus, ..self }
    }

    /// All names and values under the given reading of the plus sign.
    pub(crate) fn read_with(&self, plus: Plus) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(move |pair| {
            let Text { name, value } = match (plus, &pair.literal) {
                (Plus::Literal, Some(literal)) => literal,
                _ => &pair.text,
            };
            (name.as_str(), value.as_str())
        })
    }
}

/// What a plus sign in a query means.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Plus {
    /// A space.
    #[default]
    Space,
    /// Itself.
    Literal,
}

/// Decodes percent escapes. One that is cut short or misspelled is refused, and so is anything
/// that is not UTF-8 when decoded.
pub(crate) fn percent_decoded(text: &str) -> Result<String, WireError> {
    if !text.contains('%') {
        return Ok(text.to_owned());
    }
    let well_formed = text.split('%').skip(1).all(|after| {
        let mut digits = after.bytes().take(2);
        let mut is_digit = || digits.next().is_some_and(|b| b.is_ascii_hexdigit());
        is_digit() && is_digit()
    });
    if !well_formed {
        return Err(WireError::UndecodableUrl);
    }
    percent_decode_str(text)
        .decode_utf8()
        .map(Cow::into_owned)
        .map_err(|_| WireError::UndecodableUrl)
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Pair {
    /// A plus sign read as a space.
    text: Text,
    /// A plus sign read as itself, where there is one.
    literal: Option<Text>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Text {
    name: String,
    value: String,
}

impl Pair {
    fn parse(raw: &str) -> Result<Self, WireError> {
        let literal = Text::parse(raw)?;
        if !raw.contains('+') {
            return Ok(Self {
                text: literal,
                literal: None,
            });
        }
        Ok(Self {
            text: Text::parse(&raw.replace('+', "%20"))?,
            literal: Some(literal),
        })
    }
}

impl Text {
    fn parse(raw: &str) -> Result<Self, WireError> {
        let (name, value) = raw.split_once('=').unwrap_or((raw, ""));
        let (name, value) = (
            percent_decoded(name)?.to_lowercase(),
            percent_decoded(value)?,
        );
        // A string-to-sign puts each parameter on a line, as `name:value`. What could be cut
        // into lines in two ways would let a signature of the one request fit another.
        let could_be_cut_otherwise =
            name.contains([':', '\r', '\n']) || value.contains(['\r', '\n']);
        if could_be_cut_otherwise {
            return Err(WireError::UndecodableUrl);
        }
        Ok(Self { name, value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_cut_into_other_parameters_is_refused() {
        for raw in [
            "a%3A1%0Apeekonly=true",
            "a%3A=1",
            "a=1%0Apeekonly:true",
            "a%0D=1",
            "a=%0d",
        ] {
            let refused = Query::parse(Some(raw));
            assert_eq!(refused, Err(WireError::UndecodableUrl), "{raw}");
        }
        assert!(Query::parse(Some("a=1:2")).is_ok());
    }

    #[track_caller]
    fn check(raw: &str, expected: &[(&str, &str)]) {
        let query = Query::parse(Some(raw)).unwrap();
        assert_eq!(query.iter().collect::<Vec<_>>(), expected, "{raw:?}");
    }

    #[test]
    fn pairs_keep_their_order_and_their_repetitions() {
        check("b=2&a=1&b=3", &[("b", "2"), ("a", "1"), ("b", "3")]);
        let query = Query::parse(Some("b=2&a=1&b=3")).unwrap();
        assert_eq!(query.get("b"), Some("2"));
        assert_eq!(query.get("c"), None);
    }

    #[test]
    fn a_parameter_may_lack_its_value_and_a_pair_may_be_empty() {
        check("", &[]);
        check("&&", &[]);
        check("peekonly", &[("peekonly", "")]);
        check("prefix=&x", &[("prefix", ""), ("x", "")]);
        check("=lost", &[("", "lost")]);
        assert_eq!(Query::parse(None), Ok(Query::default()));
    }

    #[test]
    fn only_the_first_equals_sign_separates() {
        check("popreceipt=AgA==", &[("popreceipt", "AgA==")]);
    }

    #[test]
    fn names_are_lower_case_and_values_keep_theirs() {
        check(
            "VisibilityTimeout=3&Prefix=ABC",
            &[("visibilitytimeout", "3"), ("prefix", "ABC")],
        );
    }

    #[test]
    fn names_and_values_are_decoded_after_they_are_separated() {
        check("a%3Db=c%26d", &[("a=b", "c&d")]);
        check("prefix=%E5%95%8A", &[("prefix", "啊")]);
    }

    #[test]
    fn selectors_compare_without_regard_to_case() {
        let query = Query::parse(Some("Comp=LIST")).unwrap();
        assert!(query.is("comp", "list"));
        assert!(!query.is("comp", "metadata"));
        assert!(!query.is("restype", "list"));
    }

    #[test]
    fn a_plus_sign_is_a_space_unless_it_is_escaped() {
        check("prefix=a+b%2Bc", &[("prefix", "a b+c")]);
    }

    #[test]
    fn the_signer_can_also_read_a_plus_sign_as_itself() {
        let query = Query::parse(Some("prefix=a+b%2Bc&x=y")).unwrap();
        let literal: Vec<_> = query.read_with(Plus::Literal).collect();
        assert_eq!(literal, [("prefix", "a+b+c"), ("x", "y")]);
        assert_eq!(query.get("prefix"), Some("a b+c"));
        let query = query.ruled_by(Plus::Literal);
        assert_eq!(query.get("prefix"), Some("a+b+c"));
        assert_eq!(query.get("x"), Some("y"));
    }

    #[test]
    fn what_cannot_be_decoded_is_refused() {
        for raw in ["a=%", "a=%2", "a=%zz", "a=%+1", "%ff=a", "a=%C3", "a=%é"] {
            assert_eq!(
                Query::parse(Some(raw)),
                Err(WireError::UndecodableUrl),
                "{raw:?}"
            );
        }
    }
}
