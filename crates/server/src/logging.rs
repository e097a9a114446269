//! Logs: on stderr for people, and all of it in the file of `--debug`.
//!
//! On stderr a line is time, level, message and fields, and the request id at the end if there
//! is one. In the file it is time, request id or a tab, level and message, as in Azurite's.
//!
//! A request id is the field [`REQUEST_ID`] of a span around the work on the request.
//!
//! No key, signature or message text may be given to a log. URLs go through
//! `access_log::redacted` first.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fmt, io};

use chrono::{DateTime, SecondsFormat};
use thiserror::Error;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{self as format, FmtContext, FormatEvent, FormatFields, MakeWriter};
use tracing_subscriber::layer::{Context, Filter, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry};

use crate::ambient;

/// The field of a span that carries the request id.
pub const REQUEST_ID: &str = "request_id";

/// Starts logging, for the whole process and until its end.
///
/// The level on stderr is that of `QUEUERITE_LOG`, else of `RUST_LOG`, else `info`.
pub fn start(
    debug_log: Option<&Path>,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<(), LoggingError> {
    let filter = filter(env)?;
    let file = debug_log.map(open).transpose()?.map(Arc::new);
    subscriber(filter, io::stderr, file)
        .try_init()
        .map_err(|_| LoggingError::AlreadyStarted)
}

/// A text that quotes what was signed, without the signatures that clients sent: the one that
/// did not fit, and those of a query that was signed with all its parameters. It is the debug
/// form of a text, in which lines are separated by `\n` written out.
pub(crate) fn without_signatures(quoted: &str) -> String {
    let hidden = hide(quoted, "found in the HTTP request '", "'");
    hide(&hidden, r"\nsig:", r"\n")
}

/// Replaces whatever stands between `begin` and the next `end`.
fn hide(text: &str, begin: &str, end: &str) -> String {
    let mut parts = text.split(begin);
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        // Without an end it goes on to the closing quote.
        let end_at = part
            .find(end)
            .or_else(|| part.find('"'))
            .unwrap_or(part.len());
        let (_, rest) = part.split_at(end_at);
        shown = shown + begin + "*****" + rest;
    }
    shown
}

/// Why logging cannot start. Displays as one line.
#[derive(Debug, Error)]
pub enum LoggingError {
    /// An environment variable does not say which levels to log.
    #[error("{variable} is no level or filter that can be read; try debug, info or warn")]
    Filter {
        /// The name of the variable.
        variable: &'static str,
    },
    /// The file of `--debug` cannot be opened.
    #[error("cannot write the debug log {}: {error}", path.display())]
    Unwritable {
        /// The file, as the command line names it.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// There is a subscriber in this process already.
    #[error("logging was started before")]
    AlreadyStarted,
}

fn filter(env: &dyn Fn(&str) -> Option<String>) -> Result<Targets, LoggingError> {
    for variable in ["QUEUERITE_LOG", "RUST_LOG"] {
        let value = env(variable).unwrap_or_default();
        if !value.trim().is_empty() {
            let filter = value.trim().parse();
            return filter.map_err(|_| LoggingError::Filter { variable });
        }
    }
    Ok(Targets::new().with_default(LevelFilter::INFO))
}

fn open(path: &Path) -> Result<File, LoggingError> {
    let unwritable = |error| LoggingError::Unwritable {
        path: path.to_owned(),
        error,
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(unwritable)?;
    }
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    options.open(path).map_err(unwritable)
}

/// A line is one write to either place, so lines of several threads do not mix, and none is
/// lost in a buffer when the process dies.
fn subscriber<E, F>(filter: Targets, stderr: E, file: Option<F>) -> impl Subscriber + Send + Sync
where
    E: for<'w> MakeWriter<'w> + Send + Sync + 'static,
    F: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    // Whoever listens to everything makes every line and every span of a request be made up, only
    // to be thrown away.
    let on_stderr = Filter::<Registry>::max_level_hint(&filter).unwrap_or(LevelFilter::TRACE);
    let finest = on_stderr.max(file.as_ref().map_or(LevelFilter::OFF, |_| IN_FILE));
    let stderr = format::layer()
        .event_format(ForPeople)
        .with_writer(stderr)
        .with_filter(filter);
    let file = file.map(|file| {
        format::layer()
            .event_format(LikeAzurite)
            .with_writer(file)
            .with_filter(IN_FILE)
    });
    Registry::default()
        .with(RememberRequestId.with_filter(finest))
        .with(stderr)
        .with(file)
}

