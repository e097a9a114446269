//! How a scenario ends.

use std::io;

/// Why a scenario ended before its end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stop {
    /// The server did something else.
    Failed(String),
    /// The endpoint cannot be asked for this.
    Skipped(String),
}

/// What a scenario has to show.
pub type Outcome<T = ()> = Result<T, Stop>;

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Failed(format!("no answer: {error}"))
    }
}

/// Fails with a text.
pub fn fail<T>(what: impl Into<String>) -> Outcome<T> {
    Err(Stop::Failed(what.into()))
}

/// Fails unless the two are equal.
#[expect(
    clippy::needless_pass_by_value,
    reason = "what is compared is seldom needed afterwards"
)]
pub fn equal<A: PartialEq<B> + std::fmt::Debug, B: std::fmt::Debug>(
    what: &str,
    actual: A,
    expected: B,
) -> Outcome {
    if actual == expected {
        return Ok(());
    }
    fail(format!("{what} is {actual:?}, not {expected:?}"))
}

/// Fails with this text unless it is so.
pub fn hold(is_so: bool, what: impl FnOnce() -> String) -> Outcome {
    if is_so { Ok(()) } else { fail(what()) }
}
