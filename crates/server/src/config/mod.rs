//! Configuration: parsed once, then simply true.
//!
//! The command line is Azurite's. Where Azurite guesses in silence (a port that is no number, an
//! option it does not know), this says so in one line and does not start.

mod arguments;
mod certificate;
pub(crate) mod memory;
mod numbers;
mod proxy;

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use queuerite_store::Durability;
pub use queuerite_wire::StorageService as Service;
use thiserror::Error;

use crate::accounts::AccountsSource;
use crate::certify::{self, Certification};
use crate::healthcheck::HealthCheck;
use crate::limits::Limits;
use crate::maintain::{self, Maintenance};
use crate::tls::CertificateSource;
pub(crate) use arguments::in_one_line as usage_in_one_line;
use arguments::{Arguments, Asked, KeepAlive};

/// How long an idle connection stays open unless the command line says otherwise.
///
/// Longer than the pools of the SDKs keep theirs (60 seconds in .NET, 90 in Go), so that it is
/// the client that closes. Azurite closes after 5 seconds, and a request sent at that moment
/// dies with the connection.
pub const KEEP_ALIVE_DEFAULT: Duration = Duration::from_mins(2);

/// The longest an idle connection stays open, whatever the command line says.
pub const KEEP_ALIVE_MAX: Duration = Duration::from_hours(24);

/// Everything the server was asked to be.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct Config {
    /// Whose lines are printed.
    pub dialect: Dialect,
    /// Where the queue service listens.
    pub queue: Endpoint,
    /// Where blob clients find a companion of the queue service; only for `azurite`.
    pub blob: Option<Endpoint>,
    /// Where table clients find one; only for `azurite`.
    pub table: Option<Endpoint>,
    /// The real blob service to which connections are forwarded.
    pub blob_proxy: Option<Endpoint>,
    /// The real table service to which connections are forwarded.
    pub table_proxy: Option<Endpoint>,
    /// Where the certificate is; without one, plain HTTP is spoken.
    pub certificate: Option<CertificateSource>,
    /// How long an idle connection stays open.
    pub keep_alive: Duration,
    /// Where queues are kept.
    pub storage: Storage,
    /// Answer as the cloud, conveniences off.
    pub strict: bool,
    /// The source address of a SAS is not enforced. Never together with `strict`.
    pub loose: bool,
    /// Bearer tokens are taken, without their signatures being verified.
    pub takes_tokens: bool,
    /// The first label of the host name may be the account.
    pub host_style: bool,
    /// `x-ms-version` is not checked.
    pub any_version: bool,
    /// Each answered request has a line on stdout.
    pub access_log: bool,
    /// The file that takes the debug log.
    pub debug_log: Option<PathBuf>,
    /// Where accounts and keys come from.
    pub accounts: AccountsSource,
    /// What a client may have of the server.
    pub limits: Limits,
}

