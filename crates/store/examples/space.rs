//! How much disk and memory a store takes, whatever goes through it, and whether that is within
//! the bounds that its README states.
//!
//! ```sh
//! cargo run --release -p queuerite-store --example space [CASE ...] [--percent N]
//! ```
//!
//! Each case runs an engine and its store on disk in a process of its own, at the default
//! durability, in batches of 64 messages: as many as 64 clients bring who work at once. Between
//! batches it tidies, as a server does. It looks at the files every few batches: at the blocks
//! that they take, and whether anything spilled into `blobs/`. A broken bound is said, and ends
//! the whole with a failure.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a measurement that goes wrong may end"
)]

use std::collections::VecDeque;
use std::fs;
use std::path::Path;
use std::process::{Command as Process, ExitCode};
use std::thread;
use std::time::{Duration, Instant};

use queuerite_engine::EngineOptions;
use queuerite_model::{
    AccountName, Command, MessageId, MessageText, Metadata, Operation, Outcome, PopReceipt,
    QueueName, TimeToLive, Timestamp, VisibilityTimeout,
};
use queuerite_store::{DurableEngine, SledOptions, SledStore};
use queuerite_testkit::SeededEntropy;

/// One way to use a queue.
struct Case {
    name: &'static str,
    text_bytes: usize,
    depth: usize,
    cycles: usize,
    order: Order,
    /// Whether one message lies at the very beginning that nobody takes.
    is_pinned: bool,
    /// What the files may take at most at any time, in bytes.
    disk_max: fn(live: u64) -> u64,
    /// What they may take at the end, when nobody has come for a moment.
    disk_end: fn(live: u64) -> u64,
    /// What the process may take, in bytes.
    memory: u64,
}

/// In which order messages leave.
#[derive(PartialEq, Eq)]
enum Order {
    /// All are put, and then all are taken.
    Drained,
    /// First in, first out.
    Fifo,
    /// Any of those that are there.
    Random,
}

const CASES: &[Case] = &[
    Case {
        name: "drained",
        text_bytes: KIB,
        depth: 300_000,
        cycles: 300_000,
        order: Order::Drained,
        is_pinned: false,
        disk_max: |_| 1000 * MB,
        disk_end: |_| 100 * MB,
        memory: 250 * MB,
    },
    Case {
        name: "steady",
        text_bytes: KIB,
        depth: 1000,
        cycles: 2_000_000,
        order: Order::Fifo,
        is_pinned: false,
        disk_max: |_| 300 * MB,
        disk_end: |_| 300 * MB,
        memory: 200 * MB,
    },
    Case {
        name: "long texts",
        text_bytes: 64 * KIB,
        depth: 200,
        cycles: 200_000,
        order: Order::Fifo,
        is_pinned: false,
        disk_max: |_| 300 * MB,
        disk_end: |_| 300 * MB,
        memory: 200 * MB,
    },
    Case {
        name: "pinned",
        text_bytes: KIB,
        depth: 1000,
        cycles: 500_000,
        order: Order::Fifo,
        is_pinned: true,
        disk_max: |_| 300 * MB,
        disk_end: |_| 300 * MB,
        memory: 200 * MB,
    },
    Case {
        name: "random",
        text_bytes: KIB,
        depth: 100_000,
        cycles: 1_000_000,
        order: Order::Random,
        is_pinned: false,
        disk_max: |live| 3 * live + 100 * MB,
        disk_end: |live| 3 * live + 100 * MB,
        memory: 250 * MB,
    },
];

const KIB: usize = 1024;
const MB: u64 = 1_000_000;

fn main() -> ExitCode {
    let mut names = Vec::new();
    let mut percent = 100;
    let mut is_child = false;
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--percent" => percent = words.next().unwrap().parse().unwrap(),
            "--within" => is_child = true,
            _ => names.push(word),
        }
    }
    if is_child {
        let case = CASES.iter().find(|case| case.name == names[0]).unwrap();
        return run(case, percent);
    }
    println!(
        "{:<11} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>8}",
        "case", "cycles", "live", "disk max", "disk end", "reopened", "RSS max", "seconds"
    );
    let mut code = ExitCode::SUCCESS;
    for case in CASES {
        if !names.is_empty() && !names.iter().any(|name| name == case.name) {
            continue;
        }
        let status = Process::new(std::env::current_exe().unwrap())
            .args(["--within", case.name, "--percent", &percent.to_string()])
            .status();
        if !status.unwrap().success() {
            code = ExitCode::FAILURE;
        }
    }
    code
}

