//! The sled database, as narrow as a log of frames needs it.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use sled::{Db, IVec};

use crate::guard::{Failure, dead_threads, guarded};
use crate::{Durability, StoreError};

/// An open sled database that gives up at the first failed write or panic.
///
/// It never tries a failed flush or sync again: the kernel may have dropped the pages that it
/// could not write, and a second sync would report success without them.
pub(crate) struct Database {
    /// `None` only while dropping.
    db: Option<Db>,
    /// Our own handle of sled's file, because sled's flush on Linux ends in `sync_file_range`,
    /// which does not survive a loss of power.
    file: File,
    home: PathBuf,
    cache_bytes: u64,
    broken: AtomicBool,
    /// How many of sled's threads were dead when this was opened.
    dead_threads: usize,
    #[cfg(test)]
    fail_next_sync: AtomicBool,
}

impl Database {
    /// Takes what sled opened in the directory `home`, with this capacity of its cache.
    pub(crate) fn new(db: Db, home: &Path, cache_bytes: u64) -> Result<Self, StoreError> {
        let path = home.join(FILE_NAME);
        let file = OpenOptions::new().write(true).open(&path);
        Ok(Self {
            db: Some(db),
            file: file.map_err(|source| StoreError::Io {
                action: "open",
                path,
                source,
            })?,
            home: home.into(),
            cache_bytes,
            broken: AtomicBool::new(false),
            dead_threads: dead_threads(),
            #[cfg(test)]
            fail_next_sync: AtomicBool::new(false),
        })
    }

    /// The directory of the database.
    pub(crate) fn path(&self) -> &Path {
        &self.home
    }

    /// How much sled was told to keep in memory.
    pub(crate) const fn cache_bytes(&self) -> u64 {
        self.cache_bytes
    }

    /// The file that holds the log.
    pub(crate) fn file_path(&self) -> PathBuf {
        self.home.join(FILE_NAME)
    }

    /// Fails if an earlier write failed, or if sled ever panicked, in whichever thread.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        if dead_threads() > self.dead_threads {
            self.give_up();
        }
        if self.broken.load(Ordering::Relaxed) {
            Err(StoreError::Poisoned)
        } else {
            Ok(())
        }
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<IVec>, StoreError> {
        self.call("read", |db| db.get(key))
    }

    /// The first of all keys.
    pub(crate) fn first_key(&self) -> Result<Option<IVec>, StoreError> {
        self.call("read", |db| db.first())
            .map(|row| row.map(|(key, _)| key))
    }

    /// The number of the newest frame, if they follow each other without a gap: of two frames
    /// one of which is there, there is one between that is there and has none after it.
    ///
    /// Sled could be asked for its last key, but going backwards brings a constant of a megabyte
    /// into the program.
    pub(crate) fn newest_frame(&self) -> Result<Option<u64>, StoreError> {
        let first = self.first_key()?;
        let first = first.and_then(|key| key.as_ref().try_into().ok());
        let Some(mut there) = first.map(u64::from_be_bytes) else {
            return Ok(None);
        };
        let is_there = |number: u64| Ok(self.get(&number.to_be_bytes())?.is_some());
        let mut step = 1;
        while is_there(there.saturating_add(step))? {
            there = there.saturating_add(step);
            step = step.saturating_mul(2);
        }
        let mut not_there = there.saturating_add(step);
        while not_there - there > 1 {
            let middle = there + (not_there - there) / 2;
            if is_there(middle)? {
                there = middle;
            } else {
                not_there = middle;
            }
        }
        Ok(Some(there))
    }

    /// How long the file of the database is.
    pub(crate) fn file_bytes(&self) -> Result<u64, StoreError> {
        let metadata = self.file.metadata();
        metadata
            .map(|metadata| metadata.len())
            .map_err(|source| StoreError::Io {
                action: "read",
                path: self.home.join(FILE_NAME),
                source,
            })
    }

    /// Shows every key and value, in the order of the keys.
    pub(crate) fn for_each(
        &self,
        mut show: impl FnMut(&[u8], IVec) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut rows = self.call("read", |db| Ok(db.iter()))?;
        while let Some((key, value)) = self.call("read", |_| rows.next().transpose())? {
            show(&key, value)?;
        }
        Ok(())
    }

    /// Sets a key. The value is copied once, into the buffer that sled keeps.
    pub(crate) fn insert(&self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.write(|db| db.insert(key, value))
    }

    /// Removes a key. It is as durable as the next [`sync`](Self::sync) makes it.
    pub(crate) fn remove(&self, key: &[u8]) -> Result<(), StoreError> {
        self.write(|db| db.remove(key))
    }

    /// Makes every write so far as durable as asked.
    pub(crate) fn sync(&self, durability: Durability) -> Result<(), StoreError> {
        if durability == Durability::None {
            return Ok(());
        }
        self.write(|db| db.flush())?;
        // Sled leaves what it has replaced with the thread that did so, until that has replaced 64
        // things; and each of them may be a segment of its log, which is 8 MiB.
        crossbeam_epoch::pin().flush();
        if durability == Durability::Fsync {
            self.or_give_up(self.sync_data().map_err(|source| StoreError::Io {
                action: "sync",
                path: self.file_path(),
                source,
            }))?;
        }
        Ok(())
    }

    /// Passes a result on. After a failed one there are no more writes.
    pub(crate) fn or_give_up<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if result.is_err() {
            self.give_up();
        }
        result
    }

    #[cfg(not(test))]
    fn sync_data(&self) -> std::io::Result<()> {
        self.file.sync_data()
    }

    #[cfg(test)]
    fn sync_data(&self) -> std::io::Result<()> {
        if self.fail_next_sync.swap(false, Ordering::Relaxed) {
            return Err(std::io::Error::other("injected"));
        }
        self.file.sync_data()
    }

    /// Lets the next sync fail, and only that.
    #[cfg(test)]
    pub(crate) fn fail_next_sync(&self) {
        self.fail_next_sync.store(true, Ordering::Relaxed);
    }

    fn write<T>(&self, call: impl FnOnce(&Db) -> sled::Result<T>) -> Result<(), StoreError> {
        self.check()?;
        self.or_give_up(self.call("write", call)).map(drop)
    }

    fn call<T>(
        &self,
        action: &'static str,
        call: impl FnOnce(&Db) -> sled::Result<T>,
    ) -> Result<T, StoreError> {
        let db = self.db.as_ref().ok_or(StoreError::Poisoned)?;
        guarded(|| call(db)).map_err(|failure| {
            if matches!(failure, Failure::Panic(_)) {
                self.give_up();
            }
            failure.into_store_error(action, &self.home)
        })
    }

    fn give_up(&self) {
        self.broken.store(true, Ordering::Relaxed);
    }
}

