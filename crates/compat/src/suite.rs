//! The suites: where they are, and how one is run.

use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::junit::{self, Outcome, Test};
use crate::matrix::{Column, Reported};
use crate::scenario::{Exceptions, Kind, Number};
use crate::subject::Endpoint;

/// The suite of a language, or of something that is none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Suite {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    program: PathBuf,
    /// What its SDK cannot express.
    exceptions: PathBuf,
}

/// What a run wants of every suite.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    /// All, if there is none.
    pub(crate) scenarios: Vec<Number>,
    /// Suites, or how the names of columns begin; all, if there is none.
    pub(crate) only: Vec<String>,
    pub(crate) run_id: String,
    pub(crate) is_cloud: bool,
    /// Where packages are kept.
    pub(crate) cache: PathBuf,
    /// Where reports and logs go.
    pub(crate) out: PathBuf,
    /// Where the wire suite writes what the endpoint answered.
    pub(crate) record: Option<PathBuf>,
    /// The program of the server, if suites may start servers of their own.
    pub(crate) program: Option<PathBuf>,
}

impl Wish {
    /// What is wanted alone, and of which nothing was reported; not even that it cannot run here. A
    /// suite that was left out, as it has no part in the scenarios, owes no report.
    pub(crate) fn unmet(&self, reported: &[Reported], left_out: &[Suite]) -> Option<&str> {
        let is_met = |only: &String| {
            reported.iter().any(|one| {
                let Column { name, suite, .. } = &one.column;
                is_of(suite, only)
                    && (suite == only || name.starts_with(only) || one.not_run.is_some())
            }) || left_out.iter().any(|suite| suite.is_meant_by(only))
        };
        self.only
            .iter()
            .find(|only| !is_met(only))
            .map(String::as_str)
    }
}

