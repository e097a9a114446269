//! The command line of `queuerite store`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};
use queuerite_model::AccountName;

use super::{Action, Maintenance};
use crate::config::{UsageError, usage_in_one_line};

/// Check, save and rewrite a store while no server has it open.
///
/// Exit codes: 0 all is well, 1 something is damaged or failed, 2 the command line is wrong.
#[derive(Parser, Debug)]
#[command(
    name = "queuerite store",
    bin_name = "queuerite store",
    max_term_width = 100
)]
struct Arguments {
    #[command(subcommand)]
    action: Words,
}

#[derive(Subcommand, Debug)]
enum Words {
    /// Read every frame and say what cannot be read
    ///
    /// Works on a copy, because opening a database writes to it, and most of all where it is
    /// damaged. The store itself is not touched.
    Check {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        scratch: Scratch,
    },
    /// Write all live queues and messages as JSON lines, of a damaged store too
    ///
    /// What cannot be read is left out, counted, and told on stderr; the exit code is then 1. Of
    /// a damaged store, messages that were deleted may be among what is written, and what was
    /// changed last may be missing. Works on a copy; the store itself is not touched.
    Export {
        #[command(flatten)]
        place: Place,
        /// File to write, which appears when it is complete [default: stdout]
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        #[command(flatten)]
        accounts: Accounts,
        #[command(flatten)]
        scratch: Scratch,
    },
    /// Make a store of the JSON lines of an export
    ///
    /// The new store is written beside, read back, and put in place at the end: all is imported
    /// or nothing.
    Import {
        #[command(flatten)]
        place: Place,
        /// File to read [default: stdin]
        #[arg(short, long, value_name = "FILE")]
        input: Option<PathBuf>,
        #[command(flatten)]
        accounts: Accounts,
        /// Add to the queues that are there; refused if one of them has the same name
        #[arg(long)]
        merge: bool,
    },
    /// Write the store anew, without what is deleted and expired
    ///
    /// The new store is written beside, read back, and put in place at the end; it needs as much
    /// room as what is alive. A damaged store is refused: export it.
    Compact {
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Args, Debug)]
struct Place {
    /// Folder that a server is given as its --location
    #[arg(
        short,
        long,
        value_name = "FOLDER",
        default_value = ".",
        hide_default_value = true,
        help = "Folder that a server is given as its --location [default: the current one]"
    )]
    location: PathBuf,
}

#[derive(Args, Debug)]
struct Scratch {
    /// Folder for the copy that is examined [default: beside the database]
    #[arg(long, value_name = "FOLDER")]
    scratch: Option<PathBuf>,
}

#[derive(Args, Debug)]
struct Accounts {
    /// Only this account's queues; can be repeated [default: all]
    #[arg(long = "account", value_name = "NAME", value_parser = account)]
    accounts: Vec<AccountName>,
}

/// What `queuerite store` is asked for.
pub(crate) enum Asked {
    /// To do this.
    Run(Maintenance),
    /// To print this text.
    Print(String),
}

/// Reads the words after `queuerite store`.
pub(crate) fn parse(words: &[OsString]) -> Result<Asked, UsageError> {
    let name = OsString::from("queuerite store");
    let arguments = Arguments::try_parse_from(std::iter::once(&name).chain(words));
    let action = match arguments {
        Ok(arguments) => arguments.action,
        Err(error) => {
            return match error.kind() {
                ErrorKind::DisplayHelp => Ok(Asked::Print(error.to_string().trim_end().into())),
                ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => Err(UsageError::new(
                    "store needs an action: check, export, import or compact; \
                     store --help tells more",
                )),
                _ => Err(UsageError::new(usage_in_one_line(&error))),
            };
        }
    };
    let (place, action) = match action {
        Words::Check { place, scratch } => {
            let Scratch { scratch } = scratch;
            (place, Action::Check { scratch })
        }
        Words::Export {
            place,
            output,
            accounts,
            scratch,
        } => {
            let action = Action::Export {
                output,
                accounts: accounts.accounts,
                scratch: scratch.scratch,
            };
            (place, action)
        }
        Words::Import {
            place,
            input,
            accounts,
            merge,
        } => {
            let action = Action::Import {
                input,
                accounts: accounts.accounts,
                merge,
            };
            (place, action)
        }
        Words::Compact { place } => (place, Action::Compact),
    };
    Ok(Asked::Run(Maintenance {
        location: place.location,
        action,
    }))
}

fn account(text: &str) -> Result<AccountName, String> {
    AccountName::parse(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Asked, UsageError> {
        let words: Vec<_> = line.split_whitespace().map(OsString::from).collect();
        parse(&words)
    }

    #[track_caller]
    fn run(line: &str) -> Maintenance {
        match read(line) {
            Ok(Asked::Run(maintenance)) => maintenance,
            Ok(Asked::Print(text)) => panic!("{text}"),
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn every_action_is_read_with_its_options() {
        assert_eq!(
            run("check"),
            Maintenance {
                location: ".".into(),
                action: Action::Check { scratch: None },
            }
        );
        assert_eq!(
            run("export -l a --output b --account one --account two --scratch c"),
            Maintenance {
                location: "a".into(),
                action: Action::Export {
                    output: Some("b".into()),
                    accounts: ["one", "two"]
                        .map(|name| AccountName::parse(name).unwrap())
                        .into(),
                    scratch: Some("c".into()),
                },
            }
        );
        assert_eq!(
            run("import --location a --input b --merge").action,
            Action::Import {
                input: Some("b".into()),
                accounts: Vec::new(),
                merge: true,
            }
        );
        assert_eq!(run("compact").action, Action::Compact);
    }

    #[test]
    fn what_is_wrong_is_said_in_one_line() {
        for (line, expected) in [
            ("", "store needs an action: check, export"),
            ("chek", "unrecognized subcommand 'chek'"),
            ("check --merge", "unknown option '--merge'"),
            ("export --acount x", "did you mean '--account'?"),
            (
                "export --account _x",
                "--account '_x': an account name consists of",
            ),
            ("compact --location", "--location needs a value"),
        ] {
            let error = match read(line) {
                Err(error) => error.to_string(),
                Ok(_) => panic!("{line} was understood"),
            };
            assert!(error.contains(expected), "{line}: {error}");
            assert_eq!(error.lines().count(), 1, "{line}: {error}");
        }
    }

    #[test]
    fn help_tells_of_every_action_and_of_the_exit_codes() {
        let help = |line| match read(line) {
            Ok(Asked::Print(text)) => text,
            _ => panic!("{line} prints no help"),
        };
        let all = help("--help");
        for word in ["check", "export", "import", "compact", "Exit codes: 0"] {
            assert!(all.contains(word), "{all}");
        }
        assert!(help("export --help").contains("--output <FILE>"));
    }
}
