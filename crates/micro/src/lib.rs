//! Micro benchmarks whose cases are written once: criterion times them, and valgrind counts their
//! instructions, which other programs on the machine do not disturb.
//!
//! A count is the difference of two runs of the same case, which prepare the same and of which
//! only one then does what is measured.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a benchmark prints, and what it cannot do ends it"
)]

mod baseline;
mod count;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use criterion::Criterion;

use crate::baseline::Baseline;

/// What is measured.
pub trait Work {
    /// Gets ready to [`run`](Self::run) this many times, and undoes what was run before. It is
    /// not measured.
    fn prepare(&mut self, times: usize) {
        let _ = times;
    }

    /// Does it once.
    fn run(&mut self);
}

/// What needs no preparation.
impl<F: FnMut()> Work for F {
    fn run(&mut self) {
        self();
    }
}

/// A name, and how to make what it names.
pub struct Case {
    name: String,
    make: Box<dyn Fn() -> Box<dyn Work>>,
    tries: u8,
}

impl Case {
    /// A case; `make` is called only if it is to be measured.
    pub fn new<W: Work + 'static>(name: impl Into<String>, make: impl Fn() -> W + 'static) -> Self {
        Self {
            name: name.into(),
            make: Box::new(move || Box::new(make())),
            tries: 1,
        }
    }

    /// For what has threads of its own: counts so many times, and takes the fewest; with 0 it is
    /// only timed. Of one thread every count is the same.
    #[must_use]
    pub fn counted(self, tries: u8) -> Self {
        Self { tries, ..self }
    }
}

/// How often a case is run between two preparations.
const TIMES: usize = 64;

/// The main function of a benchmark. Its arguments are criterion's; or
///
/// * `--instructions` counts the instructions of each case, and compares them with those that
///   were counted before;
/// * `--update` keeps them for the next time;
/// * `--check RATIO` fails if one has become more than so many times what it was.
pub fn main(cases: &[Case]) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let after = |flag: &str| {
        let mut rest = arguments.iter().skip_while(|argument| *argument != flag);
        rest.nth(1)
    };
    if let (Some(half), Some(name)) = (after(count::HALF), after(count::CASE)) {
        run_half(cases, name, half == count::WHOLE);
        return ExitCode::SUCCESS;
    }
    if has("--instructions") {
        let limit = after("--check").map(|ratio| ratio.parse().expect("a ratio, as 1.05"));
        return compare(cases, has("--update"), limit);
    }
    time(cases);
    ExitCode::SUCCESS
}

fn time(cases: &[Case]) {
    let mut criterion = Criterion::default()
        .without_plots()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    for case in cases {
        criterion.bench_function(&case.name, |bencher| {
            let mut work = (case.make)();
            bencher.iter_custom(|times| spent(work.as_mut(), times));
        });
    }
    criterion.final_summary();
}

fn spent(work: &mut dyn Work, times: u64) -> Duration {
    let mut left = usize::try_from(times).unwrap_or(usize::MAX);
    let mut spent = Duration::ZERO;
    while left > 0 {
        let now = left.min(TIMES);
        work.prepare(now);
        let begin = Instant::now();
        for _ in 0..now {
            work.run();
        }
        spent += begin.elapsed();
        left -= now;
    }
    spent
}

/// One of the two runs whose difference is counted. Once around before makes both of them warm.
fn run_half(cases: &[Case], name: &str, is_whole: bool) {
    let case = cases.iter().find(|case| case.name == name);
    let mut work = (case.expect("a case of this name").make)();
    spent(work.as_mut(), TIMES as u64);
    work.prepare(TIMES);
    if is_whole {
        for _ in 0..TIMES {
            work.run();
        }
    }
}

fn compare(cases: &[Case], updates: bool, limit: Option<f64>) -> ExitCode {
    if !count::is_possible() {
        println!("no instruction counts: valgrind is not installed");
        return ExitCode::SUCCESS;
    }
    let mut baseline = Baseline::read();
    let mut worst = None;
    println!(
        "{:<32}{:>12}{:>12}{:>8}",
        "instructions", "before", "now", "ratio"
    );
    for Case { name, tries, .. } in cases.iter().filter(|case| case.tries > 0) {
        let now = count::instructions(name, TIMES, *tries);
        let Some(before) = baseline.replace(name, now) else {
            println!("{name:<32}{:>12}{now:>12}", "-");
            continue;
        };
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
        let ratio = now as f64 / before.max(1) as f64;
        println!("{name:<32}{before:>12}{now:>12}{ratio:>8.3}");
        if limit.is_some_and(|limit| ratio > limit) {
            worst = Some(name);
        }
    }
    if updates {
        baseline.write();
    }
    match worst {
        Some(name) => {
            println!("{name} takes more instructions than it may");
            ExitCode::FAILURE
        }
        None => ExitCode::SUCCESS,
    }
}