fn run(case: &Case, percent: usize) -> ExitCode {
    let start = Instant::now();
    let folder = tempfile::tempdir_in(std::env::current_dir().unwrap()).unwrap();
    let mut user = User::new(folder.path(), case);
    user.run(case.cycles * percent / 100);
    let live = user.engine.store().live_bytes();
    user.rest();
    let end = disk(folder.path());
    let User { seen, engine, .. } = user;
    drop(engine);
    let engine = open(folder.path());
    assert_eq!(engine.store().live_bytes(), live);
    let reopened = disk(folder.path());
    drop(engine);
    println!(
        "{:<11} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>8}",
        case.name,
        case.cycles * percent / 100,
        megabytes(live),
        megabytes(seen.disk),
        megabytes(end),
        megabytes(reopened),
        megabytes(seen.memory),
        start.elapsed().as_secs()
    );
    let bounds = [
        ("disk max", seen.disk, (case.disk_max)(seen.live)),
        ("disk end", end, (case.disk_end)(live)),
        ("reopened", reopened, (case.disk_end)(live)),
        ("RSS max", seen.memory, case.memory),
        ("blobs", seen.blobs, 0),
    ];
    let mut code = ExitCode::SUCCESS;
    for (what, is, bound) in bounds {
        if is > bound {
            eprintln!("{}: {what} is {is}, and must be at most {bound}", case.name);
            code = ExitCode::FAILURE;
        }
    }
    code
}

/// Sixty-four clients, and what they hold.
struct User<'a> {
    case: &'a Case,
    folder: &'a Path,
    engine: DurableEngine<SledStore>,
    entropy: SeededEntropy,
    now: Timestamp,
    put: u64,
    held: VecDeque<(MessageId, PopReceipt)>,
    batches: u64,
    seen: Seen,
}

/// The most that was seen of each.
#[derive(Default)]
struct Seen {
    disk: u64,
    live: u64,
    memory: u64,
    blobs: u64,
}

impl<'a> User<'a> {
    fn new(folder: &'a Path, case: &'a Case) -> Self {
        let mut user = Self {
            case,
            folder,
            engine: open(folder),
            entropy: SeededEntropy::new(1),
            now: Timestamp::from_unix(1_791_201_600, 0),
            put: 0,
            held: VecDeque::new(),
            batches: 0,
            seen: Seen::default(),
        };
        user.create("queue");
        if case.is_pinned {
            user.create("forgotten");
            user.put("forgotten");
        }
        user.commit();
        user
    }

    fn run(&mut self, cycles: usize) {
        let depth = self.case.depth.min(cycles);
        self.put_many(depth);
        if self.case.order == Order::Drained {
            self.look();
            self.take(depth);
            self.delete(depth);
            return;
        }
        if self.case.order == Order::Random {
            self.take(depth);
        }
        let mut left = cycles;
        while left > 0 {
            let batch = left.min(BATCH);
            self.put_many(batch);
            self.take(batch);
            self.delete(batch);
            left -= batch;
        }
    }

    /// Tidies as often as an idle server does, until the files no longer shrink.
    fn rest(&mut self) {
        let mut smallest = u64::MAX;
        let mut unchanged = 0;
        while unchanged < UNCHANGED_MAX {
            while self.engine.tidy(self.now).unwrap() {}
            let disk = disk(self.folder);
            if disk < smallest {
                smallest = disk;
                unchanged = 0;
            }
            unchanged += 1;
            thread::sleep(IDLE);
        }
    }

    fn put_many(&mut self, count: usize) {
        for number in 1..=count {
            self.put("queue");
            if number % BATCH == 0 || number == count {
                self.commit();
            }
        }
    }

    fn take(&mut self, count: usize) {
        let mut left = count;
        while left > 0 {
            for _ in 0..BATCH / GET_MAX {
                let count = left.min(GET_MAX);
                if count > 0 {
                    self.get(count);
                }
                left -= count;
            }
            self.commit();
        }
    }

