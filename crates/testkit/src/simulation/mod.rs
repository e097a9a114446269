//! Clients, an executor, a disk and a clock, all of them under a seed.
//!
//! A seed decides what clients ask and when, how many requests share a commit, how time passes,
//! which calls to the store fail, and when the process is killed. Everything is compared with a
//! [`Reference`](crate::Reference): each answer when it is made, and after each restart
//! everything that can be seen.
//!
//! What must hold:
//!
//! * What was answered is there after a restart, exactly as it was answered.
//! * Of a batch that was not answered, some prefix is there, and each of its operations whole.
//! * A batch whose commit succeeded is there, answered or not.
//! * After a failure of the store nothing is answered and nothing is stored until a restart.
//! * A clock that was set back never shows: time stands still until it has caught up, over a
//!   restart from the last commit on.

mod dice;
mod machine;
mod plan;
mod world;

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;

use queuerite_engine::{EngineError, EngineOptions};
use queuerite_model::{Command, MessageText, Operation, Outcome, QueueName, Timestamp};
use queuerite_store::{DurableEngine, ExecuteError};

use crate::{Faults, FaultyStore, PlantedBug, SeededEntropy, queue_name, text};
use dice::Dice;
use plan::{End, Intent, Plan, Receipt, Step};
use world::{Held, World, account};

pub use machine::{DiskMachine, Machine, SledMachine};

/// How long a simulation is, and on what it runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Simulation {
    /// How many steps the plan has.
    pub steps: usize,
    /// A mistake of the store that is to be found.
    pub bug: Option<PlantedBug>,
}

impl Default for Simulation {
    /// Short, because a thousand short lives meet more than one long one.
    fn default() -> Self {
        Self {
            steps: 80,
            bug: None,
        }
    }
}

/// What a simulation went through.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Steps of the plan.
    pub steps: u64,
    /// Commands that were carried out.
    pub commands: u64,
    /// Of these, how many were answered.
    pub answers: u64,
    /// Commits that made something durable.
    pub commits: u64,
    /// Calls to the store that failed on purpose.
    pub faults: u64,
    /// Commands that the store refused while it was well.
    pub refusals: u64,
    /// Starts after a crash or an orderly end.
    pub restarts: u64,
    /// Starts after which a part of a batch that nobody was told of was there.
    pub unanswered_kept: u64,
    /// Frames that were given back by the end.
    pub frames_dropped: u64,
}

impl Counts {
    /// Adds those of another simulation.
    pub fn add(&mut self, other: Self) {
        self.steps += other.steps;
        self.commands += other.commands;
        self.answers += other.answers;
        self.commits += other.commits;
        self.faults += other.faults;
        self.refusals += other.refusals;
        self.restarts += other.restarts;
        self.unanswered_kept += other.unanswered_kept;
        self.frames_dropped += other.frames_dropped;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} steps, {} commands, {} answers, {} commits, {} frames dropped, {} faults, \
             {} refusals, {} restarts ({} kept what was not answered)",
            self.steps,
            self.commands,
            self.answers,
            self.commits,
            self.frames_dropped,
            self.faults,
            self.refusals,
            self.restarts,
            self.unanswered_kept
        )
    }
}

/// A simulation in which something was not as it must be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Disagreement {
    /// The seed that leads to it.
    pub seed: u64,
    /// What was wrong, as far as it goes in words.
    pub reason: String,
    /// What happened until then, with every step left out that it does not take.
    pub trace: Vec<String>,
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}: {}", self.seed, self.reason)?;
        for line in &self.trace {
            writeln!(f, "  {line}")?;
        }
        Ok(())
    }
}

impl Simulation {
    /// Runs a seed on the model of a disk. A disagreement comes with the shortest plan that
    /// was found to lead to it.
    pub fn run(&self, seed: u64) -> Result<Counts, Box<Disagreement>> {
        run_on(self.plan(seed, 1), |plan| DiskMachine::new(plan.limits))
    }

