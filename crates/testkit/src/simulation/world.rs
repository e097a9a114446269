//! What should be there, and whether it is.

use queuerite_engine::{EngineError, EngineOptions};
use queuerite_model::{
    AccountName, Command, ListQueues, MessageId, MessageText, Metadata, Operation, Outcome,
    PopReceipt, QueueListing, QueueName, QueuePage, ServiceProperties, Timestamp,
};
use queuerite_store::{DurableEngine, Store};

use super::plan::{ACCOUNTS, queue_names};
use crate::reference::{Message, Queue};
use crate::{Reference, SeededEntropy};

/// A possible state of everything.
#[derive(Clone, Debug)]
pub(crate) struct World {
    references: [Reference; ACCOUNTS],
    properties: [ServiceProperties; ACCOUNTS],
}

/// Something that a client may hold.
pub(crate) type Held = (QueueName, MessageId, PopReceipt);

impl World {
    /// A world in which nothing has happened yet.
    pub(crate) fn new(options: EngineOptions) -> Self {
        Self {
            references: std::array::from_fn(|_| Reference::new(options)),
            properties: Default::default(),
        }
    }

    /// Carries out an operation, and panics unless `actual` is what must come of it.
    pub(crate) fn check(
        &mut self,
        now: Timestamp,
        account: usize,
        operation: &Operation,
        actual: &Result<Outcome<MessageText>, EngineError>,
    ) {
        let properties = &mut self.properties[account];
        match operation {
            Operation::GetServiceProperties => {
                let expected = Ok(Outcome::ServiceProperties(Box::new(properties.clone())));
                assert_eq!(*actual, expected);
            }
            Operation::SetServiceProperties(update) => {
                *properties = properties.updated(update);
                assert_eq!(*actual, Ok(Outcome::ServicePropertiesSet));
            }
            _ => self.references[account].check(now, operation, actual),
        }
    }

    /// The newest receipt of some message of an account.
    pub(crate) fn some_receipt(&self, account: usize, nth: u8) -> Option<Held> {
        self.references[account].some_receipt(nth.into())
    }

    /// When something happens to some message, or the name of a deleted queue becomes free.
    pub(crate) fn some_time(&self, now: Timestamp, nth: u8) -> Option<Timestamp> {
        let times: Vec<_> = self
            .messages()
            .flat_map(|message| [message.time_next_visible, message.expiration_time])
            .chain(self.names_free_at())
            .filter(|time| *time > now && *time < Timestamp::NEVER)
            .collect();
        (!times.is_empty()).then(|| times[usize::from(nth) % times.len()])
    }

    /// When the name of some deleted queue becomes free.
    fn names_free_at(&self) -> impl Iterator<Item = Timestamp> {
        let names = self.references.iter().flat_map(|one| &one.being_deleted);
        names.map(|(_, free_at)| *free_at)
    }

    /// Takes out what had expired once, by `swept_until`, and is really gone, although the clock
    /// was set back since. Only what has expired `now` stays in doubt.
    pub(crate) fn cross_out<S: Store>(
        &mut self,
        engine: &mut DurableEngine<S>,
        now: Timestamp,
        swept_until: Timestamp,
    ) {
        for (index, reference) in self.references.iter_mut().enumerate() {
            let view = View {
                engine,
                account: account(index),
            };
            reference.being_deleted.retain(|(name, free_at)| {
                let is_in_doubt = *free_at <= swept_until && *free_at > now;
                !is_in_doubt || view.is_taken(now, name)
            });
            for queue in &mut reference.queues {
                let name = &queue.name;
                queue.messages.retain(|message| {
                    let is_in_doubt =
                        message.expiration_time <= swept_until && message.expiration_time > now;
                    !is_in_doubt || view.holds(now, name, message)
                });
            }
        }
    }

    /// Whether the engine shows this world and no other: every queue with its metadata, its
    /// policies and its count, every name that is taken, every message with its text as soon as
    /// it is visible, and every receipt still worth what it was. It moves nothing; of this world,
    /// it forgets what has expired.
    pub(crate) fn agrees<S: Store>(
        &mut self,
        engine: &mut DurableEngine<S>,
        now: Timestamp,
    ) -> Result<(), String> {
        let properties = self.properties.iter();
        for (index, (reference, properties)) in
            self.references.iter_mut().zip(properties).enumerate()
        {
            let mut view = View {
                engine,
                account: account(index),
            };
            view.check_queues(now, &reference.queues)?;
            let expected = Outcome::ServiceProperties(Box::new(properties.clone()));
            view.expect(now, Operation::GetServiceProperties, &expected)?;
            reference
                .being_deleted
                .retain(|(_, free_at)| *free_at > now);
            for (name, free_at) in &reference.being_deleted {
                let just_before = Timestamp::from_ticks(free_at.ticks() - 1);
                if !view.is_taken(just_before, name) || view.is_taken(*free_at, name) {
                    return Err(format!("{name} should be free from {free_at:?} on"));
                }
            }
            for name in queue_names() {
                let mut taken = reference.being_deleted.iter();
                if !taken.any(|(taken, _)| *taken == name) && view.is_taken(now, &name) {
                    return Err(format!("{name} is taken"));
                }
            }
            for queue in &mut reference.queues {
                queue
                    .messages
                    .retain(|message| message.expiration_time > now);
                view.check_queue(now, queue)?;
            }
        }
        Ok(())
    }

