//! What the records that can be read come to.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use queuerite_engine::{Change, Engine, QueueId, TextRef};
use queuerite_model::{AccountName, Metadata, ServiceProperties, Timestamp};

use super::{LiveMessage, LiveQueue};
use crate::frame::StoredChange;

/// Queues and properties as they are known here, and an engine for the messages.
#[derive(Default)]
pub(super) struct State {
    engine: Engine,
    pub(super) properties: BTreeMap<AccountName, ServiceProperties>,
    pub(super) queues: BTreeMap<QueueId, LiveQueue>,
    /// Queues of which there are messages, but not yet their own record.
    nameless: BTreeSet<QueueId>,
}

impl State {
    /// Takes the next record.
    pub(super) fn apply(&mut self, stored: &StoredChange) {
        match &stored.change {
            Change::PropertiesWritten {
                account,
                properties,
            } => {
                let properties = (**properties).clone();
                self.properties.insert(account.clone(), properties);
            }
            Change::QueueWritten {
                queue,
                account,
                name,
                metadata,
                policies,
            } => {
                let name = Some((account.clone(), name.clone()));
                let before = self.queues.get(queue);
                if before.is_some_and(|before| before.name != name) {
                    // A number is used again once everything about its last bearer was dropped.
                    self.end(*queue);
                }
                self.nameless.remove(queue);
                let written = LiveQueue {
                    name,
                    id: *queue,
                    metadata: metadata.clone(),
                    policies: policies.clone(),
                    messages: 0,
                };
                self.queues.insert(*queue, written);
            }
            Change::QueueDeleted { queue, .. } => {
                self.queues.remove(queue);
                self.nameless.remove(queue);
            }
            Change::MessageWritten { queue, .. } if !self.queues.contains_key(queue) => {
                self.nameless.insert(*queue);
            }
            _ => {}
        }
        self.engine
            .apply(&stored.change, stored.place, &mut Vec::new());
    }

    /// Forgets what has expired, and says how much that was.
    pub(super) fn sweep(&mut self, now: Timestamp) -> u64 {
        let before = self.engine.messages_held();
        self.engine.sweep(now, &mut Vec::new());
        (before - self.engine.messages_held()) as u64
    }

    /// Of two queues of one name the older must have been deleted, though its end was not found.
    pub(super) fn forget_former_incarnations(&mut self) {
        let mut newest = HashMap::new();
        for (id, queue) in &self.queues {
            newest.insert(queue.name.clone(), *id);
        }
        let is_former = |(id, queue): &(&QueueId, &LiveQueue)| newest.get(&queue.name) != Some(id);
        let former = self.queues.iter().filter(is_former);
        let former: Vec<_> = former.map(|(id, _)| *id).collect();
        for id in former {
            self.end(id);
            self.queues.remove(&id);
        }
        for id in std::mem::take(&mut self.nameless) {
            let unnamed = LiveQueue {
                name: None,
                id,
                metadata: Metadata::default(),
                policies: Vec::new(),
                messages: 0,
            };
            self.queues.insert(id, unnamed);
        }
    }

    /// Takes over how many messages each queue has. A queue of which nothing is left but its
    /// number is none.
    pub(super) fn count(&mut self, messages: &BTreeMap<QueueId, u64>) {
        self.queues.retain(|id, queue| {
            queue.messages = messages.get(id).copied().unwrap_or_default();
            queue.name.is_some() || queue.messages > 0
        });
    }

    /// The message that this record is the newest complete one of, in its present state.
    pub(super) fn alive(&self, stored: &StoredChange) -> Option<LiveMessage<'_>> {
        let mut present = self.engine.relocate(&stored.change, stored.place);
        let Some(Change::MessageWritten {
            queue,
            message,
            text,
        }) = present.pop()
        else {
            return None;
        };
        Some(LiveMessage {
            queue: self.queues.get(&queue)?,
            state: message,
            text,
        })
    }

    fn end(&mut self, queue: QueueId) {
        let end = Change::QueueDeleted {
            queue,
            name_free_at: Timestamp::default(),
        };
        self.engine.apply(&end, TextRef::default(), &mut Vec::new());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{message, one_of_each};

    fn state(changes: Vec<Change>) -> State {
        let mut state = State::default();
        for (change, frame) in changes.into_iter().zip(1..) {
            let place = TextRef {
                frame,
                ..TextRef::default()
            };
            state.apply(&StoredChange {
                change,
                place,
                bytes: 0,
            });
        }
        state.forget_former_incarnations();
        state
    }

    fn queue(id: u32, called: &str) -> Change {
        let Change::QueueWritten {
            account,
            metadata,
            policies,
            ..
        } = one_of_each().swap_remove(1)
        else {
            unreachable!("the second sample is a queue")
        };
        Change::QueueWritten {
            queue: QueueId(id),
            account,
            name: queuerite_model::QueueName::parse(called).unwrap(),
            metadata,
            policies,
        }
    }

    #[test]
    fn of_two_queues_of_one_name_the_later_is_alive() {
        let state = state(vec![
            queue(1, "orders"),
            message(1, "old"),
            queue(7, "orders"),
        ]);
        let alive: Vec<_> = state.queues.keys().copied().collect();
        assert_eq!(alive, [QueueId(7)]);
        assert_eq!(state.engine.messages_held(), 0);
    }

    #[test]
    fn messages_do_not_pass_to_another_queue_that_got_the_number() {
        let state = state(vec![
            queue(1, "orders"),
            message(1, "old"),
            queue(1, "others"),
        ]);
        assert_eq!(state.queues.len(), 1);
        assert_eq!(state.engine.messages_held(), 0);
    }

    #[test]
    fn messages_of_a_queue_without_a_record_have_a_queue_without_a_name() {
        let mut state = state(vec![message(1, "text")]);
        assert_eq!(state.queues[&QueueId(1)].name, None);
        state.count(&BTreeMap::new());
        assert!(state.queues.is_empty());
    }
}
