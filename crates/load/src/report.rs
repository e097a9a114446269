//! What was measured, as a table and as JSON.

use std::fmt;

use serde::Serialize;

use crate::bench::{Rounds, float};
use crate::plan::{Case, Server, Setup, names};
use crate::script::Kind;

/// All of it.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Processors and kernel.
    pub machine: String,
    /// How busy the machine was before.
    pub load_average: Option<f64>,
    /// Whether servers and generator had a core each.
    pub pinned: bool,
    /// The version of Azurite, if it was measured.
    pub azurite: Option<String>,
    /// The cases, as far as they went.
    pub cases: Vec<CaseReport>,
    /// The servers at rest.
    pub rests: Vec<Rest>,
    /// What follows from it.
    pub findings: Vec<Finding>,
}

/// A case.
#[derive(Clone, Debug, Serialize)]
pub struct CaseReport {
    /// What it is called.
    pub name: String,
    /// How often each row was measured.
    pub rounds: usize,
    /// The rows, in the order in which they were measured.
    pub rows: Vec<Row>,
    /// What 4 KiB on disk took in each round, if that was asked.
    pub sync_us: Vec<f64>,
}

/// One way to use one server.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// What was done.
    #[serde(flatten)]
    pub setup: Setup,
    /// The medians of the rounds.
    pub median: Sample,
    /// Throughput divided by that of the floor in the same round; the median of that.
    pub of_floor: Option<f64>,
    /// The same with Azurite.
    pub of_azurite: Option<f64>,
    /// The generator had no time left but the server had: the server can do more than this.
    pub generator_bound: bool,
    /// Every round.
    pub rounds: Vec<Sample>,
}

/// One measurement.
#[derive(Clone, Debug, Serialize)]
pub struct Sample {
    /// Requests that counted.
    pub requests: u64,
    /// Those of them without an answer.
    pub unanswered: u64,
    /// In this time.
    pub seconds: f64,
    /// Answers in a second.
    pub per_second: f64,
    /// Half of the requests took no longer than this.
    pub p50_us: f64,
    /// All but a hundredth.
    pub p99_us: f64,
    /// All but a thousandth.
    pub p999_us: f64,
    /// The server's CPU time for an answer.
    pub cpu_us: f64,
    /// The server's CPU time in a second.
    pub server_busy: f64,
    /// The generator's; in an open loop without its looking at the clock.
    pub generator_busy: f64,
    /// The server's memory at the end.
    pub rss_bytes: u64,
    /// By kind of request.
    pub kinds: Vec<KindSample>,
}

/// One kind of request in a measurement.
#[derive(Clone, Debug, Serialize)]
pub struct KindSample {
    /// Which.
    pub kind: Kind,
    /// How many.
    pub requests: u64,
    /// Half of them took no longer than this.
    pub p50_us: f64,
    /// All but a hundredth.
    pub p99_us: f64,
}

/// A server that has nothing to do.
#[derive(Clone, Debug, Serialize)]
pub struct Rest {
    /// Which.
    pub server: Server,
    /// Its memory.
    pub rss_bytes: u64,
    /// The size of its program, if it is one file.
    pub program_bytes: Option<u64>,
}

/// One number that follows from others.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// What it is, in words.
    pub what: String,
    /// How much.
    pub value: f64,
    /// Of what.
    pub unit: &'static str,
}

impl CaseReport {
    /// Puts the rounds of a case together.
    pub fn new(case: &Case, rounds: &Rounds) -> Self {
        let of_server = |server| {
            let rows = case.rows.iter().zip(&rounds.samples);
            let mut rows = rows.filter(move |(setup, _)| setup.server == server);
            rows.next().map(|(_, samples)| samples)
        };
        let (floor, azurite) = (of_server(Server::Floor), of_server(Server::Azurite));
        let rows = case.rows.iter().zip(&rounds.samples);
        let rows = rows.map(|(&setup, samples)| {
            let ratio = |others: Option<&Vec<Sample>>| {
                others.map(|others| ratio_of(samples, others, |sample| sample.per_second))
            };
            let median = Sample::median_of(samples);
            Row {
                setup,
                of_floor: ratio(floor),
                of_azurite: ratio(azurite),
                generator_bound: median.generator_busy > 0.95 && median.server_busy < 0.9,
                median,
                rounds: samples.clone(),
            }
        });
        Self {
            name: case.name.clone(),
            rounds: case.rounds,
            rows: rows.collect(),
            sync_us: rounds.sync_us.clone(),
        }
    }

    fn row(&self, server: Server) -> Option<&Row> {
        self.rows.iter().find(|row| row.setup.server == server)
    }
}

