//! Requests and the exact answers to them, as files that people read and write.
//!
//! `fixtures/README.md` describes the format. [`Case`] reads it, [`Scope`] fills requests in and
//! compares answers with what is expected, and [`merged`] writes an expectation anew.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use crate::{ACCOUNT, KEY, Request, Response, encoded, http_date};

/// One folder: requests in order, with the answers that are expected.
#[derive(Clone, Debug)]
pub struct Case {
    /// `<operation>/<case>`.
    pub name: String,
    /// Where the expectations come from.
    pub source: Source,
    /// The versions at which the case runs; one empty text if its requests say their own.
    pub versions: Vec<String>,
    /// What the server is like: some of [`SERVERS`].
    pub server: Vec<String>,
    /// What is done before and must succeed.
    pub given: Vec<Step>,
    /// What is compared.
    pub exchanges: Vec<Exchange>,
}

/// Where an expectation comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Source {
    /// From recorded answers of the service, at these versions.
    Recorded(Vec<String>),
    /// From this page or section of the documentation.
    Composed(String),
}

/// What a case may ask of its server. Without any it shares one that keeps everything in
/// memory.
pub const SERVERS: &[&str] = &["strict", "disk", "fresh"];

/// A request with the name under which its answer is known later.
#[derive(Clone, Debug)]
pub struct Step {
    /// The name.
    pub name: String,
    /// The request as it is written.
    pub request: String,
}

/// A request and the answer that is expected.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The request.
    pub step: Step,
    /// The file of the expected answer.
    pub path: PathBuf,
    /// Its content.
    pub expected: String,
}

impl Case {
    /// Reads every case below a folder, sorted by name. Panics at the first that is not well
    /// formed, with what is wrong.
    pub fn load_all(root: &Path) -> Vec<Self> {
        let mut cases = Vec::new();
        for operation in folders(root) {
            if operation.file_name().unwrap() != GIVEN {
                let folders = folders(&operation);
                assert!(!folders.is_empty(), "{} is empty", operation.display());
                cases.extend(folders.iter().map(|folder| Self::load(root, folder)));
            }
        }
        cases
    }

    fn load(root: &Path, folder: &Path) -> Self {
        let name = folder.strip_prefix(root).unwrap().display().to_string();
        let read = |file: &str| {
            let text = fs::read_to_string(folder.join(file));
            let text = text.unwrap_or_else(|error| panic!("{name}/{file}: {error}"));
            assert!(!text.contains('\r'), "{name}/{file}: has carriage returns");
            assert!(text.ends_with('\n'), "{name}/{file}: has no last line end");
            text
        };
        let count = (1..)
            .take_while(|n| folder.join(format!("{n}.request.http")).exists())
            .count();
        let names: Vec<String> = match count {
            0 => vec![String::new()],
            _ => (1..=count).map(|n| format!("{n}.")).collect(),
        };
        let has_own_given = folder.join("given.http").exists();
        let files = fs::read_dir(folder).unwrap().count();
        let known = 2 * names.len() + usize::from(has_own_given);
        assert_eq!(files, known, "{name}: files that are no part of it");

        let exchanges: Vec<_> = names
            .iter()
            .map(|prefix| {
                let step = Step {
                    name: prefix.trim_end_matches('.').to_owned(),
                    request: read(&format!("{prefix}request.http")),
                };
                let path = folder.join(format!("{prefix}response.http"));
                let expected = read(&format!("{prefix}response.http"));
                let has_status = expected.lines().any(|line| line.contains("HTTP/1.1 "));
                assert!(has_status, "{}: no status line", path.display());
                Exchange {
                    step,
                    path,
                    expected,
                }
            })
            .collect();

        let mut case = Self {
            source: Source::Composed(String::new()),
            versions: vec![String::new()],
            server: Vec::new(),
            given: Vec::new(),
            exchanges,
            name: name.clone(),
        };
        let request = case.exchanges[0].step.request.clone();
        let mut comments = request.lines().map_while(|line| line.strip_prefix("# "));
        let source = comments.next().unwrap_or_default();
        case.source = if let Some(versions) = source.strip_prefix("recorded at ") {
            Source::Recorded(list(versions))
        } else if let Some(page) = source.strip_prefix("composed from ") {
            Source::Composed(page.to_owned())
        } else {
            panic!("{}: begins with {source:?}, not with its source", case.name);
        };
        for comment in comments {
            if let Some(versions) = comment.strip_prefix("versions: ") {
                case.versions = list(versions);
            } else if let Some(server) = comment.strip_prefix("server: ") {
                case.server = list(server);
            } else if let Some(names) = comment.strip_prefix("given: ") {
                for name in list(names) {
                    let file = root.join(GIVEN).join(format!("{name}.http"));
                    let request = fs::read_to_string(&file);
                    let request = request.unwrap_or_else(|_| panic!("no {}", file.display()));
                    case.given.push(Step { name, request });
                }
            }
        }
        if has_own_given {
            let text = read("given.http");
            for part in text.split("### ").skip(1) {
                let (name, request) = part.split_once('\n').unwrap();
                let (name, request) = (name.to_owned(), request.to_owned());
                case.given.push(Step { name, request });
            }
        }
        case.check();
        case
    }

