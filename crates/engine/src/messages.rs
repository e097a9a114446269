//! The messages of one queue: by id, by time next visible, by expiration time.
//!
//! Every operation costs O(log n) per message that it touches. What is hidden stands behind
//! what is visible in the order of delivery, and what is expired is found without a search.

use std::collections::BTreeSet;

use hashbrown::HashTable;
use queuerite_model::{DequeueCount, MessageId, PopReceipt, Timestamp};

use crate::{MessageState, Released, TextRef};

/// A message without its text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message {
    pub(crate) state: MessageState,
    /// Where the text is, and with it the message's complete record.
    pub(crate) place: TextRef,
}

impl Message {
    pub(crate) fn is_expired_at(&self, now: Timestamp) -> bool {
        self.state.expiration_time <= now
    }

    /// The receipt of the latest put, get or update; older ones no longer prove anything.
    pub(crate) fn pop_receipt(&self) -> PopReceipt {
        let MessageState {
            nonce,
            time_next_visible,
            dequeue_count,
            updated,
            ..
        } = self.state;
        if updated {
            PopReceipt::updated(nonce, time_next_visible, dequeue_count)
        } else {
            PopReceipt::issued(nonce, time_next_visible)
        }
    }
}

/// The messages of one queue.
///
/// A message lives in a slot; the three indexes hold slot numbers. Slots are reused, so the
/// memory follows the largest number of messages that the queue held at once, and is given
/// back when the queue is nearly empty.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    slots: Vec<Option<Message>>,
    free: Vec<Slot>,
    /// Of the ids themselves the slots know.
    by_id: HashTable<Slot>,
    /// The order of delivery: by time next visible, then by insertion.
    by_visibility: BTreeSet<(Timestamp, u64, Slot)>,
    /// Messages that never expire are not in it.
    by_expiration: BTreeSet<(Timestamp, Slot)>,
}

type Slot = u32;

impl Messages {
    /// How many messages are held, expired ones included until they are swept.
    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// How many messages are alive at `now`.
    pub(crate) fn count_alive(&self, now: Timestamp) -> usize {
        let expired = self.by_expiration.range(..=(now, Slot::MAX)).count();
        self.len().saturating_sub(expired)
    }

    /// The message with this id, unless it has expired.
    pub(crate) fn alive(&self, id: MessageId, now: Timestamp) -> Option<&Message> {
        self.get(id).filter(|message| !message.is_expired_at(now))
    }

    /// The message with this id.
    pub(crate) fn get(&self, id: MessageId) -> Option<&Message> {
        self.slot_of(id).and_then(|slot| self.at(slot))
    }

    /// The visible messages, in the order of delivery.
    pub(crate) fn visible_at(&self, now: Timestamp) -> impl Iterator<Item = &Message> {
        self.by_visibility
            .range(..=(now, u64::MAX, Slot::MAX))
            .filter_map(|(_, _, slot)| self.at(*slot))
            .filter(move |message| !message.is_expired_at(now))
    }

    /// When the next message expires, if any does.
    pub(crate) fn next_expiration(&self) -> Option<Timestamp> {
        self.by_expiration.first().map(|(time, _)| *time)
    }

    /// Adds a message, or replaces the one with the same id.
    pub(crate) fn write(&mut self, message: Message, released: &mut Vec<Released>) {
        self.remove(message.state.id, released);
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            Slot::try_from(self.slots.len() - 1).unwrap_or(Slot::MAX)
        });
        if let Some(place) = self.slots.get_mut(slot as usize) {
            *place = Some(message);
        }
        let state = &message.state;
        let slots = &self.slots;
        let hash_of = |slot: &Slot| {
            let message = slots.get(*slot as usize).and_then(Option::as_ref);
            message.map_or(0, |message| hash(message.state.id))
        };
        self.by_id.insert_unique(hash(state.id), slot, hash_of);
        self.by_visibility
            .insert((state.time_next_visible, state.sequence, slot));
        if state.expiration_time < Timestamp::NEVER {
            self.by_expiration.insert((state.expiration_time, slot));
        }
    }

    /// Moves a message in the order of delivery and gives it a new receipt; a dequeue count
    /// comes with a get, and none with an update. Unknown ids are passed over.
    pub(crate) fn reschedule(
        &mut self,
        id: MessageId,
        time_next_visible: Timestamp,
        nonce: u32,
        dequeue_count: Option<DequeueCount>,
    ) {
        let Some(slot) = self.slot_of(id) else {
            return;
        };
        let Some(Some(message)) = self.slots.get_mut(slot as usize) else {
            return;
        };
        let state = &mut message.state;
        self.by_visibility
            .remove(&(state.time_next_visible, state.sequence, slot));
        state.time_next_visible = time_next_visible;
        state.nonce = nonce;
        state.updated = dequeue_count.is_none();
        state.dequeue_count = dequeue_count.unwrap_or(state.dequeue_count);
        self.by_visibility
            .insert((time_next_visible, state.sequence, slot));
    }

    /// Removes the message with this id, if there is one.
    pub(crate) fn remove(&mut self, id: MessageId, released: &mut Vec<Released>) {
        if let Some(slot) = self.slot_of(id) {
            self.vacate(slot, released);
        }
    }

    /// Removes the messages that have expired at `now`.
    pub(crate) fn sweep(&mut self, now: Timestamp, released: &mut Vec<Released>) {
        while let Some((time, slot)) = self.by_expiration.first().copied() {
            if time > now {
                break;
            }
            self.vacate(slot, released);
        }
    }

    /// Every message's place, for when all of them go at once.
    pub(crate) fn places(&self) -> impl Iterator<Item = TextRef> {
        self.slots.iter().flatten().map(|message| message.place)
    }

    fn slot_of(&self, id: MessageId) -> Option<Slot> {
        let has_id = |slot: &Slot| self.at(*slot).is_some_and(|message| message.state.id == id);
        self.by_id.find(hash(id), has_id).copied()
    }

    fn at(&self, slot: Slot) -> Option<&Message> {
        self.slots.get(slot as usize)?.as_ref()
    }

    fn vacate(&mut self, slot: Slot, released: &mut Vec<Released>) {
        let Some(message) = self.slots.get_mut(slot as usize).and_then(Option::take) else {
            return;
        };
        let state = &message.state;
        let entry = self
            .by_id
            .find_entry(hash(state.id), |other| *other == slot);
        if let Ok(entry) = entry {
            entry.remove();
        }
        self.by_visibility
            .remove(&(state.time_next_visible, state.sequence, slot));
        self.by_expiration.remove(&(state.expiration_time, slot));
        self.free.push(slot);
        released.push(Released(message.place));
        self.give_memory_back();
    }

    /// Starts afresh when empty, so that a backlog once worked off leaves nothing behind.
    fn give_memory_back(&mut self) {
        if self.by_id.is_empty() && self.slots.len() > SLOTS_KEPT_WHEN_EMPTY {
            *self = Self::default();
        }
    }
}

