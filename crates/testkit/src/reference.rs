//! The service, written as naively as possible: a `Vec` that is scanned again for everything.

use queuerite_engine::{EngineError, EngineOptions};
use queuerite_model::{
    DequeueCount, MessageId, MessageText, Metadata, Operation, Outcome, PopReceipt, QueueName,
    StoredAccessPolicy, Timestamp,
};

/// All queues of one account. Ids and receipts are not its own: it copies those that the
/// engine under test gave, and from then on insists on them.
#[derive(Clone, Debug, Default)]
pub struct Reference {
    pub(crate) queues: Vec<Queue>,
    /// Names of deleted queues, each with the time when it is free.
    pub(crate) being_deleted: Vec<(QueueName, Timestamp)>,
    queue_deletion_seconds: u64,
    insertions: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Queue {
    pub(crate) name: QueueName,
    pub(crate) metadata: Metadata,
    pub(crate) policies: Vec<StoredAccessPolicy>,
    pub(crate) messages: Vec<Message>,
}

#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) id: MessageId,
    inserted: u64,
    pub(crate) text: MessageText,
    pub(crate) insertion_time: Timestamp,
    pub(crate) expiration_time: Timestamp,
    pub(crate) time_next_visible: Timestamp,
    pub(crate) dequeue_count: DequeueCount,
    pub(crate) pop_receipt: PopReceipt,
}

impl Reference {
    /// A service with these options.
    pub fn new(options: EngineOptions) -> Self {
        Self {
            queue_deletion_seconds: options.queue_deletion_seconds,
            ..Self::default()
        }
    }

    /// The oldest message's id and newest receipt, for tests that want to hold one.
    pub fn some_receipt(&self, nth: usize) -> Option<(QueueName, MessageId, PopReceipt)> {
        let all: Vec<_> = self
            .queues
            .iter()
            .flat_map(|q| {
                q.messages
                    .iter()
                    .map(|m| (q.name.clone(), m.id, m.pop_receipt))
            })
            .collect();
        (!all.is_empty()).then(|| all[nth % all.len()].clone())
    }

    /// Carries out an operation and asserts that `actual` is what must come of it.
    pub fn check(
        &mut self,
        now: Timestamp,
        operation: &Operation,
        actual: &Result<Outcome<MessageText>, EngineError>,
    ) {
        for queue in &mut self.queues {
            queue
                .messages
                .retain(|message| message.expiration_time > now);
        }
        let expected = self.run(now, operation, actual);
        assert_eq!(*actual, expected, "after {operation:?}");
    }