    fn check(&self) {
        let Self { name, .. } = self;
        for server in &self.server {
            assert!(
                SERVERS.contains(&server.as_str()),
                "{name}: {server} is no kind of server"
            );
        }
        let recorded = match &self.source {
            Source::Recorded(versions) => versions.clone(),
            Source::Composed(page) => {
                assert!(!page.is_empty(), "{name}: composed from nothing");
                Vec::new()
            }
        };
        for version in recorded.iter().chain(&self.versions) {
            assert!(
                version.is_empty() || is_version(version),
                "{name}: {version:?} is no version"
            );
        }
        let given = self.given.iter().map(|step| &step.request);
        let requests = self.exchanges.iter().map(|exchange| &exchange.step.request);
        let responses = self.exchanges.iter().map(|exchange| &exchange.expected);
        for text in given.chain(requests).chain(responses) {
            for piece in pieces(text) {
                if let Piece::Placeholder(inner) = piece {
                    assert!(self.knows(inner), "{name}: {{{inner}}} stands for nothing");
                }
            }
        }
    }

    fn knows(&self, inner: &str) -> bool {
        let names = self.given.iter().map(|step| step.name.as_str());
        let mut names = names
            .chain(self.exchanges.iter().map(|e| e.step.name.as_str()))
            .chain(["this"]);
        literal(inner).is_some()
            || Form::parse(inner).is_some()
            || ["queue", "version", "host", "none"].contains(&inner)
            || inner
                .split_once('.')
                .is_some_and(|(step, _)| names.any(|name| name == step))
    }
}

/// What a running case knows: the values of its placeholders.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The queue that belongs to this run of the case alone.
    pub queue: String,
    /// The version, or nothing if the requests say their own.
    pub version: String,
    /// The address of the server.
    pub host: String,
    /// The answers so far, by the names of their steps.
    pub answers: Vec<(String, Response)>,
}

impl Scope {
    /// A request, filled in and signed unless it is to go as it is.
    pub fn request(&self, text: &str) -> Request {
        let text = at_version(text, &self.version);
        let lines: Vec<_> = text.split_inclusive('\n').collect();
        let comments = lines.iter().take_while(|line| line.starts_with('#'));
        let (comments, lines) = lines.split_at(comments.count());
        let is_anonymous = comments.iter().any(|line| line.trim_end() == "# anonymous");
        let head_lines = lines.iter().take_while(|line| **line != "\n").count();
        let (head, body) = lines.split_at(head_lines);

        let mut head = head.iter().map(|line| line.trim_end_matches('\n'));
        let request_line = head.next().unwrap();
        let (method, rest) = request_line.split_once(' ').unwrap();
        let target = rest.strip_suffix(" HTTP/1.1").unwrap();
        let mut request = Request::new(method, self.filled(target, encoded));
        for line in head {
            let (name, value) = line.split_once(':').unwrap();
            request = request.header(name, self.filled(value.trim(), str::to_owned));
        }
        let body = body.concat();
        let body = body.strip_prefix('\n').unwrap_or(&body);
        let body = body.strip_suffix('\n').unwrap_or(body);
        request = request.body(self.filled(body, str::to_owned));
        let brings_its_own = |name: &str| name.eq_ignore_ascii_case("authorization");
        if !is_anonymous && !request.headers.iter().any(|(name, _)| brings_its_own(name)) {
            request = signed(request);
        }
        request.headers.retain(|(_, value)| value != ABSENT);
        request
    }

    /// A text with its placeholders filled in, answers' values after `encode`.
    fn filled(&self, text: &str, encode: impl Fn(&str) -> String) -> String {
        let mut filled = String::new();
        for piece in pieces(text) {
            match piece {
                Piece::Text(text) => filled += text,
                Piece::Placeholder(inner) => match Form::parse(inner) {
                    Some(Form::HttpDate(seconds)) => filled += &shifted(seconds),
                    _ if inner == "none" => filled += ABSENT,
                    _ => match self.value(inner, None) {
                        Some(value) if inner.contains('.') => filled += &encode(&value),
                        Some(value) => filled += &value,
                        None => panic!("{{{inner}}} has no value in a request"),
                    },
                },
            }
        }
        filled
    }