impl Suite {
    /// The suites in the folder of all, and the wire suite beside this program.
    pub(crate) fn all(folder: &Path) -> Result<Vec<Self>, String> {
        let failed = |error| format!("cannot read {}: {error}", folder.display());
        let mut suites = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let program = path.join("run.sh");
            let Some(name) = path.file_name().filter(|_| program.is_file()) else {
                continue;
            };
            let name = name.to_string_lossy().into_owned();
            suites.push(Self {
                kind: if name == "frameworks" {
                    Kind::Frameworks
                } else {
                    Kind::Sdk
                },
                name,
                program,
                exceptions: path.join("not-applicable.txt"),
            });
        }
        suites.sort_by(|one, other| one.name.cmp(&other.name));
        let beside = std::env::current_exe().map_err(|error| error.to_string())?;
        suites.push(Self {
            name: "wire".into(),
            kind: Kind::Wire,
            program: beside.with_file_name("queuerite-wire-suite"),
            exceptions: PathBuf::new(),
        });
        Ok(suites)
    }

    /// Whether it has a part in this.
    pub(crate) fn is_wanted(&self, wish: &Wish) -> bool {
        let mut scenarios = wish.scenarios.iter();
        let mut only = wish.only.iter();
        (wish.only.is_empty() || only.any(|only| self.is_meant_by(only)))
            && (wish.scenarios.is_empty() || scenarios.any(|number| number.kind() == self.kind))
    }

    fn is_meant_by(&self, only: &str) -> bool {
        is_of(&self.name, only)
    }

    /// How the names begin of the columns that are wanted; all, if there is none.
    fn columns<'a>(&self, wish: &'a Wish) -> Vec<&'a str> {
        let only = wish.only.iter().map(String::as_str);
        let mine: Vec<_> = only.filter(|only| self.is_meant_by(only)).collect();
        if mine.contains(&self.name.as_str()) {
            Vec::new()
        } else {
            mine
        }
    }

    /// Runs it against an endpoint, and reads what it reports: a column for each of its reports.
    pub(crate) fn run(&self, endpoint: &Endpoint, wish: &Wish) -> Vec<Reported> {
        let start = Instant::now();
        let reports = wish.out.join("reports").join(&self.name);
        let log = wish.out.join(format!("{}.log", self.name));
        let ended = self.run_program(endpoint, wish, &reports, &log);
        let seconds = start.elapsed().as_secs();
        let exceptions = fs::read_to_string(&self.exceptions).unwrap_or_default();
        let (exceptions, wrong) = match Exceptions::read(&exceptions) {
            Ok(exceptions) => (exceptions, None),
            Err(wrong) => (Exceptions::default(), Some(wrong)),
        };
        let column = |name: &str, tests: Vec<Test>, not_run: Option<String>| Reported {
            column: Column {
                name: name.into(),
                suite: self.name.clone(),
                seconds,
                others: Vec::new(),
            },
            kind: if is_beside(&tests) {
                Kind::Beside
            } else {
                self.kind
            },
            tests,
            exceptions: exceptions.clone(),
            not_run,
        };
        let failure = |reason: String| Test {
            name: format!("the suite {}", self.name),
            outcome: Outcome::Failed(reason),
        };
        let mut columns: Vec<_> = files(&reports)
            .into_iter()
            .map(|(name, text)| match junit::read(&text) {
                Ok(tests) => column(&name, tests, None),
                Err(error) => column(&name, vec![failure(format!("no report: {error}"))], None),
            })
            .collect();
        let has_failed = |one: &Reported| {
            let mut tests = one.tests.iter();
            tests.any(|test| matches!(test.outcome, Outcome::Failed(_)))
        };
        let trouble = match ended {
            Ok(Some(NOT_INSTALLED)) if columns.is_empty() => {
                return vec![column(&self.name, Vec::new(), Some(last_line(&log)))];
            }
            Ok(Some(0 | NOT_INSTALLED)) if !columns.is_empty() => wrong,
            Ok(Some(1)) if columns.iter().any(has_failed) => wrong,
            Ok(Some(code)) => Some(format!("it ended with {code}: {}", last_line(&log))),
            Ok(None) => Some(format!("it did not end within {TIME_MAX:?}")),
            Err(error) => Some(error),
        };
        if let Some(trouble) = trouble {
            match columns.first_mut() {
                Some(first) => first.tests.push(failure(trouble)),
                None => columns.push(column(&self.name, vec![failure(trouble)], None)),
            }
        }
        columns
    }

    /// Its exit code, unless it had to be killed.
    fn run_program(
        &self,
        endpoint: &Endpoint,
        wish: &Wish,
        reports: &Path,
        log: &Path,
    ) -> Result<Option<i32>, String> {
        let io = |error: std::io::Error| error.to_string();
        if reports.exists() {
            fs::remove_dir_all(reports).map_err(io)?;
        }
        fs::create_dir_all(reports).map_err(io)?;
        let cache = wish.cache.join(&self.name);
        fs::create_dir_all(&cache).map_err(io)?;
        let log = File::create(log).map_err(io)?;
        let mut command = Command::new(&self.program);
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(io)?)
            .stderr(log)
            .process_group(0);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("COMPAT_") {
                command.env_remove(name);
            }
        }
        command
            .env("COMPAT_ENDPOINT", &endpoint.url)
            .env("COMPAT_ACCOUNT", &endpoint.account)
            .env("COMPAT_KEY", &endpoint.key)
            .env("COMPAT_RUN", &wish.run_id)
            .env("COMPAT_REPORTS", reports)
            .env("COMPAT_CACHE", cache)
            .env(
                "COMPAT_PATIENCE",
                if wish.is_cloud { "cloud" } else { "short" },
            );
        let optional = [
            (
                "COMPAT_SECONDARY",
                endpoint.secondary.as_ref().map(Into::into),
            ),
            ("COMPAT_CA", endpoint.authority.as_ref().map(Into::into)),
            (
                "COMPAT_TOKENS",
                endpoint.takes_tokens.then(|| "unverified".into()),
            ),
            ("COMPAT_SCENARIOS", joined(&wish.scenarios)),
            ("COMPAT_COLUMNS", joined(&self.columns(wish))),
            ("COMPAT_RECORD", wish.record.as_ref().map(Into::into)),
            ("COMPAT_SERVER", wish.program.as_ref().map(Into::into)),
        ];
        for (name, value) in optional {
            let value: Option<std::ffi::OsString> = value;
            command.envs(value.map(|value| (name, value)));
        }
        let program = self.program.display();
        let mut child = command
            .spawn()
            .map_err(|error| format!("cannot start {program}: {error}"))?;
        let start = Instant::now();
        let ended = loop {
            if let Some(status) = child.try_wait().map_err(io)? {
                break status.code();
            }
            if start.elapsed() > TIME_MAX || INTERRUPTED.load(Ordering::Relaxed) {
                break None;
            }
            thread::sleep(Duration::from_millis(50));
        };
        // What it started and left behind must not outlive it.
        let group = format!("-{}", child.id());
        let killed = Command::new("kill")
            .args(["-KILL", "--", &group])
            .stderr(Stdio::null())
            .status();
        killed.and_then(|_| child.wait()).map_err(io)?;
        Ok(ended)
    }
}

