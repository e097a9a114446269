//! One honest workload: batches of 64 messages of 1 KiB are put and committed, read back, and
//! deleted, at a depth of 1024 messages and at the default durability. Prints how many messages
//! went through per second, and how long a commit took.
//!
//! It is not one of the cases that criterion times: those are short, and what this shows is the
//! slowest commit in a hundred while frames come and go.
#![expect(clippy::print_stdout, reason = "a benchmark prints")]
#![allow(missing_docs, reason = "nobody calls a benchmark")]

use std::collections::VecDeque;
use std::time::Instant;

use queuerite_engine::{Change, MessageState, QueueId, Released, TextRef};
use queuerite_model::{DequeueCount, MessageId, MessageText, Timestamp};
use queuerite_store::{SledOptions, SledStore, Store, StoreError};

const BATCH: u64 = 64;
const DEPTH: usize = 1024;
const ROUNDS: u64 = 5000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dir = tempfile::tempdir_in(".")?;
    let mut store = SledStore::open(dir.path(), SledOptions::default(), &mut |_, _| {})?;
    let mut live = VecDeque::new();
    let mut commits = Vec::new();
    let begin = Instant::now();
    for round in 0..ROUNDS {
        one_round(&mut store, round, &mut live, &mut commits)?;
    }
    let messages = BATCH * ROUNDS;
    let seconds = begin.elapsed().as_secs_f64();
    commits.sort_unstable();
    let percentile = |percent: usize| commits.get(commits.len() * percent / 100).copied();
    println!("{messages} messages put, read and deleted in {seconds:.2} s");
    println!(
        "commit p50 {:?} us, p99 {:?} us",
        percentile(50).unwrap_or_default(),
        percentile(99).unwrap_or_default()
    );
    Ok(())
}

fn one_round(
    store: &mut SledStore,
    round: u64,
    live: &mut VecDeque<(MessageId, TextRef)>,
    commits: &mut Vec<u128>,
) -> Result<(), StoreError> {
    let mut places = Vec::new();
    for number in round * BATCH..(round + 1) * BATCH {
        let put = message(number);
        store.stage(std::slice::from_ref(&put), &mut places)?;
        if let Change::MessageWritten { message, .. } = put
            && let Some(place) = places.pop()
        {
            live.push_back((message.id, place));
        }
    }
    while live.len() > DEPTH {
        if let Some((id, place)) = live.pop_front() {
            store.read(place)?;
            let queue = QueueId(1);
            store.stage(&[Change::MessageDeleted { queue, id }], &mut places)?;
            store.release(Released(place));
        }
    }
    let begin = Instant::now();
    store.commit(Timestamp::from_unix(1_700_000_000, 0))?;
    commits.push(begin.elapsed().as_micros());
    store.reclaim()
}

fn message(number: u64) -> Change {
    let now = Timestamp::from_unix(1_700_000_000, 0);
    Change::MessageWritten {
        queue: QueueId(1),
        message: MessageState {
            id: MessageId::from_bytes(u128::from(number).to_be_bytes()),
            sequence: number,
            insertion_time: now,
            expiration_time: Timestamp::NEVER,
            time_next_visible: now,
            dequeue_count: DequeueCount(0),
            nonce: 0,
            updated: false,
        },
        text: MessageText::new(format!("{number:064}").repeat(16)),
    }
}
