//! The catalogue: what `compat-tests/scenarios.md` says.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;

/// The number of a scenario, which never changes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Number(pub(crate) u16);

impl Number {
    /// Reads `S042`, `s042` or `42`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(['S', 's']).unwrap_or(text);
        let number = digits.parse().ok().filter(|number| *number < 1000)?;
        Some(Self(number))
    }

    /// All numbers in the name of a test: words of an S and three digits.
    pub(crate) fn all_in(name: &str) -> Vec<Self> {
        let words = name.split(|c: char| !c.is_ascii_alphanumeric());
        let numbers = words.filter_map(|word| {
            // Go's names begin with `Test`.
            let word = word.strip_prefix("Test").unwrap_or(word);
            let is_number = word.len() == 4 && word.starts_with(['S', 's']);
            is_number.then(|| Self::parse(word)).flatten()
        });
        numbers.collect()
    }

    /// Which suites it is for.
    pub(crate) fn kind(self) -> Kind {
        match self.0 {
            0..=299 => Kind::Sdk,
            300..=399 => Kind::Wire,
            _ => Kind::Frameworks,
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S{:03}", self.0)
    }
}

/// What a suite tests, and so which scenarios are for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Sdk,
    Wire,
    Frameworks,
    /// What no scenario describes, such as kills and restarts of a server of its own.
    Beside,
}

/// What the expectation of a scenario rests on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Evidence {
    /// Live answers of the service.
    Recorded,
    /// The reference alone.
    Documented,
    /// Neither.
    Inferred,
}