    /// The value of a placeholder that has one.
    fn value(&self, inner: &str, this: Option<&Response>) -> Option<String> {
        match inner {
            "queue" => return Some(self.queue.clone()),
            "version" => return Some(self.version.clone()),
            "host" => return Some(self.host.clone()),
            _ => {}
        }
        if let Some(text) = literal(inner) {
            return Some(text);
        }
        let (step, name) = inner.split_once('.')?;
        let answer = match step {
            "this" => this?,
            _ => &self.answers.iter().rev().find(|(name, _)| name == step)?.1,
        };
        let (name, nth) = name.split_once('.').unwrap_or((name, "1"));
        let nth: usize = nth.parse().ok()?;
        elements(answer, name)
            .nth(nth - 1)
            .or_else(|| answer.header(name).map(str::to_owned))
    }

    /// Compares an answer with the expectation; gives every difference, or none.
    pub fn compare(&self, expected: &str, actual: &Response, sent: SystemTime) -> Vec<String> {
        let expected = at_version(expected, &self.version);
        let (head, body) = expected
            .split_once("\n\n")
            .unwrap_or((expected.trim_end_matches('\n'), ""));
        let body = body.strip_suffix('\n').unwrap_or(body);
        let mut lines = head.lines();
        let mut differences = Vec::new();
        let matching = Matching {
            scope: self,
            actual,
            sent,
        };

        let status_line = lines.next().unwrap_or_default();
        let actual_line = format!("HTTP/1.1 {} {}", actual.status, actual.reason);
        if status_line != actual_line {
            differences.push(format!("status line\n  - {status_line}\n  + {actual_line}"));
        }

        let mut headers: Vec<_> = actual
            .headers
            .iter()
            .filter(|(name, _)| !is_framing(name))
            .collect();
        for line in lines {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.trim();
            if is_framing(name) {
                differences.push(format!("{name} is framing and not to be expected"));
                continue;
            }
            let Some(at) = headers.iter().position(|(other, _)| same_name(name, other)) else {
                differences.push(format!("header\n  - {name}: {value}"));
                continue;
            };
            let (other, actual_value) = headers.remove(at);
            if let Err(why) = matching.text(value, actual_value) {
                differences.push(format!(
                    "header, {why}\n  - {name}: {value}\n  + {other}: {actual_value}"
                ));
            }
        }
        for (name, value) in headers {
            differences.push(format!("header\n  + {name}: {value}"));
        }

        let length = actual.header("content-length");
        if length.is_some_and(|length| length != actual.body.len().to_string())
            && !(actual.body.is_empty() && body.is_empty())
        {
            let found = actual.body.len();
            differences.push(format!("Content-Length {length:?} of a body of {found}"));
        }
        match str::from_utf8(&actual.body) {
            Ok(text) => {
                if let Err(why) = matching.text(body, text) {
                    differences.push(format!(
                        "body, {why}\n  - {}\n  + {}",
                        shown(body),
                        shown(&self.rendered(text, actual))
                    ));
                }
            }
            Err(error) => differences.push(format!("body is not UTF-8: {error}")),
        }
        differences
    }

    /// An answer as an expectation is written, with placeholders for what varies.
    pub fn expectation(&self, actual: &Response) -> String {
        let mut text = format!("HTTP/1.1 {} {}\n", actual.status, actual.reason);
        let mut headers: Vec<_> = actual
            .headers
            .iter()
            .filter(|(name, _)| !is_framing(name))
            .map(|(name, value)| (canonical(name), value))
            .collect();
        headers.sort();
        for (name, value) in headers {
            let value = match name.as_str() {
                "Date" => "{http-date}".to_owned(),
                "x-ms-version" if *value == self.version => "{version}".to_owned(),
                "x-ms-popreceipt" => receipt(value).unwrap_or_else(|| value.clone()),
                _ => self.rendered(value, actual),
            };
            writeln!(text, "{name}: {value}").unwrap();
        }
        if !actual.body.is_empty() {
            let body = String::from_utf8_lossy(&actual.body);
            write!(text, "\n{}\n", self.rendered(&body, actual)).unwrap();
        }
        text
    }

