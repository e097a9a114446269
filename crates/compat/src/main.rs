//! `queuerite-compat`: every SDK against one endpoint, and a matrix of what they found.

use std::collections::VecDeque;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Utc};
use clap::{Parser, ValueEnum};
use queuerite_testkit::{ACCOUNT, KEY, run_command};

use crate::matrix::{Matrix, Reported, Subject};
use crate::scenario::Number;
use crate::subject::{Endpoint, Start};
use crate::suite::{Suite, Wish};

mod junit;
mod matrix;
mod report;
mod scenario;
mod subject;
mod suite;

/// Runs the suites of all SDKs that this machine has against an endpoint, and writes one matrix of
/// what they found.
///
/// With neither an endpoint nor a command, this server is tested: each suite gets one of its own.
/// Queues have names that begin with `c` and the id of the run, and no others are touched; service
/// properties are put back as they were.
#[derive(Debug, Parser)]
#[command(about, max_term_width = 100)]
#[expect(clippy::struct_excessive_bools, reason = "they are flags")]
struct Cli {
    /// Test this endpoint, with the account in it if it is path-style
    #[arg(long, value_name = "URL", conflicts_with = "start")]
    endpoint: Option<String>,
    /// Its secondary endpoint, if it has one
    #[arg(long, value_name = "URL", requires = "endpoint")]
    secondary: Option<String>,
    /// The account
    #[arg(long, value_name = "NAME", default_value = ACCOUNT)]
    account: String,
    /// A key of the account
    #[arg(long, value_name = "BASE64", env = "COMPAT_ACCOUNT_KEY", hide_env_values = true, default_value = KEY, hide_default_value = true)]
    key: String,
    /// A certificate authority to trust in addition, as PEM
    #[arg(long, value_name = "FILE", requires = "endpoint")]
    ca: Option<PathBuf>,
    /// Bearer tokens are taken, whoever signed them
    #[arg(long)]
    tokens: bool,
    /// The endpoint is the cloud's: wait as long as changes take there
    #[arg(long)]
    cloud: bool,
    /// Test the server that this command starts: words with {port}, {location}, {cert} and {key} in
    /// them
    #[arg(long, value_name = "COMMAND")]
    start: Option<String>,
    /// How what is tested is called in the matrix
    #[arg(long)]
    name: Option<String>,
    /// Where this server keeps its data
    #[arg(long, value_enum, default_value = "disk")]
    storage: Storage,
    /// Over HTTPS, with a certificate made for it
    #[arg(long)]
    tls: bool,
    /// As strict as the cloud, where the default is more convenient
    #[arg(long, conflicts_with_all = ["endpoint", "start"])]
    strict: bool,
    /// Only suites or columns that begin with one of these, such as python or java-12
    #[arg(long, num_args = 1.., value_name = "LANGUAGE")]
    only: Vec<String>,
    /// Only these scenarios, such as 42 or S042
    #[arg(long, num_args = 1.., value_name = "NUMBER", value_parser = number)]
    scenario: Vec<Number>,
    /// Writes what the endpoint answered to the wire suite, without secrets, to compare it with
    /// another run
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// How many suites run at once; one after the other if they share an endpoint
    #[arg(long, default_value_t = 3)]
    jobs: usize,
    /// Where matrix, reports and logs go
    #[arg(long, value_name = "DIR", default_value = "target/compat")]
    out: PathBuf,
    /// Where packages are kept
    #[arg(long, value_name = "DIR", default_value = ".cache/compat-tests")]
    cache: PathBuf,
    /// Where the suites are
    #[arg(long, value_name = "DIR", default_value = "compat-tests")]
    suites: PathBuf,
    /// This server's program; if not given, the one beside this
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Storage {
    Disk,
    Memory,
}

fn number(text: &str) -> Result<Number, String> {
    Number::parse(text).ok_or_else(|| "it must be like S042".into())
}

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            note(&format!("queuerite-compat: {error}"));
            ExitCode::from(2)
        }
    }
}

#[expect(clippy::print_stdout, reason = "the result")]
fn say(line: &str) {
    println!("{line}");
}

#[expect(clippy::print_stderr, reason = "what is going on")]
fn note(line: &str) {
    eprintln!("{line}");
}

/// What is tested.
enum Target {
    Endpoint(Endpoint),
    Start(Start),
}

