//! The report that the runner reads.

use std::io;
use std::time::Duration;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use crate::outcome::{Outcome, Stop};
use crate::settings::COLUMN;

/// How a scenario went.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Number and title.
    pub name: String,
    /// What came of it.
    pub outcome: Outcome,
    /// How long it took.
    pub time: Duration,
}

/// The document, in the form that `JUnit` has made common.
pub fn report(verdicts: &[Verdict]) -> io::Result<String> {
    let count = |is_counted: fn(&Outcome) -> bool| {
        let counted = verdicts
            .iter()
            .filter(|verdict| is_counted(&verdict.outcome));
        counted.count().to_string()
    };
    let failures = count(|outcome| matches!(outcome, Err(Stop::Failed(_))));
    let skipped = count(|outcome| matches!(outcome, Err(Stop::Skipped(_))));
    let time = verdicts.iter().map(|verdict| verdict.time).sum();
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    writer
        .create_element("testsuites")
        .write_inner_content(|writer| {
            writer
                .create_element("testsuite")
                .with_attribute(("name", COLUMN))
                .with_attribute(("tests", &*verdicts.len().to_string()))
                .with_attribute(("failures", &*failures))
                .with_attribute(("errors", "0"))
                .with_attribute(("skipped", &*skipped))
                .with_attribute(("time", &*seconds(time)))
                .write_inner_content(|writer| {
                    verdicts
                        .iter()
                        .try_for_each(|verdict| case(writer, verdict))
                })
                .map(drop)
        })?;
    let mut text = String::from_utf8(writer.into_inner()).map_err(io::Error::other)?;
    text.push('\n');
    Ok(text)
}

fn case(writer: &mut Writer<Vec<u8>>, verdict: &Verdict) -> io::Result<()> {
    let time = seconds(verdict.time);
    let case = writer
        .create_element("testcase")
        .with_attribute(("classname", COLUMN))
        .with_attribute(("name", &*verdict.name))
        .with_attribute(("time", &*time));
    let case = match &verdict.outcome {
        Ok(()) => case.write_empty(),
        Err(Stop::Skipped(reason)) => case.write_inner_content(|writer| {
            let skipped = writer.create_element("skipped");
            let message = printable(reason);
            skipped
                .with_attribute(("message", &*message))
                .write_empty()?;
            Ok(())
        }),
        Err(Stop::Failed(what)) => case.write_inner_content(|writer| {
            let what = printable(what);
            let first = what.lines().next().unwrap_or_default();
            let failure = writer
                .create_element("failure")
                .with_attribute(("message", first));
            failure.write_text_content(BytesText::new(&what))?;
            Ok(())
        }),
    };
    case.map(drop)
}

/// XML cannot carry control characters, which some failures are about.
fn printable(text: &str) -> String {
    let is_plain = |c: char| !c.is_control() || c == '\n' || c == '\t';
    let mut printable = String::new();
    for character in text.chars() {
        match character {
            _ if is_plain(character) => printable.push(character),
            _ => printable.extend(character.escape_default()),
        }
    }
    printable
}

fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_tells_what_passed_failed_and_was_skipped() {
        let verdict = |name: &str, outcome| Verdict {
            name: name.into(),
            outcome,
            time: Duration::from_millis(1500),
        };
        let report = report(&[
            verdict("S300 A", Ok(())),
            verdict("S301 B", Err(Stop::Failed("is \"<\u{1}>\"\nnot &".into()))),
            verdict("S302 C", Err(Stop::Skipped("needs https".into()))),
        ]);
        assert_eq!(
            report.unwrap(),
            r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="wire" tests="3" failures="1" errors="0" skipped="1" time="4.500">
    <testcase classname="wire" name="S300 A" time="1.500"/>
    <testcase classname="wire" name="S301 B" time="1.500">
      <failure message="is &quot;&lt;\u{1}&gt;&quot;">is &quot;&lt;\u{1}&gt;&quot;
not &amp;</failure>
    </testcase>
    <testcase classname="wire" name="S302 C" time="1.500">
      <skipped message="needs https"/>
    </testcase>
  </testsuite>
</testsuites>
"#
        );
    }
}