    /// Runs a seed on a real store below this directory, which should be empty.
    pub fn run_on_sled(&self, seed: u64, dir: &Path) -> Result<Counts, Box<Disagreement>> {
        let mut count = 0;
        run_on(self.plan(seed, SLED_SCALE), |plan| {
            count += 1;
            let dir = dir.join(format!("{seed}-{count}"));
            SledMachine::new(dir, plan.limits.dead_bytes_max)
        })
    }

    /// What happens under this seed, line by line, whether or not something is wrong with it.
    pub fn trace(&self, seed: u64) -> Vec<String> {
        let plan = self.plan(seed, 1);
        attempt(&plan, DiskMachine::new(plan.limits), true).trace
    }

    fn plan(&self, seed: u64, scale: u32) -> Plan {
        let mut plan = Plan::new(seed, self.steps, scale);
        plan.limits.bug = self.bug;
        plan
    }
}

fn run_on<M: Machine>(
    mut plan: Plan,
    mut machine: impl FnMut(&Plan) -> M,
) -> Result<Counts, Box<Disagreement>> {
    let result = attempt(&plan, machine(&plan), false);
    if result.reason.is_none() {
        return Ok(result.counts);
    }
    shrink(&mut plan, |plan| {
        attempt(plan, machine(plan), false).reason.is_some()
    });
    let shortest = attempt(&plan, machine(&plan), true);
    Err(Box::new(Disagreement {
        seed: plan.seed,
        reason: shortest.reason.or(result.reason).unwrap_or_default(),
        trace: shortest.trace,
    }))
}

/// With texts this many times longer, of up to 60,000 bytes, the frames of a real store are full
/// as soon as those of the model are.
const SLED_SCALE: u32 = 200;

/// Leaves out whatever the failure does not need: halves first, then single steps.
fn shrink(plan: &mut Plan, mut fails: impl FnMut(&Plan) -> bool) {
    let mut length = plan.steps.len() / 2;
    while length > 0 {
        let mut start = 0;
        while start < plan.steps.len() {
            let mut shorter = plan.clone();
            let end = (start + length).min(shorter.steps.len());
            shorter.steps.drain(start..end);
            if fails(&shorter) {
                *plan = shorter;
            } else {
                start += length;
            }
        }
        length /= 2;
    }
}

struct Attempt {
    counts: Counts,
    reason: Option<String>,
    trace: Vec<String>,
}

/// Goes through a plan until its end or until something is wrong. Whatever is wrong is a panic
/// somewhere: in the engine, in the store, in the reference, or here.
fn attempt<M: Machine>(plan: &Plan, machine: M, is_traced: bool) -> Attempt {
    let mut log = Log {
        counts: Counts::default(),
        lines: is_traced.then(Vec::new),
    };
    let result = catch_unwind(AssertUnwindSafe(|| {
        let mut run = Run::new(plan, machine, &mut log);
        for step in &plan.steps {
            run.step(step);
        }
        // Whatever is left over has to survive one more end.
        run.crash();
        run.log.counts.frames_dropped += run.machine.dropped();
    }));
    let reason = result.err().map(|panic| {
        let text = panic.downcast_ref::<&str>().map(ToString::to_string);
        text.or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_default()
    });
    Attempt {
        counts: log.counts,
        reason,
        trace: log.lines.unwrap_or_default(),
    }
}

/// What remains when a run ends in a panic.
struct Log {
    counts: Counts,
    lines: Option<Vec<String>>,
}

impl Log {
    fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.lines {
            lines.push(line());
        }
    }
}

/// A request that waits in the inbox.
struct Request {
    client: u8,
    account: usize,
    operation: Operation,
}

/// A command of a batch that is not durable yet.
struct Pending {
    now: Timestamp,
    account: usize,
    operation: Operation,
    outcome: Result<Outcome<MessageText>, EngineError>,
}

/// What became of a command.
enum Executed {
    Done(Result<Outcome<MessageText>, EngineError>),
    /// The store is well, but not for this.
    Refused,
    /// The store has failed.
    Failed,
}