impl Cli {
    /// Whether all is well.
    fn run(&self) -> Result<bool, Box<dyn Error>> {
        ctrlc::set_handler(|| suite::INTERRUPTED.store(true, Ordering::Relaxed))?;
        let catalogue = fs::read_to_string(self.suites.join("scenarios.md"))?;
        let scenarios = scenario::read(&catalogue)?;
        let known = |number: &Number| scenarios.iter().any(|one| one.number == *number);
        if let Some(unknown) = self.scenario.iter().find(|number| !known(number)) {
            return Err(format!("there is no scenario {unknown}").into());
        }
        fs::create_dir_all(&self.out)?;
        fs::create_dir_all(&self.cache)?;
        let out = self.out.canonicalize()?;
        let target = self.target()?;
        let suites = Suite::all(&self.suites.canonicalize()?)?;
        let wish = self.wish(&out, &target)?;
        let (suites, left_out): (Vec<_>, Vec<_>) =
            suites.into_iter().partition(|suite| suite.is_wanted(&wish));
        if suites.is_empty() {
            return Err("no suite is left to run".into());
        }
        let reported = self.run_all(suites, &target, &wish)?;
        if suite::INTERRUPTED.load(Ordering::Relaxed) {
            return Err("interrupted".into());
        }
        if let Some(only) = wish.unmet(&reported, &left_out) {
            return Err(format!("there is nothing that begins with {only}").into());
        }
        let matrix = Matrix::new(self.subject(&target), &scenarios, &self.scenario, reported);
        report::write(&matrix, &out)?;
        summarize(&matrix, &out);
        Ok(matrix.is_good())
    }

    fn wish(&self, out: &Path, target: &Target) -> Result<Wish, Box<dyn Error>> {
        let is_ours = self.endpoint.is_none() && self.start.is_none();
        // A file that does not exist yet has no canonical form.
        let record = self
            .record
            .as_deref()
            .map(std::path::absolute)
            .transpose()?;
        Ok(Wish {
            scenarios: self.scenario.clone(),
            only: self.only.clone(),
            run_id: run_id(),
            is_cloud: self.cloud || self.strict,
            cache: self.cache.canonicalize()?,
            out: out.into(),
            record,
            program: match target {
                // Those tests know no scenarios, and bring both kinds of storage themselves.
                Target::Start(start) if is_ours && self.scenario.is_empty() && !self.tls => {
                    start.command.first().map(Into::into)
                }
                _ => None,
            },
        })
    }

    fn program(&self) -> Result<PathBuf, Box<dyn Error>> {
        let program = match &self.program {
            Some(program) => program.clone(),
            None => std::env::current_exe()?.with_file_name("queuerite"),
        };
        program
            .canonicalize()
            .map_err(|error| format!("{}: {error}", program.display()).into())
    }

    fn target(&self) -> Result<Target, Box<dyn Error>> {
        if let Some(url) = &self.endpoint {
            return Ok(Target::Endpoint(Endpoint {
                url: url.trim_end_matches('/').into(),
                secondary: self.secondary.clone(),
                account: self.account.clone(),
                key: self.key.clone(),
                authority: self.ca.as_ref().map(|ca| ca.canonicalize()).transpose()?,
                takes_tokens: self.tokens,
            }));
        }
        let certifier = if self.tls {
            Some(self.program()?)
        } else {
            None
        };
        Ok(Target::Start(match &self.start {
            Some(command) if command.contains("{port}") => Start {
                command: command.split_whitespace().map(Into::into).collect(),
                certifier,
                takes_tokens: self.tokens,
            },
            Some(_) => return Err("the command of --start has no {port}".into()),
            None => Start {
                command: self.our_command()?,
                certifier,
                takes_tokens: self.tls,
            },
        }))
    }

    fn our_command(&self) -> Result<Vec<String>, Box<dyn Error>> {
        let program = self.program()?;
        let program = program.to_string_lossy();
        let mut words = vec![
            &*program,
            "azurite-queue",
            "--silent",
            "--queuePort",
            "{port}",
        ];
        match self.storage {
            Storage::Disk => words.extend(["--location", "{location}"]),
            Storage::Memory => words.push("--inMemoryPersistence"),
        }
        if self.tls {
            words.extend(["--cert", "{cert}", "--key", "{key}", "--oauth", "basic"]);
        }
        if self.strict {
            words.push("--strict");
        }
        Ok(words.into_iter().map(Into::into).collect())
    }

    fn subject(&self, target: &Target) -> Subject {
        let (name, setting) = match target {
            Target::Endpoint(endpoint) => (endpoint.account.clone(), "an endpoint".to_owned()),
            Target::Start(start) => {
                let program = start
                    .command
                    .first()
                    .map(String::as_str)
                    .unwrap_or_default();
                let name = match &self.start {
                    Some(_) => program.into(),
                    None => version(Path::new(program)),
                };
                let storage = match (&self.start, self.storage) {
                    (Some(_), _) => "started for each suite",
                    (None, Storage::Disk) => "on disk, at the default durability",
                    (None, Storage::Memory) => "in memory",
                };
                let scheme = if self.tls { "HTTPS" } else { "HTTP" };
                let strict = if self.strict { ", with --strict" } else { "" };
                (name, format!("over {scheme}, {storage}{strict}"))
            }
        };
        Subject {
            name: self.name.clone().unwrap_or(name),
            setting,
            date: DateTime::<Utc>::from(SystemTime::now())
                .format("%Y-%m-%d")
                .to_string(),
        }
    }