impl Config {
    /// Reads the command line, its first word being the name of the command, and the environment.
    pub fn from_arguments(
        args: impl Iterator<Item = OsString>,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Parsed, UsageError> {
        let (dialect, words) = split_command(args);
        if let Some((first, rest)) = words.split_first()
            && dialect == Dialect::Queuerite
            && first == STORE
        {
            return maintain::parse(rest).map(|asked| match asked {
                maintain::Asked::Run(maintenance) => Parsed::Maintain(maintenance),
                maintain::Asked::Print(text) => Parsed::Print(text),
            });
        }
        if let Some((first, rest)) = words.split_first()
            && dialect == Dialect::Queuerite
            && first == CERT
        {
            return certify::parse(rest).map(|asked| match asked {
                certify::Asked::Run(certification) => Parsed::Certify(certification),
                certify::Asked::Print(text) => Parsed::Print(text),
            });
        }
        if let Some((first, rest)) = words.split_first()
            && dialect == Dialect::Queuerite
            && first == HEALTHCHECK
        {
            return HealthCheck::parse(rest, env);
        }
        match Arguments::parse_words(words)? {
            Asked::Help => Ok(Parsed::Print(
                Arguments::help(dialect).trim_end().to_owned(),
            )),
            Asked::Version => Ok(Parsed::Print(env!("CARGO_PKG_VERSION").to_owned())),
            Asked::Run(arguments) => {
                let config = Self::new(dialect, *arguments, env)?;
                Ok(Parsed::Run(Box::new(config)))
            }
        }
    }

    /// The services to open, in the order in which Azurite starts them.
    pub fn services(&self) -> impl Iterator<Item = (Service, &Endpoint)> {
        let blob = self.blob.iter().map(|endpoint| (Service::Blob, endpoint));
        let table = self.table.iter().map(|endpoint| (Service::Table, endpoint));
        blob.chain([(Service::Queue, &self.queue)]).chain(table)
    }

    /// The real server to which the connections of a service are forwarded.
    pub const fn proxy(&self, service: Service) -> Option<&Endpoint> {
        match service {
            Service::Blob => self.blob_proxy.as_ref(),
            Service::Table => self.table_proxy.as_ref(),
            Service::Queue => None,
        }
    }

    /// What is spoken on every port.
    pub const fn scheme(&self) -> Scheme {
        if self.certificate.is_some() {
            Scheme::Https
        } else {
            Scheme::Http
        }
    }

    fn new(
        dialect: Dialect,
        mut arguments: Arguments,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, UsageError> {
        refuse_stray_words(dialect, &arguments.words)?;
        if arguments.strict && arguments.loose {
            return Err(UsageError::new("--strict and --loose exclude each other"));
        }
        let certificate = certificate::source(&mut arguments)?;
        let storage = Storage::new(&arguments)?;
        let debug_log = match arguments.debug {
            Some(file) if file.as_os_str().is_empty() => {
                return Err(UsageError::new(
                    "Must provide a debug log file path for parameter -d or --debug",
                ));
            }
            file => file,
        };
        let accounts = AccountsSource::from_variable(env(ACCOUNTS_VARIABLE).as_deref())
            .map_err(UsageError::new)?;
        let version_check_skipped = env(SKIP_VERSION_CHECK_VARIABLE).as_deref() == Some("true");
        let companion =
            |host: &str, port| (dialect == Dialect::Azurite).then(|| Endpoint::new(host, port));
        let proxy = |flag, given: Option<String>, variable| {
            proxy::proxy(dialect, flag, given, variable, env)
        };
        let blob_proxy = proxy(
            "--blobProxy",
            arguments.blob_proxy.take(),
            BLOB_PROXY_VARIABLE,
        )?;
        let table_proxy = proxy(
            "--tableProxy",
            arguments.table_proxy.take(),
            TABLE_PROXY_VARIABLE,
        )?;
        Ok(Self {
            dialect,
            queue: Endpoint::new(&arguments.queue_host, arguments.queue_port),
            blob: companion(&arguments.blob_host, arguments.blob_port),
            table: companion(&arguments.table_host, arguments.table_port),
            blob_proxy,
            table_proxy,
            certificate,
            keep_alive: match arguments.queue_keep_alive {
                Some(KeepAlive(Some(time))) => time.min(KEEP_ALIVE_MAX),
                Some(KeepAlive(None)) | None => KEEP_ALIVE_DEFAULT,
            },
            storage,
            strict: arguments.strict,
            loose: arguments.loose,
            takes_tokens: arguments.oauth.is_some(),
            host_style: !arguments.disable_product_style_url,
            any_version: arguments.skip_api_version_check || version_check_skipped,
            access_log: !arguments.silent,
            debug_log,
            accounts,
            limits: Limits::default(),
        })
    }
}

/// What the command line asks for.
#[derive(Clone, Debug)]
pub enum Parsed {
    /// To serve.
    Run(Box<Config>),
    /// To look after a store.
    Maintain(Maintenance),
    /// To make a certificate.
    Certify(Certification),
    /// To ask a server whether it is well.
    CheckHealth(HealthCheck),
    /// To print this text, which does not end in a newline, and be done.
    Print(String),
}

/// The command line or the environment cannot be followed. Displays as one line, without secrets.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{0}")]
pub struct UsageError(String);

impl UsageError {
    pub(crate) fn new(line: impl fmt::Display) -> Self {
        Self(line.to_string())
    }
}

/// Whose place the server takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dialect {
    /// Our own; prints the lines of `azurite-queue`.
    Queuerite,
    /// Azurite's queue service on its own.
    AzuriteQueue,
    /// Azurite with all three services.
    Azurite,
}

impl Dialect {
    /// The name of the command.
    pub const fn command(self) -> &'static str {
        match self {
            Self::Queuerite => "queuerite",
            Self::AzuriteQueue => "azurite-queue",
            Self::Azurite => "azurite",
        }
    }

    /// The dialect of a command called by this path or name.
    fn of_command(path: &OsStr) -> Self {
        let name = Path::new(path)
            .file_name()
            .unwrap_or(path)
            .to_string_lossy();
        let name = name.to_ascii_lowercase();
        Self::of_word(name.strip_suffix(".exe").unwrap_or(&name)).unwrap_or(Self::Queuerite)
    }

