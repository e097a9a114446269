//! The thread that owns engine and store.
//!
//! It takes whatever waits in its bounded inbox, decides and applies each command in order,
//! commits all their changes at once, and only then answers. No locks, a total order, a shared
//! flush. If storing fails, memory is ahead of what is stored, so the executor never guesses:
//! it fails everything until the server is restarted.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use queuerite_model::{AccountName, CorsRule, MessageText, Operation, Outcome, Timestamp};
use queuerite_store::{DurableEngine, ExecuteError, Store, StoreError};
use tokio::sync::oneshot;

use crate::ambient::{SystemClock, SystemEntropy};
use crate::authorize::Authorized;
use crate::inbox::{Arrivals, Arrived, Inbox, Rejected, inbox};
use crate::progress::Progress;
use crate::refusals::Refusals;
use crate::service::{QueueService, ServiceError};

/// Most commands that wait; a full inbox answers [`ServiceError::Busy`].
pub const INBOX_COMMANDS_MAX: usize = 16 * 1024;
/// Most commands that share one commit, so that no answer waits for long.
pub const BATCH_COMMANDS_MAX: usize = 1024;
/// How long an idle executor sleeps at most before it tidies.
const IDLE_MAX: Duration = Duration::from_secs(1);
/// How often a waiting request looks whether the thread still moves.
const STALL_INTERVAL: Duration = Duration::from_secs(1);

/// The local [`QueueService`]: a handle to the executor's thread.
#[derive(Debug)]
pub struct Executor {
    inbox: Inbox<Job>,
    is_ready: Arc<AtomicBool>,
    progress: Arc<Progress>,
    cors_rules: Arc<CorsRules>,
}

/// What the executor tells of CORS rules without being asked.
type CorsRules = RwLock<HashMap<AccountName, Arc<[CorsRule]>>>;

impl Executor {
    /// Starts the thread. It ends, with everything that it accepted stored and answered, when
    /// every handle is dropped.
    pub(crate) fn start(
        engine: DurableEngine<Box<dyn Store>>,
        clock: SystemClock,
        entropy: SystemEntropy,
    ) -> std::io::Result<(Self, Running)> {
        let (inbox, arrivals) = inbox(INBOX_COMMANDS_MAX);
        let is_ready = Arc::new(AtomicBool::new(true));
        let progress = Arc::new(Progress::new());
        let cors_rules = Arc::<CorsRules>::default();
        let worker = Worker {
            engine,
            clock,
            entropy,
            is_ready: Arc::clone(&is_ready),
            progress: Arc::clone(&progress),
            cors_rules: Arc::clone(&cors_rules),
            refusals: Refusals::default(),
        };
        worker.publish_cors_rules();
        let thread = std::thread::Builder::new()
            .name("executor".into())
            .spawn(move || worker.run(&arrivals))?;
        let running = Running {
            thread,
            progress: Arc::clone(&progress),
        };
        let executor = Self {
            inbox,
            is_ready,
            progress,
            cors_rules,
        };
        Ok((executor, running))
    }

    /// Waits for an answer, but not for a thread that is stuck.
    async fn wait(&self, mut answer: oneshot::Receiver<Answer>) -> Answer {
        loop {
            match tokio::time::timeout(STALL_INTERVAL, &mut answer).await {
                // The worker answers every job; only a panic in it closes the channel.
                Ok(answer) => return answer.unwrap_or(Err(ServiceError::Failed)),
                Err(_) if self.progress.is_stalled() => return Err(ServiceError::Failed),
                Err(_) => {}
            }
        }
    }
}

/// The executor's thread.
#[derive(Debug)]
pub(crate) struct Running {
    thread: JoinHandle<()>,
    progress: Arc<Progress>,
}

impl Running {
    /// Waits until the thread has ended, once every handle is dropped, and says whether it has:
    /// one that is stuck is left alone.
    pub(crate) async fn ended(self) -> bool {
        let Self { thread, progress } = self;
        let mut joined = tokio::task::spawn_blocking(|| thread.join());
        while tokio::time::timeout(STALL_INTERVAL, &mut joined)
            .await
            .is_err()
        {
            if progress.is_stalled() {
                tracing::error!("the store is left open, as it does not return");
                return false;
            }
        }
        true
    }
}

impl QueueService for Executor {
    async fn execute(&self, command: Authorized) -> Result<Outcome<MessageText>, ServiceError> {
        if self.progress.is_stalled() {
            return Err(ServiceError::Busy);
        }
        let (reply, answer) = oneshot::channel();
        let bell = self
            .inbox
            .push(Job { command, reply })
            .map_err(|rejected| match rejected {
                Rejected::Full => ServiceError::Busy,
                Rejected::Closed => ServiceError::Failed,
            })?;
        if bell.is_some() {
            // Other connections that have a whole request go first, so that the executor is
            // woken once for all of them, and stores them with one commit.
            tokio::task::yield_now().await;
        }
        drop(bell);
        self.wait(answer).await
    }

