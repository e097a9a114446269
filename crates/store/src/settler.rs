//! A thread that moves frames from the journal into sled.
//!
//! Whoever commits waits for the journal alone. Sled writes several times what it is given, and
//! is synced far more seldom than the journal; all that happens here, behind its back.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use bytes::Bytes;

use crate::database::Database;
use crate::journal::{Preparation, Prepared};
use crate::resident::Resident;
use crate::{Durability, StoreError};

/// A handle to the thread. It has done everything that it was told when this is dropped, unless
/// the database is broken: then it is left alone.
pub(crate) struct Settler {
    tasks: Option<Sender<Task>>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

enum Task {
    /// Frames to insert, in order; and then a sync, also if there are none.
    Settle(Vec<(u64, Bytes)>),
    /// A file of the journal to prepare.
    Prepare(Preparation),
}

struct Shared {
    state: Mutex<State>,
    news: Condvar,
}

#[derive(Default)]
struct State {
    /// How many tasks are not done.
    under_way: usize,
    /// The newest frame that sled has as durably as asked.
    settled: Option<u64>,
    prepared: Option<Result<Prepared, StoreError>>,
    has_failed: bool,
    /// Why, until somebody asks.
    failure: Option<StoreError>,
}

impl State {
    fn check(&mut self) -> Result<(), StoreError> {
        if self.has_failed {
            return Err(self.failure.take().unwrap_or(StoreError::Poisoned));
        }
        Ok(())
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fail(&self, error: StoreError) {
        let mut state = self.lock();
        state.has_failed = true;
        state.failure.get_or_insert(error);
    }
}

impl Settler {
    pub(crate) fn start(
        database: Arc<Database>,
        durability: Durability,
    ) -> Result<Self, StoreError> {
        let (tasks, receiver) = mpsc::channel();
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            news: Condvar::new(),
        });
        let home = database.path().to_owned();
        let worker = Worker {
            database,
            durability,
            resident: Resident::default(),
            shared: Arc::clone(&shared),
        };
        let thread = thread::Builder::new()
            .name("settler".into())
            .spawn(move || worker.run(&receiver))
            .map_err(|source| StoreError::Io {
                action: "start a thread for",
                path: home,
                source,
            })?;
        Ok(Self {
            tasks: Some(tasks),
            shared,
            thread: Some(thread),
        })
    }

    /// Hands over frames, in order.
    pub(crate) fn settle(&self, frames: Vec<(u64, Bytes)>) {
        self.send(Task::Settle(frames));
    }

    /// Has a file of the journal prepared.
    pub(crate) fn prepare(&self, file: Preparation) {
        self.send(Task::Prepare(file));
    }

    /// Whether everything that was handed over is done.
    pub(crate) fn is_idle(&self) -> bool {
        self.shared.lock().under_way == 0
    }

    /// The newest frame that sled has.
    pub(crate) fn settled(&self) -> Option<u64> {
        self.shared.lock().settled
    }

    /// What came of preparing a file of the journal, once.
    pub(crate) fn prepared(&self) -> Option<Result<Prepared, StoreError>> {
        self.shared.lock().prepared.take()
    }

    /// Fails if anything that was handed over could not be done; the first time with the cause.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        self.shared.lock().check()
    }

    /// Waits until everything that was handed over is done.
    pub(crate) fn wait(&self) -> Result<(), StoreError> {
        let state = self.shared.lock();
        let is_busy = |state: &mut State| state.under_way > 0 && !state.has_failed;
        let state = self.shared.news.wait_while(state, is_busy);
        state.unwrap_or_else(PoisonError::into_inner).check()
    }

    fn send(&self, task: Task) {
        self.shared.lock().under_way += 1;
        let sent = self.tasks.as_ref().map(|tasks| tasks.send(task));
        if !matches!(sent, Some(Ok(()))) {
            self.shared.lock().has_failed = true;
        }
    }
}

impl Drop for Settler {
    fn drop(&mut self) {
        self.tasks = None;
        if self.wait().is_ok()
            && let Some(thread) = self.thread.take()
        {
            // A panic of it was logged when it happened.
            let _ = thread.join();
        }
    }
}

struct Worker {
    database: Arc<Database>,
    durability: Durability,
    resident: Resident,
    shared: Arc<Shared>,
}

impl Worker {
    fn run(self, tasks: &Receiver<Task>) {
        // A panic here must not leave anybody waiting.
        let _failed = FailedOnPanic(Arc::clone(&self.shared));
        for task in tasks {
            match task {
                Task::Settle(frames) => {
                    let newest = frames.last().map(|(number, _)| *number);
                    let settled = self.settle(&frames);
                    drop(frames);
                    match settled {
                        Ok(()) => {
                            let mut state = self.shared.lock();
                            state.settled = state.settled.max(newest);
                        }
                        Err(error) => self.shared.fail(error),
                    }
                }
                Task::Prepare(file) => {
                    let prepared = file.run();
                    self.shared.lock().prepared = Some(prepared);
                }
            }
            self.shared.lock().under_way -= 1;
            self.shared.news.notify_all();
        }
    }

    fn settle(&self, frames: &[(u64, Bytes)]) -> Result<(), StoreError> {
        insert_all(&self.database, &self.resident, self.durability, frames)?;
        self.database.sync(self.durability)
    }
}

/// Gives frames to sled, with a sync on the way if they are many. The last sync is the caller's.
pub(crate) fn insert_all(
    database: &Database,
    resident: &Resident,
    durability: Durability,
    frames: &[(u64, Bytes)],
) -> Result<(), StoreError> {
    let mut unsynced = 0;
    for (number, frame) in frames {
        if unsynced > UNSYNCED_BYTES_MAX {
            database.sync(durability)?;
            unsynced = 0;
        }
        unsynced += frame.len();
        database.insert(&number.to_be_bytes(), frame)?;
        resident.touch(database, *number, frame.len());
    }
    Ok(())
}

/// How much is written before it is synced. Sled uses a segment again once what it held was
/// written elsewhere, be that on the device or not; with less than a segment between two syncs,
/// that is never before it is.
pub(crate) const UNSYNCED_BYTES_MAX: usize = 2 * 1024 * 1024;

struct FailedOnPanic(Arc<Shared>);

impl Drop for FailedOnPanic {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.lock().has_failed = true;
            self.0.news.notify_all();
        }
    }
}
