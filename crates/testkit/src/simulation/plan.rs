//! What happens in a simulation, as a list from which any step can be taken away.

use queuerite_engine::EngineOptions;
use queuerite_model::{
    ListQueues, Logging, Metadata, Operation, Permissions, QueueName, ServicePropertiesUpdate,
    StoredAccessPolicy, TimeToLive, Timestamp, VisibilityTimeout,
};

use super::dice::Dice;
use crate::{Call, DiskOptions, Failure, Fault, queue_name, text};

/// Everything that a seed decides.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) limits: DiskOptions,
    pub(crate) options: EngineOptions,
    pub(crate) steps: Vec<Step>,
}

/// One step. Whatever it refers to is counted from what is there when its turn comes, so that
/// it still means something when the steps before it were taken away.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A client sends a request, which waits in the inbox.
    Submit {
        client: u8,
        account: usize,
        intent: Intent,
    },
    /// The executor takes up to this many from the inbox, commits once, and answers.
    Batch {
        limit: u8,
        /// How much time passes before each command.
        ticks_between: u32,
        end: End,
        /// Whether everything that can be seen is compared afterwards.
        inspects: bool,
    },
    /// The executor tidies.
    Tidy,
    /// Time passes.
    Wait { ticks: u64 },
    /// Time passes until a message comes back or expires, or to just before.
    WaitForMessage { nth: u8, just_before: bool },
    /// Time passes until the engine's next deadline.
    WaitForDeadline,
    /// Somebody sets the wall clock back.
    TurnBack { seconds: u64 },
    /// A call to the store is going to fail.
    Arm(Fault),
    /// The process is killed, and started again.
    Crash,
    /// The process ends in order, and is started again.
    Stop,
}

/// How a batch ends, unless the store fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    Answers,
    CrashBeforeCommit,
    CrashBeforeAnswers,
}

/// What a client wants.
#[derive(Clone, Debug)]
pub(crate) enum Intent {
    Run(Operation),
    Update {
        receipt: Receipt,
        seconds: u32,
        text: Option<String>,
    },
    Delete {
        receipt: Receipt,
    },
}

/// Which receipt the client holds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Receipt {
    /// The newest of the nth message.
    Newest(u8),
    /// The nth last that any client was given.
    Given(u8),
}

impl Plan {
    /// `scale` is how many times longer texts and limits are than those of a model need to be.
    pub(crate) fn new(seed: u64, length: usize, scale: u32) -> Self {
        let mut dice = Dice::new(seed);
        let limit = u64::from(scale);
        let limits = DiskOptions {
            frame_bytes_max: dice.pick(&[100, 200, 400, 1000]),
            dead_bytes_max: limit * dice.pick(&[0, 50, 200, 1000]),
            reclaimed_frames_max: dice.pick(&[1, 2, 32]),
            bug: None,
        };
        let temper = Temper {
            clients: 1 + dice.small(6),
            accounts: 1 + dice.index(ACCOUNTS),
            fault_in: dice.pick(&[1, 2, 10]),
            crash_in: dice.pick(&[8, 20, 60]),
            batch_max: dice.pick(&[3, 6, 12]),
            text_bytes_max: scale as usize * dice.pick(&[8, 60, 300]),
        };
        let mut steps: Vec<_> = (0..temper.accounts).map(first_step).collect();
        steps.resize_with(length.max(steps.len()), || temper.step(&mut dice));
        let options = EngineOptions {
            queue_deletion_seconds: dice.pick(&[0, 0, 5, 30]),
        };
        Self {
            seed,
            limits,
            options,
            steps,
        }
    }
}

/// How many accounts there are at most.
pub(crate) const ACCOUNTS: usize = 2;

/// What is frequent in this simulation and rare in another.
struct Temper {
    clients: u8,
    accounts: usize,
    fault_in: u64,
    crash_in: u64,
    batch_max: u8,
    text_bytes_max: usize,
}

impl Temper {
    fn step(&self, dice: &mut Dice) -> Step {
        match dice.below(100) {
            0..65 => Step::Submit {
                client: dice.small(self.clients),
                account: dice.index(self.accounts),
                intent: self.intent(dice),
            },
            65..80 => Step::Batch {
                limit: 1 + dice.small(self.batch_max),
                ticks_between: dice.pick(&[0, 1, 5_000_000, 20_000_000]),
                end: if dice.one_in(self.crash_in) {
                    dice.pick(&[End::CrashBeforeCommit, End::CrashBeforeAnswers])
                } else {
                    End::Answers
                },
                inspects: dice.one_in(8),
            },
            85..88 => Step::Wait {
                ticks: dice.pick(&[1, Timestamp::TICKS_PER_SECOND, 60_000_000, 150_000_000]),
            },
            88 => Step::Wait {
                ticks: 604_800 * Timestamp::TICKS_PER_SECOND,
            },
            89..91 => Step::WaitForMessage {
                nth: dice.small(40),
                just_before: dice.one_in(2),
            },
            91 => Step::WaitForDeadline,
            92 => Step::TurnBack {
                seconds: dice.pick(&[1, 5, 20, 604_800]),
            },
            93 if dice.one_in(self.crash_in / 8) => Step::Stop,
            94 | 95 if dice.one_in(self.crash_in / 8) => Step::Crash,
            96.. if dice.one_in(self.fault_in) => Step::Arm(Fault {
                call: dice.pick(&[
                    Call::Commit,
                    Call::Commit,
                    Call::Commit,
                    Call::Stage,
                    Call::Read,
                    Call::Reclaim,
                    Call::Relocatable,
                ]),
                after: dice.small(4),
                failure: dice.pick(&[Failure::Before, Failure::Halfway, Failure::After]),
            }),
            // The rest of the numbers, and whatever was too rare to happen.
            _ => Step::Tidy,
        }
    }

