//! A bar on stderr, for a person who waits at a terminal, and for nobody else.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use queuerite_store::{Progress, Step};

/// Shows how far a step is. Its line is gone when it is dropped.
pub(super) struct Bar {
    is_shown: bool,
    drawn: Option<Instant>,
}

impl Bar {
    /// A bar, if stderr is a terminal.
    pub(super) fn new() -> Self {
        Self {
            is_shown: io::stderr().is_terminal(),
            drawn: None,
        }
    }

    /// Shows one of the store's steps.
    pub(super) fn tell(&mut self, progress: Progress) {
        let what = match progress.step {
            Step::Copying => "copying",
            Step::Reading => "reading",
            Step::Searching => "searching",
            Step::Verifying => "verifying",
        };
        self.show(what, progress.done, progress.total);
    }

    /// Shows any step.
    pub(super) fn show(&mut self, what: &str, done: u64, total: u64) {
        if !self.is_shown || self.drawn.is_some_and(|drawn| drawn.elapsed() < PAUSE) {
            return;
        }
        self.drawn = Some(Instant::now());
        write(&line(what, done, total));
    }

    /// Takes the bar away, so that something can be written.
    pub(super) fn clear(&mut self) {
        if self.drawn.take().is_some() {
            write("");
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.clear();
    }
}

fn write(line: &str) {
    // Back to the beginning, the text, and nothing behind it. It does not matter if it fails.
    let mut stderr = io::stderr().lock();
    let _ = write!(stderr, "\r{line}\x1b[K").and_then(|()| stderr.flush());
}

fn line(what: &str, done: u64, total: u64) -> String {
    let percent = (u128::from(done) * 100)
        .checked_div(u128::from(total))
        .map_or(0, |percent| percent.min(100));
    let full = usize::try_from(percent).unwrap_or(100) * WIDTH / 100;
    format!(
        "{what:<10}[{}{}] {percent:>3} %",
        "#".repeat(full),
        ".".repeat(WIDTH - full)
    )
}

const WIDTH: usize = 40;
const PAUSE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_full_as_its_step() {
        let bar = |full| {
            format!(
                "reading   [{}{}]",
                "#".repeat(full),
                ".".repeat(WIDTH - full)
            )
        };
        assert_eq!(line("reading", 0, 0), format!("{}   0 %", bar(0)));
        assert_eq!(line("reading", 1, 2), format!("{}  50 %", bar(20)));
        assert_eq!(line("reading", 9, 2), format!("{} 100 %", bar(40)));
        assert_eq!(
            line("reading", u64::MAX, u64::MAX),
            format!("{} 100 %", bar(40))
        );
    }
}
