//! What a simulated server runs on.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use queuerite_engine::{Change, TextRef};
use queuerite_store::{SledOptions, SledStore, StoreError};

use crate::{Breakable, Disk, DiskOptions, DiskStore};

/// A place where a store survives the end of its process.
pub trait Machine {
    /// The store.
    type Store: Breakable;

    /// Opens the store, and shows every change that it holds.
    fn open(&mut self, replay: &mut dyn FnMut(Change, TextRef)) -> Result<Self::Store, StoreError>;

    /// The process is about to be killed. `chance` decides what a kill may or may not keep.
    fn crash(&mut self, chance: u64);

    /// The process has ended in order.
    fn stop(&mut self);

    /// How many frames were given back, as far as that is known.
    fn dropped(&self) -> u64 {
        0
    }
}

/// A [`DiskStore`] on its [`Disk`].
#[derive(Debug)]
pub struct DiskMachine {
    disk: Disk,
    options: DiskOptions,
}

impl DiskMachine {
    /// A machine with an empty disk.
    pub fn new(options: DiskOptions) -> Self {
        Self {
            disk: Disk::default(),
            options,
        }
    }
}

impl Machine for DiskMachine {
    type Store = DiskStore;

    fn open(&mut self, replay: &mut dyn FnMut(Change, TextRef)) -> Result<DiskStore, StoreError> {
        DiskStore::open(&self.disk, self.options, replay)
    }

    fn crash(&mut self, chance: u64) {
        let pending = self.disk.pending();
        let kept = match chance % 4 {
            0 => 0,
            1 => pending,
            _ => usize::try_from(chance >> 8).unwrap() % (pending + 1),
        };
        self.disk.crash(kept);
    }

    fn stop(&mut self) {
        self.disk.crash(self.disk.pending());
    }

    fn dropped(&self) -> u64 {
        self.disk.removed()
    }
}

/// A real store. A kill leaves the files as they are at that moment: they are copied to where
/// the next process finds them.
#[derive(Debug)]
pub struct SledMachine {
    dir: PathBuf,
    lives: u64,
    /// The number of the oldest frame when the store was last opened.
    oldest: u64,
    dead_bytes_max: u64,
}

impl SledMachine {
    /// A machine with its directories below `dir`.
    pub const fn new(dir: PathBuf, dead_bytes_max: u64) -> Self {
        Self {
            dir,
            lives: 0,
            oldest: 0,
            dead_bytes_max,
        }
    }

    fn life(&self) -> PathBuf {
        self.dir.join(self.lives.to_string())
    }
}

impl Machine for SledMachine {
    type Store = SledStore;

    fn open(&mut self, replay: &mut dyn FnMut(Change, TextRef)) -> Result<SledStore, StoreError> {
        let options = SledOptions {
            dead_bytes_max: self.dead_bytes_max,
            ..SledOptions::default()
        };
        let mut oldest = None;
        let store = SledStore::open(&self.life(), options, &mut |change, place| {
            oldest.get_or_insert(place.frame);
            replay(change, place);
        })?;
        self.oldest = oldest.unwrap_or(self.oldest);
        Ok(store)
    }

    fn crash(&mut self, _: u64) {
        let from = self.life();
        self.lives += 1;
        // Until nothing changes while it is copied: a process that is killed leaves one moment.
        let to = self.life();
        while !copy(&from, &to) || !is_copy(&from, &to) {
            fs::remove_dir_all(&to).unwrap();
        }
        // What the dying process still writes goes nowhere.
        while from.exists() {
            let _ = fs::remove_dir_all(&from);
        }
    }

    fn stop(&mut self) {}

    fn dropped(&self) -> u64 {
        self.oldest.saturating_sub(1)
    }
}

/// Copies a directory; says whether all of it stood still.
fn copy(from: &Path, to: &Path) -> bool {
    fs::create_dir_all(to).unwrap();
    fs::read_dir(from).unwrap().all(|entry| {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target)
        } else {
            fs::copy(entry.path(), target).is_ok()
        }
    })
}

/// Whether two directories have the same files with the same content.
fn is_copy(from: &Path, to: &Path) -> bool {
    let names = |dir: &Path| -> BTreeSet<_> {
        let entries = fs::read_dir(dir).unwrap();
        entries.map(|entry| entry.unwrap().file_name()).collect()
    };
    names(from) == names(to)
        && names(from).iter().all(|name| {
            let (from, to) = (from.join(name), to.join(name));
            if from.is_dir() {
                is_copy(&from, &to)
            } else {
                fs::read(from).ok() == fs::read(to).ok()
            }
        })
}
