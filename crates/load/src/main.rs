//! `queuerite-load`: one workload against one server, the floor to compare it with, or the whole
//! benchmark.

use std::error::Error;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};
use std::time::{Duration, Instant};

use clap::{Args, Parser, Subcommand};
use queuerite_load::bench::{measure, rest};
use queuerite_load::chart;
use queuerite_load::drive::{Length, Pace, drive};
use queuerite_load::floor::{self, Found};
use queuerite_load::plan::{Extent, Server, Setup, plan};
use queuerite_load::report::{CaseReport, Report, findings};
use queuerite_load::request::{Credential, Requester};
use queuerite_load::script::{Kind, Script, Workload};
use queuerite_load::servers::Programs;
use queuerite_load::usage::{cpu_time, load_average, machine};
use queuerite_testkit::{ACCOUNT, Client, KEY, Request};

#[derive(Debug, Parser)]
#[command(about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves a constant with hyper alone
    Floor(Floor),
    /// Runs one workload against a server that is there
    Run(Run),
    /// Starts the servers in turn and compares them
    Bench(Bench),
}

#[derive(Debug, Args)]
struct Floor {
    /// How many messages a GET finds
    #[arg(long, default_value_t = 1)]
    messages: usize,
    /// How long their texts are
    #[arg(long, default_value_t = 1024)]
    bytes: usize,
}

#[derive(Debug, Args)]
struct Run {
    /// Where the server listens
    #[arg(long)]
    address: SocketAddr,
    /// What is done
    #[arg(long, value_enum, default_value = "put")]
    workload: Workload,
    /// How many connections
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// How many queues they use, in turn
    #[arg(long, default_value_t = 1)]
    queues: usize,
    /// How long a text is
    #[arg(long, default_value_t = 1024)]
    bytes: usize,
    /// How many messages are put before
    #[arg(long, default_value_t = 0)]
    depth: u64,
    /// How many seconds count
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// How many requests are due in a second; if not given, as many as the server can do
    #[arg(long)]
    rate: Option<f64>,
    /// How requests are permitted
    #[arg(long, value_enum, default_value = "shared-key")]
    credential: Credential,
    /// The process of the server, to tell its CPU time
    #[arg(long)]
    pid: Option<u32>,
}