struct Run<'a, M: Machine> {
    machine: M,
    options: EngineOptions,
    faults: Faults,
    engine: Option<DurableEngine<FaultyStore<M::Store>>>,
    entropy: SeededEntropy,
    /// Decides what a crash keeps.
    dice: Dice,
    wall: Timestamp,
    /// Never before this.
    floor: Timestamp,
    /// The latest time that this life's engine was told.
    latest: Timestamp,
    /// The time of the last commit that succeeded.
    last_commit: Timestamp,
    inbox: VecDeque<Request>,
    /// What the engine in memory should show.
    memory: World,
    /// What is durable for certain: one of these, between which nobody could tell so far.
    durable: Vec<World>,
    /// What may be durable beyond that, in order.
    pending: Vec<Pending>,
    is_ready: bool,
    /// Receipts that clients were given, the newest first.
    given: VecDeque<(usize, Held)>,
    log: &'a mut Log,
}

/// Receipts that are remembered.
const GIVEN_MAX: usize = 16;

impl<'a, M: Machine> Run<'a, M> {
    fn new(plan: &Plan, machine: M, log: &'a mut Log) -> Self {
        let start = Timestamp::from_unix(1_791_201_600, 0);
        let faults = Faults::default();
        if plan.limits.bug == Some(PlantedBug::GoesOnAfterFailure) {
            faults.forgive();
        }
        let mut run = Self {
            machine,
            faults,
            engine: None,
            entropy: SeededEntropy::new(plan.seed),
            dice: Dice::new(!plan.seed),
            wall: start,
            floor: Timestamp::default(),
            latest: Timestamp::default(),
            last_commit: Timestamp::default(),
            inbox: VecDeque::new(),
            memory: World::new(plan.options),
            durable: vec![World::new(plan.options)],
            options: plan.options,
            pending: Vec::new(),
            is_ready: false,
            given: VecDeque::new(),
            log,
        };
        run.start();
        run
    }

    fn step(&mut self, step: &Step) {
        self.log.counts.steps += 1;
        match step {
            Step::Submit {
                client,
                account,
                intent,
            } => self.submit(*client, *account, intent),
            Step::Batch {
                limit,
                ticks_between,
                end,
                inspects,
            } => {
                self.batch(*limit, *ticks_between, *end);
                if *inspects && self.is_ready {
                    self.inspect();
                }
            }
            Step::Tidy => self.tidy(),
            Step::Wait { ticks } => self.pass(*ticks),
            Step::WaitForMessage { nth, just_before } => {
                if let Some(time) = self.memory.some_time(self.floor, *nth) {
                    self.pass_until(time, u64::from(*just_before));
                }
            }
            Step::WaitForDeadline => {
                let engine = self.engine.as_ref();
                if let Some(time) = engine.and_then(DurableEngine::next_deadline) {
                    self.pass_until(time, 0);
                }
            }
            Step::TurnBack { seconds } => {
                let ticks = seconds * Timestamp::TICKS_PER_SECOND;
                self.wall = Timestamp::from_ticks(self.wall.ticks().saturating_sub(ticks));
                self.log
                    .note(|| format!("the wall clock is set back by {seconds} s"));
            }
            Step::Arm(fault) => {
                self.log.note(|| format!("a fault waits: {fault:?}"));
                self.faults.arm(*fault);
            }
            Step::Crash => self.crash(),
            Step::Stop => self.stop(),
        }
    }

    fn pass(&mut self, ticks: u64) {
        self.wall = self.wall.plus_ticks(ticks);
        let wall = self.wall;
        self.log.note(|| format!("it becomes {}", clock(wall)));
    }

    fn pass_until(&mut self, time: Timestamp, ticks_before: u64) {
        let time = Timestamp::from_ticks(time.ticks() - ticks_before);
        self.pass(time.ticks_since(self.wall));
    }

    /// What a caller of the engine takes for now.
    fn now(&mut self) -> Timestamp {
        self.floor = self.floor.max(self.wall);
        self.latest = self.latest.max(self.floor);
        self.floor
    }

