//! A thread of sled that has panicked takes the store with it. Alone in its process, because all
//! stores of a process are concerned.

#![allow(clippy::unwrap_used, reason = "in a test a wrong value may end it")]

use std::path::Path;
use std::thread;

use queuerite_engine::{Change, TextRef};
use queuerite_model::Timestamp;
use queuerite_store::{SledOptions, SledStore, Store, StoreError};

#[test]
fn a_dead_flusher_poisons_the_store_until_it_is_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    commit(&mut store).unwrap();
    // Sled's own cannot be made to panic, but this is how one looks that does.
    let flusher = thread::Builder::new().name("log flusher".into());
    let died = flusher.spawn(|| panic!("as sled's might")).unwrap();
    assert!(died.join().is_err());
    assert!(matches!(commit(&mut store), Err(StoreError::Poisoned)));
    drop(store);

    let mut store = open(dir.path());
    commit(&mut store).unwrap();
}

fn open(dir: &Path) -> SledStore {
    let ignore: &mut dyn FnMut(Change, TextRef) = &mut |_, _| {};
    SledStore::open(dir, SledOptions::default(), ignore).unwrap()
}

fn commit(store: &mut SledStore) -> Result<(), StoreError> {
    store.commit(Timestamp::from_unix(1_700_000_000, 0))
}
