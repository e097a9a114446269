//! What was counted before, in a file that is committed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

/// The counts of all cases of all crates, by name.
pub(crate) struct Baseline(BTreeMap<String, u64>);

impl Baseline {
    /// Reads the file; without one there are no counts.
    pub(crate) fn read() -> Self {
        Self::parse(&fs::read_to_string(FILE).unwrap_or_default())
    }

    /// Notes a count, and gives the one before.
    pub(crate) fn replace(&mut self, name: &str, count: u64) -> Option<u64> {
        self.0.insert(name.to_owned(), count)
    }

    /// Writes the file anew.
    pub(crate) fn write(&self) {
        fs::write(FILE, self.print()).expect("the file of counts can be written");
    }

    /// A line that has no count is a remark.
    fn parse(text: &str) -> Self {
        let counts = text.lines().filter_map(|line| {
            let (name, count) = line.rsplit_once(' ')?;
            Some((name.trim_end().to_owned(), count.parse().ok()?))
        });
        Self(counts.collect())
    }

    fn print(&self) -> String {
        let mut text = REMARKS.to_owned();
        for (name, count) in &self.0 {
            let _ = writeln!(text, "{name:<32} {count:>11}");
        }
        text
    }
}

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/instructions.txt");

const REMARKS: &str = "\
# Instructions per case, written by `scripts/micro.sh --update`. They change a little with the
# compiler and the C library, and are those of a processor without instructions for SHA-256.

";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read_again() {
        let mut baseline = Baseline::parse("");
        assert_eq!(baseline.replace("wire: parse put", 7), None);
        assert_eq!(
            baseline.replace("wire: a name that is longer than a column", 8),
            None
        );
        let mut again = Baseline::parse(&baseline.print());
        assert_eq!(again.0, baseline.0);
        assert_eq!(again.replace("wire: parse put", 9), Some(7));
    }
}
