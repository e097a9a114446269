//! What an operation costs in the engine, decided and applied, in queues of a thousand and of a
//! hundred thousand messages.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "nobody calls a benchmark, and what it cannot set up ends it"
)]

use std::hint::black_box;
use std::process::ExitCode;

use queuerite_engine::{Engine, Released, TextRef};
use queuerite_micro::{Case, Work};
use queuerite_model::{
    Command, MessageId, MessageText, Metadata, Operation, Outcome, PopReceipt, TimeToLive,
    Timestamp, VisibilityTimeout,
};
use queuerite_testkit::{SeededEntropy, account, queue_name};

fn main() -> ExitCode {
    let cases = [1_000, 100_000].into_iter().flat_map(|depth| {
        let name = |what| format!("engine: {what}, of {depth}");
        [
            Case::new(name("put"), move || Puts::of(depth)),
            Case::new(name("get 1"), move || Gets::of(depth, 1)),
            Case::new(name("get 32"), move || Gets::of(depth, 32)),
            Case::new(name("peek 1"), move || peek(depth)),
            Case::new(name("update"), move || Updates::of(depth)),
            Case::new(name("delete"), move || Deletes::of(depth)),
        ]
    });
    queuerite_micro::main(&cases.collect::<Vec<_>>())
}

/// An engine with one queue, and what its caller has.
struct Queue {
    engine: Engine,
    entropy: SeededEntropy,
    now: Timestamp,
    next_frame: u64,
    released: Vec<Released>,
}

impl Queue {
    fn of(depth: u32) -> Self {
        let mut queue = Self {
            engine: Engine::default(),
            entropy: SeededEntropy::new(1),
            now: Timestamp::from_unix(1_791_201_600, 0),
            next_frame: 1,
            released: Vec::new(),
        };
        queue.run(&command(Operation::CreateQueue {
            queue: queue_name("orders"),
            metadata: Metadata::default(),
        }));
        let put = put();
        for _ in 0..depth {
            queue.run(&put);
        }
        queue
    }

    fn run(&mut self, command: &Command) -> Outcome<TextRef> {
        let decision = self.engine.decide(self.now, &mut self.entropy, command);
        let decision = decision.unwrap();
        for change in &decision.changes {
            let place = TextRef {
                frame: self.next_frame,
                offset: 0,
                length: 1024,
            };
            self.next_frame += 1;
            self.engine.apply(change, place, &mut self.released);
        }
        self.released.clear();
        decision.outcome
    }

    /// Puts a message and says how it is held.
    fn hold(&mut self, command: &Command) -> (MessageId, PopReceipt) {
        match self.run(command) {
            Outcome::MessagePut(message) => (message.id, message.pop_receipt),
            other => panic!("a put, answered by {other:?}"),
        }
    }
}

/// Puts a message into a queue that is always as long.
struct Puts {
    queue: Queue,
    put: Command,
    held: Vec<(MessageId, PopReceipt)>,
}

impl Puts {
    fn of(depth: u32) -> Self {
        Self {
            queue: Queue::of(depth),
            put: put(),
            held: Vec::new(),
        }
    }
}

impl Work for Puts {
    fn prepare(&mut self, times: usize) {
        for held in self.held.drain(..) {
            self.queue.run(&delete(held));
        }
        self.held.reserve(times);
    }

    fn run(&mut self) {
        self.held.push(self.queue.hold(black_box(&self.put)));
    }
}

/// Gets messages that are visible again when the others have had their turn.
struct Gets {
    queue: Queue,
    get: Command,
    count: u32,
}

impl Gets {
    fn of(depth: u32, count: u32) -> Self {
        let queue = queue_name("orders");
        let get = command(Operation::GetMessages {
            queue,
            count,
            visibility_timeout: VisibilityTimeout::from_seconds(1).unwrap(),
        });
        Self {
            queue: Queue::of(depth),
            get,
            count,
        }
    }
}

impl Work for Gets {
    fn run(&mut self) {
        // In the second until they are visible again there is time for 20 others, 640 messages.
        self.queue.now = self.queue.now.plus_ticks(Timestamp::TICKS_PER_SECOND / 20);
        match black_box(self.queue.run(black_box(&self.get))) {
            Outcome::MessagesDequeued(got) => assert_eq!(got.len(), self.count as usize),
            other => panic!("a get, answered by {other:?}"),
        }
    }
}

fn peek(depth: u32) -> impl Work {
    let queue = queue_name("orders");
    let peek = command(Operation::PeekMessages { queue, count: 1 });
    let mut queue = Queue::of(depth);
    move || {
        black_box(queue.run(black_box(&peek)));
    }
}

/// Updates text and visibility of one message after the other.
struct Updates {
    queue: Queue,
    commands: Vec<Command>,
    next: usize,
}

impl Updates {
    fn of(depth: u32) -> Self {
        let mut queue = Queue::of(depth - UPDATED);
        let put = put();
        let commands = (0..UPDATED).map(|_| {
            let (id, pop_receipt) = queue.hold(&put);
            command(Operation::UpdateMessage {
                queue: queue_name("orders"),
                message: Some(id),
                pop_receipt,
                visibility_timeout: VisibilityTimeout::from_seconds(30).unwrap(),
                text: Some(text()),
            })
        });
        Self {
            commands: commands.collect(),
            queue,
            next: 0,
        }
    }
}

impl Work for Updates {
    fn run(&mut self) {
        self.next = (self.next + 1) % self.commands.len();
        let command = &mut self.commands[self.next];
        let outcome = self.queue.run(black_box(command));
        if let Operation::UpdateMessage { pop_receipt, .. } = &mut command.operation
            && let Outcome::MessageUpdated(updated) = outcome
        {
            *pop_receipt = updated.pop_receipt;
        }
    }
}

/// How many messages are updated in turn.
const UPDATED: u32 = 512;

/// Deletes the messages that were put last.
struct Deletes {
    queue: Queue,
    put: Command,
    commands: Vec<Command>,
    next: usize,
}

impl Deletes {
    fn of(depth: u32) -> Self {
        Self {
            queue: Queue::of(depth),
            put: put(),
            commands: Vec::new(),
            next: 0,
        }
    }
}

impl Work for Deletes {
    fn prepare(&mut self, times: usize) {
        self.next = 0;
        self.commands.clear();
        for _ in 0..times {
            let held = self.queue.hold(&self.put);
            self.commands.push(delete(held));
        }
    }

    fn run(&mut self) {
        let command = &self.commands[self.next];
        black_box(self.queue.run(black_box(command)));
        self.next += 1;
    }
}

fn command(operation: Operation) -> Command {
    Command {
        account: account(),
        operation,
    }
}

fn put() -> Command {
    command(Operation::PutMessage {
        queue: queue_name("orders"),
        text: text(),
        visibility_timeout: VisibilityTimeout::ZERO,
        time_to_live: TimeToLive::DEFAULT,
    })
}

fn delete((id, pop_receipt): (MessageId, PopReceipt)) -> Command {
    command(Operation::DeleteMessage {
        queue: queue_name("orders"),
        message: Some(id),
        pop_receipt,
    })
}

fn text() -> MessageText {
    MessageText::new("0123456789abcdef".repeat(64))
}
