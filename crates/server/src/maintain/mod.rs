//! `queuerite store`: looking after a store while no server has it open.
//!
//! * `check` reads every frame of a copy and names what cannot be read.
//! * `export` writes what is alive as JSON lines, also of a store that a server refuses.
//! * `import` makes a store of such lines.
//! * `compact` writes a store anew, without what is dead.
//!
//! Data goes to stdout and everything else to stderr. The exit code is 0 if all is well, 1 if
//! something is damaged or failed, and 2 for a command line that cannot be followed.
//!
//! # The lines of an export
//!
//! One JSON object a line, in UTF-8, in this order:
//!
//! ```json
//! {"format":"queuerite-export","version":1,"exported_at":"2026-11-22T19:00:00.0000000Z","last_commit":"2026-11-22T18:59:58.1234567Z","whole":true}
//! {"kind":"properties","account":"devstoreaccount1","logging":{"read":true,"write":false,"delete":false,"retention_days":7},"hour_metrics":{"include_apis":true,"retention_days":null},"minute_metrics":{"include_apis":null,"retention_days":null},"cors":[{"allowed_origins":"*","allowed_methods":"GET","allowed_headers":"","exposed_headers":"","max_age_in_seconds":60}]}
//! {"kind":"queue","account":"devstoreaccount1","name":"orders","metadata":[["owner","me"]],"policies":[{"id":"reader","start":null,"expiry":"2027-01-01T00:00:00.0000000Z","permissions":"rp"}]}
//! {"kind":"message","account":"devstoreaccount1","queue":"orders","id":"5a5a5a5a-5a5a-4a5a-9a5a-5a5a5a5a5a5a","insertion_time":"2026-11-22T18:00:00.0000000Z","expiration_time":"2026-11-29T18:00:00.0000000Z","time_next_visible":"2026-11-22T18:00:30.0000000Z","dequeue_count":1,"pop_receipt":{"kind":"issued","nonce":3735928559},"sequence":42,"text":"hello"}
//! {"kind":"end","properties":1,"queues":1,"messages":1}
//! ```
//!
//! * `last_commit` is null if it is not known. `whole` is false if anything could not be read.
//! * A message that never expires does so at `9999-12-31T23:59:59.0000000Z`.
//! * Metrics are off where `include_apis` is null. Retention is off where `retention_days` is.
//! * `kind` of a pop receipt is `issued` after a put or a get, and `updated` after an update. With
//!   the nonce, the time next visible and the dequeue count it makes the receipt that was given,
//!   so receipts that clients hold keep working.
//! * `sequence` orders messages of a queue that are visible from the same instant.
//! * A queue comes before its messages. The last line counts the others, so that a file that was
//!   cut off is not taken for a whole one.

mod arguments;
mod check;
mod export;
mod import;
mod lines;
mod progress;
mod rewrite;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use queuerite_model::AccountName;
use queuerite_store::{Location, SalvageReport, StoreError};
use thiserror::Error;

use crate::console::complain;
use crate::storage;

pub(crate) use arguments::{Asked, parse};
#[cfg(feature = "fuzzing")]
pub use lines::rewritten as rewritten_line;

/// What is to be done with a store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Maintenance {
    /// The folder that a server is given as its location.
    location: PathBuf,
    action: Action,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Action {
    Check {
        scratch: Option<PathBuf>,
    },
    Export {
        /// Stdout if there is none.
        output: Option<PathBuf>,
        /// All if there are none.
        accounts: Vec<AccountName>,
        scratch: Option<PathBuf>,
    },
    Import {
        /// Stdin if there is none.
        input: Option<PathBuf>,
        accounts: Vec<AccountName>,
        merge: bool,
    },
    Compact,
}

impl Maintenance {
    /// Does it, and tells on stderr what came of it.
    pub fn run(&self) -> ExitCode {
        let done = match &self.action {
            Action::Check { scratch } => check::run(self, scratch.clone()),
            Action::Export {
                output,
                accounts,
                scratch,
            } => export::run(self, output.as_deref(), accounts, scratch.clone()),
            Action::Import {
                input,
                accounts,
                merge,
            } => import::run(self, input.as_deref(), accounts, *merge),
            Action::Compact => rewrite::compact(self),
        };
        match done {
            Ok(Verdict::Whole) => ExitCode::SUCCESS,
            Ok(Verdict::Damaged) => ExitCode::FAILURE,
            Err(error) => {
                complain(&format!("queuerite: {}", in_full(&error)));
                ExitCode::FAILURE
            }
        }
    }

    fn directory(&self) -> PathBuf {
        self.location.join(storage::DIRECTORY)
    }

    /// Locks a store that exists.
    fn lock(&self) -> Result<Location, MaintenanceError> {
        Location::existing(&self.directory()).map_err(|error| match error {
            StoreError::Missing { .. } => MaintenanceError::NoStore {
                location: self.location.clone(),
                azurite: if storage::has_azurite(&self.location) {
                    "; Azurite's files, which are there, are not read"
                } else {
                    ""
                },
            },
            error => error.into(),
        })
    }
}

/// Whether all is well.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Verdict {
    Whole,
    Damaged,
}

impl Verdict {
    fn of(report: &SalvageReport) -> Self {
        if report.is_whole() {
            Self::Whole
        } else {
            Self::Damaged
        }
    }
}

/// Why an action ended early.
#[derive(Debug, Error)]
enum MaintenanceError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{} holds no store of queuerite{azurite}", location.display())]
    NoStore {
        location: PathBuf,
        azurite: &'static str,
    },
    #[error("cannot {action} {what}")]
    Io {
        action: &'static str,
        what: String,
        source: io::Error,
    },
    #[error("line {number} of {input}: {reason}; nothing was imported")]
    Line {
        number: u64,
        input: String,
        reason: String,
    },
    #[error("{0}; nothing was imported")]
    Refused(String),
}

/// The error with its causes, in one line.
fn in_full(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |line, cause| {
        let cause = cause.to_string();
        // A transparent error is its own cause.
        if line.ends_with(&cause) {
            line
        } else {
            format!("{line}: {cause}")
        }
    })
}

/// The error of reading or writing something of this name.
fn failed<'a>(action: &'static str, what: &'a str) -> impl Fn(io::Error) -> MaintenanceError + 'a {
    move |source| MaintenanceError::Io {
        action,
        what: what.to_owned(),
        source,
    }
}

/// How a file or a standard stream is called.
fn name(path: Option<&Path>, stream: &str) -> String {
    path.map_or_else(|| stream.to_owned(), |path| path.display().to_string())
}

/// So many of something.
fn count(number: u64, one: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {one}{plural}")
}

/// Bytes as a person reads them.
fn bytes(bytes: u64) -> String {
    let tenths_of = |unit: u64| {
        let tenths = u128::from(bytes) * 10 / u128::from(unit);
        format!("{}.{}", tenths / 10, tenths % 10)
    };
    match bytes {
        0..1_000_000 => format!("{} kB", tenths_of(1_000)),
        1_000_000..1_000_000_000 => format!("{} MB", tenths_of(1_000_000)),
        _ => format!("{} GB", tenths_of(1_000_000_000)),
    }
}
