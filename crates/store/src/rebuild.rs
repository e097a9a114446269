//! Writing a store anew, beside the one whose place it then takes.

use std::path::{Path, PathBuf};

use queuerite_engine::{Change, Engine, EngineOptions, TextRef};
use queuerite_model::Timestamp;

use crate::high_water::{self, HighWater};
use crate::open::{self, HOME, NEXT, PREVIOUS, REBUILT};
use crate::salvage::{Location, Progress, Step};
use crate::{SledOptions, SledStore, Store, StoreError, rows};

/// A store that is being written. Nobody sees it before [`finish`](Self::finish) has succeeded;
/// if it is dropped, it is gone.
pub struct Rebuild<'a> {
    location: &'a Location,
    directory: PathBuf,
    store: Option<SledStore>,
    written: Contents,
    places: Vec<TextRef>,
    staged_bytes: usize,
    now: Timestamp,
}

/// What a rebuilt store holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rebuilt {
    /// How many records were written and read back.
    pub records: u64,
    /// How many of them are queues.
    pub queues: u64,
    /// How many of them are messages.
    pub messages: u64,
    /// Bytes of sled's file before, zero if there was none.
    pub bytes_before: u64,
    /// Bytes of sled's file now.
    pub bytes_after: u64,
}

impl<'a> Rebuild<'a> {
    /// Begins an empty store. `now` becomes the time of its last commit.
    pub fn begin(location: &'a Location, now: Timestamp) -> Result<Self, StoreError> {
        let directory = location.path().join(REBUILT);
        open::remove_directory(&directory)?;
        let store = SledStore::open(&directory, SledOptions::default(), &mut |_, _| {})?;
        Ok(Self {
            location,
            directory,
            store: Some(store),
            written: Contents::default(),
            places: Vec::new(),
            staged_bytes: 0,
            now,
        })
    }

    /// Appends a record.
    pub fn write(&mut self, change: &Change) -> Result<(), StoreError> {
        let bytes = self.written.add(change);
        let store = self.store.as_mut().ok_or(StoreError::Poisoned)?;
        self.places.clear();
        store.stage(std::slice::from_ref(change), &mut self.places)?;
        self.staged_bytes += bytes;
        if self.staged_bytes > COMMIT_BYTES {
            store.commit(self.now)?;
            self.staged_bytes = 0;
        }
        Ok(())
    }

    /// Reads everything back, and gives the new store the place of the old one, which must be
    /// closed. Whenever this is interrupted, one of the two is complete and the next to open it
    /// finds it.
    pub fn finish(mut self, tell: &mut dyn FnMut(Progress)) -> Result<Rebuilt, StoreError> {
        let mut store = self.store.take().ok_or(StoreError::Poisoned)?;
        store.commit(self.now)?;
        drop(store);
        let newest = self.verify(tell)?;
        let swap = Swap {
            dir: self.location.path(),
            rebuilt: &self.directory,
            newest,
        };
        let rebuilt = Rebuilt {
            records: self.written.records,
            queues: self.written.queues,
            messages: self.written.messages,
            bytes_before: file_bytes(&self.location.path().join(HOME)),
            bytes_after: file_bytes(&self.directory.join(HOME)),
        };
        for step in Swap::STEPS {
            step(&swap)?;
        }
        Ok(rebuilt)
    }

    /// Compares what is on disk with what was written; returns the number of the newest frame.
    fn verify(&self, tell: &mut dyn FnMut(Progress)) -> Result<Option<u64>, StoreError> {
        let mut read = Contents::default();
        let mut engine = Engine::new(EngineOptions::default());
        let mut newest = None;
        let total = self.written.records;
        let store = SledStore::open(
            &self.directory,
            SledOptions::default(),
            &mut |change, place| {
                read.add(&change);
                newest = newest.max(Some(place.frame));
                engine.apply(&change, place, &mut Vec::new());
                tell(Progress {
                    step: Step::Verifying,
                    done: read.records,
                    total,
                });
            },
        )?;
        drop(store);
        if read == self.written && engine.queues_without_record() == 0 {
            return Ok(newest);
        }
        Err(StoreError::Corrupt {
            path: self.directory.clone(),
            reason: "the new store does not hold what was written to it".into(),
        })
    }
}

impl Drop for Rebuild<'_> {
    fn drop(&mut self) {
        drop(self.store.take());
        // What is left is removed at the latest when the location is opened next.
        let _ = open::remove_directory(&self.directory);
    }
}

/// Records by number, kind and content, in their order.
#[derive(Clone, PartialEq, Eq, Default)]
struct Contents {
    records: u64,
    queues: u64,
    messages: u64,
    bytes: u64,
    check: u32,
}

impl Contents {
    /// Counts a record and says how long it is.
    fn add(&mut self, change: &Change) -> usize {
        let mut record = Vec::new();
        rows::encode(change, &mut record);
        self.records += 1;
        self.queues += u64::from(matches!(change, Change::QueueWritten { .. }));
        self.messages += u64::from(matches!(change, Change::MessageWritten { .. }));
        self.bytes += record.len() as u64;
        let mut check = crc32fast::Hasher::new_with_initial(self.check);
        check.update(&record);
        self.check = check.finalize();
        record.len()
    }
}

/// How one store takes the place of another.
struct Swap<'a> {
    dir: &'a Path,
    rebuilt: &'a Path,
    newest: Option<u64>,
}