    fn rendered(&self, text: &str, actual: &Response) -> String {
        let mut rendered = String::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let within = |element: &str| rendered.ends_with(&format!("<{element}>"));
            let is_receipt = within("PopReceipt");
            let is_expiration = within("ExpirationTime");
            let found = self
                .known_value(rest)
                .or_else(|| {
                    let (value, _) = rest.split_once('<').filter(|_| is_receipt)?;
                    // Messages that were got together share their receipt.
                    let is_first = !rendered.contains("{pop-receipt:");
                    let first = elements(actual, "PopReceipt").next()?;
                    if !is_first && value == first {
                        return Some((value.len(), "{this.PopReceipt}".to_owned()));
                    }
                    Some((value.len(), receipt(value)?))
                })
                .or_else(|| {
                    let guid = rest.get(..36).filter(|text| is_guid(text))?;
                    let is_request = actual.header("x-ms-request-id") == Some(guid);
                    let name = if is_request { "request-id" } else { "guid" };
                    Some((36, format!("{{{name}}}")))
                })
                .or_else(|| {
                    let date = parse_http_date(rest.get(..29)?)?;
                    let insertion = elements(actual, "InsertionTime").next();
                    let insertion = insertion.and_then(|text| parse_http_date(&text));
                    let (name, base) = match insertion.filter(|_| is_expiration) {
                        Some(insertion) => ("insertion", insertion),
                        None => ("http-date", parse_http_date(actual.header("date")?)?),
                    };
                    let seconds = (date - base).num_seconds();
                    let most = if name == "insertion" { i64::MAX } else { 1_000_000 };
                    let is_written = rest.starts_with(END_OF_TIME);
                    let is_relative = !is_written && (-2000..=most).contains(&seconds);
                    is_relative.then(|| (29, relative(name, seconds)))
                })
                .or_else(|| {
                    let time = parse_iso8601(rest.get(..28)?)?;
                    let date = parse_http_date(actual.header("date")?)?;
                    let is_now = (time - date).abs() < TimeDelta::seconds(3);
                    is_now.then(|| (28, "{iso8601-7}".to_owned()))
                });
            let (length, piece) = found.unwrap_or_else(|| {
                let piece = match c {
                    '\u{feff}' => "{bom}".to_owned(),
                    '{' | '\r' => format!("{{u+{:04x}}}", u32::from(c)),
                    c => c.to_string(),
                };
                (c.len_utf8(), piece)
            });
            rendered += &piece;
            rest = &rest[length..];
        }
        rendered
    }

    /// A value that is known by name, if the text begins with one.
    fn known_value(&self, text: &str) -> Option<(usize, String)> {
        let starts = |value: &str| value.len() >= 12 && text.starts_with(value);
        if starts(&self.queue) {
            return Some((self.queue.len(), "{queue}".to_owned()));
        }
        if starts(&self.host) {
            return Some((self.host.len(), "{host}".to_owned()));
        }
        for (step, answer) in &self.answers {
            for name in ["MessageId", "PopReceipt"] {
                for (at, value) in elements(answer, name).enumerate() {
                    if starts(&value) {
                        let nth = if at == 0 {
                            String::new()
                        } else {
                            format!(".{}", at + 1)
                        };
                        return Some((value.len(), format!("{{{step}.{name}{nth}}}")));
                    }
                }
            }
        }
        None
    }
}

/// Merges the expectations of several versions into one, with conditions where they differ.
/// Conditions of the old expectation that say the same are kept, since they name the version
/// that made the difference.
pub fn merged(old: &str, by_version: &[(String, String)]) -> String {
    if let [(_, text)] = by_version {
        return text.clone();
    }
    let mut versions: Vec<&str> = by_version.iter().map(|(version, _)| &**version).collect();
    versions.sort_unstable();
    let mut lines: Vec<(String, Vec<&str>)> = Vec::new();
    for version in &versions {
        let text = &by_version
            .iter()
            .find(|(name, _)| name == version)
            .unwrap()
            .1;
        let mut at = 0;
        for line in text.lines() {
            let found = lines[at..].iter().position(|(other, _)| other == line);
            at += found.unwrap_or_else(|| {
                lines.insert(at, (line.to_owned(), Vec::new()));
                0
            });
            lines[at].1.push(version);
            at += 1;
        }
    }
    let old: Vec<_> = old.lines().filter_map(condition).collect();
    let mut text = String::new();
    for (line, having) in lines {
        if having.len() < versions.len() {
            let selects = |condition: &str| {
                let mut same = versions.iter();
                same.all(|version| holds(condition, version) == having.contains(version))
            };
            let kept = old.iter().map(|(condition, _)| (*condition).to_owned());
            let first = format!(">={}", having[0]);
            let next = versions.iter().find(|v| *v > having.last().unwrap());
            let made = next.map_or(first.clone(), |next| match versions[0] == having[0] {
                true => format!("<{next}"),
                false => format!("{first} <{next}"),
            });
            let condition = kept.chain([made]).find(|c| selects(c)).unwrap();
            write!(text, "[{condition}] ").unwrap();
        }
        text += &line;
        text += "\n";
    }
    text
}

/// The lines that hold at a version.
fn at_version(text: &str, version: &str) -> String {
    let lines = text.split_inclusive('\n').filter_map(|line| {
        condition(line).map_or(Some(line), |(condition, line)| {
            holds(condition, version).then_some(line)
        })
    });
    lines.collect()
}