impl Evidence {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Documented => "documented",
            Self::Inferred => "inferred",
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Scenario {
    pub(crate) number: Number,
    pub(crate) group: String,
    pub(crate) title: String,
    /// What is done.
    pub(crate) action: String,
    /// What must be observed.
    pub(crate) expected: String,
    /// The page of the REST reference.
    pub(crate) reference: String,
    pub(crate) evidence: Evidence,
}

/// Reads the catalogue, in its order. What is not in its form is said with its line.
pub(crate) fn read(text: &str) -> Result<Vec<Scenario>, String> {
    let mut scenarios: Vec<Scenario> = Vec::new();
    let mut group = String::new();
    let mut heading = None;
    let (mut action, mut expected) = (Vec::new(), Vec::new());
    for (index, line) in text.lines().enumerate() {
        let wrong = |what: &str| format!("line {}: {what}: {line}", index + 1);
        if let Some(title) = line.strip_prefix("## ") {
            group = title.into();
        } else if let Some(title) = line.strip_prefix("### ") {
            if heading.is_some() {
                return Err(wrong("the scenario before has no reference"));
            }
            let (number, title) = title.split_once(' ').ok_or_else(|| wrong("no title"))?;
            let number = Number::parse(number).ok_or_else(|| wrong("no number"))?;
            heading = Some((number, title.to_owned()));
        } else if let Some(found) = line.strip_prefix("→ ") {
            expected.push(found);
        } else if let Some((number, title)) = heading.take_if(|_| line.starts_with('*')) {
            let (reference, evidence) = read_reference(line).ok_or_else(|| wrong("no evidence"))?;
            if expected.is_empty() {
                return Err(wrong("nothing is expected"));
            }
            scenarios.push(Scenario {
                number,
                group: group.clone(),
                title,
                action: std::mem::take(&mut action).join(" "),
                expected: std::mem::take(&mut expected).join(" "),
                reference,
                evidence,
            });
        } else if heading.is_some() && !line.is_empty() {
            action.push(line);
        }
    }
    if heading.is_some() {
        return Err("the last scenario has no reference".into());
    }
    let mut seen = BTreeMap::new();
    for scenario in &scenarios {
        if let Some(other) = seen.insert(scenario.number, &scenario.title) {
            return Err(format!("{} is there twice: {other}", scenario.number));
        }
    }
    Ok(scenarios)
}

/// Reads `*Put Message* · recorded`.
fn read_reference(line: &str) -> Option<(String, Evidence)> {
    let (reference, evidence) = line.split_once(" · ")?;
    let all = [Evidence::Recorded, Evidence::Documented, Evidence::Inferred];
    let evidence = all.into_iter().find(|known| known.name() == evidence)?;
    Some((reference.trim_matches('*').into(), evidence))
}

/// Which scenarios a suite says that its SDK, or one of its columns, cannot express, and why.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Exceptions(Vec<(Option<String>, RangeInclusive<Number>, String)>);

impl Exceptions {
    /// Reads lines of an optional column, a number, and a reason.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let lines = text.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let exceptions = lines.map(|line| {
            let wrong = || format!("not a number and a reason: {line}");
            let (first, rest) = line.split_once(' ').ok_or_else(wrong)?;
            if let Some(number) = Number::parse(first) {
                return Ok((None, number..=number, rest.into()));
            }
            let (number, reason) = rest.split_once(' ').ok_or_else(wrong)?;
            let number = Number::parse(number).ok_or_else(wrong)?;
            Ok((Some(first.into()), number..=number, reason.into()))
        });
        exceptions.collect::<Result<_, _>>().map(Self)
    }

    /// Why a column does not have a scenario. A column may be named by how its name begins.
    pub(crate) fn reason(&self, column: &str, number: Number) -> Option<&str> {
        let mut all = self.0.iter();
        let found = all.find(|(named, numbers, _)| {
            let is_named = named
                .as_deref()
                .is_none_or(|named| column.starts_with(named));
            is_named && numbers.contains(&number)
        });
        found.map(|(_, _, reason)| reason.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_can_be_read_and_is_long_enough() {
        let text = include_str!("../../../compat-tests/scenarios.md");
        let scenarios = read(text).unwrap();
        assert!(scenarios.len() >= 150);
        assert!(scenarios.is_sorted_by_key(|scenario| scenario.number));
        assert!(scenarios.iter().all(|one| !one.group.is_empty()));
        let put = scenarios.iter().find(|one| one.number == Number(78));
        let put = put.unwrap();
        assert_eq!(put.group, "Put");
        assert_eq!(put.title, "Exactly 64 KiB fit");
        assert!(put.action.starts_with("Put a text of 65,536"));
        assert!(put.expected.contains("413 `RequestBodyTooLarge`"));
        assert_eq!(put.reference, "Put Message");
        assert_eq!(put.evidence, Evidence::Recorded);
    }

    #[test]
    fn what_is_not_in_the_form_of_the_catalogue_is_refused() {
        let whole = "## Group\n\n### S001 Title\nDo it.\n→ Done.\n*Page* · recorded\n";
        assert_eq!(read(whole).unwrap().len(), 1);
        for (from, to) in [
            ("S001 Title", "S001"),
            ("S001", "first"),
            ("→ Done.", "Done."),
            ("recorded", "believed"),
            ("*Page* · recorded\n", ""),
        ] {
            assert!(read(&whole.replace(from, to)).is_err(), "{from}");
        }
        assert!(read(&whole.repeat(2)).unwrap_err().contains("twice"));
    }

    #[test]
    fn tests_are_named_by_numbers() {
        let numbers = |name| {
            Number::all_in(name)
                .into_iter()
                .map(|n| n.0)
                .collect::<Vec<_>>()
        };
        assert_eq!(numbers("test_s042_metadata_come_back[a b]"), [42]);
        assert_eq!(numbers("S042 metadata come back"), [42]);
        assert_eq!(numbers("TestS042_Metadata/S043"), [42, 43]);
        assert_eq!(numbers("s042_s043_metadata()"), [42, 43]);
        assert!(numbers("test_sha256_s3_and_s1234_tables").is_empty());
    }

    #[test]
    fn exceptions_hold_for_a_suite_or_a_column() {
        let text = "# why\nS175 no encryption\njava-legacy S210 too old\n\n";
        let exceptions = Exceptions::read(text).unwrap();
        assert_eq!(
            exceptions.reason("java", Number(175)),
            Some("no encryption")
        );
        assert_eq!(exceptions.reason("java-12", Number(210)), None);
        let reason = exceptions.reason("java-legacy-8.6.6", Number(210));
        assert_eq!(reason, Some("too old"));
        assert!(Exceptions::read("S175").is_err());
    }
}
