//! The thread that owns engine and store.
//!
//! It takes whatever waits in its bounded inbox, decides and applies each command in order,
//! commits all their changes at once, and only then answers. No locks, a total order, a shared
//! flush. If storing fails, memory is ahead of what is stored, so the executor never guesses:
//! it fails everything until the server is restarted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use queuerite_engine::{Change, Engine, Entropy, Released, TextRef};
use queuerite_model::{Command, MessageText, Outcome, Timestamp};
use queuerite_store::{Store, StoreError};
use tokio::sync::oneshot;

use crate::ambient::{SystemClock, SystemEntropy};
use crate::authorize::Authorized;
use crate::service::{QueueService, ServiceError};

/// Most commands that wait; a full inbox answers [`ServiceError::Busy`].
pub const INBOX_COMMANDS_MAX: usize = 16 * 1024;
/// Most commands that share one commit, so that no answer waits for long.
pub const BATCH_COMMANDS_MAX: usize = 1024;
/// Most frames whose live records move to a new place after one commit.
const RELOCATIONS_PER_BATCH_MAX: usize = 16;
/// How long an idle executor sleeps at most before it tidies.
const IDLE_MAX: Duration = Duration::from_secs(1);

/// The local [`QueueService`]: a handle to the executor's thread.
#[derive(Debug)]
pub struct Executor {
    inbox: SyncSender<Job>,
    is_ready: Arc<AtomicBool>,
}

impl Executor {
    /// Starts the thread. It ends, with everything that it accepted stored and answered, when
    /// every handle is dropped.
    pub(crate) fn start(
        engine: Engine,
        store: Box<dyn Store>,
        clock: SystemClock,
        entropy: SystemEntropy,
    ) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (inbox, jobs) = sync_channel(INBOX_COMMANDS_MAX);
        let is_ready = Arc::new(AtomicBool::new(true));
        let worker = Worker {
            engine,
            store,
            clock,
            entropy: Box::new(entropy),
            is_ready: Arc::clone(&is_ready),
            places: Vec::new(),
            released: Vec::new(),
        };
        let thread = std::thread::Builder::new()
            .name("executor".into())
            .spawn(move || worker.run(&jobs))?;
        Ok((Self { inbox, is_ready }, thread))
    }
}

impl QueueService for Executor {
    async fn execute(&self, command: Authorized) -> Result<Outcome<MessageText>, ServiceError> {
        let (reply, answer) = oneshot::channel();
        let job = Job {
            command: command.into_command(),
            reply,
        };
        self.inbox.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => ServiceError::Busy,
            TrySendError::Disconnected(_) => ServiceError::Failed,
        })?;
        // The worker answers every job; only a panic in it closes the channel.
        answer.await.unwrap_or(Err(ServiceError::Failed))
    }

    fn is_ready(&self) -> bool {
        self.is_ready.load(Ordering::Acquire)
    }
}

struct Job {
    command: Command,
    reply: oneshot::Sender<Answer>,
}

type Answer = Result<Outcome<MessageText>, ServiceError>;

struct Worker {
    engine: Engine,
    store: Box<dyn Store>,
    clock: SystemClock,
    entropy: Box<dyn Entropy + Send>,
    is_ready: Arc<AtomicBool>,
    /// Buffers that live as long as the thread, so that a command allocates none.
    places: Vec<TextRef>,
    released: Vec<Released>,
}