/// Slots that an empty queue keeps for its next messages.
const SLOTS_KEPT_WHEN_EMPTY: usize = 1024;

/// Message ids are random already; hashing them again would only cost time. Both halves take
/// part, because half a GUID may repeat in ids that were imported.
fn hash(id: MessageId) -> u64 {
    let id = u128::from_le_bytes(*id.as_bytes());
    let halves = [id, id >> 64].map(|half| u64::try_from(half & u128::from(u64::MAX)));
    let [low, high] = halves.map(Result::unwrap_or_default);
    low.rotate_left(5) ^ high
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: u8, visible: u64, sequence: u64, expires: Timestamp) -> Message {
        let state = MessageState {
            id: MessageId::from_bytes([id; 16]),
            sequence,
            insertion_time: Timestamp::default(),
            expiration_time: expires,
            time_next_visible: Timestamp::from_ticks(visible),
            dequeue_count: DequeueCount(0),
            nonce: 0,
            updated: false,
        };
        Message {
            state,
            place: TextRef {
                frame: u64::from(id),
                ..TextRef::default()
            },
        }
    }

    fn ids(messages: &Messages, now: u64) -> Vec<u8> {
        let now = Timestamp::from_ticks(now);
        messages
            .visible_at(now)
            .map(|message| message.state.id.as_bytes()[0])
            .collect()
    }

    #[test]
    fn delivery_goes_by_time_next_visible_and_ties_by_insertion() {
        let mut messages = Messages::default();
        let released = &mut Vec::new();
        for (id, visible, sequence) in [(1, 20, 0), (2, 10, 2), (3, 10, 1), (4, 99, 3)] {
            messages.write(message(id, visible, sequence, Timestamp::NEVER), released);
        }
        assert_eq!(ids(&messages, 50), [3, 2, 1]);
        assert_eq!(ids(&messages, 10), [3, 2]);
        assert!(released.is_empty());
    }

    #[test]
    fn what_has_expired_is_not_visible_even_before_it_is_swept() {
        let mut messages = Messages::default();
        let released = &mut Vec::new();
        messages.write(message(1, 0, 0, Timestamp::from_ticks(5)), released);
        messages.write(message(2, 0, 1, Timestamp::NEVER), released);
        let at = Timestamp::from_ticks;
        assert_eq!(ids(&messages, 4), [1, 2]);
        assert_eq!(ids(&messages, 5), [2]);
        assert_eq!((messages.len(), messages.count_alive(at(5))), (2, 1));
        assert!(
            messages
                .alive(MessageId::from_bytes([1; 16]), at(5))
                .is_none()
        );
        assert_eq!(messages.next_expiration(), Some(at(5)));

        messages.sweep(at(4), released);
        assert_eq!(messages.len(), 2);
        messages.sweep(at(5), released);
        assert_eq!((messages.len(), messages.next_expiration()), (1, None));
        assert_eq!(released.len(), 1);
    }

    #[test]
    fn writing_an_id_again_replaces_the_message_and_releases_its_place() {
        let mut messages = Messages::default();
        let released = &mut Vec::new();
        messages.write(message(1, 0, 0, Timestamp::NEVER), released);
        let mut again = message(1, 7, 0, Timestamp::from_ticks(9));
        again.place.frame = 42;
        messages.write(again, released);
        assert_eq!(messages.len(), 1);
        assert_eq!(
            *released,
            [Released(TextRef {
                frame: 1,
                ..TextRef::default()
            })]
        );
        assert_eq!(
            messages
                .get(MessageId::from_bytes([1; 16]))
                .unwrap()
                .place
                .frame,
            42
        );
        assert!(ids(&messages, 6).is_empty());
    }

    #[test]
    fn slots_are_reused_and_given_back() {
        let mut messages = Messages::default();
        let released = &mut Vec::new();
        for round in 0..3_u32 {
            for id in 0..5000_u32 {
                let mut next = message(0, 0, u64::from(id), Timestamp::NEVER);
                next.state.id = MessageId::from_bytes(
                    [u64::from(id).to_le_bytes(), u64::from(round).to_le_bytes()]
                        .concat()
                        .try_into()
                        .unwrap(),
                );
                messages.write(next, released);
            }
            assert_eq!(messages.slots.len(), 5000);
            let all: Vec<_> = messages
                .slots
                .iter()
                .flatten()
                .map(|message| message.state.id)
                .collect();
            for id in all {
                messages.remove(id, released);
            }
            assert_eq!(messages.slots.capacity(), 0);
        }
        assert_eq!(released.len(), 15_000);
    }
}