/// Splits a line such as `[>=2017-07-29] x-ms-error-code: QueueNotFound`.
fn condition(line: &str) -> Option<(&str, &str)> {
    let (condition, rest) = line.strip_prefix('[')?.split_once("] ")?;
    let is_bound = |bound: &str| {
        let version = bound.strip_prefix(">=").or(bound.strip_prefix('<'));
        version.is_some_and(is_version)
    };
    condition
        .split(' ')
        .all(is_bound)
        .then_some((condition, rest))
}

fn holds(condition: &str, version: &str) -> bool {
    condition
        .split(' ')
        .all(|bound| match bound.strip_prefix(">=") {
            Some(least) => version >= least,
            None => version < bound.trim_start_matches('<'),
        })
}

fn is_version(text: &str) -> bool {
    chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok() && text.len() == 10
}

/// An answer while it is compared.
struct Matching<'a> {
    scope: &'a Scope,
    actual: &'a Response,
    sent: SystemTime,
}

impl Matching<'_> {
    fn text(&self, expected: &str, actual: &str) -> Result<(), String> {
        let mut rest = actual;
        for piece in pieces(expected) {
            rest = match piece {
                Piece::Text(text) => rest.strip_prefix(text).ok_or_else(|| {
                    let same = text.bytes().zip(rest.bytes()).take_while(|(a, b)| a == b);
                    let at = actual.len() - rest.len() + same.count();
                    format!("different from byte {at} on")
                })?,
                Piece::Placeholder(inner) => match Form::parse(inner) {
                    Some(form) => {
                        let taken = rest.get(..form.length());
                        let taken = taken.filter(|text| self.fits(form, text));
                        let at = actual.len() - rest.len();
                        let taken = taken.ok_or_else(|| format!("no {{{inner}}} at byte {at}"))?;
                        &rest[taken.len()..]
                    }
                    None => {
                        let value = self.scope.value(inner, Some(self.actual));
                        let value = value.ok_or_else(|| format!("{{{inner}}} has no value"))?;
                        rest.strip_prefix(value.as_str())
                            .ok_or_else(|| format!("{{{inner}}} is {value:?}"))?
                    }
                },
            };
        }
        if rest.is_empty() {
            Ok(())
        } else {
            Err(format!("ends with {:?} too much", shown(rest)))
        }
    }

    fn fits(&self, form: Form, text: &str) -> bool {
        let header = |name| self.actual.header(name).unwrap_or_default();
        let near = |a: DateTime<Utc>, b: DateTime<Utc>| (a - b).abs() <= TOLERANCE;
        let answered = parse_http_date(header("date"));
        match form {
            Form::Guid => is_guid(text),
            Form::RequestId => is_request_id(text) && text == header("x-ms-request-id"),
            Form::PopReceipt(bytes) => {
                let visible = elements(self.actual, "TimeNextVisible").next();
                let visible = visible.as_deref().unwrap_or(header("x-ms-time-next-visible"));
                opened(text) == parse_http_date(visible).map(|time| (bytes, time))
            }
            Form::Insertion(seconds) => {
                let insertion = elements(self.actual, "InsertionTime").next();
                let insertion = insertion.and_then(|text| parse_http_date(&text));
                let expected = insertion.map(|time| time + TimeDelta::seconds(seconds));
                expected.is_some() && parse_http_date(text) == expected
            }
            Form::HttpDate(seconds) if text == header("date") && seconds == 0 => {
                let (sent, now) = (
                    DateTime::<Utc>::from(self.sent),
                    DateTime::from(SystemTime::now()),
                );
                let date = parse_http_date(text);
                date.is_some_and(|date| sent - TOLERANCE <= date && date <= now + TOLERANCE)
            }
            Form::HttpDate(seconds) => {
                let expected = answered.map(|time| time + TimeDelta::seconds(seconds));
                matches!((parse_http_date(text), expected), (Some(a), Some(b)) if near(a, b))
            }
            Form::Iso8601 => {
                matches!((parse_iso8601(text), answered), (Some(a), Some(b)) if near(a, b))
            }
        }
    }
}

/// How far apart two times of one answer may be.
const TOLERANCE: TimeDelta = TimeDelta::seconds(2);

/// A placeholder for something that has only a form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    Guid,
    RequestId,
    PopReceipt(usize),
    /// Seconds after the insertion time in the same document, exactly.
    Insertion(i64),
    /// Seconds after the date of the answer, nearly.
    HttpDate(i64),
    Iso8601,
}

impl Form {
    fn parse(inner: &str) -> Option<Self> {
        let seconds = |text: &str| match text {
            "" => Some(0),
            _ if text.starts_with(['+', '-']) => text.parse().ok(),
            _ => None,
        };
        match inner {
            "guid" => Some(Self::Guid),
            "request-id" => Some(Self::RequestId),
            "pop-receipt:20" => Some(Self::PopReceipt(20)),
            "pop-receipt:24" => Some(Self::PopReceipt(24)),
            "iso8601-7" => Some(Self::Iso8601),
            _ => {
                let insertion = inner.strip_prefix("insertion").and_then(seconds);
                let date = inner.strip_prefix("http-date").and_then(seconds);
                insertion
                    .map(Self::Insertion)
                    .or_else(|| date.map(Self::HttpDate))
            }
        }
    }