impl Worker {
    fn run(mut self, jobs: &Receiver<Job>) {
        // A panic below must not leave a server that accepts and never answers.
        let _not_ready_at_the_end = NotReadyOnDrop(Arc::clone(&self.is_ready));
        let mut answers = Vec::with_capacity(BATCH_COMMANDS_MAX);
        loop {
            match jobs.recv_timeout(self.idle_time()) {
                Ok(first) => self.run_batch(first, jobs, &mut answers),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.tidy();
        }
        tracing::debug!("the executor has answered everything and stops");
    }

    /// Carries out the waiting commands, commits once, and answers them all.
    fn run_batch(
        &mut self,
        first: Job,
        jobs: &Receiver<Job>,
        answers: &mut Vec<(oneshot::Sender<Answer>, Answer)>,
    ) {
        let mut now = self.clock.now();
        self.sweep(now);
        let mut has_changed = false;
        let waiting = std::iter::once(first)
            .chain(jobs.try_iter())
            .take(BATCH_COMMANDS_MAX);
        for job in waiting {
            now = self.clock.now();
            let answer = self.run_one(now, &job.command, &mut has_changed);
            answers.push((job.reply, answer));
        }
        let stored = if has_changed {
            self.store.commit(now)
        } else {
            Ok(())
        };
        if let Err(error) = stored {
            self.fail(&error);
            // Reads may have seen what was not stored, so nothing of the batch stands.
            for (_, answer) in answers.iter_mut() {
                *answer = Err(ServiceError::Failed);
            }
        }
        for (reply, answer) in answers.drain(..) {
            // A client that has gone away does not want its answer; the change stands.
            let _ = reply.send(answer);
        }
    }

    fn run_one(&mut self, now: Timestamp, command: &Command, has_changed: &mut bool) -> Answer {
        if !self.is_ready.load(Ordering::Acquire) {
            return Err(ServiceError::Failed);
        }
        let decision = self.engine.decide(now, &mut *self.entropy, command)?;
        // Texts are read first: what follows may give their places to others.
        let read = decision
            .outcome
            .try_map_texts(|place| self.store.read(place));
        let outcome = read.map_err(|error| self.fail_or_refuse(&error))?;
        if !decision.changes.is_empty() {
            self.stage_and_apply(&decision.changes)
                .map_err(|error| self.fail_or_refuse(&error))?;
            *has_changed = true;
        }
        Ok(outcome)
    }

    fn stage_and_apply(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        self.places.clear();
        self.store.stage(changes, &mut self.places)?;
        for (change, place) in changes.iter().zip(&self.places) {
            self.engine.apply(change, *place, &mut self.released);
        }
        self.release();
        Ok(())
    }

    fn sweep(&mut self, now: Timestamp) {
        self.engine.sweep(now, &mut self.released);
        self.release();
    }

    fn release(&mut self) {
        for released in self.released.drain(..) {
            self.store.release(released);
        }
    }

    /// After the answers, when nobody waits: sweep, drop dead frames, move what pins them.
    fn tidy(&mut self) {
        if !self.is_ready.load(Ordering::Acquire) {
            return;
        }
        let now = self.clock.now();
        self.sweep(now);
        let tidied = self.relocate(now).and_then(|()| self.store.reclaim());
        if let Err(error) = tidied {
            self.fail(&error);
        }
    }

    fn relocate(&mut self, now: Timestamp) -> Result<(), StoreError> {
        for _ in 0..RELOCATIONS_PER_BATCH_MAX {
            let records = self.store.relocatable()?;
            if records.is_empty() {
                break;
            }
            for (record, place) in &records {
                if let Some(fresh) = self.engine.relocate(record, *place) {
                    self.stage_and_apply(&[fresh])?;
                }
            }
            // The copies are durable before reclaim may drop what they were copied from.
            self.store.commit(now)?;
            self.store.reclaim()?;
        }
        Ok(())
    }

    fn idle_time(&self) -> Duration {
        let Some(deadline) = self.engine.next_deadline() else {
            return IDLE_MAX;
        };
        let ticks = deadline.ticks_since(self.clock.now());
        Duration::from_micros(ticks / 10 + 1).min(IDLE_MAX)
    }

    /// What a command is told that could not be stored or read. A refusal leaves the store as
    /// it was; any other failure ends all service.
    fn fail_or_refuse(&mut self, error: &StoreError) -> ServiceError {
        match error {
            StoreError::Full { limit } => return ServiceError::Full { limit: *limit },
            StoreError::OperationTooLong { .. } => tracing::error!(%error, "refused a command"),
            _ => self.fail(error),
        }
        ServiceError::Failed
    }

    /// Logged once, here; every later command only learns that there was a failure.
    fn fail(&mut self, error: &StoreError) {
        if self.is_ready.swap(false, Ordering::AcqRel) {
            let cause = std::error::Error::source(error).map(ToString::to_string);
            tracing::error!(
                error = %error,
                cause,
                "the store has failed: nothing is acknowledged any more until the server is restarted"
            );
        }
    }
}

struct NotReadyOnDrop(Arc<AtomicBool>);

impl Drop for NotReadyOnDrop {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}