#[derive(Debug, Args)]
struct Bench {
    /// Everything once and briefly, in two minutes: it shows that all works, and no more
    #[arg(long, conflicts_with = "full")]
    quick: bool,
    /// Curves over connections, sizes and depths too, in an hour
    #[arg(long)]
    full: bool,
    /// Compares with the Azurite that npm has installed in this folder
    #[arg(long, value_name = "FOLDER")]
    with_azurite: Option<PathBuf>,
    /// Only cases in whose names one of these occurs
    #[arg(long, num_args = 1.., value_name = "NAME")]
    only: Vec<String>,
    /// Where results and charts go, and in between the data of the servers
    #[arg(long, value_name = "DIR", default_value = "target/bench")]
    out: PathBuf,
    /// The server's program; if not given, the one beside this
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// The core on which servers run. The generator's is a matter of whoever starts it
    #[arg(long, value_name = "CORE")]
    server_core: Option<usize>,
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Floor(Floor { messages, bytes }) => {
            let found = Found {
                messages,
                text_bytes: bytes,
            };
            floor::serve(found).map_err(Into::into)
        }
        Command::Run(run) => run.run(),
        Command::Bench(bench) => bench.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            note(&format!("queuerite-load: {error}"));
            ExitCode::FAILURE
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

impl Run {
    fn run(&self) -> Result<(), Box<dyn Error>> {
        let requester = Requester::new(self.address, ACCOUNT, KEY, self.credential);
        let queue = |number: usize| format!("load-{}", number % self.queues.max(1));
        let mut client = Client::new(self.address);
        for number in 0..self.queues.max(1) {
            let create = Request::new("PUT", format!("/{ACCOUNT}/{}", queue(number)));
            client.send(&create.signed("2021-12-02"))?;
        }
        let scripts = |workload, count| {
            let script = |n| Script::new(workload, requester.clone(), [queue(n)], self.bytes, n);
            (0..count).map(script).collect()
        };
        if self.depth > 0 {
            let length = Length::Requests(self.depth);
            let scripts = scripts(Workload::Put, 64);
            drive(
                self.address,
                None,
                scripts,
                Pace::Closed,
                length,
                &mut || {},
            )?;
        }
        let length = Length::Time {
            warm_up: Duration::from_millis(500),
            measured: Duration::from_secs_f64(self.seconds),
        };
        let pace = self.rate.map_or(Pace::Closed, Pace::Open);
        let mut marks = Vec::new();
        let measured = drive(
            self.address,
            None,
            scripts(self.workload, self.connections),
            pace,
            length,
            &mut || marks.push([self.pid.map(cpu_time), Some(cpu_time(process::id()))]),
        )?;
        let us = |latency: &hdrhistogram::Histogram<u64>, quantile| {
            latency.value_at_quantile(quantile) / 1000
        };
        let all = &measured.latency;
        say(&format!(
            "{:.0} requests/s, p50 {} us, p99 {} us, p99.9 {} us",
            measured.per_second(),
            us(all, 0.5),
            us(all, 0.99),
            us(all, 0.999),
        ));
        if let [before, after] = marks.as_slice() {
            let used = before.iter().zip(after);
            for ((before, after), who) in used.zip(["server", "generator"]) {
                if let (Some(before), Some(after)) = (before, after) {
                    let used = after.saturating_sub(*before).as_secs_f64();
                    let answers = measured.per_second() * measured.time.as_secs_f64();
                    let (each, busy) = (used * 1e6 / answers, used / measured.time.as_secs_f64());
                    say(&format!(
                        "  {who}: {each:.2} us CPU each, {:.0} % busy",
                        busy * 100.0
                    ));
                }
            }
        }
        for kind in Kind::ALL {
            if let Some(latency) = measured.of(kind) {
                let (count, p50, p99) = (latency.len(), us(latency, 0.5), us(latency, 0.99));
                say(&format!("  {kind}: {count} p50 {p50} us p99 {p99} us"));
            }
        }
        Ok(())
    }
}

const RESULTS: &str = "results.json";

impl Bench {
    fn run(&self) -> Result<(), Box<dyn Error>> {
        let start = Instant::now();
        fs::create_dir_all(&self.out)?;
        let out = self.out.canonicalize()?;
        let folder = tempfile::tempdir_in(&out)?;
        let programs = self.programs(folder.path())?;
        let extent = match (self.quick, self.full) {
            (true, _) => Extent::Quick,
            (_, true) => Extent::Full,
            _ => Extent::Default,
        };
        let mut report = Report {
            machine: machine(),
            load_average: load_average(),
            pinned: self.server_core.is_some(),
            azurite: programs.azurite_version(),
            cases: Vec::new(),
            rests: Vec::new(),
            findings: Vec::new(),
        };
        say(&report.machine);
        if let Some(version) = &report.azurite {
            say(&format!("Azurite {version}"));
        }
        if let Some(load) = report.load_average.filter(|load| *load > 0.5) {
            say(&format!(
                "The machine is busy with something else: load {load}."
            ));
        }
        let cases = plan(extent);
        let names: Vec<_> = cases.iter().map(|case| case.name.clone()).collect();
        for mut case in cases {
            if !self.is_wanted(&case.name, &names) {
                continue;
            }
            case.rows.retain(|row| programs.have(row.server));
            if case.rows.is_empty() {
                continue;
            }
            note(&format!(
                "{:4.0} s: {} …",
                start.elapsed().as_secs_f64(),
                case.name
            ));
            let measured = CaseReport::new(&case, &measure(&programs, &case)?);
            say(&measured.to_string());
            report.cases.push(measured);
            if report.cases.len() == 1 {
                let of = |server| {
                    rest(
                        &programs,
                        &Setup {
                            server,
                            ..Setup::IDLE
                        },
                    )
                };
                let servers = [Server::Fsync, Server::Memory, Server::Azurite];
                let servers = servers.into_iter().filter(|server| programs.have(*server));
                report.rests = servers.map(of).collect::<Result<_, _>>()?;
            }
            // Whatever goes wrong later, this was measured.
            report.findings = findings(&report.cases, &report.rests);
            let json = serde_json::to_string_pretty(&report)? + "\n";
            fs::write(out.join(RESULTS), json)?;
        }
        if report.cases.is_empty() {
            return Err(format!("there is no such case; there are: {}", names.join("; ")).into());
        }
        for finding in &report.findings {
            say(&finding.to_string());
        }
        note(&format!("wrote {}", out.join(RESULTS).display()));
        for chart in chart::draw(&report, &out)? {
            note(&format!("wrote {}", out.join(chart).display()));
        }
        let seconds = start.elapsed().as_secs_f64();
        note(&format!("{} cases in {seconds:.0} s", report.cases.len()));
        Ok(())
    }

    /// A name that is a case's own means that case; any other all that it occurs in.
    fn is_wanted(&self, name: &str, names: &[String]) -> bool {
        let means = |wanted: &String| {
            wanted == name || !names.contains(wanted) && name.contains(wanted.as_str())
        };
        self.only.is_empty() || self.only.iter().any(means)
    }

    fn programs(&self, folder: &Path) -> Result<Programs, Box<dyn Error>> {
        let load = std::env::current_exe()?;
        let queuerite = match &self.program {
            Some(program) => program.clone(),
            None => load.with_file_name("queuerite"),
        };
        let azurite = match &self.with_azurite {
            Some(folder) => {
                let script = Programs::azurite_in(&folder.canonicalize()?);
                Some(script.ok_or_else(|| format!("there is no Azurite in {}", folder.display()))?)
            }
            None => None,
        };
        Ok(Programs {
            queuerite: queuerite
                .canonicalize()
                .map_err(|error| format!("{}: {error}", queuerite.display()))?,
            load,
            azurite,
            core: self.server_core,
            folder: folder.into(),
        })
    }
}
