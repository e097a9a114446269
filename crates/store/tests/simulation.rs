//! Clients, faults and crashes under a seed, on the model of a disk and on a real store.
//!
//! `QUEUERITE_SEED=n cargo test -p queuerite-store --test simulation -- --nocapture` shows what
//! happens under one seed; `scripts/simulate.sh` runs more of them.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may panic, and this one can be asked to talk"
)]

use std::thread;

use queuerite_testkit::PlantedBug;
use queuerite_testkit::simulation::{Counts, Simulation};

/// Five seconds of a debug build on two idle cores, twenty on busy ones.
const SEEDS: u64 = 10_000;
const THREADS: u64 = 2;
/// Each of them opens a database several times.
const SEEDS_ON_SLED: u64 = 20;

#[test]
fn no_fault_and_no_crash_loses_what_was_answered_or_keeps_half_of_what_was_not() {
    let simulation = Simulation::default();
    if let Ok(seed) = std::env::var("QUEUERITE_SEED") {
        let seed = seed.parse().unwrap();
        for line in simulation.trace(seed) {
            println!("{line}");
        }
        let counts = simulation
            .run(seed)
            .unwrap_or_else(|found| panic!("{found}"));
        println!("seed {seed}: {counts}");
        return;
    }
    let mut total = Counts::default();
    thread::scope(|scope| {
        let parts: Vec<_> = (0..THREADS)
            .map(|part| scope.spawn(move || run(simulation, part)))
            .collect();
        for part in parts {
            total.add(part.join().unwrap());
        }
    });
    println!("{SEEDS} seeds: {total}");
    // A simulation in which little happens proves little.
    assert!(total.answers > total.steps / 5, "{total}");
    assert!(total.faults > SEEDS / 10, "{total}");
    assert!(total.refusals > SEEDS / 100, "{total}");
    assert!(total.restarts > 3 * SEEDS, "{total}");
    assert!(total.unanswered_kept > SEEDS / 100, "{total}");
    assert!(total.frames_dropped > SEEDS, "{total}");
}

fn run(simulation: Simulation, part: u64) -> Counts {
    let mut total = Counts::default();
    for seed in (part..SEEDS).step_by(usize::try_from(THREADS).unwrap()) {
        match simulation.run(seed) {
            Ok(counts) => total.add(counts),
            Err(found) => panic!("{found}again: QUEUERITE_SEED={seed}"),
        }
    }
    total
}

#[test]
fn a_seed_decides_everything() {
    let simulation = Simulation::default();
    for seed in 0..20 {
        assert_eq!(simulation.run(seed), simulation.run(seed));
        assert_eq!(simulation.trace(seed), simulation.trace(seed));
    }
}

#[test]
fn the_real_store_goes_through_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let simulation = Simulation {
        steps: 240,
        ..Simulation::default()
    };
    let mut total = Counts::default();
    for seed in 0..SEEDS_ON_SLED {
        match simulation.run_on_sled(seed, dir.path()) {
            Ok(counts) => total.add(counts),
            Err(found) => panic!("on the real store, {found}"),
        }
    }
    println!("on the real store: {total}");
    assert!(total.restarts > SEEDS_ON_SLED, "{total}");
    assert!(total.frames_dropped > SEEDS_ON_SLED, "{total}");
}

#[test]
fn a_store_with_a_bug_is_found_out() {
    for bug in PlantedBug::ALL {
        let simulation = Simulation {
            bug: Some(bug),
            ..Simulation::default()
        };
        let found = (0..SEEDS_TO_FIND_A_BUG)
            .find_map(|seed| simulation.run(seed).err())
            .unwrap_or_else(|| panic!("{bug:?} is not found in {SEEDS_TO_FIND_A_BUG} seeds"));
        println!("{bug:?}: {found}");
        assert!(found.trace.len() < simulation.steps, "it was not shortened");
    }
}

/// Within how many seeds each planted bug has to show.
const SEEDS_TO_FIND_A_BUG: u64 = 300;
