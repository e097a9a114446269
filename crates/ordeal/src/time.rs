//! Times as far as they are known: the service tells them in whole seconds.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970.
pub(crate) type Millis = u64;

/// What the clock says.
pub(crate) fn now() -> Millis {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(elapsed.as_millis()).unwrap()
}

/// When a request was sent and when its answer was there: the server acted in between.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Span {
    pub(crate) sent: Millis,
    pub(crate) answered: Millis,
}

/// An instant that lies between two others, both included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Instant {
    pub(crate) from: Millis,
    pub(crate) to: Millis,
}

impl Instant {
    /// An instant so long after the server acted.
    pub(crate) const fn after(span: Span, seconds: u32) -> Self {
        Self {
            from: span.sent + seconds as Millis * 1000,
            to: span.answered + seconds as Millis * 1000,
        }
    }

    /// An instant as a header or an element tells it, without its fraction of a second.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let time = chrono::DateTime::parse_from_rfc2822(text).ok()?;
        let from = u64::try_from(time.timestamp()).ok()? * 1000;
        Some(Self {
            from,
            to: from + 999,
        })
    }

    /// Whether it may have been reached while the server acted.
    pub(crate) const fn may_be_reached(self, span: Span) -> bool {
        self.from <= span.answered
    }

    /// Whether it was reached before the server acted, for certain.
    pub(crate) const fn is_reached(self, span: Span) -> bool {
        self.to < span.sent
    }

    /// The shortest that contains both.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            from: self.from.min(other.from),
            to: self.to.max(other.to),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_fraction_may_be_any_within_its_second() {
        let time = Instant::parse("Thu, 01 Jan 1970 00:00:07 GMT").unwrap();
        let at = |sent, answered| Span { sent, answered };
        assert!(!time.may_be_reached(at(0, 6_999)));
        assert!(time.may_be_reached(at(0, 7_000)) && !time.is_reached(at(7_999, 8_000)));
        assert!(time.is_reached(at(8_000, 8_000)));
        assert_eq!(Instant::parse("soon"), None);
    }
}
