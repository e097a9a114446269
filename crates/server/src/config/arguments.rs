//! The command line as it is written: one field per option.
//!
//! The names are Azurite's, letter for letter, and every name is accepted under every command.
//! What an option means, and which of them go together, is for [`Config`](super::Config).

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{OsStringValueParser, PossibleValuesParser, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgAction, Command, CommandFactory, FromArgMatches, Parser};
use queuerite_store::Durability;

use super::numbers;
use super::{Dialect, UsageError};

/// An Azure Queue Storage server for one's own machine, in the place of Azurite's.
#[derive(Parser, Debug)]
#[command(
    version,
    disable_help_flag = true,
    disable_version_flag = true,
    args_override_self = true,
    max_term_width = 100,
    after_help = ENVIRONMENT_HELP
)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(super) struct Arguments {
    /// Address to listen on; 0.0.0.0 for all
    #[arg(long = "queueHost", value_name = "HOST", default_value = "127.0.0.1")]
    pub queue_host: String,
    /// Port to listen on; 0 for a free one
    #[arg(long = "queuePort", value_name = "PORT", default_value = "10001",
          allow_negative_numbers = true, value_parser = numbers::port)]
    pub queue_port: u16,
    /// Idle connections stay open so long [default: 120]
    #[arg(long = "queueKeepAliveTimeout", value_name = "SECONDS",
          allow_negative_numbers = true, value_parser = seconds())]
    pub queue_keep_alive: Option<KeepAlive>,
    /// Never take the account from the host name
    #[arg(long = "disableProductStyleUrl")]
    pub disable_product_style_url: bool,

    /// Folder that keeps the queues [default: the current one]
    #[arg(short, long, value_name = "FOLDER", help_heading = "Storage", value_parser = path())]
    pub location: Option<PathBuf>,
    /// When a change counts as stored: fsync survives a power cut, flush a crash of the server,
    /// none neither [default: fsync]
    #[arg(long, value_name = "LEVEL", help_heading = "Storage",
          hide_possible_values = true, value_parser = durability())]
    pub durability: Option<Durability>,
    /// Keep everything in memory and forget it at the end
    #[arg(long = "inMemoryPersistence", help_heading = "Storage")]
    pub in_memory_persistence: bool,
    /// Most megabytes of texts in memory [default: half of it]
    #[arg(long = "extentMemoryLimit", value_name = "MB", help_heading = "Storage",
          allow_negative_numbers = true, value_parser = numbers::megabytes)]
    pub extent_memory_limit: Option<u64>,

    /// Answer as the cloud does, conveniences off
    #[arg(long, help_heading = "Protocol")]
    pub strict: bool,
    /// Do not enforce the source address of a SAS
    #[arg(short = 'L', long, help_heading = "Protocol")]
    pub loose: bool,
    /// Take bearer tokens, over HTTPS only; the one level is basic: issuer, audience and times of
    /// a token are checked, its signature is not
    #[arg(long, value_name = "LEVEL", help_heading = "Protocol",
          hide_possible_values = true, ignore_case = true, value_parser = oauth())]
    pub oauth: Option<String>,

    /// Accept any x-ms-version
    #[arg(long = "skipApiVersionCheck", help_heading = "Protocol")]
    pub skip_api_version_check: bool,

    /// Serve HTTPS with this certificate: PEM with its chain, or PKCS#12 (PFX)
    #[arg(long, value_name = "FILE", help_heading = HTTPS, value_parser = path())]
    pub cert: Option<PathBuf>,
    /// Key of a certificate in PEM
    #[arg(long, value_name = "FILE", help_heading = HTTPS, value_parser = path())]
    pub key: Option<PathBuf>,
    /// Password of a PKCS#12 file
    #[arg(long, value_name = "PASSWORD", help_heading = HTTPS, allow_hyphen_values = true)]
    pub pwd: Option<String>,

    /// No access log
    #[arg(short, long, help_heading = "Logs")]
    pub silent: bool,
    /// Append a debug log to this file
    #[arg(short, long, value_name = "FILE", help_heading = "Logs", value_parser = path())]
    pub debug: Option<PathBuf>,

    /// Address for blob clients
    #[arg(long = "blobHost", value_name = "HOST", default_value = "127.0.0.1",
          help_heading = COMPANIONS)]
    pub blob_host: String,
    /// Port for blob clients
    #[arg(long = "blobPort", value_name = "PORT", default_value = "10000", help_heading = COMPANIONS,
          allow_negative_numbers = true, value_parser = numbers::port)]
    pub blob_port: u16,
    /// Address for table clients
    #[arg(long = "tableHost", value_name = "HOST", default_value = "127.0.0.1",
          help_heading = COMPANIONS)]
    pub table_host: String,
    /// Port for table clients
    #[arg(long = "tablePort", value_name = "PORT", default_value = "10002", help_heading = COMPANIONS,
          allow_negative_numbers = true, value_parser = numbers::port)]
    pub table_port: u16,

    /// Forward the blob port to the server at this URL, of scheme http, host and port
    #[arg(long = "blobProxy", value_name = "URL", help_heading = COMPANIONS)]
    pub blob_proxy: Option<String>,
    /// Forward the table port likewise
    #[arg(long = "tableProxy", value_name = "URL", help_heading = COMPANIONS)]
    pub table_proxy: Option<String>,

    /// Only the queue service has connections to keep
    #[arg(long = "blobKeepAliveTimeout", value_name = "SECONDS", help_heading = NO_EFFECT,
          allow_negative_numbers = true, value_parser = seconds())]
    pub blob_keep_alive: Option<KeepAlive>,
    /// Likewise
    #[arg(long = "tableKeepAliveTimeout", value_name = "SECONDS", help_heading = NO_EFFECT,
          allow_negative_numbers = true, value_parser = seconds())]
    pub table_keep_alive: Option<KeepAlive>,
    /// There is no telemetry
    #[arg(long = "disableTelemetry", help_heading = NO_EFFECT)]
    pub disable_telemetry: bool,

    /// Print the version
    #[arg(short, long, action = ArgAction::Version)]
    version: Option<bool>,
    /// Print this help
    #[arg(short, long, action = ArgAction::Help)]
    help: Option<bool>,

    /// What stands between the options.
    #[arg(hide = true)]
    pub words: Vec<OsString>,
}

