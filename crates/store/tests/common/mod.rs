//! What the tests of the store share.
#![allow(dead_code, reason = "each test uses its own part")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use queuerite_engine::{Change, MessageState, QueueId, Released, TextRef};
use queuerite_model::{DequeueCount, MessageId, MessageText, Timestamp};
use queuerite_store::{SledOptions, SledStore, Store, StoreError};
use tempfile::TempDir;

pub(crate) const NOW: Timestamp = Timestamp::from_unix(1_700_000_000, 0);

/// A message of queue 1 whose id and sequence are `number`.
pub(crate) fn message(number: u64, text: &str) -> Change {
    Change::MessageWritten {
        queue: QueueId(1),
        message: MessageState {
            id: MessageId::from_bytes(u128::from(number).to_be_bytes()),
            sequence: number,
            insertion_time: NOW,
            expiration_time: NOW.plus_seconds(604_800),
            time_next_visible: NOW,
            dequeue_count: DequeueCount(0),
            nonce: 1,
            updated: false,
        },
        text: MessageText::new(text.into()),
    }
}

/// The end of such a message.
pub(crate) fn deletion(number: u64) -> Change {
    Change::MessageDeleted {
        queue: QueueId(1),
        id: MessageId::from_bytes(u128::from(number).to_be_bytes()),
    }
}

/// A text of this length that differs from number to number.
pub(crate) fn text_of(number: u64, length: usize) -> String {
    let words = format!("{number:016x}-").repeat(length / 17 + 1);
    words[..length].to_owned()
}

pub(crate) type Replayed = Vec<(Change, TextRef)>;

pub(crate) fn open_with(
    dir: &Path,
    options: SledOptions,
) -> Result<(SledStore, Replayed), StoreError> {
    let mut replayed = Vec::new();
    let mut replay = |change, place| replayed.push((change, place));
    let store = SledStore::open(dir, options, &mut replay)?;
    Ok((store, replayed))
}

pub(crate) fn open(dir: &Path) -> (SledStore, Replayed) {
    open_with(dir, SledOptions::default()).unwrap()
}

/// Opens what has to be refused.
pub(crate) fn refusal(dir: &Path) -> StoreError {
    match open_with(dir, SledOptions::default()) {
        Ok((_, replayed)) => panic!("opened with {} changes", replayed.len()),
        Err(error) => error,
    }
}

pub(crate) fn stage(store: &mut SledStore, changes: &[Change]) -> Vec<TextRef> {
    let mut places = Vec::new();
    store.stage(changes, &mut places).unwrap();
    assert_eq!(places.len(), changes.len());
    places
}

/// Waits until the database has everything that the journal has.
pub(crate) fn settle(store: &mut SledStore) {
    while store.unsettled_bytes() > 0 {
        store.reclaim().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

/// What a kill at this moment would leave: the files as the kernel has them.
pub(crate) fn killed(dir: &Path) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    copy_all(dir, copy.path());
    copy
}

pub(crate) fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_all(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Every file below, with its content.
pub(crate) fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.display().to_string(), fs::read(&path).unwrap());
        }
    }
    found
}

/// Opens the database below `dir` as sled itself, to do what the store never does.
pub(crate) fn with_sled<T>(dir: &Path, act: impl FnOnce(&sled::Db) -> T) -> T {
    let config = sled::Config::new()
        .path(dir.join("sled"))
        .segment_size(8 * 1024 * 1024)
        .flush_every_ms(None);
    let db = retry(|| config.open());
    let result = act(&db);
    db.flush().unwrap();
    drop(db);
    // Some of sled's threads keep the file for a moment.
    drop(retry(|| config.open()));
    result
}

fn retry<T>(mut open: impl FnMut() -> sled::Result<T>) -> T {
    for _ in 0..200 {
        match open() {
            Err(sled::Error::Io(error)) if error.to_string().contains("acquire lock") => {
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            result => return result.unwrap(),
        }
    }
    panic!("the database stayed locked")
}

/// The messages that are alive, and the housekeeping that a server does.
pub(crate) struct Owner {
    pub(crate) store: SledStore,
    pub(crate) live: BTreeMap<u64, (Change, TextRef)>,
}

impl Owner {
    pub(crate) fn open(dir: &Path, options: SledOptions) -> Self {
        let (mut store, replayed) = open_with(dir, options).unwrap();
        let mut live = BTreeMap::new();
        for (change, place) in replayed {
            let released = match number(&change) {
                (number, true) => live.insert(number, (change, place)),
                (number, false) => live.remove(&number),
            };
            if let Some((_, place)) = released {
                store.release(Released(place));
            }
        }
        Self { store, live }
    }

    pub(crate) fn put(&mut self, number: u64, text: &str) {
        let change = message(number, text);
        let places = stage(&mut self.store, std::slice::from_ref(&change));
        assert!(self.live.insert(number, (change, places[0])).is_none());
    }

    pub(crate) fn delete(&mut self, number: u64) {
        stage(&mut self.store, &[deletion(number)]);
        let (_, place) = self.live.remove(&number).unwrap();
        self.store.release(Released(place));
    }

    /// Commits, then relocates and reclaims as a server does between two batches.
    pub(crate) fn commit(&mut self) {
        self.store.commit(NOW).unwrap();
        let relocatable = self.store.relocatable().unwrap();
        for (change, place) in relocatable {
            let (number, _) = number(&change);
            if self.live.get(&number).is_some_and(|(_, p)| *p == place) {
                let places = stage(&mut self.store, std::slice::from_ref(&change));
                self.live.insert(number, (change, places[0]));
                self.store.release(Released(place));
            }
        }
        self.store.commit(NOW).unwrap();
        self.store.reclaim().unwrap();
    }

    /// Commits as an idle server does, until the database has everything.
    pub(crate) fn rest(&mut self) {
        self.commit();
        settle(&mut self.store);
    }

    /// Every live text is what was put.
    pub(crate) fn check(&self) {
        for (change, place) in self.live.values() {
            let Change::MessageWritten { text, .. } = change else {
                unreachable!("only messages are put")
            };
            assert_eq!(self.store.read(*place).unwrap(), *text);
        }
    }
}

fn number(change: &Change) -> (u64, bool) {
    match change {
        Change::MessageWritten { message, .. } => (message.sequence, true),
        Change::MessageDeleted { id, .. } => {
            let number = u128::from_be_bytes(*id.as_bytes());
            (u64::try_from(number).unwrap(), false)
        }
        other => unreachable!("not a change of these tests: {other:?}"),
    }
}