    fn messages(&self) -> impl Iterator<Item = &Message> {
        let queues = self.references.iter().flat_map(|one| &one.queues);
        queues.flat_map(|queue| &queue.messages)
    }
}

/// The account of this number.
pub(crate) fn account(index: usize) -> AccountName {
    AccountName::parse(["devstoreaccount1", "contoso"][index]).unwrap()
}

/// One account as the engine shows it.
struct View<'a, S> {
    engine: &'a mut DurableEngine<S>,
    account: AccountName,
}

impl<S: Store> View<'_, S> {
    fn check_queues(&mut self, now: Timestamp, queues: &[Queue]) -> Result<(), String> {
        let mut listed: Vec<_> = queues
            .iter()
            .map(|queue| QueueListing {
                name: queue.name.clone(),
                metadata: Some(queue.metadata.clone()),
            })
            .collect();
        listed.sort_by(|a, b| a.name.cmp(&b.name));
        let list = ListQueues {
            include_metadata: true,
            ..ListQueues::default()
        };
        let page = QueuePage {
            queues: listed,
            next: None,
        };
        self.expect(
            now,
            Operation::ListQueues(list),
            &Outcome::QueuesListed(page),
        )
    }

    fn check_queue(&mut self, now: Timestamp, queue: &Queue) -> Result<(), String> {
        let name = &queue.name;
        self.expect(
            now,
            Operation::GetQueueAcl {
                queue: name.clone(),
            },
            &Outcome::QueueAcl(queue.policies.clone()),
        )?;
        self.check_messages(now, queue)?;
        // What is hidden now is seen by looking ahead, which moves nothing.
        let mut times: Vec<_> = queue
            .messages
            .iter()
            .map(|message| message.time_next_visible)
            .filter(|time| *time > now)
            .collect();
        times.sort_unstable();
        times.dedup();
        if let Some(first) = times.first().copied() {
            let just_before = Timestamp::from_ticks(first.ticks() - 1);
            self.check_messages(just_before.max(now), queue)?;
            self.check_messages(first, queue)?;
        }
        if let Some(last) = times.get(1..).and_then(<[_]>::last).copied() {
            self.check_messages(last, queue)?;
        }
        for message in &queue.messages {
            if !self.holds(now, name, message) {
                return Err(format!("{name} does not hold {message:?}"));
            }
        }
        Ok(())
    }

    /// How many messages there are, and those that are visible.
    fn check_messages(&mut self, at: Timestamp, queue: &Queue) -> Result<(), String> {
        let mut alive = queue.clone();
        alive
            .messages
            .retain(|message| message.expiration_time > at);
        self.expect(
            at,
            Operation::GetQueueMetadata {
                queue: queue.name.clone(),
            },
            &Outcome::QueueMetadata {
                metadata: queue.metadata.clone(),
                approximate_messages_count: alive.messages.len() as u64,
            },
        )?;
        let peeked = alive.visible(at).into_iter().map(|index| {
            let message = &alive.messages[index];
            queuerite_model::PeekedMessage {
                id: message.id,
                insertion_time: message.insertion_time,
                expiration_time: message.expiration_time,
                dequeue_count: message.dequeue_count,
                text: message.text.clone(),
            }
        });
        self.expect(
            at,
            Operation::PeekMessages {
                queue: queue.name.clone(),
                count: u32::MAX,
            },
            &Outcome::MessagesPeeked(peeked.collect()),
        )
    }

    /// Whether a deleted queue keeps this name from being used.
    fn is_taken(&self, now: Timestamp, queue: &QueueName) -> bool {
        let command = Command {
            account: self.account.clone(),
            operation: Operation::CreateQueue {
                queue: queue.clone(),
                metadata: Metadata::default(),
            },
        };
        let decision = self.engine.engine().decide(now, &mut nothing(), &command);
        matches!(decision, Err(EngineError::QueueBeingDeleted))
    }

    /// Whether the message could be deleted with the receipt that is expected of it. A receipt
    /// holds the time next visible, so that is compared along with it.
    fn holds(&self, now: Timestamp, queue: &QueueName, message: &Message) -> bool {
        let command = Command {
            account: self.account.clone(),
            operation: Operation::DeleteMessage {
                queue: queue.clone(),
                message: Some(message.id),
                pop_receipt: message.pop_receipt,
            },
        };
        let decision = self.engine.engine().decide(now, &mut nothing(), &command);
        decision.is_ok()
    }

    fn expect(
        &mut self,
        at: Timestamp,
        operation: Operation,
        expected: &Outcome<MessageText>,
    ) -> Result<(), String> {
        let command = Command {
            account: self.account.clone(),
            operation,
        };
        match self.engine.execute(at, &mut nothing(), &command) {
            Ok(actual) if actual == *expected => Ok(()),
            actual => Err(format!(
                "{:?} comes to {actual:?} instead of {expected:?}",
                command.operation
            )),
        }
    }
}

/// What only reads draws nothing.
const fn nothing() -> SeededEntropy {
    SeededEntropy::new(0)
}