/// A keep-alive time as it was written; `None` inside asks for the default.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeepAlive(pub Option<Duration>);

/// What the command line asks for, before its options are compared with each other.
pub(super) enum Asked {
    Run(Box<Arguments>),
    Help,
    Version,
}

impl Arguments {
    /// Reads the words after the command's name.
    pub(super) fn parse_words(words: Vec<OsString>) -> Result<Asked, UsageError> {
        let name = OsString::from("queuerite");
        let matches = parser().try_get_matches_from(std::iter::once(name).chain(words));
        match matches.and_then(|matches| Self::from_arg_matches(&matches)) {
            Ok(arguments) => Ok(match arguments.words.first() {
                Some(word) if word == "help" => Asked::Help,
                Some(word) if word == "version" => Asked::Version,
                _ => Asked::Run(Box::new(arguments)),
            }),
            Err(error) => match error.kind() {
                ErrorKind::DisplayHelp => Ok(Asked::Help),
                ErrorKind::DisplayVersion => Ok(Asked::Version),
                _ => Err(UsageError::new(in_one_line(&error))),
            },
        }
    }

    /// The text of `--help` under a command's name.
    pub(super) fn help(dialect: Dialect) -> String {
        Self::command()
            .name(dialect.command())
            .render_help()
            .to_string()
    }
}

/// The command that parses. It takes a little more than the one that prints the help tells: a
/// flag has a value after `=`, and a missing value of `--debug` has an error of its own.
fn parser() -> Command {
    Arguments::command()
        .mut_arg("debug", |arg| arg.num_args(0..=1).default_missing_value(""))
        .mut_args(|arg| match arg.get_action() {
            ArgAction::SetTrue => arg
                .action(ArgAction::Set)
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("true")
                .default_value("false"),
            _ => arg,
        })
}

/// A path that may be empty, which clap's own paths may not.
fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

fn seconds() -> impl TypedValueParser<Value = KeepAlive> {
    |text: &str| numbers::seconds(text).map(KeepAlive)
}

fn durability() -> impl TypedValueParser<Value = Durability> {
    PossibleValuesParser::new(Durability::ALL.map(Durability::name))
        .try_map(|level| level.parse::<Durability>())
}

fn oauth() -> impl TypedValueParser<Value = String> {
    PossibleValuesParser::new(["basic"])
}

/// What went wrong, in one line; clap's own account takes six.
pub(crate) fn in_one_line(error: &clap::Error) -> String {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.as_str(),
        _ => "",
    };
    // An option comes as `--queuePort <PORT>`, or as it was written.
    let option = context(ContextKind::InvalidArg);
    let option = option.split([' ', '[', '=']).next().unwrap_or(option);
    let value = context(ContextKind::InvalidValue);
    match error.kind() {
        ErrorKind::UnknownArgument => match context(ContextKind::SuggestedArg) {
            "" => format!("unknown option '{option}'; --help lists the known ones"),
            known => format!("unknown option '{option}'; did you mean '{known}'?"),
        },
        ErrorKind::InvalidValue if value.is_empty() => format!("{option} needs a value"),
        ErrorKind::InvalidValue => {
            let valid = match error.get(ContextKind::ValidValue) {
                Some(ContextValue::Strings(valid)) => valid.join(" or "),
                _ => "another value".to_owned(),
            };
            format!("{option} '{value}': {valid} is expected")
        }
        ErrorKind::ValueValidation => match std::error::Error::source(error) {
            Some(reason) => format!("{option} '{value}': {reason}"),
            None => format!("{option} '{value}' is not understood"),
        },
        ErrorKind::InvalidUtf8 => "the command line is not UTF-8".to_owned(),
        _ => {
            let text = error.to_string();
            let line = text.lines().next().unwrap_or_default();
            line.strip_prefix("error: ").unwrap_or(line).to_owned()
        }
    }
}

const HTTPS: &str = "HTTPS (queuerite cert makes a certificate)";
const COMPANIONS: &str = "As the command azurite, for tools that wait for all three services";
const NO_EFFECT: &str = "Accepted because Azurite does; no effect";

const ENVIRONMENT_HELP: &str = "\
Environment:
  AZURITE_ACCOUNTS                accounts and keys, name:key1[:key2];name2:key1[:key2];…
                                  or @FILE to read them from a file, again every minute
                                  [default: devstoreaccount1 with its well-known key]
  AZURITE_SKIP_API_VERSION_CHECK  true means --skipApiVersionCheck
  QUEUERITE_BLOB_PROXY, QUEUERITE_TABLE_PROXY
                                  mean --blobProxy and --tableProxy
  QUEUERITE_LOG, RUST_LOG         level of the log on stderr, such as debug [default: info]

Started under the name azurite-queue or azurite, or with that word first, queuerite takes the
place of that command and prints its lines.

queuerite store checks, exports, imports and compacts what is stored: queuerite store --help.
queuerite cert makes a certificate for HTTPS, and tells how to trust it: queuerite cert --help.
queuerite healthcheck exits with 0 if a server with the same flags is ready, or, without flags, the one
that is the container's first process.";