impl Drop for Database {
    /// Whatever the durability, an orderly end leaves everything on disk.
    fn drop(&mut self) {
        if self.check().is_ok()
            && let Err(error) = self.sync(Durability::Fsync)
        {
            tracing::error!(%error, "the last writes may not be on disk");
        }
        let db = self.db.take();
        let close = move || {
            let closed = guarded(|| {
                drop(db);
                Ok(())
            });
            if let Err(failure) = closed {
                tracing::error!(?failure, "the database did not close in order");
            }
        };
        if self.check().is_ok() {
            close();
        } else {
            within(CLOSE_TIME_MAX, close);
        }
    }
}

/// How long a broken database may take to close. Sled waits for threads that may be dead.
const CLOSE_TIME_MAX: Duration = Duration::from_secs(3);

/// Runs something in a thread of its own, and leaves it there if it takes too long.
fn within(time: Duration, run: impl FnOnce() + Send + 'static) {
    let (done, is_done) = mpsc::channel::<()>();
    let thread = thread::Builder::new().spawn(move || {
        run();
        drop(done);
    });
    if thread.is_ok() && is_done.recv_timeout(time) == Err(RecvTimeoutError::Timeout) {
        tracing::error!("the database does not close, and is left open");
    }
}

/// The file in which sled keeps its log.
pub(crate) const FILE_NAME: &str = "db";

impl Failure {
    /// The failure in the store's words.
    pub(crate) fn into_store_error(self, action: &'static str, path: &Path) -> StoreError {
        let corrupt = |reason| StoreError::Corrupt {
            path: path.into(),
            reason,
        };
        match self {
            Self::Error(sled::Error::Io(source)) => StoreError::Io {
                action,
                path: path.into(),
                source,
            },
            Self::Error(sled::Error::Unsupported(found)) => StoreError::UnsupportedFormat {
                path: path.into(),
                found: format!("of another database ({found})"),
                expected: "one that this program created".into(),
            },
            Self::Error(error) => corrupt(format!("sled cannot {action} it ({error})")),
            Self::Panic(message) => corrupt(format!("sled failed to {action} it ({message})")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_frame_is_found_wherever_the_frames_begin_and_end() {
        let dir = tempfile::tempdir().unwrap();
        let db = sled::Config::new().path(dir.path()).open().unwrap();
        let database = Database::new(db, dir.path(), 1 << 20).unwrap();
        assert_eq!(database.newest_frame().unwrap(), None);
        database.insert(b"format", b"").unwrap();
        assert_eq!(database.newest_frame().unwrap(), None);
        for newest in 7..200_u64 {
            database.insert(&newest.to_be_bytes(), b"").unwrap();
            assert_eq!(database.newest_frame().unwrap(), Some(newest));
        }
        for oldest in 7..199_u64 {
            database.remove(&oldest.to_be_bytes()).unwrap();
            assert_eq!(database.newest_frame().unwrap(), Some(199));
        }
    }
}