type SwapStep = fn(&Swap<'_>) -> Result<(), StoreError>;

impl Swap<'_> {
    /// In this order. After each step the location opens as the old store or as the new one:
    /// whatever is called [`NEXT`] is complete and takes its place if nothing else has it.
    const STEPS: [SwapStep; 7] = [
        |swap| open::sync_files(&swap.rebuilt.join(HOME)),
        |swap| open::rename(&swap.rebuilt.join(HOME), &swap.dir.join(NEXT)),
        // From here on there are frames that know nothing of what was acknowledged.
        |swap| {
            HighWater::remove(&swap.mark())?;
            open::sync_directory(swap.dir)
        },
        |swap| {
            if !open::exists(swap.dir)? {
                return Ok(());
            }
            open::remove_directory(&swap.dir.join(PREVIOUS))?;
            open::rename(&swap.dir.join(HOME), &swap.dir.join(PREVIOUS))
        },
        |swap| open::take_place(swap.dir),
        |swap| match swap.newest {
            Some(newest) => HighWater::open(&swap.mark())?.write(newest),
            None => Ok(()),
        },
        |swap| {
            open::remove_directory(&swap.dir.join(PREVIOUS))?;
            crate::newest::NewestSegments::forget(swap.dir)?;
            open::remove_directory(swap.rebuilt)
        },
    ];

    fn mark(&self) -> PathBuf {
        self.dir.join(high_water::FILE_NAME)
    }
}

fn file_bytes(home: &Path) -> u64 {
    std::fs::metadata(home.join(crate::database::FILE_NAME)).map_or(0, |file| file.len())
}

/// Frames are buffered until they are this long together.
const COMMIT_BYTES: usize = 4 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::salvage::{Access, Salvage};
    use crate::samples::{message, one_of_each};

    const NOW: Timestamp = Timestamp::from_unix(1_700_000_000, 0);

    /// A store of so many messages and some dead frames, closed.
    fn store(dir: &Path, messages: u64) {
        let mut store = SledStore::open(dir, SledOptions::default(), &mut |_, _| {}).unwrap();
        let places = &mut Vec::new();
        store
            .stage(&[one_of_each().swap_remove(1)], places)
            .unwrap();
        for number in 0..messages {
            store.stage(&[message(number, "text")], places).unwrap();
            store.commit(NOW).unwrap();
        }
    }

    fn messages(dir: &Path) -> u64 {
        let mut messages = 0;
        SledStore::open(dir, SledOptions::default(), &mut |change, _| {
            messages += u64::from(matches!(change, Change::MessageWritten { .. }));
        })
        .unwrap();
        messages
    }

    #[test]
    fn after_every_step_of_the_swap_there_is_one_complete_store() {
        for steps in 0..=Swap::STEPS.len() {
            let dir = tempfile::tempdir().unwrap();
            store(dir.path(), 7);
            store(&dir.path().join(REBUILT), 3);
            let rebuilt = dir.path().join(REBUILT);
            let swap = Swap {
                dir: dir.path(),
                rebuilt: &rebuilt,
                newest: Some(3),
            };
            for step in Swap::STEPS.into_iter().take(steps) {
                step(&swap).unwrap();
            }
            let expected = if steps < 4 { 7 } else { 3 };
            for attempt in 0..2 {
                assert_eq!(
                    messages(dir.path()),
                    expected,
                    "{steps} steps, open {attempt}"
                );
            }
            for leftover in [NEXT, PREVIOUS, REBUILT] {
                assert!(
                    !dir.path().join(leftover).exists(),
                    "{leftover} after {steps}"
                );
            }
            assert!(dir.path().join(high_water::FILE_NAME).exists());
        }
    }

    #[test]
    fn what_is_alive_is_written_anew_and_what_is_dropped_leaves_the_old_store() {
        let dir = tempfile::tempdir().unwrap();
        store(dir.path(), 7);
        let location = Location::existing(dir.path()).unwrap();
        let salvage = Salvage::open(&location, &Access::InPlace, NOW, &mut |_| {}).unwrap();
        assert_eq!(salvage.report().messages, 7);
        let mut rebuild = Rebuild::begin(&location, NOW).unwrap();
        rebuild.write(&one_of_each().swap_remove(1)).unwrap();
        rebuild.write(&message(1, "text")).unwrap();
        drop(rebuild);
        let mut rebuild = Rebuild::begin(&location, NOW).unwrap();
        rebuild.write(&one_of_each().swap_remove(1)).unwrap();
        for number in 0..2 {
            rebuild.write(&message(number, "text")).unwrap();
        }
        drop(salvage);
        let rebuilt = rebuild.finish(&mut |_| {}).unwrap();
        assert_eq!((rebuilt.records, rebuilt.messages), (3, 2));
        drop(location);
        assert_eq!(messages(dir.path()), 2);
    }

    #[test]
    fn messages_without_their_queue_are_not_put_in_place() {
        let dir = tempfile::tempdir().unwrap();
        store(dir.path(), 7);
        let location = Location::existing(dir.path()).unwrap();
        let mut rebuild = Rebuild::begin(&location, NOW).unwrap();
        rebuild.write(&message(1, "text")).unwrap();
        assert!(rebuild.finish(&mut |_| {}).is_err());
        drop(location);
        assert_eq!(messages(dir.path()), 7);
    }
}