/// Whether somebody has asked this program to end. What it has started has to end with it.
pub(crate) static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// What a suite exits with if its language is not installed.
const NOT_INSTALLED: i32 = 77;

/// How long one suite may take, with the packages that it fetches the first time.
const TIME_MAX: Duration = Duration::from_mins(20);

fn joined<T: ToString>(all: &[T]) -> Option<std::ffi::OsString> {
    let all: Vec<_> = all.iter().map(T::to_string).collect();
    (!all.is_empty()).then(|| all.join(",").into())
}

/// Whether these are tests that no scenario describes.
fn is_beside(tests: &[Test]) -> bool {
    let mut numbered = tests.iter();
    !tests.is_empty() && !numbered.any(|test| !Number::all_in(&test.name).is_empty())
}

/// The reports, by name, with their texts.
fn files(folder: &Path) -> Vec<(String, String)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    let reports = paths.filter(|path| path.extension().is_some_and(|end| end == "xml"));
    let mut texts: Vec<_> = reports
        .filter_map(|path| {
            let name = path.file_stem()?.to_string_lossy().into_owned();
            let text = fs::read(&path).ok()?;
            Some((name, String::from_utf8_lossy(&text).into_owned()))
        })
        .collect();
    texts.sort();
    texts
}

fn last_line(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let mut lines = text.lines().map(str::trim).rev();
    lines
        .find(|line| !line.is_empty())
        .unwrap_or("it said nothing")
        .into()
}

