//! Rounds of work and sudden ends on one location.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use queuerite_testkit::SeededEntropy;

use crate::findings::{Kind, Report};
use crate::load::Load;
use crate::offline::{Offline, Tools};
use crate::relocation;
use crate::server::{Server, Template, free_port};

/// What to put a server through.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How to start it.
    pub template: Template,
    /// What its location goes through between two starts.
    pub offline: Offline,
    /// How often it ends.
    pub rounds: u32,
    /// How many clients work at once, at most.
    pub clients: usize,
    /// Decides what clients do and when the server ends.
    pub seed: u64,
    /// The longest that clients work in a round; those that work heavily, three times as long.
    pub work_max: Duration,
    /// How the server ends: a signal's name.
    pub signal: String,
    /// A directory for the location, the logs and whatever else is needed.
    pub directory: PathBuf,
}

/// Of how many rounds one ends while the server starts.
const ROUNDS_PER_EARLY_END: u64 = 8;
/// Of how many one ends while it stops in an orderly way.
const ROUNDS_PER_STOP: u64 = 8;
/// The longest that it has for that.
const STOP_TIME_MAX: Duration = Duration::from_millis(20);
/// Before how many starts one finds that a command was killed on the location.
const ROUNDS_PER_OFFLINE: u64 = 16;
/// Of how many rounds one is of heavy work.
const ROUNDS_PER_HEAVY: u64 = 3;
/// How much longer heavy work takes.
const HEAVY_TIMES: u32 = 3;
/// Of how many rounds one is of all clients; the others are of some.
const ROUNDS_PER_ALL_CLIENTS: u64 = 2;
/// A server that has failed to start so often is given up.
const FAILED_STARTS_MAX: u32 = 3;

/// Lets a server work and ends it, again and again, and compares after every restart.
pub fn run(plan: &Plan) -> Report {
    let mut chance = SeededEntropy::new(plan.seed);
    let mut load = Load::new(plan.clients, plan.seed);
    let log = plan.directory.join("server.log");
    let location = plan.directory.join("location");
    let mut tools = Tools::new(&plan.offline, &log);
    let mut port = free_port();
    let mut start_time = Duration::from_millis(50);
    let mut failed_starts = 0;
    for round in 0..=plan.rounds {
        // The log is there to explain the latest start.
        let _ = fs::remove_file(&log);
        if chance.next_number().is_multiple_of(2) {
            port = free_port();
        }
        if round > 0 && tools.are_there() && one_in(&mut chance, ROUNDS_PER_OFFLINE) {
            tools.run(&location, &mut chance, &mut load);
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
        port = server.address.port();
        start_time = start.elapsed().min(start_time * 2);
        load.check(server.address);
        if round == plan.rounds {
            load.drain(server.address);
            server.end_by("TERM");
            break;
        }
        if one_in(&mut chance, ROUNDS_PER_EARLY_END) {
            server.end_by(&plan.signal);
            let server = Server::spawn(&plan.template, &location, port, &log);
            thread::sleep(part(&mut chance, start_time));
            server.end_by(&plan.signal);
            load.ends().starting += 1;
            continue;
        }
        let time = vary(&mut chance, &mut load, plan);
        let stop_time = one_in(&mut chance, ROUNDS_PER_STOP);
        let stop_time = stop_time.then(|| part(&mut chance, STOP_TIME_MAX));
        let ((), ends) = load.work(server.address, || {
            thread::sleep(time);
            if let Some(stop_time) = stop_time {
                server.signal("TERM");
                thread::sleep(stop_time);
            }
            server.end_by(&plan.signal);
        });
        load.expect_closed(&ends);
        match stop_time {
            Some(_) => load.ends().stopping += 1,
            None => load.ends().working += 1,
        }
        relocation::note(&log, load.ends());
        if (round + 1) % 100 == 0 {
            println!("{} after {} rounds", load.report().sum(), round + 1);
        }
    }
    load.report().clone()
}

/// Decides how the clients work in a round, and how long.
pub(crate) fn vary(chance: &mut SeededEntropy, load: &mut Load, plan: &Plan) -> Duration {
    let clients = if one_in(chance, ROUNDS_PER_ALL_CLIENTS) {
        plan.clients
    } else {
        let fewer = chance.next_number() % plan.clients.max(1) as u64;
        1 + usize::try_from(fewer).unwrap()
    };
    let is_heavy = one_in(chance, ROUNDS_PER_HEAVY);
    load.vary(clients, is_heavy);
    let times = if is_heavy { HEAVY_TIMES } else { 1 };
    part(chance, plan.work_max * times)
}

fn one_in(chance: &mut SeededEntropy, many: u64) -> bool {
    chance.next_number().is_multiple_of(many)
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