impl Sample {
    fn median_of(samples: &[Self]) -> Self {
        let of = |field: fn(&Self) -> f64| median(samples.iter().map(field).collect());
        let whole = |field: fn(&Self) -> u64| {
            let mut all: Vec<_> = samples.iter().map(field).collect();
            all.sort_unstable();
            all.get(all.len() / 2).copied().unwrap_or_default()
        };
        let kinds = Kind::ALL.into_iter().filter_map(|kind| {
            let all = samples.iter().flat_map(|sample| &sample.kinds);
            let all: Vec<_> = all.filter(|sample| sample.kind == kind).collect();
            Some(KindSample {
                kind,
                requests: all.get(all.len() / 2)?.requests,
                p50_us: median(all.iter().map(|sample| sample.p50_us).collect()),
                p99_us: median(all.iter().map(|sample| sample.p99_us).collect()),
            })
        });
        Self {
            requests: whole(|sample| sample.requests),
            unanswered: whole(|sample| sample.unanswered),
            seconds: of(|sample| sample.seconds),
            per_second: of(|sample| sample.per_second),
            p50_us: of(|sample| sample.p50_us),
            p99_us: of(|sample| sample.p99_us),
            p999_us: of(|sample| sample.p999_us),
            cpu_us: of(|sample| sample.cpu_us),
            server_busy: of(|sample| sample.server_busy),
            generator_busy: of(|sample| sample.generator_busy),
            rss_bytes: whole(|sample| sample.rss_bytes),
            kinds: kinds.collect(),
        }
    }

    fn kind_p50(&self, kind: Kind) -> f64 {
        let found = self.kinds.iter().find(|sample| sample.kind == kind);
        found.map_or(f64::NAN, |sample| sample.p50_us)
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
    if values.len() % 2 == 1 {
        at(middle)
    } else {
        f64::midpoint(at(middle.saturating_sub(1)), at(middle))
    }
}

/// The median of what the rounds say one by one: a round in which the machine is slow is slow for
/// both.
fn ratio_of(these: &[Sample], others: &[Sample], field: impl Fn(&Sample) -> f64) -> f64 {
    let rounds = these.iter().zip(others);
    median(
        rounds
            .map(|(one, other)| field(one) / field(other))
            .collect(),
    )
}

/// What the README tells, as far as it was measured.
pub fn findings(cases: &[CaseReport], rests: &[Rest]) -> Vec<Finding> {
    let mut findings = Findings(Vec::new());
    let case = |name: &str| cases.iter().find(|case| case.name == name);
    for name in [names::PUT, names::CYCLE] {
        let Some(case) = case(name) else { continue };
        let own = |row: &&Row| !matches!(row.setup.server, Server::Floor | Server::Azurite);
        for row in case.rows.iter().filter(own) {
            let (name, of) = (&case.name, row.setup.server.name());
            findings.maybe(format!("{name}: throughput of {of} / floor"), row.of_floor);
            let to_azurite = format!("{name}: throughput of {of} / Azurite");
            findings.maybe(to_azurite, row.of_azurite);
        }
    }
    if let Some(case) = case(names::PUT_1) {
        findings.of_one_connection(case);
    }
    if let Some(case) = case(names::DEPTHS) {
        findings.of_depths(case);
    }
    for name in [names::EMPTY, names::BESIDE] {
        if let Some([without, with]) = case(name).map(|case| case.rows.as_slice()) {
            findings.compare(name, "backlog / none", with, without);
        }
    }
    if let Some(case) = case(names::TLS) {
        for pair in case.rows.chunks_exact(2) {
            if let [plain, encrypted] = pair {
                let name = format!("put, {}", plain.setup.server.name());
                findings.compare(&name, "TLS / plain", encrypted, plain);
            }
        }
    }
    for rest in rests {
        let name = rest.server.name();
        let rss = float(rest.rss_bytes) / MIB;
        findings.add(format!("memory of {name} at rest"), rss, "MiB");
    }
    if let Some(bytes) = rests.iter().find_map(|rest| rest.program_bytes) {
        findings.add("size of the program".into(), float(bytes) / MIB, "MiB");
    }
    findings.0
}

const MIB: f64 = 1024.0 * 1024.0;

struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, what: String, value: f64, unit: &'static str) {
        self.0.push(Finding { what, value, unit });
    }

    fn maybe(&mut self, what: String, ratio: Option<f64>) {
        if let Some(ratio) = ratio {
            self.add(what, ratio, "");
        }
    }

    fn compare(&mut self, name: &str, which: &str, row: &Row, base: &Row) {
        let mut add = |field: &str, of: fn(&Sample) -> f64| {
            let ratio = ratio_of(&row.rounds, &base.rounds, of);
            self.add(format!("{name}: {field}, {which}"), ratio, "");
        };
        add("throughput", |sample| sample.per_second);
        add("p50", |sample| sample.p50_us);
        add("CPU of a request", |sample| sample.cpu_us);
    }

    /// An answer cannot come before the floor's, nor before the disk has what it tells of.
    fn of_one_connection(&mut self, case: &CaseReport) {
        let (Some(floor), Some(fsync)) = (case.row(Server::Floor), case.row(Server::Fsync)) else {
            return;
        };
        let sync_us = median(case.sync_us.clone());
        self.add("fdatasync of 4 KiB".into(), sync_us, "us");
        let least = floor.rounds.iter().zip(&case.sync_us);
        let least = least.map(|(floor, sync_us)| floor.p50_us + sync_us);
        let ratios = fsync.rounds.iter().zip(least);
        let ratios = ratios.map(|(fsync, least)| fsync.p50_us / least).collect();
        let what = format!("{}: p50 / (floor + fdatasync)", case.name);
        self.add(what, median(ratios), "");
    }

    fn of_depths(&mut self, case: &CaseReport) {
        let Some((base, others)) = case.rows.split_first() else {
            return;
        };
        for row in others {
            let depth = row.setup.depth;
            let which = format!("depth {depth} / {}", base.setup.depth);
            self.compare(&case.name, &which, row, base);
            for kind in [Kind::Get, Kind::Update] {
                let ratio = ratio_of(&row.rounds, &base.rounds, |sample| sample.kind_p50(kind));
                self.add(format!("{}: p50 of {kind}, {which}", case.name), ratio, "");
            }
        }
        if let Some(deepest) = others.last() {
            let bytes = float(deepest.median.rss_bytes) - float(base.median.rss_bytes);
            let messages = float(deepest.setup.depth - base.setup.depth);
            let what = format!("memory of a message, of {}", deepest.setup.depth);
            self.add(what, bytes / messages, "B");
        }
    }
}