    fn submit(&mut self, client: u8, account: usize, intent: &Intent) {
        let held = |receipt: &Receipt| match *receipt {
            Receipt::Newest(nth) => {
                let held = self.memory.some_receipt(account, nth);
                held.map(|held| (account, held))
            }
            Receipt::Given(nth) => {
                let given = usize::from(nth) % self.given.len().max(1);
                self.given.get(given).cloned()
            }
        };
        let request = match intent {
            Intent::Run(operation) => Some((account, operation.clone())),
            Intent::Update {
                receipt,
                seconds,
                text: new_text,
            } => held(receipt).map(|(account, (queue, id, pop_receipt))| {
                let operation = Operation::UpdateMessage {
                    queue,
                    message: Some(id),
                    pop_receipt,
                    visibility_timeout: plan::seconds_hidden(*seconds),
                    text: new_text.as_deref().map(text),
                };
                (account, operation)
            }),
            Intent::Delete { receipt } => {
                held(receipt).map(|(account, (queue, id, pop_receipt))| {
                    let operation = Operation::DeleteMessage {
                        queue,
                        message: Some(id),
                        pop_receipt,
                    };
                    (account, operation)
                })
            }
        };
        if let Some((account, operation)) = request {
            self.log
                .note(|| format!("client {client} sends to account {account}: {operation:?}"));
            self.inbox.push_back(Request {
                client,
                account,
                operation,
            });
        }
    }

    /// What the executor does with the waiting requests.
    fn batch(&mut self, limit: u8, ticks_between: u32, end: End) {
        if !self.is_ready {
            // Everybody is told of a failure until somebody starts the server again.
            self.log.note(|| "the server has failed".into());
            self.inbox.clear();
            self.crash();
            return;
        }
        let mut now = self.now();
        self.engine().sweep(now);
        let mut answers = Vec::new();
        for _ in 0..limit {
            let Some(request) = self.inbox.pop_front() else {
                break;
            };
            self.wall = self.wall.plus_ticks(ticks_between.into());
            now = self.now();
            match self.execute(now, &request) {
                Executed::Done(outcome) => {
                    answers.push((request.account, request.operation, outcome));
                }
                Executed::Refused => {}
                Executed::Failed => break,
            }
        }
        if end == End::CrashBeforeCommit {
            self.log.note(|| "killed before the commit".into());
            self.crash();
            return;
        }
        self.commit(now);
        if !self.is_ready {
            self.inspect_failure(now);
        } else if end == End::CrashBeforeAnswers {
            self.log.note(|| "killed before the answers".into());
            self.crash();
        } else {
            self.log.counts.answers += answers.len() as u64;
            for (account, operation, outcome) in answers {
                self.remember(account, &operation, &outcome);
            }
        }
    }

    fn execute(&mut self, now: Timestamp, request: &Request) -> Executed {
        let command = Command {
            account: account(request.account),
            operation: request.operation.clone(),
        };
        let engine = self.engine.as_mut().unwrap();
        let outcome = match engine.execute(now, &mut self.entropy, &command) {
            Ok(outcome) => Ok(outcome),
            Err(ExecuteError::Engine(error)) => Err(error),
            Err(ExecuteError::Refused(error)) => {
                self.refuse(&error);
                return Executed::Refused;
            }
            Err(ExecuteError::Store(error)) => {
                self.fail(&error, "execute");
                return Executed::Failed;
            }
        };
        self.log.counts.commands += 1;
        let client = request.client;
        self.log.note(|| {
            let name = request.operation.name();
            format!(
                "{} client {client}'s {name} comes to {outcome:?}",
                clock(now)
            )
        });
        self.memory
            .check(now, request.account, &request.operation, &outcome);
        self.pending.push(Pending {
            now,
            account: request.account,
            operation: request.operation.clone(),
            outcome: outcome.clone(),
        });
        Executed::Done(outcome)
    }