    fn cors_rules(&self, account: &AccountName) -> Arc<[CorsRule]> {
        let rules = self
            .cors_rules
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        rules.get(account).cloned().unwrap_or_default()
    }

    fn is_ready(&self) -> bool {
        self.is_ready.load(Ordering::Acquire) && !self.progress.is_stalled()
    }
}

#[derive(Debug)]
struct Job {
    command: Authorized,
    reply: oneshot::Sender<Answer>,
}

type Answer = Result<Outcome<MessageText>, ServiceError>;

struct Worker {
    engine: DurableEngine<Box<dyn Store>>,
    clock: SystemClock,
    entropy: SystemEntropy,
    is_ready: Arc<AtomicBool>,
    progress: Arc<Progress>,
    cors_rules: Arc<CorsRules>,
    refusals: Refusals,
}

impl Worker {
    fn run(mut self, arrivals: &Arrivals<Job>) {
        // A panic below must not leave a server that accepts and never answers.
        let _not_ready_at_the_end = NotReadyOnDrop(Arc::clone(&self.is_ready));
        let mut jobs = Vec::new();
        let mut answers = Vec::new();
        let mut has_more = false;
        loop {
            let patience = if has_more {
                Duration::ZERO
            } else {
                self.idle_time()
            };
            match arrivals.take(patience, BATCH_COMMANDS_MAX, &mut jobs) {
                Arrived::Some => self.run_batch(&mut jobs, &mut answers),
                Arrived::Nothing => {}
                Arrived::Closed => break,
            }
            self.progress.step();
            has_more = self.tidy();
            self.progress.rest();
        }
        tracing::debug!("the executor has answered everything and stops");
    }

    /// Carries out the commands, commits once, and answers them all.
    fn run_batch(
        &mut self,
        jobs: &mut Vec<Job>,
        answers: &mut Vec<(oneshot::Sender<Answer>, Answer)>,
    ) {
        let mut now = self.clock.now();
        self.engine.sweep(now);
        let mut sets_properties = false;
        for job in jobs.drain(..) {
            now = self.clock.now();
            self.progress.step();
            let operation = &job.command.command().operation;
            sets_properties |= matches!(operation, Operation::SetServiceProperties(_));
            answers.push((job.reply, self.run_one(now, &job.command)));
        }
        // After a failure nothing more is stored: what was staged before it is claimed by nobody.
        if self.is_ready.load(Ordering::Acquire)
            && let Err(error) = self.engine.commit(now)
        {
            self.fail(&error);
        }
        let has_failed = !self.is_ready.load(Ordering::Acquire);
        if sets_properties && !has_failed {
            self.publish_cors_rules();
        }
        for (reply, answer) in answers.drain(..) {
            // Reads may have seen what was not stored, so nothing of a failed batch stands.
            let answer = if has_failed {
                Err(ServiceError::Failed)
            } else {
                answer
            };
            // A client that has gone away does not want its answer; the change stands.
            let _ = reply.send(answer);
        }
    }

    fn publish_cors_rules(&self) {
        let rules = self.engine.engine().cors_rules();
        let rules = rules
            .map(|(account, rules)| (account.clone(), rules.into()))
            .collect();
        *self
            .cors_rules
            .write()
            .unwrap_or_else(PoisonError::into_inner) = rules;
    }

    fn run_one(&mut self, now: Timestamp, authorized: &Authorized) -> Answer {
        if !self.is_ready.load(Ordering::Acquire) {
            return Err(ServiceError::Failed);
        }
        let command = authorized.command();
        if authorized.has_condition() {
            let policies = self.engine.engine().policies(command).unwrap_or_default();
            authorized.check_policies(policies)?;
        }
        match self.engine.execute(now, &mut self.entropy, command) {
            Ok(outcome) => {
                self.refusals.pass(&command.operation);
                Ok(outcome)
            }
            Err(ExecuteError::Engine(error)) => Err(error.into()),
            Err(ExecuteError::Refused(error)) => Err(self.refusals.refuse(&error)),
            Err(ExecuteError::Store(error)) => {
                self.fail(&error);
                Err(ServiceError::Failed)
            }
        }
    }

    /// Says whether there is more to tidy, if nothing else is to be done.
    fn tidy(&mut self) -> bool {
        if !self.is_ready.load(Ordering::Acquire) {
            return false;
        }
        self.engine.tidy(self.clock.now()).unwrap_or_else(|error| {
            self.fail(&error);
            false
        })
    }

    fn idle_time(&self) -> Duration {
        // After a failure nothing is swept any more, so a deadline may be long past.
        let is_ready = self.is_ready.load(Ordering::Acquire);
        let Some(deadline) = self.engine.next_deadline().filter(|_| is_ready) else {
            return IDLE_MAX;
        };
        let ticks = deadline.ticks_since(self.clock.now());
        Duration::from_micros(ticks / 10 + 1).min(IDLE_MAX)
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