    const fn length(self) -> usize {
        match self {
            Self::Guid | Self::RequestId => 36,
            Self::PopReceipt(bytes) => bytes.div_ceil(3) * 4,
            Self::Insertion(_) | Self::HttpDate(_) => 29,
            Self::Iso8601 => 28,
        }
    }
}

impl std::fmt::Display for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Guid => f.write_str("{guid}"),
            Self::RequestId => f.write_str("{request-id}"),
            Self::PopReceipt(bytes) => write!(f, "{{pop-receipt:{bytes}}}"),
            Self::Insertion(seconds) => f.write_str(&relative("insertion", *seconds)),
            Self::HttpDate(seconds) => f.write_str(&relative("http-date", *seconds)),
            Self::Iso8601 => f.write_str("{iso8601-7}"),
        }
    }
}

fn relative(name: &str, seconds: i64) -> String {
    match seconds {
        0 => format!("{{{name}}}"),
        _ => format!("{{{name}{seconds:+}}}"),
    }
}

enum Piece<'a> {
    Text(&'a str),
    Placeholder(&'a str),
}

/// A text and the placeholders in it. A brace that opens nothing is itself.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((inner, after)) = after.split_once('}') else {
            break;
        };
        pieces.push(Piece::Text(before));
        pieces.push(Piece::Placeholder(inner));
        rest = after;
    }
    pieces.push(Piece::Text(rest));
    pieces
}

/// What a placeholder that always means the same stands for: `{bom}`, `{u+0001}`,
/// `{repeat:3:ab}`.
fn literal(inner: &str) -> Option<String> {
    if inner == "bom" {
        return Some('\u{feff}'.to_string());
    }
    if let Some(code) = inner.strip_prefix("u+") {
        let code = u32::from_str_radix(code, 16).ok()?;
        return char::from_u32(code).map(String::from);
    }
    let (count, text) = inner.strip_prefix("repeat:")?.split_once(':')?;
    Some(text.repeat(count.parse().ok()?))
}

/// With the default account's signature. Repeated headers are signed as one, joined by commas,
/// and a length that will not be sent is signed as one of zero: as an empty line.
fn signed(request: Request) -> Request {
    let mut folded = Request {
        headers: Vec::new(),
        ..request.clone()
    };
    for (name, value) in &request.headers {
        let value = if value == ABSENT { "0" } else { value };
        let mut others = folded.headers.iter_mut();
        match others.find(|(other, _)| other.eq_ignore_ascii_case(name)) {
            Some((_, joined)) => write!(joined, ",{value}").unwrap(),
            None => folded.headers.push((name.clone(), value.into())),
        }
    }
    let before = folded.headers.len();
    let folded = folded.signed_by(ACCOUNT, KEY);
    let mut request = request;
    request.headers.extend_from_slice(&folded.headers[before..]);
    request
}

/// When messages expire that never do.
const END_OF_TIME: &str = "Fri, 31 Dec 9999 23:59:59 GMT";
/// Marks a header that is not sent.
const ABSENT: &str = "\0";
/// The folder of requests that many cases begin with.
const GIVEN: &str = "given";

fn folders(root: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(root).unwrap_or_else(|error| panic!("{}: {error}", root.display()));
    let mut folders: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    folders
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(|item| item.trim().to_owned()).collect()
}

/// The texts of the elements of this name, in order.
fn elements(response: &Response, name: &str) -> impl Iterator<Item = String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let text = response.text();
    let values: Vec<_> = text
        .split(&open)
        .skip(1)
        .filter_map(|after| Some(after.split_once(&close)?.0.to_owned()))
        .collect();
    values.into_iter()
}

/// Headers that say how an answer is cut, which HTTP leaves to the server.
fn is_framing(name: &str) -> bool {
    let framing = [
        "connection",
        "keep-alive",
        "content-length",
        "transfer-encoding",
    ];
    framing.iter().any(|other| other.eq_ignore_ascii_case(name))
}

/// Header names compare without regard to case, but those of metadata keep it.
fn same_name(expected: &str, actual: &str) -> bool {
    expected == actual
        || (expected.eq_ignore_ascii_case(actual)
            && !expected.to_ascii_lowercase().starts_with("x-ms-meta-"))
}