    fn delete(&mut self, count: usize) {
        for number in 1..=count {
            if self.case.order == Order::Random {
                let nth = usize::try_from(self.entropy.next_number()).unwrap() % self.held.len();
                self.held.swap(0, nth);
            }
            let (message, pop_receipt) = self.held.pop_front().unwrap();
            self.execute(Operation::DeleteMessage {
                queue: name("queue"),
                message: Some(message),
                pop_receipt,
            });
            if number % BATCH == 0 || number == count {
                self.commit();
            }
        }
    }

    fn create(&mut self, queue: &str) {
        self.execute(Operation::CreateQueue {
            queue: name(queue),
            metadata: Metadata::default(),
        });
    }

    fn put(&mut self, queue: &str) {
        self.put += 1;
        let words = format!("{:016x}", self.put.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        self.execute(Operation::PutMessage {
            queue: name(queue),
            text: MessageText::new(words.repeat(self.case.text_bytes / 16)),
            visibility_timeout: VisibilityTimeout::ZERO,
            time_to_live: TimeToLive::Never,
        });
    }

    fn get(&mut self, count: usize) {
        let got = self.execute(Operation::GetMessages {
            queue: name("queue"),
            count: u32::try_from(count).unwrap(),
            visibility_timeout: VisibilityTimeout::from_seconds(604_800).unwrap(),
        });
        let Outcome::MessagesDequeued(messages) = got else {
            panic!("a get came to {got:?}");
        };
        assert_eq!(messages.len(), count);
        for message in messages {
            assert_eq!(message.peeked.text.len(), self.case.text_bytes);
            self.held
                .push_back((message.peeked.id, message.pop_receipt));
        }
    }

    fn execute(&mut self, operation: Operation) -> Outcome<MessageText> {
        let command = Command {
            account: AccountName::parse("devstoreaccount1").unwrap(),
            operation,
        };
        self.engine
            .execute(self.now, &mut self.entropy, &command)
            .unwrap()
    }

    fn commit(&mut self) {
        self.now = self.now.plus_ticks(Timestamp::TICKS_PER_SECOND / 1000);
        self.engine.commit(self.now).unwrap();
        self.engine.tidy(self.now).unwrap();
        self.batches += 1;
        if self.batches.is_multiple_of(BATCHES_BETWEEN_LOOKS) {
            self.look();
        }
    }

    fn look(&mut self) {
        let seen = &mut self.seen;
        seen.disk = seen.disk.max(disk(self.folder));
        seen.live = seen.live.max(self.engine.store().live_bytes());
        seen.memory = seen.memory.max(memory());
        let blobs = fs::read_dir(self.folder.join("sled/blobs")).unwrap();
        seen.blobs = seen.blobs.max(blobs.count() as u64);
    }
}

const BATCH: usize = 64;
const GET_MAX: usize = 32;
const BATCHES_BETWEEN_LOOKS: u64 = 32;
/// How often an idle server tidies.
const IDLE: Duration = Duration::from_secs(1);
/// After how many times without a change the files are taken for what remains.
const UNCHANGED_MAX: u32 = 12;

fn open(folder: &Path) -> DurableEngine<SledStore> {
    DurableEngine::recover(EngineOptions::default(), folder, |replay| {
        SledStore::open(folder, SledOptions::default(), replay)
    })
    .unwrap()
}

fn name(queue: &str) -> QueueName {
    QueueName::parse(queue).unwrap()
}

/// The bytes of all blocks that the files below take.
fn disk(folder: &Path) -> u64 {
    let mut bytes = 0;
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        // Sled may remove a file meanwhile.
        let Ok(metadata) = entry.metadata() else {
            continue;
        };
        bytes += if metadata.is_dir() {
            disk(&entry.path())
        } else {
            taken(&metadata)
        };
    }
    bytes
}

#[cfg(unix)]
fn taken(metadata: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::blocks(metadata) * 512
}

#[cfg(not(unix))]
fn taken(metadata: &fs::Metadata) -> u64 {
    metadata.len()
}

/// The resident memory of this process, where the system tells.
fn memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.unwrap_or(0) * 1024
}

#[expect(clippy::cast_precision_loss, reason = "it is printed with one digit")]
fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
