//! What it costs to commit one message of 1 KiB, and 64 of them together, at each durability and
//! in memory: to stage each of them and to commit once.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "nobody calls a benchmark, and what it cannot set up ends it"
)]

use std::hint::black_box;
use std::process::ExitCode;
use std::slice;

use queuerite_engine::{Change, MessageState, QueueId, Released, TextRef};
use queuerite_micro::{Case, Work};
use queuerite_model::{DequeueCount, MessageId, MessageText, Timestamp};
use queuerite_store::{Durability, MemoryStore, SledOptions, SledStore, Store};
use tempfile::TempDir;

fn main() -> ExitCode {
    let cases = [1, 64].into_iter().flat_map(|batch| {
        let on_disk = Durability::ALL.map(|durability| {
            let name = format!("store: commit {batch}, {durability}");
            // Beside what sled's threads do, a single message is lost in the noise.
            let tries = if batch == 1 { 0 } else { 3 };
            Case::new(name, move || Commits::on_disk(durability, batch)).counted(tries)
        });
        let in_memory = Case::new(format!("store: commit {batch}, memory"), move || {
            Commits::of(Box::new(MemoryStore::new(None)), None, batch)
        });
        on_disk.into_iter().chain([in_memory])
    });
    queuerite_micro::main(&cases.collect::<Vec<_>>())
}

/// Commits batches of messages to a store that is always as full.
struct Commits {
    store: Box<dyn Store>,
    batch: u64,
    number: u64,
    batches: Vec<Vec<Change>>,
    places: Vec<TextRef>,
    /// Dropped after the store.
    _dir: Option<TempDir>,
}

impl Commits {
    fn of(store: Box<dyn Store>, dir: Option<TempDir>, batch: u64) -> Self {
        Self {
            store,
            batch,
            number: 0,
            batches: Vec::new(),
            places: Vec::new(),
            _dir: dir,
        }
    }

    fn on_disk(durability: Durability, batch: u64) -> Self {
        // Not in /tmp, which may be memory.
        let dir = tempfile::tempdir_in(".").unwrap();
        let options = SledOptions {
            durability,
            ..SledOptions::default()
        };
        let store = SledStore::open(dir.path(), options, &mut |_, _| {}).unwrap();
        Self::of(Box::new(store), Some(dir), batch)
    }

    /// Deletes what was committed, so that its frames can go.
    fn empty(&mut self) {
        for place in self.places.drain(..) {
            self.store.release(Released(place));
        }
        let cleared = [Change::MessagesCleared { queue: QueueId(1) }];
        self.store.stage(&cleared, &mut self.places).unwrap();
        self.places.clear();
        self.store.commit(now()).unwrap();
        self.store.reclaim().unwrap();
        self.number = 0;
    }
}

impl Work for Commits {
    fn prepare(&mut self, times: usize) {
        self.empty();
        let mut next = || {
            self.number += 1;
            message(self.number - 1)
        };
        let batches = (0..times).map(|_| (0..self.batch).map(|_| next()).collect());
        self.batches = batches.collect();
    }

    fn run(&mut self) {
        for change in self.batches.pop().unwrap() {
            let change = slice::from_ref(black_box(&change));
            self.store.stage(change, &mut self.places).unwrap();
        }
        self.store.commit(now()).unwrap();
    }
}

fn message(number: u64) -> Change {
    Change::MessageWritten {
        queue: QueueId(1),
        message: MessageState {
            id: id(number),
            sequence: number,
            insertion_time: now(),
            expiration_time: Timestamp::NEVER,
            time_next_visible: now(),
            dequeue_count: DequeueCount(0),
            nonce: 0,
            updated: false,
        },
        text: MessageText::new(format!("{number:064}").repeat(16)),
    }
}

fn id(number: u64) -> MessageId {
    MessageId::from_bytes(u128::from(number).to_be_bytes())
}

fn now() -> Timestamp {
    Timestamp::from_unix(1_791_201_600, 0)
}