/// A header name as documents spell it.
fn canonical(name: &str) -> String {
    if name.starts_with("x-ms-") {
        return name.to_owned();
    }
    let words = name.split('-').map(|word| match word.split_at_checked(1) {
        Some((first, rest)) => first.to_ascii_uppercase() + rest,
        None => String::new(),
    });
    words.collect::<Vec<_>>().join("-")
}

/// The placeholder of a pop receipt, if the text is one.
fn receipt(text: &str) -> Option<String> {
    let (bytes, _) = opened(text)?;
    Some(Form::PopReceipt(bytes).to_string())
}

/// How many bytes a pop receipt has, and the time in it: two numbers, four bytes that mean
/// nothing to us, and the time when the message is visible, in ticks since 1601.
fn opened(text: &str) -> Option<(usize, DateTime<Utc>)> {
    let bytes = BASE64_STANDARD.decode(text).ok()?;
    let first = match bytes.len() {
        20 => 2,
        24 => 3,
        _ => return None,
    };
    let ticks = u64::from_le_bytes(bytes.get(12..20)?.try_into().ok()?);
    let seconds = i64::try_from(ticks / 10_000_000).ok()? - 11_644_473_600;
    let begins = bytes.starts_with(&[first, 0, 0, 0, 3, 0, 0, 0]);
    let time = DateTime::from_timestamp(seconds, 0)?;
    begins.then_some((bytes.len(), time))
}

fn is_guid(text: &str) -> bool {
    let fits = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
    };
    text.len() == 36 && text.bytes().enumerate().all(fits)
}

fn is_request_id(text: &str) -> bool {
    is_guid(text) && text.ends_with("000000") && text.get(10..13) == Some("003")
}

fn parse_http_date(text: &str) -> Option<DateTime<Utc>> {
    let time = NaiveDateTime::parse_from_str(text, "%a, %d %b %Y %H:%M:%S GMT").ok()?;
    Some(time.and_utc())
}

fn parse_iso8601(text: &str) -> Option<DateTime<Utc>> {
    let is_shaped = text.len() == 28 && text.ends_with('Z') && text.get(19..20) == Some(".");
    let time = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.fZ").ok();
    time.filter(|_| is_shaped).map(|time| time.and_utc())
}

/// The present as HTTP writes it, shifted.
fn shifted(seconds: i64) -> String {
    let now = SystemTime::now();
    let shift = Duration::from_secs(seconds.unsigned_abs());
    http_date(if seconds < 0 {
        now - shift
    } else {
        now + shift
    })
}