    fn run(
        &mut self,
        now: Timestamp,
        operation: &Operation,
        actual: &Result<Outcome<MessageText>, EngineError>,
    ) -> Result<Outcome<MessageText>, EngineError> {
        match operation {
            Operation::CreateQueue { queue, metadata } => {
                if let Ok(found) = self.queue(queue) {
                    return if found.metadata.is_same_as(metadata) {
                        Ok(Outcome::QueueUnchanged)
                    } else {
                        Err(EngineError::QueueAlreadyExists)
                    };
                }
                let mut being_deleted = self.being_deleted.iter();
                if being_deleted.any(|(name, free_at)| name == queue && *free_at > now) {
                    return Err(EngineError::QueueBeingDeleted);
                }
                self.being_deleted.retain(|(name, _)| name != queue);
                self.queues.push(Queue {
                    name: queue.clone(),
                    metadata: metadata.clone(),
                    policies: Vec::new(),
                    messages: Vec::new(),
                });
                Ok(Outcome::QueueCreated)
            }
            Operation::DeleteQueue { queue } => {
                self.queue(queue)?;
                self.queues.retain(|other| other.name != *queue);
                let free_at = now.plus_seconds(self.queue_deletion_seconds);
                self.being_deleted.push((queue.clone(), free_at));
                Ok(Outcome::QueueDeleted)
            }
            Operation::GetQueueMetadata { queue } => {
                let queue = self.queue(queue)?;
                Ok(Outcome::QueueMetadata {
                    metadata: queue.metadata.clone(),
                    approximate_messages_count: queue.messages.len() as u64,
                })
            }
            Operation::SetQueueMetadata { queue, metadata } => {
                self.queue(queue)?.metadata = metadata.clone();
                Ok(Outcome::QueueMetadataSet)
            }
            Operation::GetQueueAcl { queue } => {
                Ok(Outcome::QueueAcl(self.queue(queue)?.policies.clone()))
            }
            Operation::SetQueueAcl { queue, policies } => {
                self.queue(queue)?.policies.clone_from(policies);
                Ok(Outcome::QueueAclSet)
            }
            Operation::PutMessage {
                queue,
                text,
                visibility_timeout,
                time_to_live,
            } => {
                self.insertions += 1;
                let inserted = self.insertions;
                let queue = self.queue(queue)?;
                let Ok(Outcome::MessagePut(put)) = actual else {
                    panic!("not put: {actual:?}")
                };
                assert!(queue.messages.iter().all(|message| message.id != put.id));
                let time_next_visible = visibility_timeout.after(now);
                let expiration_time = time_to_live.after(now);
                queue.messages.push(Message {
                    id: put.id,
                    inserted,
                    text: text.clone(),
                    insertion_time: now,
                    expiration_time,
                    time_next_visible,
                    dequeue_count: DequeueCount(0),
                    pop_receipt: put.pop_receipt,
                });
                let mut expected = *put;
                expected.insertion_time = now;
                expected.expiration_time = expiration_time;
                expected.time_next_visible = time_next_visible;
                Ok(Outcome::MessagePut(expected))
            }
            Operation::GetMessages {
                queue,
                count,
                visibility_timeout,
            } => {
                let queue = self.queue(queue)?;
                let Ok(Outcome::MessagesDequeued(got)) = actual else {
                    panic!("not got: {actual:?}")
                };
                let mut expected = got.clone();
                let visible = queue.visible(now);
                assert_eq!(got.len(), visible.len().min(*count as usize));
                for (index, message) in visible.into_iter().zip(&mut expected) {
                    let held = &mut queue.messages[index];
                    assert_ne!(
                        held.pop_receipt, message.pop_receipt,
                        "a receipt must be new"
                    );
                    held.time_next_visible = visibility_timeout.after(now);
                    held.dequeue_count = held.dequeue_count.next();
                    held.pop_receipt = got[0].pop_receipt;
                    message.pop_receipt = held.pop_receipt;
                    message.time_next_visible = held.time_next_visible;
                    message.peeked.id = held.id;
                    message.peeked.insertion_time = held.insertion_time;
                    message.peeked.expiration_time = held.expiration_time;
                    message.peeked.dequeue_count = held.dequeue_count;
                    message.peeked.text = held.text.clone();
                }
                Ok(Outcome::MessagesDequeued(expected))
            }
            Operation::PeekMessages { queue, count } => {
                let queue = self.queue(queue)?;
                let Ok(Outcome::MessagesPeeked(peeked)) = actual else {
                    panic!("not peeked: {actual:?}")
                };
                let mut expected = peeked.clone();
                let visible = queue.visible(now);
                assert_eq!(peeked.len(), visible.len().min(*count as usize));
                for (index, message) in visible.into_iter().zip(&mut expected) {
                    let held = &queue.messages[index];
                    message.id = held.id;
                    message.insertion_time = held.insertion_time;
                    message.expiration_time = held.expiration_time;
                    message.dequeue_count = held.dequeue_count;
                    message.text = held.text.clone();
                }
                Ok(Outcome::MessagesPeeked(expected))
            }
            Operation::DeleteMessage {
                queue,
                message,
                pop_receipt,
            } => {
                let queue = self.queue(queue)?;
                let index = queue.held(*message, pop_receipt)?;
                queue.messages.remove(index);
                Ok(Outcome::MessageDeleted)
            }
            Operation::ClearMessages { queue } => {
                self.queue(queue)?.messages.clear();
                Ok(Outcome::MessagesCleared)
            }
            Operation::UpdateMessage {
                queue,
                message,
                pop_receipt,
                visibility_timeout,
                text,
            } => {
                let queue = self.queue(queue)?;
                let index = queue.held(*message, pop_receipt)?;
                let held = &mut queue.messages[index];
                let time_next_visible = visibility_timeout.after(now);
                if time_next_visible > held.expiration_time {
                    return Err(EngineError::VisibilityBeyondExpiration);
                }
                let Ok(Outcome::MessageUpdated(updated)) = actual else {
                    panic!("not updated: {actual:?}")
                };
                assert_ne!(
                    held.pop_receipt, updated.pop_receipt,
                    "a receipt must be new"
                );
                held.pop_receipt = updated.pop_receipt;
                held.time_next_visible = time_next_visible;
                held.text = text.clone().unwrap_or_else(|| held.text.clone());
                let mut expected = *updated;
                expected.time_next_visible = time_next_visible;
                Ok(Outcome::MessageUpdated(expected))
            }
            Operation::ListQueues(list) => {
                let mut names: Vec<_> = self
                    .queues
                    .iter()
                    .filter(|queue| queue.name.as_str().starts_with(&list.prefix))
                    .filter(|queue| {
                        list.marker
                            .as_deref()
                            .is_none_or(|m| queue.name.as_str() >= m)
                    })
                    .collect();
                names.sort_by_key(|queue| queue.name.clone());
                let limit = list.max_results.unwrap_or(5000).min(5000) as usize;
                let next = names.get(limit).map(|queue| queue.name.clone());
                names.truncate(limit);
                let queues = names
                    .into_iter()
                    .map(|queue| queuerite_model::QueueListing {
                        name: queue.name.clone(),
                        metadata: list.include_metadata.then(|| queue.metadata.clone()),
                    })
                    .collect();
                Ok(Outcome::QueuesListed(queuerite_model::QueuePage {
                    queues,
                    next,
                }))
            }
            Operation::GetServiceProperties
            | Operation::SetServiceProperties(_)
            | Operation::GetServiceStats => actual.clone(),
        }
    }

    fn queue(&mut self, name: &QueueName) -> Result<&mut Queue, EngineError> {
        self.queues
            .iter_mut()
            .find(|queue| queue.name == *name)
            .ok_or(EngineError::QueueNotFound)
    }
}

impl Queue {
    /// Where the visible messages are, in the order of delivery.
    pub(crate) fn visible(&self, now: Timestamp) -> Vec<usize> {
        let mut visible: Vec<_> = (0..self.messages.len())
            .filter(|index| self.messages[*index].time_next_visible <= now)
            .collect();
        visible.sort_by_key(|index| {
            (
                self.messages[*index].time_next_visible,
                self.messages[*index].inserted,
            )
        });
        visible
    }

    fn held(&self, id: Option<MessageId>, receipt: &PopReceipt) -> Result<usize, EngineError> {
        self.messages
            .iter()
            .position(|message| Some(message.id) == id && message.pop_receipt == *receipt)
            .ok_or(EngineError::MessageNotFound)
    }
}
