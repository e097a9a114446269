//! A load generator for servers of the Queue Storage protocol, and the benchmark that compares
//! them: `scripts/bench.sh`.
//!
//! One thread drives any number of connections with requests that are made and signed before or
//! as they are sent, so that a core for itself is enough for the fastest server on another.
//!
//! # How latency is counted
//!
//! From when a request was due until its answer was there as a whole. In a [closed
//! loop](drive::Pace::Closed) it is due when the connection's last answer has arrived: that finds
//! the most that a server can do, and what its clients then wait. In an [open
//! loop](drive::Pace::Open) requests are due at a steady rate whatever the server does, and wait for
//! a connection if all are taken. A server that stops for a moment is blamed for every request that
//! was due meanwhile, also for those that could not be sent, and for those that it has not answered
//! in the end. Quantiles are of every single request; over several rounds, their median.
//!
//! # What servers are compared with
//!
//! [The floor](floor) is hyper alone, on one thread, which answers a constant of the same length.
//! It parses HTTP and makes system calls as any server here has to: what a queue costs is what lies
//! between. Each round measures all servers in turn, ratios are taken within a round, and the
//! median of those is told: when the machine is slow for a while, it is slow for all of them.
//!
//! Whether the generator held a server up shows in its own CPU time. Where it was busy all the time
//! and the server was not, a row says so: it tells what the generator can do.

mod answer;
pub mod bench;
pub mod chart;
mod disk;
pub mod drive;
pub mod floor;
pub mod plan;
pub mod report;
pub mod request;
pub mod script;
pub mod servers;
mod stream;
pub mod usage;

pub use answer::{Answer, NotHttp};