/// A text, cut where nobody reads on.
fn shown(text: &str) -> String {
    const MOST: usize = 3000;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    text.chars().take(MOST).chain("…".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "8e4bb3a6-0003-005c-50d3-9dae05000000";
    const VISIBLE: &str = "Mon, 05 Oct 2026 12:00:00 GMT";
    const RECEIPT: &str = "AgAAAAMAAAAAAAAAh3Y1DMFU3QE=";

    fn scope() -> Scope {
        Scope {
            queue: "fixture-0001".into(),
            version: "2018-03-28".into(),
            host: "127.0.0.1:10001".into(),
            answers: Vec::new(),
        }
    }

    fn answer() -> Response {
        let now = http_date(SystemTime::now());
        let headers = [
            ("date", now.as_str()),
            ("x-ms-request-id", ID),
            ("x-ms-version", "2018-03-28"),
            ("x-ms-meta-Owner", "sales"),
            ("content-length", "187"),
        ];
        let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let body = format!(
            "\u{feff}<M><InsertionTime>{now}</InsertionTime><PopReceipt>{RECEIPT}</PopReceipt><TimeNextVisible>{VISIBLE}</TimeNextVisible></M>"
        );
        assert_eq!(body.len(), 187);
        Response {
            status: 200,
            reason: "OK".into(),
            headers: headers.map(own).into(),
            body: body.into_bytes(),
        }
    }

    const EXPECTED: &str = "HTTP/1.1 200 OK
Date: {http-date}
[<2011-08-18] x-ms-nothing: 1
x-ms-meta-Owner: sales
x-ms-request-id: {request-id}
[>=2009-09-19] x-ms-version: {version}

{bom}<M><InsertionTime>{http-date}</InsertionTime><PopReceipt>{pop-receipt:20}</PopReceipt><TimeNextVisible>Mon, 05 Oct 2026 12:00:00 GMT</TimeNextVisible></M>
";

    fn differences(expected: &str, actual: &Response) -> Vec<String> {
        scope().compare(expected, actual, SystemTime::now())
    }

    /// Checks that an expectation with one thing changed is not met, in one way.
    #[track_caller]
    fn refuses(old: &str, new: &str, difference: &str) {
        assert!(EXPECTED.contains(old), "{old}");
        let found = differences(&EXPECTED.replacen(old, new, 1), &answer());
        let [found] = found.as_slice() else {
            panic!("{found:?}");
        };
        assert!(found.starts_with(difference), "{found}");
    }

    #[test]
    fn an_answer_as_expected_is_accepted() {
        assert_eq!(differences(EXPECTED, &answer()), Vec::<String>::new());
    }

    #[test]
    fn everything_that_is_not_as_expected_is_found() {
        refuses("200 OK", "201 OK", "status line");
        refuses("200 OK", "200 Fine", "status line");
        refuses("[<2011-08-18] ", "", "header\n  - x-ms-nothing: 1");
        refuses(
            "x-ms-meta-Owner: sales\n",
            "",
            "header\n  + x-ms-meta-Owner",
        );
        refuses(": sales", ": Sales", "header, different from byte 0 on");
        refuses(": sales", ": sale", "header, ends with \"s\" too much");
        refuses("{version}", "2018-03-29", "header, different");
        refuses("{request-id}", "{guid}0", "header, different");
        refuses("{bom}", "", "body, different from byte 0 on");
        refuses("</M>\n", "</M>\n\n", "body, different from byte 187 on");
        refuses(
            "{pop-receipt:20}",
            "{pop-receipt:24}",
            "body, no {pop-receipt:24}",
        );
        refuses("e>{http-date}", "e>{http-date+5}", "body, no {http-date+5}");
        refuses("e>{http-date}", "e>{insertion+1}", "body, no {insertion+1}");
        refuses("Date: {http-date}", "Date: {http-date-60}", "header, no");
    }

    #[test]
    fn names_of_metadata_keep_their_case_and_others_do_not() {
        let expected = EXPECTED.replace("x-ms-meta-Owner", "x-ms-meta-owner");
        assert_eq!(differences(&expected, &answer()).len(), 2);
        let expected = EXPECTED.replace("Date", "DATE");
        assert_eq!(differences(&expected, &answer()), Vec::<String>::new());
    }

    #[test]
    fn a_wrong_length_a_late_date_and_a_strange_id_are_found() {
        let mut late = answer();
        late.headers[0].1 = http_date(SystemTime::now() - Duration::from_mins(1));
        assert!(differences(EXPECTED, &late)[0].starts_with("header, no {http-date}"));
        let mut short = answer();
        short.headers[4].1 = "186".into();
        let found = differences(EXPECTED, &short);
        assert_eq!(found, ["Content-Length Some(\"186\") of a body of 187"]);
        let mut strange = answer();
        strange.headers[1].1 = ID.replace("0003", "0004");
        assert!(differences(EXPECTED, &strange)[0].starts_with("header, no {request-id}"));
    }

    #[test]
    fn an_answer_is_written_as_an_expectation_that_it_meets() {
        let written = scope().expectation(&answer());
        assert_eq!(
            written,
            EXPECTED
                .replace("[>=2009-09-19] ", "")
                .replace("[<2011-08-18] x-ms-nothing: 1\n", "")
        );
        assert_eq!(differences(&written, &answer()), Vec::<String>::new());
    }

    #[test]
    fn expectations_of_several_versions_become_one() {
        let by_version = [
            ("2021-02-12".to_owned(), "a\nnew\nc\n".to_owned()),
            ("2011-08-18".to_owned(), "a\nold\nc\n".to_owned()),
            ("2016-05-31".to_owned(), "a\nold\nnew\nc\n".to_owned()),
        ];
        assert_eq!(
            merged("[>=2014-02-14] new\n", &by_version),
            "a\n[<2021-02-12] old\n[>=2014-02-14] new\nc\n"
        );
    }

    #[test]
    fn a_request_is_filled_in_and_signed_as_it_will_be_read() {
        let mut scope = scope();
        scope.answers.push(("message".into(), answer()));
        let request = scope.request(
            "# composed from nothing\nPUT /a/{queue}?popreceipt={message.PopReceipt} HTTP/1.1\n\
             x-ms-version: {version}\nContent-Length: {none}\nx-ms-meta-a: {message.x-ms-version}\n\n\
             {bom}{u+0001}{repeat:3:ab}\n",
        );
        assert_eq!(request.method, "PUT");
        let receipt = "AgAAAAMAAAAAAAAAh3Y1DMFU3QE%3D";
        assert_eq!(
            request.target,
            format!("/a/fixture-0001?popreceipt={receipt}")
        );
        let names: Vec<_> = request.headers.iter().map(|(name, _)| &**name).collect();
        assert_eq!(
            names,
            ["x-ms-version", "x-ms-meta-a", "x-ms-date", "Authorization"]
        );
        assert_eq!(request.headers[1].1, "2018-03-28");
        assert_eq!(request.body, "\u{feff}\u{1}ababab".as_bytes());

        let request = scope.request("# anonymous\nGET /a HTTP/1.1\n");
        assert!(request.headers.is_empty());
    }
}