    /// Only a fault makes the store refuse a command while it is well, and then nothing may have
    /// changed: the commands that follow would show it.
    fn refuse(&mut self, error: &dyn fmt::Display) {
        if self.faults.fired() == self.log.counts.faults {
            wrong(format!("refused, without a fault: {error}"));
        }
        self.log.counts.faults = self.faults.fired();
        self.log.counts.refusals += 1;
        self.log.note(|| format!("refused: {error}"));
    }

    /// The executor commits even after a failed command, for the sake of those before it. It
    /// answers none of them.
    fn commit(&mut self, now: Timestamp) {
        let has_staged = self.faults.has_staged();
        match self.engine().commit(now) {
            Ok(()) if has_staged => {
                if self.faults.is_poisoned() {
                    wrong("a poisoned store commits".into());
                }
                self.log
                    .note(|| format!("{} the batch is durable", clock(now)));
                self.has_committed(now);
            }
            Ok(()) => self.pending.clear(),
            Err(error) => self.fail(&error, "commit"),
        }
    }

    fn has_committed(&mut self, now: Timestamp) {
        self.log.counts.commits += 1;
        self.last_commit = now;
        self.durable = vec![self.memory.clone()];
        self.pending.clear();
    }

    fn tidy(&mut self) {
        if !self.is_ready {
            return;
        }
        let now = self.now();
        self.log.note(|| format!("{} tidies", clock(now)));
        if let Err(error) = self.engine().tidy(now) {
            self.fail(&error, "tidy");
            self.inspect_failure(now);
        }
    }

    fn fail(&mut self, error: &dyn fmt::Display, action: &str) {
        let has_fired = self.faults.fired() > self.log.counts.faults;
        // A read may have failed so that only the next write tells.
        if !has_fired && self.is_ready && !self.faults.is_poisoned() {
            wrong(format!("cannot {action}, without a fault: {error}"));
        }
        self.log.counts.faults = self.faults.fired();
        self.log.note(|| format!("cannot {action}: {error}"));
        self.is_ready = false;
    }

    /// After a failed write the store takes no other.
    fn inspect_failure(&mut self, now: Timestamp) {
        if !self.faults.is_poisoned() {
            return;
        }
        self.faults.pause(true);
        let command = Command {
            account: account(0),
            operation: Operation::CreateQueue {
                queue: queue_name("too-late"),
                metadata: queuerite_model::Metadata::default(),
            },
        };
        let engine = self.engine.as_mut().unwrap();
        let written = engine.execute(now, &mut self.entropy, &command);
        if !matches!(written, Err(ExecuteError::Store(_))) {
            wrong(format!("a poisoned store takes a write: {written:?}"));
        }
        if engine.tidy(now).is_ok() {
            wrong("a poisoned store is tidied".into());
        }
        self.faults.pause(false);
    }

    /// Clients keep the receipts that they are given.
    fn remember(
        &mut self,
        account: usize,
        operation: &Operation,
        outcome: &Result<Outcome<MessageText>, EngineError>,
    ) {
        let mut give = |queue: &QueueName, id, receipt| {
            self.given
                .push_front((account, (queue.clone(), id, receipt)));
            self.given.truncate(GIVEN_MAX);
        };
        match (operation, outcome) {
            (Operation::PutMessage { queue, .. }, Ok(Outcome::MessagePut(put))) => {
                give(queue, put.id, put.pop_receipt);
            }
            (Operation::GetMessages { queue, .. }, Ok(Outcome::MessagesDequeued(messages))) => {
                for message in messages {
                    give(queue, message.peeked.id, message.pop_receipt);
                }
            }
            (
                Operation::UpdateMessage {
                    queue,
                    message: Some(id),
                    ..
                },
                Ok(Outcome::MessageUpdated(updated)),
            ) => give(queue, *id, updated.pop_receipt),
            _ => {}
        }
    }