impl fmt::Display for CaseReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.rows.first();
        let details = first.map(|row| row.setup.details()).unwrap_or_default();
        let is_uniform = self.rows.iter().all(|row| row.setup.details() == details);
        let common = if is_uniform { &details } else { "" };
        let (name, rounds) = (&self.name, self.rounds);
        writeln!(f, "\n{name}: {common} (median of {rounds})")?;
        writeln!(f, "{HEADINGS}")?;
        for row in &self.rows {
            if !is_uniform {
                writeln!(f, "  {}", row.setup.details())?;
            }
            writeln!(f, "{row}")?;
        }
        if !self.sync_us.is_empty() {
            let sync_us = median(self.sync_us.clone());
            writeln!(f, "  fdatasync of 4 KiB: {}", time(sync_us))?;
        }
        Ok(())
    }
}

const HEADINGS: &str = "  server   requests/s      p50      p99    p99.9  CPU each  server  \
    generator    memory  / floor  / Azurite";

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Sample {
            per_second,
            p50_us,
            p99_us,
            p999_us,
            cpu_us,
            server_busy,
            generator_busy,
            rss_bytes,
            unanswered,
            ..
        } = &self.median;
        let ratio = |ratio: Option<f64>| ratio.map_or_else(|| "-".into(), |r| format!("{r:.2}"));
        write!(
            f,
            "  {:<8} {per_second:>10.0} {:>8} {:>8} {:>8} {:>9} {:>5.0} % {:>8.0} % {:>9} {:>8} {:>10}",
            self.setup.server.name(),
            time(*p50_us),
            time(*p99_us),
            time(*p999_us),
            format!("{cpu_us:.1} us"),
            server_busy * 100.0,
            generator_busy * 100.0,
            format!("{:.1} MiB", float(*rss_bytes) / MIB),
            ratio(self.of_floor),
            ratio(self.of_azurite),
        )?;
        if *unanswered > 0 {
            write!(f, "  {unanswered} unanswered")?;
        }
        if self.generator_bound {
            write!(f, "  generator-bound: the server can do more")?;
        }
        Ok(())
    }
}

fn time(us: f64) -> String {
    if us < 1_000.0 {
        format!("{us:.0} us")
    } else {
        format!("{:.2} ms", us / 1e3)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, value, unit } = self;
        write!(f, "{value:>10.2} {unit:<4} {what}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(per_second: f64, generator_busy: f64) -> Sample {
        Sample {
            requests: 10,
            unanswered: 0,
            seconds: 1.0,
            per_second,
            p50_us: 1.0,
            p99_us: 1.0,
            p999_us: 1.0,
            cpu_us: 1.0,
            server_busy: 0.5,
            generator_busy,
            rss_bytes: 1,
            kinds: Vec::new(),
        }
    }

    /// Two slow rounds: the medians' ratio would be 20 / 30.
    #[test]
    fn ratios_are_taken_within_a_round() {
        let mut plan = crate::plan::plan(crate::plan::Extent::Quick);
        plan.truncate(1);
        let mut case = plan.remove(0);
        case.rows.truncate(2);
        let of = |values: [f64; 3]| values.map(|value| sample(value, 0.99)).to_vec();
        let rounds = Rounds {
            samples: vec![of([40.0, 10.0, 30.0]), of([20.0, 5.0, 30.0])],
            sync_us: Vec::new(),
        };
        let report = CaseReport::new(&case, &rounds);
        let fsync = report.row(Server::Fsync).unwrap();
        assert_eq!(fsync.of_floor, Some(0.5));
        assert_eq!(fsync.of_azurite, None);
        assert!((fsync.median.per_second - 20.0).abs() < f64::EPSILON);
        let table = report.to_string();
        assert!(table.contains("generator-bound"), "{table}");
    }

    #[test]
    fn a_median_of_an_even_number_is_between_the_two_in_the_middle() {
        assert_eq!(
            median(vec![4.0, 1.0, 3.0, 2.0]).total_cmp(&2.5),
            std::cmp::Ordering::Equal
        );
    }
}
