//! Rounds of work and sudden ends on one location.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use queuerite_testkit::SeededEntropy;

use crate::findings::{Kind, Report};
use crate::load::Load;
use crate::server::{Server, Template, free_port};

/// What to put a server through.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How to start it.
    pub template: Template,
    /// How often it ends.
    pub rounds: u32,
    /// How many clients work at once.
    pub clients: usize,
    /// Decides what clients do and when the server ends.
    pub seed: u64,
    /// The longest that clients work in a round.
    pub work_max: Duration,
    /// How the server ends: a signal's name.
    pub signal: String,
    /// A directory for the location, the logs and whatever else is needed.
    pub directory: PathBuf,
}

/// Of how many rounds one ends while the server starts.
const ROUNDS_PER_EARLY_END: u64 = 8;
/// A server that has failed to start so often is given up.
const FAILED_STARTS_MAX: u32 = 3;

/// Lets a server work and ends it, again and again, and compares after every restart.
pub fn run(plan: &Plan) -> Report {
    let mut chance = SeededEntropy::new(plan.seed);
    let mut load = Load::new(plan.clients, plan.seed);
    let log = plan.directory.join("server.log");
    let location = plan.directory.join("location");
    let mut port = free_port();
    let mut start_time = Duration::from_millis(50);
    let mut failed_starts = 0;
    for round in 0..=plan.rounds {
        // The log is there to explain the latest start.
        let _ = fs::remove_file(&log);
        if chance.next_number().is_multiple_of(2) {
            port = free_port();
        }
        let start = Instant::now();
        let server = match Server::start(&plan.template, &location, port, &log) {
            Ok(server) => server,
            Err(how) => {
                load.find(Kind::NotStarted, how);
                failed_starts += 1;
                if failed_starts == FAILED_STARTS_MAX {
                    break;
                }
                set_aside(&location, round);
                load.begin_anew();
                continue;
            }
        };
        start_time = start.elapsed().min(start_time * 2);
        load.check(server.address);
        if round == plan.rounds {
            load.drain(server.address);
            server.end_by("TERM");
            break;
        }
        if chance.next_number().is_multiple_of(ROUNDS_PER_EARLY_END) {
            server.end_by(&plan.signal);
            let server = Server::spawn(&plan.template, &location, port, &log);
            thread::sleep(part(&mut chance, start_time));
            server.end_by(&plan.signal);
            continue;
        }
        let time = part(&mut chance, plan.work_max);
        let ((), ends) = load.work(server.address, || {
            thread::sleep(time);
            server.end_by(&plan.signal);
        });
        load.expect_closed(&ends);
        if (round + 1) % 100 == 0 {
            println!(
                "{} losses after {} rounds",
                load.report().losses(),
                round + 1
            );
        }
    }
    load.report().clone()
}

/// A random part of a time.
pub(crate) fn part(chance: &mut SeededEntropy, time: Duration) -> Duration {
    let micros = u64::try_from(time.as_micros()).unwrap().max(1);
    Duration::from_micros(chance.next_number() % micros)
}

fn set_aside(location: &Path, round: u32) {
    let aside = location.with_extension(format!("of-round-{round}"));
    fs::rename(location, aside).unwrap();
}
