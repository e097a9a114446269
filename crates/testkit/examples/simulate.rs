//! Runs many seeds of the simulation, or shows one.
//!
//! ```text
//! simulate SEEDS [FIRST]    that many seeds, from 0 or FIRST on
//! QUEUERITE_SEED=n simulate what happens under this seed, line by line
//! ```
#![allow(clippy::print_stdout, reason = "it is a command")]

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use queuerite_testkit::simulation::{Counts, Simulation};

fn main() -> ExitCode {
    let simulation = Simulation::default();
    if let Ok(seed) = std::env::var("QUEUERITE_SEED") {
        return match seed.parse() {
            Ok(seed) => show(simulation, seed),
            Err(_) => usage(),
        };
    }
    let numbers: Result<Vec<u64>, _> = std::env::args().skip(1).map(|n| n.parse()).collect();
    match numbers.as_deref() {
        Ok([seeds]) => run(simulation, 0, *seeds),
        Ok([seeds, first]) => run(simulation, *first, *seeds),
        _ => usage(),
    }
}

fn usage() -> ExitCode {
    println!("usage: simulate SEEDS [FIRST], or QUEUERITE_SEED=n simulate");
    ExitCode::from(2)
}

fn show(simulation: Simulation, seed: u64) -> ExitCode {
    for line in simulation.trace(seed) {
        println!("{line}");
    }
    match simulation.run(seed) {
        Ok(counts) => {
            println!("seed {seed}: {counts}");
            ExitCode::SUCCESS
        }
        Err(disagreement) => {
            println!("\nthe same without the steps that it does not take:\n{disagreement}");
            ExitCode::FAILURE
        }
    }
}

fn run(simulation: Simulation, first: u64, seeds: u64) -> ExitCode {
    let next = AtomicU64::new(0);
    let total = Mutex::new((Counts::default(), Vec::new()));
    let work = || {
        loop {
            let nth = next.fetch_add(1, Ordering::Relaxed);
            if nth >= seeds {
                break;
            }
            let result = simulation.run(first + nth);
            let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
            match result {
                Ok(counts) => total.0.add(counts),
                Err(disagreement) => {
                    println!("{disagreement}");
                    total.1.push(disagreement.seed);
                }
            }
            if (nth + 1).is_multiple_of((seeds / 10).max(1)) {
                println!("{} of {seeds} seeds, {} steps", nth + 1, total.0.steps);
            }
        }
    };
    thread::scope(|scope| {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let (counts, failed) = total.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!("{counts}");
    println!(
        "{seeds} seeds, {} steps, {} disagreements",
        counts.steps,
        failed.len()
    );
    for seed in failed.iter().take(10) {
        println!("to see one again: QUEUERITE_SEED={seed} scripts/simulate.sh");
    }
    if failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
