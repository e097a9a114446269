//! The server against the fixtures of `fixtures/wire`, byte for byte.
//!
//! With `UPDATE_FIXTURES=1` what differs is rewritten instead, to be read in the diff.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "in a test a wrong value may end it, and failures are told on stdout"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use queuerite_testkit::fixture::{Case, Exchange, Scope, Source, merged};
use queuerite_testkit::{Client, Process, Response, Trust, run};
use queuerite_wire::StorageErrorCode;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_queuerite");

#[test]
fn every_answer_is_the_expected_one() {
    let cases = Case::load_all(&root());
    let mut servers = Servers::default();
    let mut runs = 0;
    let mut failures = Vec::new();
    for case in &cases {
        let mut answers: Vec<Vec<(String, String)>> = vec![Vec::new(); case.exchanges.len()];
        let mut differing = vec![false; case.exchanges.len()];
        for version in &case.versions {
            runs += 1;
            let mut run = Run::begin(&mut servers, case, version, runs);
            for (at, exchange) in case.exchanges.iter().enumerate() {
                let (expectation, differences) = run.exchange(exchange);
                answers[at].push((version.clone(), expectation));
                differing[at] |= !differences.is_empty();
                for difference in differences {
                    let number = &exchange.step.name;
                    failures.push(format!("{} {number} {version}: {difference}", case.name));
                }
            }
        }
        if is_updating() {
            for (at, exchange) in case
                .exchanges
                .iter()
                .enumerate()
                .filter(|(at, _)| differing[*at])
            {
                fs::write(&exchange.path, merged(&exchange.expected, &answers[at])).unwrap();
            }
        }
    }
    println!("{} cases, {runs} runs", cases.len());
    let failed = failures.len();
    assert!(
        failures.is_empty() || is_updating(),
        "{}\n{failed} differences in {runs} runs of {} cases; - is expected, + is what came",
        failures.join("\n"),
        cases.len()
    );
}

#[test]
fn every_case_is_well_formed_and_says_where_it_comes_from() {
    let cases = Case::load_all(&root());
    let is_recorded = |case: &&Case| matches!(case.source, Source::Recorded(_));
    let recorded = cases.iter().filter(is_recorded).count();
    println!("{recorded} recorded, {} composed", cases.len() - recorded);
    assert!(recorded > 0 && recorded < cases.len());
}

#[test]
fn the_table_of_error_codes_is_the_one_that_was_read() {
    let mut table = String::new();
    for code in StorageErrorCode::ALL {
        let status = code.status().as_u16();
        writeln!(table, "{:36}{status}   {}", code.name(), code.text()).unwrap();
    }
    let path = root().join("error-codes.txt");
    if is_updating() {
        fs::write(&path, &table).unwrap();
    }
    assert_eq!(table, fs::read_to_string(path).unwrap());
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/wire")
}

fn is_updating() -> bool {
    std::env::var_os("UPDATE_FIXTURES").is_some_and(|value| value == "1")
}

/// The servers that cases share, by what they are like.
#[derive(Default)]
struct Servers {
    shared: BTreeMap<Vec<String>, Started>,
}

/// A server, and whom its clients trust if it speaks HTTPS.
struct Started {
    server: Process,
    trust: Option<Trust>,
    _location: TempDir,
}

impl Started {
    fn client(&self) -> Client {
        let client = self.server.client();
        match &self.trust {
            Some(trust) => client.over_tls(trust),
            None => client,
        }
    }
}

/// A case at one version.
struct Run<'a> {
    case: &'a Case,
    scope: Scope,
    client: Client,
    /// A server of its own, which ends with the run.
    _server: Option<Started>,
}

impl<'a> Run<'a> {
    fn begin(servers: &mut Servers, case: &'a Case, version: &str, number: usize) -> Self {
        let is_fresh = case.server.iter().any(|kind| kind == "fresh");
        let mut own = is_fresh.then(|| start(&case.server));
        let started = match &mut own {
            Some(server) => server,
            None => servers
                .shared
                .entry(case.server.clone())
                .or_insert_with(|| start(&case.server)),
        };
        let mut run = Self {
            case,
            scope: Scope {
                queue: format!("fixture-{number:04}"),
                version: version.to_owned(),
                host: started.server.address.to_string(),
                answers: Vec::new(),
            },
            client: started.client(),
            _server: own,
        };
        for step in &case.given {
            let answer = run.send(&step.request);
            let Response { status, .. } = answer;
            assert!(
                status < 300,
                "{} {version}: given {} {answer:?}",
                case.name,
                step.name
            );
            run.scope.answers.push((step.name.clone(), answer));
        }
        run
    }

    /// Makes an exchange; gives the answer as an expectation, and how it differs from the one
    /// that there is.
    fn exchange(&mut self, exchange: &Exchange) -> (String, Vec<String>) {
        let sent = SystemTime::now();
        let answer = self.send(&exchange.step.request);
        let differences = self.scope.compare(&exchange.expected, &answer, sent);
        let expectation = self.scope.expectation(&exchange.expected, &answer);
        self.scope
            .answers
            .push((exchange.step.name.clone(), answer));
        (expectation, differences)
    }

    fn send(&mut self, request: &str) -> Response {
        let request = self.scope.request(request);
        let answer = self.client.send(&request);
        answer.unwrap_or_else(|error| panic!("{}: {error}\n{request:?}", self.case.name))
    }
}

/// Starts a server like this, with a location that is cleaned up after it.
fn start(kinds: &[String]) -> Started {
    let location = TempDir::new().unwrap();
    let is = |kind: &str| kinds.iter().any(|other| other == kind);
    let mut arguments = vec!["--silent", "--queuePort", "0"];
    if is("strict") {
        arguments.push("--strict");
    }
    if is("oauth") {
        arguments.extend(["--oauth", "basic"]);
    }
    if is("disk") {
        arguments.extend(["--location", location.path().to_str().unwrap()]);
    } else {
        arguments.push("--inMemoryPersistence");
    }
    let certificates = location.path().join("certificates");
    let certificates = certificates.to_str().unwrap();
    let [ca, cert, key] = ["ca", "cert", "key"].map(|file| format!("{certificates}/{file}.pem"));
    if is("https") {
        let made = run(PROGRAM, ["cert", "--directory", certificates]);
        assert!(made.status.success(), "{made:?}");
        arguments.extend(["--cert", &cert, "--key", &key]);
    }
    let server = Process::start(PROGRAM, arguments);
    let trust = is("https").then(|| Trust::of(Path::new(&ca)));
    Started {
        server,
        trust,
        _location: location,
    }
}
