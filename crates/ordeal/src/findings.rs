//! What a server did that it should not have done.

use std::collections::BTreeMap;
use std::fmt;

/// In which way a promise was broken.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// The server did not come up again.
    NotStarted,
    /// It took a request and never answered.
    NotAnswered,
    /// It refused what it should have done.
    Refused,
    /// An acknowledged queue is gone.
    QueueLost,
    /// A deleted queue is there.
    QueueRisen,
    /// Metadata or stored access policies are not what was acknowledged.
    PropertiesLost,
    /// An acknowledged message is gone.
    MessageLost,
    /// A message is there that was deleted, or that nobody put.
    MessageRisen,
    /// A message is there twice.
    MessageTwice,
    /// Text, times or dequeue count of a message are not what was acknowledged.
    MessageChanged,
    /// A message was shown before its time.
    MessageEarly,
    /// A message was shown after its end.
    MessageExpired,
    /// The newest pop receipt of a message does not fit.
    ReceiptLost,
    /// Messages come in another order than they were put in.
    OrderLost,
    /// Of an operation under way, a part was done.
    Torn,
}

impl Kind {
    /// Whether something that was acknowledged is not there, or not as it was.
    pub(crate) const fn is_loss(self) -> bool {
        !matches!(
            self,
            Self::NotAnswered | Self::Refused | Self::MessageExpired
        )
    }

    const fn plural(self) -> &'static str {
        match self {
            Self::NotStarted => "starts failed",
            Self::NotAnswered => "requests never answered",
            Self::Refused => "requests refused",
            Self::QueueLost => "queues lost",
            Self::QueueRisen => "deleted queues risen",
            Self::PropertiesLost => "metadata or policies lost",
            Self::MessageLost => "messages lost",
            Self::MessageRisen => "deleted messages risen",
            Self::MessageTwice => "messages doubled",
            Self::MessageChanged => "messages changed",
            Self::MessageEarly => "messages shown too early",
            Self::MessageExpired => "expired messages shown",
            Self::ReceiptLost => "pop receipts lost",
            Self::OrderLost => "orders lost",
            Self::Torn => "operations torn",
        }
    }
}

/// A broken promise.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// After how many restarts.
    pub round: u32,
    /// In which way.
    pub kind: Kind,
    /// How many acknowledged operations it concerns.
    pub count: usize,
    /// On what, and what was to be expected.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "round {}: {:?}: {}", self.round, self.kind, self.what)
    }
}

/// What a load has done and found so far.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// How often the server was compared, but for the first time.
    pub rounds: u32,
    /// Operations that were acknowledged.
    pub acknowledged: u64,
    /// Bytes of message text among them.
    pub text_bytes: u64,
    /// Operations that were under way at the end of a round.
    pub under_way: u64,
    /// How the server ended.
    pub ends: Ends,
    /// Broken promises.
    pub findings: Vec<Finding>,
}

/// In which situations a server, or a command on its location, was ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Ends {
    /// While it started.
    pub starting: u32,
    /// While clients worked on it.
    pub working: u32,
    /// While it stopped in an orderly way, with clients at work.
    pub stopping: u32,
    /// Compactions of a stopped server's location that were killed, and those that were too fast.
    pub compactions: (u32, u32),
    /// Imports into an empty location, likewise.
    pub imports: (u32, u32),
    /// Frames that the server has told of relocating.
    pub relocated: u64,
    /// Ends before which it had relocated anything since its start.
    pub after_relocation: u32,
    /// Ends in the middle of a relocation.
    pub amid_relocation: u32,
}

impl fmt::Display for Ends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            starting,
            working,
            stopping,
            compactions,
            imports,
            relocated,
            after_relocation,
            amid_relocation,
        } = self;
        write!(
            f,
            "ended {working} times at work, {starting} while starting, {stopping} while stopping"
        )?;
        for (what, (killed, done)) in [("compactions", compactions), ("imports", imports)] {
            if killed + done > 0 {
                write!(f, "; {killed} {what} killed and {done} too fast for it")?;
            }
        }
        if *relocated > 0 {
            write!(
                f,
                "\n{relocated} frames relocated, in {after_relocation} of the rounds; \
                 {amid_relocation} ends in the middle of it"
            )?;
        }
        Ok(())
    }
}

impl Report {
    /// How many acknowledged operations were lost or otherwise betrayed.
    pub fn losses(&self) -> usize {
        self.count(Kind::is_loss)
    }

    /// The losses and whatever else was found, in few words.
    pub(crate) fn sum(&self) -> String {
        let losses = self.losses();
        match self.count(|kind| !kind.is_loss()) {
            0 => format!("{losses} losses"),
            others => format!("{losses} losses, {others} other findings"),
        }
    }

    fn count(&self, counts: impl Fn(Kind) -> bool) -> usize {
        let findings = self.findings.iter().filter(|found| counts(found.kind));
        findings.map(|finding| finding.count).sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in self.findings.iter().take(FINDINGS_SHOWN_MAX) {
            writeln!(f, "{finding}")?;
        }
        if self.findings.len() > FINDINGS_SHOWN_MAX {
            let more = self.findings.len() - FINDINGS_SHOWN_MAX;
            writeln!(f, "and {more} findings more")?;
        }
        let mut kinds = BTreeMap::new();
        for finding in &self.findings {
            *kinds.entry(finding.kind).or_insert(0) += finding.count;
        }
        for (kind, count) in kinds {
            writeln!(f, "{count} {}", kind.plural())?;
        }
        writeln!(f, "{}", self.ends)?;
        write!(
            f,
            "{} rounds, {} operations acknowledged ({} MB of texts), {} under way, {}",
            self.rounds,
            self.acknowledged,
            self.text_bytes / 1_000_000,
            self.under_way,
            self.sum()
        )
    }
}

const FINDINGS_SHOWN_MAX: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_found_and_is_no_loss() {
        let mut report = Report::default();
        let mut find = |kind, count| {
            report.findings.push(Finding {
                round: 1,
                kind,
                count,
                what: String::new(),
            });
            report.sum()
        };
        assert_eq!(find(Kind::MessageLost, 7), "7 losses");
        assert_eq!(find(Kind::Refused, 1), "7 losses, 1 other findings");
        assert_eq!(find(Kind::MessageExpired, 1), "7 losses, 2 other findings");
    }
}