/// The finest lines that the file of `--debug` has.
const IN_FILE: LevelFilter = LevelFilter::DEBUG;

/// `2026-11-22T06:39:44.123Z WARN  the message field=value request_id=…`
struct ForPeople;

impl<S, N> FormatEvent<S, N> for ForPeople
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        write!(writer, "{} {:<5} ", Now, event.metadata().level())?;
        context.format_fields(writer.by_ref(), event)?;
        if let Some(RequestId(id)) = request_id(context) {
            write!(writer, " {REQUEST_ID}={id}")?;
        }
        writeln!(writer)
    }
}

/// `2026-11-22T06:39:44.123Z <request id, or a tab> warn: the message field=value`
struct LikeAzurite;

impl<S, N> FormatEvent<S, N> for LikeAzurite
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let level = match *event.metadata().level() {
            Level::ERROR => "error",
            Level::WARN => "warn",
            Level::INFO => "info",
            Level::DEBUG => "debug",
            Level::TRACE => "trace",
        };
        let id = request_id(context).map_or_else(|| "\t".to_owned(), |RequestId(id)| id);
        write!(writer, "{Now} {id} {level}: ")?;
        context.format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
}

/// The time with milliseconds, as ISO 8601 has it.
struct Now;

impl fmt::Display for Now {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let now = ambient::wall_clock();
        let date = DateTime::from_timestamp(now.unix_seconds(), now.subsecond_ticks() * 100);
        let date = date.unwrap_or_default();
        f.write_str(&date.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

/// Keeps the request id of a span where the lines within it find it.
struct RememberRequestId;

#[derive(Clone)]
struct RequestId(String);

impl<S> Layer<S> for RememberRequestId
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut found = FindRequestId(None);
        attributes.record(&mut found);
        if let (Some(request_id), Some(span)) = (found.0, context.span(id)) {
            span.extensions_mut().insert(RequestId(request_id));
        }
    }
}

struct FindRequestId(Option<String>);

impl Visit for FindRequestId {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == REQUEST_ID {
            self.0 = Some(value.to_owned());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == REQUEST_ID {
            self.0 = Some(format!("{value:?}"));
        }
    }
}

