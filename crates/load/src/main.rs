//! `queuerite-load`: one workload against one server, or the floor to compare it with.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::len_zero,
    reason = "a measurement that goes wrong may end"
)]

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use queuerite_load::drive::{Length, Pace, drive};
use queuerite_load::floor;
use queuerite_load::request::{Credential, Requester};
use queuerite_load::script::{Kind, Script, Workload};
use queuerite_testkit::{ACCOUNT, KEY};

#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves a constant with hyper alone.
    Floor,
    /// Runs a workload against a server.
    Run(Run),
}

#[derive(Debug, Args)]
struct Run {
    /// Where the server listens.
    #[arg(long)]
    address: SocketAddr,
    /// What is done.
    #[arg(long, value_enum, default_value = "put")]
    workload: Workload,
    /// How many connections.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// How many queues they use, in turn.
    #[arg(long, default_value_t = 1)]
    queues: usize,
    /// How long a text is.
    #[arg(long, default_value_t = 1024)]
    bytes: usize,
    /// How many messages are put before.
    #[arg(long, default_value_t = 0)]
    depth: u64,
    /// How many seconds count.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// How many requests a second; if not given, as many as the server can do.
    #[arg(long)]
    rate: Option<f64>,
    /// How requests are permitted.
    #[arg(long, value_enum, default_value = "shared-key")]
    credential: Credential,
    /// The process of the server, to tell its CPU time.
    #[arg(long)]
    pid: Option<u32>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    match Cli::parse().command {
        Command::Floor => Ok(floor::serve(floor::Found {
            messages: 1,
            text_bytes: 1024,
        })?),
        Command::Run(run) => run.run(),
    }
}

impl Run {
    #[expect(clippy::print_stdout, reason = "the result")]
    fn run(&self) -> Result<(), Box<dyn std::error::Error>> {
        let requester = Requester::new(self.address, ACCOUNT, KEY, self.credential);
        let queue = |number: usize| format!("load-{}", number % self.queues);
        for number in 0..self.queues {
            let create =
                queuerite_testkit::Request::new("PUT", format!("/{ACCOUNT}/{}", queue(number)));
            let _ = queuerite_testkit::Client::new(self.address).send(&create.signed("2021-12-02"));
        }
        let scripts = |workload, count| {
            (0..count)
                .map(|n| Script::new(workload, requester.clone(), [queue(n)], self.bytes, n))
                .collect::<Vec<_>>()
        };
        if self.depth > 0 {
            drive(
                self.address,
                None,
                scripts(Workload::Put, 64),
                Pace::Closed,
                Length::Requests(self.depth),
                &mut || {},
            )?;
        }
        let length = Length::Time {
            warm_up: Duration::from_millis(500),
            measured: Duration::from_secs_f64(self.seconds),
        };
        let pace = self.rate.map_or(Pace::Closed, Pace::Open);
        let mut before = 0;
        let measured = drive(
            self.address,
            None,
            scripts(self.workload, self.connections),
            pace,
            length,
            &mut || {
                if before == 0 {
                    before = self.pid.map_or(0, cpu_nanos);
                }
            },
        )?;
        let cpu = self.pid.map_or(0, cpu_nanos) - before;
        println!(
            "{:.0} requests/s, p50 {} us, p99 {} us, p99.9 {} us, {:.2} us CPU each, server {:.0} % busy",
            measured.per_second(),
            measured.latency.value_at_quantile(0.5) / 1000,
            measured.latency.value_at_quantile(0.99) / 1000,
            measured.latency.value_at_quantile(0.999) / 1000,
            cpu as f64 / 1000.0 / measured.requests as f64,
            cpu as f64 / 1e7 / measured.time.as_secs_f64()
        );
        for kind in Kind::ALL {
            let h = &measured.by_kind[kind as usize];
            if h.len() > 0 {
                println!(
                    "  {kind}: {} p50 {} us p99 {} us",
                    h.len(),
                    h.value_at_quantile(0.5) / 1000,
                    h.value_at_quantile(0.99) / 1000
                );
            }
        }
        Ok(())
    }
}

fn cpu_nanos(pid: u32) -> u64 {
    std::fs::read_dir(format!("/proc/{pid}/task"))
        .unwrap()
        .filter_map(|task| {
            let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<u64>().ok()
        })
        .sum()
}
