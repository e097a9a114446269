//! Reading the reports of test runners.

use roxmltree::{Document, Node};

/// One test as its runner reported it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Test {
    pub(crate) name: String,
    pub(crate) outcome: Outcome,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    Passed,
    /// What was said of it.
    Failed(String),
    /// Why.
    Skipped(String),
}

/// Reads the test cases of a report, however deep its suites are nested: runners agree on
/// `testcase`, and on `failure`, `error` and `skipped` in it, and on little else.
pub(crate) fn read(text: &str) -> Result<Vec<Test>, String> {
    // Some runners write what a test printed as it is, though XML cannot carry all of it.
    let text: String = text.chars().filter(|c| is_xml(*c)).collect();
    let document = Document::parse(&text).map_err(|error| error.to_string())?;
    let cases = document
        .descendants()
        .filter(|node| node.has_tag_name("testcase"));
    Ok(cases.map(read_case).collect())
}

fn read_case(case: Node<'_, '_>) -> Test {
    let child = |name: &str| case.children().find(|child| child.has_tag_name(name));
    let failure = child("failure").or_else(|| child("error"));
    let outcome = match (failure, child("skipped")) {
        (Some(failure), _) => Outcome::Failed(words(failure)),
        // The text often is where in its file the test was skipped.
        (None, Some(skipped)) => Outcome::Skipped(match skipped.attribute("message") {
            Some(message) if !message.is_empty() => readable(message),
            _ => words(skipped),
        }),
        (None, None) => Outcome::Passed,
    };
    Test {
        name: case.attribute("name").unwrap_or_default().into(),
        outcome,
    }
}

/// The message, and the text if that says more.
fn words(node: Node<'_, '_>) -> String {
    let message = node.attribute("message").unwrap_or_default().trim();
    let text = node.text().unwrap_or_default().trim();
    let whole = match (message, text) {
        ("", text) => text.into(),
        (message, "") => message.into(),
        (message, text) if text.contains(message) => text.into(),
        (message, text) => format!("{message}\n{text}"),
    };
    readable(&whole)
}

/// As much of it as somebody reads, without signatures, and without folders of this machine.
fn readable(words: &str) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let words = words.replace(&format!("{}/", here.display()), "");
    let mut parts = words.split("sig=");
    let mut readable = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_alphanumeric() && !"%+/=".contains(c));
        readable.push_str("sig=*****");
        readable.push_str(end.and_then(|end| part.get(end..)).unwrap_or_default());
    }
    match readable.char_indices().nth(WORDS_CHARS_MAX) {
        Some((end, _)) => readable.get(..end).unwrap_or_default().to_owned() + " …",
        None => readable,
    }
}

/// How much is kept of what a test says of its failure.
const WORDS_CHARS_MAX: usize = 1200;

const fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_of_several_runners_are_read() {
        let text = r#"<?xml version="1.0"?>
            <testsuites><testsuite name="outer"><testsuite>
            <testcase name="test_s001_a" classname="x"/>
            <testcase name="S002 b"><failure message="no"><![CDATA[no: 1 &lt; 2]]></failure></testcase>
            <testcase name="c"><error message="first">second</error></testcase>
            <testcase name="d"><skipped message="needs https"/></testcase>
            <testcase name="e"><skipped/><system-out>words</system-out></testcase>
            </testsuite></testsuite></testsuites>"#;
        let tests = read(text).unwrap();
        let named = |name: &str, outcome| Test {
            name: name.into(),
            outcome,
        };
        assert_eq!(
            tests,
            [
                named("test_s001_a", Outcome::Passed),
                named("S002 b", Outcome::Failed("no: 1 &lt; 2".into())),
                named("c", Outcome::Failed("first\nsecond".into())),
                named("d", Outcome::Skipped("needs https".into())),
                named("e", Outcome::Skipped(String::new())),
            ]
        );
    }

    #[test]
    fn a_failure_is_kept_short_and_without_secrets() {
        let here = std::env::current_dir().unwrap();
        let words = format!(
            "{}/a.py: GET /q?sv=1&sig=a%2Bb/c=&se=2 {}",
            here.display(),
            "x".repeat(5000)
        );
        let kept = readable(&words);
        assert!(
            kept.starts_with("a.py: GET /q?sv=1&sig=*****&se=2 xxx"),
            "{kept}"
        );
        assert_eq!(kept.chars().count(), WORDS_CHARS_MAX + 2);
        assert_eq!(readable("sig=abc"), "sig=*****");
    }

    #[test]
    fn what_xml_cannot_carry_does_not_matter_and_what_is_no_xml_does() {
        let text = "<a><testcase name='n'><failure>\u{1}bell\u{7}</failure></testcase></a>";
        let tests = read(text).unwrap();
        assert_eq!(tests[0].outcome, Outcome::Failed("bell".into()));
        assert!(read("<a><testcase name='n'>").is_err());
        assert!(read("no report").is_err());
    }
}