fn request_id<S, N>(context: &FmtContext<'_, S, N>) -> Option<RequestId>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    context
        .event_scope()?
        .find_map(|span| span.extensions().get::<RequestId>().cloned())
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn what_was_signed_is_shown_without_signatures() {
        let refused = r#"[("D", "The MAC signature found in the HTTP request 'c2VjcmV0=' is not the same. Server used: 'GET\n/a\nsig:dG9v=\nsp:r'.")]"#;
        let shown = without_signatures(refused);
        assert!(
            !shown.contains("c2VjcmV0") && !shown.contains("dG9v"),
            "{shown}"
        );
        assert!(
            shown.contains("HTTP request '*****' is not") && shown.contains(r"\nsig:*****\nsp:r")
        );
        let last = without_signatures(r#""GET\n/a\nsig:dG9v=""#);
        assert_eq!(last, r#""GET\n/a\nsig:*****""#);
        assert_eq!(without_signatures(r#""GET\n/a""#), r#""GET\n/a""#);
    }

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Sink {
        fn lines(&self) -> Vec<String> {
            let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
            text.lines().map(str::to_owned).collect()
        }
    }

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'w> MakeWriter<'w> for Sink {
        type Writer = Self;

        fn make_writer(&'w self) -> Self {
            self.clone()
        }
    }

    /// The lines on stderr and in the file, each without its time.
    fn logged(filter: &str, work: impl FnOnce()) -> (Vec<String>, Vec<String>) {
        let (stderr, file) = (Sink::default(), Sink::default());
        let subscriber = subscriber(filter.parse().unwrap(), stderr.clone(), Some(file.clone()));
        tracing::subscriber::with_default(subscriber, work);
        (timeless(&stderr), timeless(&file))
    }

    fn timeless(sink: &Sink) -> Vec<String> {
        let lines = sink.lines();
        let lines = lines.iter().map(|line| {
            let (time, rest) = line.split_once(' ').unwrap();
            assert_eq!(time.len(), "2026-11-22T06:39:44.123Z".len(), "{line}");
            assert!(DateTime::parse_from_rfc3339(time).is_ok(), "{line}");
            assert!(time.ends_with('Z'), "{line}");
            rest.to_owned()
        });
        lines.collect()
    }

    #[test]
    fn a_line_reads_alone_and_names_its_request() {
        let (stderr, file) = logged("info", || {
            tracing::info!("the store is open");
            tracing::info_span!("request", request_id = "0f0f").in_scope(|| {
                tracing::warn!(queue = "orders", "the inbox is full");
                tracing::debug_span!("inner").in_scope(|| tracing::error!("poisoned"));
            });
            let id = 17;
            tracing::info_span!("request", request_id = %id)
                .in_scope(|| tracing::debug!("details"));
        });
        assert_eq!(
            stderr,
            [
                "INFO  the store is open",
                "WARN  the inbox is full queue=\"orders\" request_id=0f0f",
                "ERROR poisoned request_id=0f0f",
            ]
        );
        assert_eq!(
            file,
            [
                "\t info: the store is open",
                "0f0f warn: the inbox is full queue=\"orders\"",
                "0f0f error: poisoned",
                "17 debug: details",
            ]
        );
    }

    #[test]
    fn the_file_has_everything_from_debug_whatever_stderr_has() {
        let (stderr, file) = logged("error", || {
            tracing::trace!("finest");
            tracing::debug!("fine");
            tracing::warn!("coarse");
        });
        assert!(stderr.is_empty());
        assert_eq!(file, ["\t debug: fine", "\t warn: coarse"]);
    }

    #[test]
    fn a_request_id_is_known_even_if_its_span_is_too_fine_for_stderr() {
        let (stderr, file) = logged("info", || {
            tracing::debug_span!("request", request_id = "0f0f")
                .in_scope(|| tracing::warn!("slow"));
        });
        // The layers share spans, but each sees only those its filter lets through.
        assert_eq!(stderr, ["WARN  slow"]);
        assert_eq!(file, ["0f0f warn: slow"]);
    }

    #[test]
    fn what_nobody_writes_is_not_made_up() {
        let finest = |filter: &str, file: Option<fn() -> io::Sink>| {
            subscriber(filter.parse().unwrap(), io::sink, file).max_level_hint()
        };
        assert_eq!(finest("info", None), Some(LevelFilter::INFO));
        assert_eq!(finest("trace", None), Some(LevelFilter::TRACE));
        assert_eq!(finest("info", Some(io::sink)), Some(LevelFilter::DEBUG));
    }

    #[test]
    fn our_variable_comes_before_everybodys() {
        let env = |ours: &'static str, everybodys: &'static str| {
            filter(&move |name| match name {
                "QUEUERITE_LOG" => Some(ours.to_owned()),
                "RUST_LOG" => Some(everybodys.to_owned()),
                _ => None,
            })
        };
        assert_eq!(env("debug", "warn").unwrap().to_string(), "debug");
        assert_eq!(env(" ", "warn").unwrap().to_string(), "warn");
        assert_eq!(filter(&|_| None).unwrap().to_string(), "info");
        assert_eq!(
            env("a=b=c", "").unwrap_err().to_string(),
            "QUEUERITE_LOG is no level or filter that can be read; try debug, info or warn"
        );
    }

    #[test]
    fn a_part_of_the_server_can_have_a_level_of_its_own() {
        let filter = filter(&|_| Some("warn,queuerite_store=debug".to_owned())).unwrap();
        assert!(filter.would_enable("queuerite_store::open", &Level::DEBUG));
        assert!(!filter.would_enable("queuerite_server", &Level::INFO));
        assert!(filter.would_enable("queuerite_server", &Level::WARN));
    }

    #[test]
    fn the_file_is_appended_to_and_its_folder_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/er/debug.log");
        for line in ["one", "two"] {
            let file = open(&path).unwrap();
            let subscriber = subscriber(Targets::new(), io::sink, Some(Arc::new(file)));
            tracing::subscriber::with_default(subscriber, || tracing::info!("{line}"));
        }
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 2);
        assert!(text.ends_with("\t info: two\n"), "{text}");
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = open(folder.path()).unwrap_err().to_string();
        let expected = format!("cannot write the debug log {}: ", folder.path().display());
        assert!(error.starts_with(&expected), "{error}");
    }
}