    /// Runs the suites, several at a time if each has a server of its own: they all set the same
    /// service properties.
    fn run_all(
        &self,
        suites: Vec<Suite>,
        target: &Target,
        wish: &Wish,
    ) -> Result<Vec<Reported>, String> {
        let jobs = match target {
            Target::Endpoint(_) => 1,
            Target::Start(_) => self.jobs.max(1),
        };
        // The longest first, so that nobody waits for it alone in the end.
        let rank = |suite: &Suite| LONGEST.iter().position(|name| *name == suite.name);
        let order: Vec<_> = suites.iter().map(|suite| suite.name.clone()).collect();
        let mut suites = suites;
        suites.sort_by_key(|suite| rank(suite).unwrap_or(LONGEST.len()));
        let waiting = Mutex::new(VecDeque::from(suites));
        let done = Mutex::new(Vec::new());
        let work = || -> Result<(), String> {
            loop {
                let next = waiting.lock().map_err(|e| e.to_string())?.pop_front();
                let is_over = suite::INTERRUPTED.load(Ordering::Relaxed);
                let Some(suite) = next.filter(|_| !is_over) else {
                    return Ok(());
                };
                note(&format!("{} …", suite.name));
                let start = Instant::now();
                let reported = match target {
                    Target::Endpoint(endpoint) => suite.run(endpoint, wish),
                    Target::Start(start) => {
                        let started = start.run(&wish.out)?;
                        suite.run(&started.endpoint, wish)
                    }
                };
                for one in &reported {
                    note(&progress(one, start.elapsed()));
                }
                let mut done = done.lock().map_err(|e| e.to_string())?;
                done.push((suite.name, reported));
            }
        };
        thread::scope(|scope| {
            let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(work)).collect();
            let ended = workers.into_iter().map(|worker| {
                let ended = worker.join();
                ended.unwrap_or_else(|_| Err("a suite could not be run".into()))
            });
            ended.collect::<Result<Vec<()>, _>>()
        })?;
        let mut done = done.into_inner().map_err(|e| e.to_string())?;
        done.sort_by_key(|(name, _)| order.iter().position(|one| one == name));
        Ok(done
            .into_iter()
            .flat_map(|(_, reported)| reported)
            .collect())
    }
}

/// The suites that take long, the longest first.
const LONGEST: &[&str] = &["python", "java", "javascript", "frameworks"];

/// A line about what a column came to.
fn progress(reported: &Reported, time: Duration) -> String {
    let name = &reported.column.name;
    if let Some(reason) = &reported.not_run {
        return format!("{name}: not run: {reason}");
    }
    let count = |is: fn(&junit::Outcome) -> bool| {
        let tests = reported.tests.iter();
        tests.filter(|test| is(&test.outcome)).count()
    };
    let passed = count(|outcome| matches!(outcome, junit::Outcome::Passed));
    let failed = count(|outcome| matches!(outcome, junit::Outcome::Failed(_)));
    let skipped = count(|outcome| matches!(outcome, junit::Outcome::Skipped(_)));
    let seconds = time.as_secs();
    format!("{name}: {passed} tests passed, {failed} failed, {skipped} skipped, {seconds} s")
}

/// What of the matrix is wanted at once.
fn summarize(matrix: &Matrix, out: &Path) {
    for row in &matrix.rows {
        for (column, cell) in matrix.columns.iter().zip(&row.cells) {
            if cell.is_bad() {
                let reason = cell.reason().lines().next().unwrap_or_default();
                say(&format!(
                    "{} {} {}: {reason}",
                    row.number, column.name, row.title
                ));
            }
        }
    }
    for column in &matrix.columns {
        for other in column.others.iter().filter(|other| other.cell.is_bad()) {
            say(&format!(
                "{} {}: {}",
                column.name,
                other.name,
                other.cell.reason()
            ));
        }
    }
    let columns = matrix.columns.iter().enumerate();
    let width = matrix.columns.iter().map(|column| column.name.len()).max();
    let width = width.unwrap_or_default();
    say(&format!("{:width$}  passed  failed  n/a  not run", ""));
    for (index, column) in columns {
        let totals = matrix.totals(index);
        say(&format!(
            "{:width$}  {:>6}  {:>6}  {:>3}  {:>7}",
            column.name, totals.passed, totals.failed, totals.not_applicable, totals.not_run
        ));
    }
    say(&format!("wrote {}", out.join("matrix.html").display()));
}

/// What a program says of its version, or else its name.
fn version(program: &Path) -> String {
    let said = run_command(Command::new(program).arg("--version"));
    let said = String::from_utf8_lossy(&said.stdout);
    match said.lines().next() {
        Some(line) if !line.is_empty() => format!("queuerite {}", line.trim()),
        _ => program.display().to_string(),
    }
}

/// Something that no earlier run was called, and short: names of queues have little room.
fn run_id() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    format!("{:x}", now.unwrap_or_default().as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }
}