    fn intent(&self, dice: &mut Dice) -> Intent {
        match dice.below(100) {
            0..14 => Intent::Delete {
                receipt: receipt(dice),
            },
            14..28 => Intent::Update {
                receipt: receipt(dice),
                seconds: dice.number(20),
                text: dice.one_in(2).then(|| self.text(dice)),
            },
            _ => Intent::Run(self.operation(dice)),
        }
    }

    fn operation(&self, dice: &mut Dice) -> Operation {
        let queue = queue_name(dice.pick(&QUEUES));
        match dice.below(72) {
            0..9 => Operation::CreateQueue {
                queue,
                metadata: metadata(dice),
            },
            9 => Operation::DeleteQueue { queue },
            10..12 => Operation::GetQueueMetadata { queue },
            12..15 => Operation::SetQueueMetadata {
                queue,
                metadata: metadata(dice),
            },
            15..17 => Operation::GetQueueAcl { queue },
            17..20 => Operation::SetQueueAcl {
                queue,
                policies: (0..dice.below(3)).map(policy).collect(),
            },
            20..48 => Operation::PutMessage {
                queue,
                text: text(&self.text(dice)),
                visibility_timeout: seconds_hidden(dice.pick(&[0, 0, 0, 2, 11])),
                time_to_live: dice.pick(&[
                    TimeToLive::Never,
                    TimeToLive::DEFAULT,
                    TimeToLive::Seconds(12),
                    TimeToLive::Seconds(30),
                ]),
            },
            48..60 => Operation::GetMessages {
                queue,
                count: 1 + dice.number(5),
                visibility_timeout: seconds_hidden(1 + dice.number(15)),
            },
            60..63 => Operation::PeekMessages {
                queue,
                count: 1 + dice.number(32),
            },
            63 => Operation::ClearMessages { queue },
            64..67 => Operation::ListQueues(ListQueues {
                include_metadata: dice.one_in(2),
                max_results: dice.pick(&[None, Some(1), Some(2)]),
                ..ListQueues::default()
            }),
            67..69 => Operation::GetServiceProperties,
            _ => Operation::SetServiceProperties(ServicePropertiesUpdate {
                logging: dice.one_in(2).then(|| Logging {
                    read: dice.one_in(2),
                    write: dice.one_in(2),
                    ..Logging::default()
                }),
                ..ServicePropertiesUpdate::default()
            }),
        }
    }

    /// No two texts are the same, or hardly.
    fn text(&self, dice: &mut Dice) -> String {
        let length = dice.index(self.text_bytes_max + 1);
        let mut text = format!("{:x}", dice.roll());
        text = text.repeat(length / text.len() + 1);
        text.truncate(length);
        text
    }
}

/// Most queues are missing most of the time; one per account is there from the start.
fn first_step(account: usize) -> Step {
    Step::Submit {
        client: 0,
        account,
        intent: Intent::Run(Operation::CreateQueue {
            queue: queue_name(QUEUES[0]),
            metadata: Metadata::default(),
        }),
    }
}

/// The first is used as often as the others together.
const QUEUES: [&str; 4] = ["qaa", "qaa", "qbb", "qcc"];

/// All names that queues of the simulation have.
pub(crate) fn queue_names() -> impl Iterator<Item = QueueName> {
    QUEUES.iter().skip(1).map(|name| queue_name(name))
}

fn receipt(dice: &mut Dice) -> Receipt {
    if dice.one_in(4) {
        Receipt::Given(dice.small(16))
    } else {
        Receipt::Newest(dice.small(40))
    }
}

fn metadata(dice: &mut Dice) -> Metadata {
    let pairs = if dice.one_in(4) {
        vec![("Owner".into(), dice.pick(&["sales", "support"]).into())]
    } else {
        Vec::new()
    };
    Metadata::new(pairs).unwrap()
}

fn policy(number: u64) -> StoredAccessPolicy {
    StoredAccessPolicy {
        id: number.to_string().into(),
        start: None,
        expiry: Some(Timestamp::NEVER),
        permissions: Permissions::parse("rp"),
    }
}

pub(crate) fn seconds_hidden(seconds: u32) -> VisibilityTimeout {
    VisibilityTimeout::from_seconds(seconds).unwrap()
}