/// Whether a word means this suite, or columns of it.
fn is_of(suite: &str, only: &str) -> bool {
    let rest = only.strip_prefix(suite);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A suite that is this script.
    fn suite(folder: &Path, script: &str) -> Suite {
        use std::os::unix::fs::PermissionsExt as _;
        let program = folder.join("run.sh");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        Suite {
            name: "shell".into(),
            kind: Kind::Sdk,
            program,
            exceptions: folder.join("not-applicable.txt"),
        }
    }

    fn run(script: &str) -> Vec<Reported> {
        let folder = tempfile::tempdir().unwrap();
        let endpoint = Endpoint {
            url: "http://127.0.0.1:1/account".into(),
            secondary: None,
            account: "account".into(),
            key: "a2V5".into(),
            authority: None,
            takes_tokens: false,
        };
        suite(folder.path(), script).run(&endpoint, &wish(folder.path()))
    }

    fn wish(folder: &Path) -> Wish {
        Wish {
            scenarios: vec![Number(1), Number(2)],
            only: Vec::new(),
            run_id: "run".into(),
            is_cloud: false,
            cache: folder.join("cache"),
            out: folder.into(),
            record: None,
            program: None,
        }
    }

    fn outcomes(reported: &[Reported]) -> Vec<&Outcome> {
        let tests = reported.iter().flat_map(|one| &one.tests);
        tests.map(|test| &test.outcome).collect()
    }

    #[test]
    fn a_suite_is_told_what_to_do_and_its_reports_are_columns() {
        let reported = run(r#"
            test "$COMPAT_ENDPOINT $COMPAT_SCENARIOS" = "http://127.0.0.1:1/account S001,S002" || exit 9
            test -z "$COMPAT_CA$COMPAT_TOKENS" && test -d "$COMPAT_CACHE" || exit 9
            echo '<a><testcase name="s001"/></a>' > "$COMPAT_REPORTS/shell-1.xml"
            echo '<a><testcase name="s002"/></a>' > "$COMPAT_REPORTS/shell-2.xml""#);
        let names: Vec<_> = reported.iter().map(|one| &*one.column.name).collect();
        assert_eq!(names, ["shell-1", "shell-2"]);
        assert_eq!(outcomes(&reported), [&Outcome::Passed, &Outcome::Passed]);
    }

    #[test]
    fn a_suite_is_told_of_its_own_columns_alone() {
        let folder = tempfile::tempdir().unwrap();
        let java = Suite {
            name: "java".into(),
            ..suite(folder.path(), "")
        };
        let columns = |only: &[&str]| {
            let wish = Wish {
                only: only.iter().map(|only| (*only).to_owned()).collect(),
                ..wish(folder.path())
            };
            let columns = java.columns(&wish);
            let columns: Vec<String> = columns.into_iter().map(Into::into).collect();
            java.is_wanted(&wish).then_some(columns)
        };
        assert_eq!(columns(&[]), Some(vec![]));
        assert_eq!(columns(&["javascript"]), None);
        assert_eq!(columns(&["java", "java-12"]), Some(vec![]));
        assert_eq!(
            columns(&["javascript-12", "java-legacy"]),
            Some(vec!["java-legacy".into()])
        );
    }

    #[test]
    fn what_is_wanted_alone_must_be_there() {
        let folder = tempfile::tempdir().unwrap();
        let wanted = |only: &str| Wish {
            only: vec![only.into()],
            ..wish(folder.path())
        };
        let reported =
            run(r#"echo '<a><testcase name="s001"/></a>' > "$COMPAT_REPORTS/shell-12.3.xml""#);
        for met in ["shell", "shell-12", "shell-12.3"] {
            assert_eq!(wanted(met).unmet(&reported, &[]), None, "{met}");
        }
        for unmet in ["shell-12.4", "java"] {
            assert_eq!(wanted(unmet).unmet(&reported, &[]), Some(unmet));
        }
        let not_run = run("echo 'no shell here' >&2; exit 77");
        assert_eq!(wanted("shell-12.4").unmet(&not_run, &[]), None);
        let left_out = [suite(folder.path(), "")];
        assert_eq!(wanted("shell-12.3").unmet(&[], &left_out), None);
        assert_eq!(wanted("java").unmet(&[], &left_out), Some("java"));
        for unmet in ["java", "shellfish-1.0"] {
            assert_eq!(wanted(unmet).unmet(&not_run, &[]), Some(unmet));
        }
    }

    #[test]
    fn a_language_that_is_not_installed_is_no_failure() {
        let reported = run("echo 'no shell here' >&2; exit 77");
        assert_eq!(reported.len(), 1);
        assert_eq!(reported[0].not_run.as_deref(), Some("no shell here"));
        assert!(reported[0].tests.is_empty());
    }

    #[test]
    fn a_suite_that_breaks_is_a_failure_whatever_it_reported() {
        let report = r#"echo '<a><testcase name="s001"/></a>' > "$COMPAT_REPORTS/shell-1.xml""#;
        for script in [
            "exit 0",
            "exit 3",
            &format!("{report}\nexit 1"),
            &format!("{report}\nexit 2"),
        ] {
            let reported = run(script);
            let failed = |one: &&Outcome| matches!(one, Outcome::Failed(_));
            assert_eq!(
                outcomes(&reported).iter().filter(|o| failed(o)).count(),
                1,
                "{script}"
            );
        }
        let reported = run(r#"echo '<a>' > "$COMPAT_REPORTS/shell-1.xml""#);
        assert!(matches!(outcomes(&reported)[..], [Outcome::Failed(_)]));
    }
}
