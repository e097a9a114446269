//! Leaves a long queue behind, as a kill would, to see what a server needs to open it.
//!
//! ```sh
//! cargo run --release -p queuerite-store --example backlog -- MESSAGES LOCATION/__queuerite__
//! ```
//!
//! The messages have 1 KiB each and expire after a week. It prints what the process takes with none of
//! them and with all, and ends without closing the store.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a measurement that goes wrong may end"
)]

use std::fs;
use std::path::Path;

use queuerite_engine::EngineOptions;
use queuerite_model::{
    AccountName, Command, MessageText, Metadata, Operation, QueueName, TimeToLive, Timestamp,
    VisibilityTimeout,
};
use queuerite_store::{Durability, DurableEngine, SledOptions, SledStore};
use queuerite_testkit::SeededEntropy;

fn main() {
    let words: Vec<_> = std::env::args().collect();
    let messages: u64 = words[1].parse().unwrap();
    let folder = Path::new(&words[2]);
    let options = SledOptions {
        durability: Durability::Flush,
        ..SledOptions::default()
    };
    let mut engine = DurableEngine::recover(EngineOptions::default(), folder, |replay| {
        SledStore::open(folder, options, replay)
    })
    .unwrap();
    let mut entropy = SeededEntropy::new(1);
    let now = Timestamp::from_unix(1_791_201_600, 0);
    let queue = QueueName::parse("backlog").unwrap();
    let mut execute = |engine: &mut DurableEngine<SledStore>, operation| {
        let account = AccountName::parse("devstoreaccount1").unwrap();
        let command = Command { account, operation };
        engine.execute(now, &mut entropy, &command).unwrap();
    };
    let operation = Operation::CreateQueue {
        queue: queue.clone(),
        metadata: Metadata::default(),
    };
    execute(&mut engine, operation);
    let empty = memory();
    for number in 1..=messages {
        let operation = Operation::PutMessage {
            queue: queue.clone(),
            text: MessageText::new(format!("{number:016x}").repeat(64)),
            visibility_timeout: VisibilityTimeout::ZERO,
            time_to_live: TimeToLive::Seconds(604_800),
        };
        execute(&mut engine, operation);
        if number % 256 == 0 || number == messages {
            engine.commit(now).unwrap();
        }
    }
    println!("empty   {empty}");
    println!("full    {}", memory());
    // No destructor runs.
    std::process::abort();
}

/// The lines of `/proc/self/status` about resident memory.
fn memory() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let lines = status.lines().filter(|line| line.contains("Rss"));
    lines.collect::<Vec<_>>().join("  ").replace('\t', " ")
}