    /// Compares everything that can be seen while the server runs.
    fn inspect(&mut self) {
        let now = self.now();
        self.faults.pause(true);
        let engine = self.engine.as_mut().unwrap();
        let agreed = self.memory.agrees(engine, now);
        self.faults.pause(false);
        agreed.unwrap_or_else(|difference| wrong(format!("in memory, {difference}")));
    }

    fn crash(&mut self) {
        let chance = self.dice.roll();
        self.machine.crash(chance);
        self.engine = None;
        self.log.note(|| "killed".into());
        self.restart();
    }

    fn stop(&mut self) {
        self.engine = None;
        self.machine.stop();
        self.log.note(|| "stopped in order".into());
        self.restart();
    }

    fn restart(&mut self) {
        self.log.counts.restarts += 1;
        self.log.counts.faults = self.faults.fired();
        self.inbox.clear();
        self.start();
    }

    /// Opens what is there and finds out which of the possible worlds it is.
    fn start(&mut self) {
        self.faults.disarm();
        let (machine, faults) = (&mut self.machine, &self.faults);
        let recovered = DurableEngine::recover(self.options, Path::new("the store"), |replay| {
            let store = machine.open(replay)?;
            Ok(FaultyStore::new(store, faults.clone()))
        });
        let mut engine =
            recovered.unwrap_or_else(|error| wrong(format!("it does not open: {error}")));
        let last_commit = engine.store().last_commit().unwrap_or_default();
        if last_commit < self.last_commit {
            let [known, forgotten] = [last_commit, self.last_commit].map(clock);
            wrong(format!(
                "the last commit is at {known}, but there was one at {forgotten}"
            ));
        }
        self.floor = last_commit;
        let latest = std::mem::take(&mut self.latest);
        let now = self.now();

        let mut matching = Vec::new();
        let mut differences = Vec::new();
        for (kept, mut world) in self.possible_worlds() {
            world.cross_out(&mut engine, now, latest);
            let mut candidate = world.clone();
            match candidate.agrees(&mut engine, now) {
                Ok(()) => matching.push((kept, world, candidate)),
                Err(difference) => differences.push(difference),
            }
        }
        let Some((kept, _, memory)) = matching.first().cloned() else {
            wrong(format!(
                "after a restart, {}",
                differences.join("\n  or, with one more operation, ")
            ));
        };
        self.log.counts.unanswered_kept += u64::from(kept > 0);
        self.log.note(|| {
            format!(
                "{} open, with {kept} operations that were not answered",
                clock(now)
            )
        });
        self.last_commit = last_commit;
        // What has expired by now can be back after the next crash: no commit knows the time.
        // So worlds that look the same now may differ then, and all of them are kept.
        self.memory = memory;
        self.durable = matching.into_iter().map(|(_, world, _)| world).collect();
        self.engine = Some(engine);
        self.is_ready = true;
    }

    /// What may be stored: what was, and of what was to be, any number of whole operations from
    /// the first on. Each world comes with that number.
    fn possible_worlds(&mut self) -> Vec<(usize, World)> {
        let mut possible = Vec::new();
        for mut world in self.durable.drain(..) {
            possible.push((0, world.clone()));
            for (index, next) in self.pending.iter().enumerate() {
                // What stores nothing leads to no other world.
                if next.outcome.is_ok() && !next.operation.is_read() {
                    world.check(next.now, next.account, &next.operation, &next.outcome);
                    possible.push((index + 1, world.clone()));
                }
            }
        }
        self.pending.clear();
        // The one in which the least has happened comes first.
        possible.sort_by_key(|(kept, _)| *kept);
        possible
    }

    fn engine(&mut self) -> &mut DurableEngine<FaultyStore<M::Store>> {
        self.engine.as_mut().unwrap()
    }
}

/// Ends the run as a panic does, but without a word: shrinking would repeat it many times.
fn wrong(reason: String) -> ! {
    resume_unwind(Box::new(reason))
}

/// Seconds and ticks since the simulations begin.
fn clock(time: Timestamp) -> String {
    let seconds = time.unix_seconds() - 1_791_201_600;
    format!("[{seconds}.{:07}]", time.subsecond_ticks())
}