    fn of_word(word: &str) -> Option<Self> {
        [Self::AzuriteQueue, Self::Azurite]
            .into_iter()
            .find(|dialect| dialect.command() == word)
    }
}

/// What is spoken on a port.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scheme {
    /// In plain text.
    Http,
    /// Through TLS.
    Https,
}

impl Scheme {
    /// As URLs begin.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where a service listens, as it was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoint {
    /// A name or an address, IPv6 without brackets.
    pub host: String,
    /// The port; zero asks for a free one.
    pub port: u16,
}

impl Endpoint {
    /// An empty host is the default one: `--queueHost "$UNSET"`.
    fn new(host: &str, port: u16) -> Self {
        let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
        let host = match bare.unwrap_or(host).trim() {
            "" => HOST_DEFAULT.to_owned(),
            host => host.to_owned(),
        };
        Self { host, port }
    }
}

/// Where queues are kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Storage {
    /// Nowhere but in memory.
    Memory {
        /// Most bytes of message texts.
        limit_bytes: u64,
        /// The limit in percent of the machine's memory, if that is known.
        percent_of_memory: Option<u64>,
    },
    /// In a folder.
    Disk {
        /// The folder; relative to the current one.
        location: PathBuf,
        /// When a change counts as stored.
        durability: Durability,
    },
}

impl Storage {
    fn new(arguments: &Arguments) -> Result<Self, UsageError> {
        let location = arguments
            .location
            .as_ref()
            .filter(|location| !location.as_os_str().is_empty());
        if !arguments.in_memory_persistence {
            if arguments.extent_memory_limit.is_some() {
                return Err(UsageError::new(
                    "The --extentMemoryLimit option is only supported when the \
                     --inMemoryPersistence option is set.",
                ));
            }
            return Ok(Self::Disk {
                location: location.cloned().unwrap_or_else(|| PathBuf::from(".")),
                durability: arguments.durability.unwrap_or_default(),
            });
        }
        if location.is_some() {
            return Err(UsageError::new(
                "The --inMemoryPersistence option is not supported when the --location option \
                 is set.",
            ));
        }
        if arguments.durability.is_some() {
            return Err(UsageError::new(
                "The --durability option is not supported when the --inMemoryPersistence option \
                 is set.",
            ));
        }
        let total_bytes = memory::total_bytes();
        let limit_bytes = arguments
            .extent_memory_limit
            .unwrap_or_else(|| memory::limit_bytes_default(total_bytes));
        Ok(Self::Memory {
            limit_bytes,
            percent_of_memory: memory::percent(limit_bytes, total_bytes),
        })
    }
}

/// The dialect, and the words that are left to read: `queuerite azurite-queue …` is the same as
/// a link of that name.
fn split_command(mut args: impl Iterator<Item = OsString>) -> (Dialect, Vec<OsString>) {
    let dialect = args
        .next()
        .map_or(Dialect::Queuerite, |command| Dialect::of_command(&command));
    let mut words: Vec<OsString> = args.collect();
    if dialect != Dialect::Queuerite {
        return (dialect, words);
    }
    let named = words
        .first()
        .and_then(|word| word.to_str())
        .and_then(Dialect::of_word);
    if named.is_some() {
        words.remove(0);
    }
    (named.unwrap_or(dialect), words)
}

/// Azurite ignores words between the options, and so do we in its place; on our own behalf they
/// are a mistake, most often the value of a flag.
fn refuse_stray_words(dialect: Dialect, words: &[OsString]) -> Result<(), UsageError> {
    let Some(word) = words.first().filter(|_| dialect == Dialect::Queuerite) else {
        return Ok(());
    };
    let word = word.to_string_lossy();
    Err(UsageError::new(match &*word {
        "true" | "false" => format!(
            "unexpected word '{word}'; a flag takes its value after '=', as in --silent={word}"
        ),
        _ => format!("unexpected word '{word}'; --help lists the options"),
    }))
}

/// The first word that asks for maintenance instead of a server.
const STORE: &str = "store";
/// The first word that asks for a certificate instead of a server.
const CERT: &str = "cert";
const HEALTHCHECK: &str = "healthcheck";
const ACCOUNTS_VARIABLE: &str = "AZURITE_ACCOUNTS";
const BLOB_PROXY_VARIABLE: &str = "QUEUERITE_BLOB_PROXY";
const TABLE_PROXY_VARIABLE: &str = "QUEUERITE_TABLE_PROXY";
const SKIP_VERSION_CHECK_VARIABLE: &str = "AZURITE_SKIP_API_VERSION_CHECK";
const HOST_DEFAULT: &str = "127.0.0.1";

#[cfg(test)]
mod tests;
