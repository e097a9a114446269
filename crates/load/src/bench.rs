//! Measuring a plan, case by case.

use std::fs;
use std::io;
use std::process;
use std::thread;
use std::time::Duration;

use thiserror::Error;

use crate::disk::sync_time;
use crate::drive::{DriveError, Length, Measured, Pace, drive};
use crate::plan::{Case, Server, Setup};
use crate::report::{KindSample, Rest, Sample};
use crate::script::{Kind, Workload};
use crate::servers::{Programs, Started, requester, scripts};
use crate::usage::{cpu_time, memory_bytes};

/// Why there is no result.
#[derive(Debug, Error)]
pub enum BenchError {
    /// A server could not be driven.
    #[error("{case}, {server}: {source}; the server ended with {last_words}")]
    Drive {
        /// The case.
        case: String,
        /// The server.
        server: &'static str,
        /// What happened.
        source: DriveError,
        /// How the server ended then, and what it had written on stderr.
        last_words: String,
    },
    /// A server was not ready to be measured.
    #[error("{case}, {server}, before it was measured: {source}")]
    Prepare {
        /// The case.
        case: String,
        /// The server.
        server: &'static str,
        /// What happened.
        source: Box<Self>,
    },
    /// Filling a queue failed.
    #[error("a queue could not be filled: {0}")]
    Fill(#[from] DriveError),
    /// A file or a connection failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A chart could not be drawn.
    #[error("a chart could not be drawn: {0}")]
    Chart(String),
}

/// What was measured of a case: a list of rounds for each row.
#[derive(Clone, Debug)]
pub struct Rounds {
    /// By row, then by round.
    pub samples: Vec<Vec<Sample>>,
    /// How long the disk took in each round, if that was asked.
    pub sync_us: Vec<f64>,
}

/// Measures a case: all rows in turn, and that as often as there are rounds.
pub fn measure(programs: &Programs, case: &Case) -> Result<Rounds, BenchError> {
    let mut rounds = Rounds {
        samples: vec![Vec::new(); case.rows.len()],
        sync_us: Vec::new(),
    };
    let mut kept: Vec<Option<Started>> = case.rows.iter().map(|_| None).collect();
    for _ in 0..case.rounds {
        if case.times_disk {
            let time = sync_time(&programs.folder)?;
            rounds.sync_us.push(micros(time));
        }
        let rows = case.rows.iter().zip(&mut rounds.samples).zip(&mut kept);
        for ((setup, samples), kept) in rows {
            let server = match kept.take() {
                Some(server) => server,
                None => Started::new(programs, setup).map_err(|source| BenchError::Prepare {
                    case: case.name.clone(),
                    server: setup.server.name(),
                    source: Box::new(source),
                })?,
            };
            match sample(&server, setup, case.seconds) {
                Ok(sample) => samples.push(sample),
                Err(source) => {
                    return Err(BenchError::Drive {
                        case: case.name.clone(),
                        server: setup.server.name(),
                        source,
                        last_words: server.last_words(),
                    });
                }
            }
            // Whatever is quick to fill is made anew, so that no round inherits from another.
            *kept = setup.is_deep().then_some(server);
        }
    }
    Ok(rounds)
}

fn sample(server: &Started, setup: &Setup, seconds: f64) -> Result<Sample, DriveError> {
    let requester = requester(server.address(), setup);
    let scripts = scripts(setup.workload, setup.connections, setup, &requester);
    let length = match setup.workload {
        Workload::Get32 => Length::Requests(setup.depth / setup.workload.messages_max()),
        _ => Length::Time {
            warm_up: WARM_UP,
            measured: Duration::from_secs_f64(seconds),
        },
    };
    let pace = setup.per_second.map_or(Pace::Closed, Pace::Open);
    let mut marks = Vec::new();
    let mut mark = || marks.push((cpu_time(server.id()), cpu_time(process::id())));
    let measured = drive(
        server.address(),
        server.tls(),
        scripts,
        pace,
        length,
        &mut mark,
    )?;
    let (mut of_server, mut of_generator) = (Duration::ZERO, Duration::ZERO);
    if let [before, after] = marks.as_slice() {
        of_server = after.0.saturating_sub(before.0);
        of_generator = match pace {
            Pace::Closed => after.1.saturating_sub(before.1),
            // It looks at the clock all the time. What is left of it is what it was busy with.
            Pace::Open(_) => measured.time.saturating_sub(measured.idle),
        };
    }
    let rss_bytes = memory_bytes(server.id());
    Ok(describe(&measured, of_server, of_generator, rss_bytes))
}

/// What does not count.
const WARM_UP: Duration = Duration::from_millis(300);

fn describe(
    measured: &Measured,
    of_server: Duration,
    of_generator: Duration,
    rss_bytes: u64,
) -> Sample {
    let seconds = measured.time.as_secs_f64();
    let answered = measured.requests - measured.unanswered;
    let kinds = Kind::ALL.into_iter().filter_map(|kind| {
        let latency = measured.of(kind)?;
        Some(KindSample {
            kind,
            requests: latency.len(),
            p50_us: quantile_us(latency, 0.5),
            p99_us: quantile_us(latency, 0.99),
        })
    });
    Sample {
        requests: measured.requests,
        unanswered: measured.unanswered,
        seconds,
        per_second: measured.per_second(),
        p50_us: quantile_us(&measured.latency, 0.5),
        p99_us: quantile_us(&measured.latency, 0.99),
        p999_us: quantile_us(&measured.latency, 0.999),
        cpu_us: micros(of_server) / float(answered.max(1)),
        server_busy: of_server.as_secs_f64() / seconds,
        generator_busy: of_generator.as_secs_f64() / seconds,
        rss_bytes,
        kinds: kinds.collect(),
    }
}

fn quantile_us(latency: &hdrhistogram::Histogram<u64>, quantile: f64) -> f64 {
    float(latency.value_at_quantile(quantile)) / 1e3
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

#[expect(clippy::cast_precision_loss, reason = "nothing here comes near 2^52")]
pub(crate) const fn float(number: u64) -> f64 {
    number as f64
}

/// What a server that has nothing to do keeps in memory, and how large its program is.
pub fn rest(programs: &Programs, setup: &Setup) -> Result<Rest, BenchError> {
    let server = Started::new(programs, setup)?;
    thread::sleep(REST);
    let program_bytes = match setup.server {
        Server::Floor | Server::Azurite => None,
        _ => Some(fs::metadata(&programs.queuerite)?.len()),
    };
    Ok(Rest {
        server: setup.server,
        rss_bytes: memory_bytes(server.id()),
        program_bytes,
    })
}

/// For so long a server rests before its memory is looked at.
const REST: Duration = Duration::from_secs(2);
