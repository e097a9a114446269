//! What is still needed of each frame.

use std::collections::{HashMap, VecDeque};

use queuerite_engine::{Change, TextRef};

use crate::rows::{self, MESSAGE_OVERHEAD_BYTES};

/// Counts the live complete records of every frame, from the oldest to the newest.
pub(crate) struct Ledger {
    /// The number of the oldest frame, which is the first of `frames`.
    oldest: u64,
    frames: VecDeque<Frame>,
    /// The sizes of live complete records other than messages. A message's size follows from
    /// its place, so the many need no entry.
    others: HashMap<TextRef, u64>,
    frame_bytes: u64,
    live_bytes: u64,
}

#[derive(Clone, Copy, Default)]
struct Frame {
    bytes: u64,
    live: u64,
}

impl Ledger {
    /// A ledger whose first frame will have this number.
    pub(crate) fn new(oldest: u64) -> Self {
        Self {
            oldest,
            frames: VecDeque::new(),
            others: HashMap::new(),
            frame_bytes: 0,
            live_bytes: 0,
        }
    }

    /// The number of the oldest frame, if there is a frame.
    pub(crate) fn oldest(&self) -> Option<u64> {
        (!self.frames.is_empty()).then_some(self.oldest)
    }

    /// How many complete records of the oldest frame are live.
    pub(crate) fn live_in_oldest(&self) -> u64 {
        self.frames.front().map_or(0, |frame| frame.live)
    }

    /// The bytes of all stored frames.
    pub(crate) const fn frame_bytes(&self) -> u64 {
        self.frame_bytes
    }

    /// The bytes of all live complete records.
    pub(crate) const fn live_bytes(&self) -> u64 {
        self.live_bytes
    }

    /// The frame has its final length. Frames come in the order of their numbers.
    pub(crate) fn store(&mut self, number: u64, bytes: usize) {
        let bytes = bytes as u64;
        if let Some(frame) = self.frame(number) {
            frame.bytes = bytes;
            self.frame_bytes += bytes;
        }
    }

    /// A record was staged or replayed. `bytes` is what it takes.
    pub(crate) fn add(&mut self, change: &Change, place: TextRef, bytes: u64) {
        if !rows::is_complete(change) {
            return;
        }
        if let Some(frame) = self.frame(place.frame) {
            frame.live += 1;
            self.live_bytes += bytes;
            if !matches!(change, Change::MessageWritten { .. }) {
                self.others.insert(place, bytes);
            }
        }
    }

    /// A complete record is no longer needed.
    pub(crate) fn release(&mut self, place: TextRef) {
        let bytes = self
            .others
            .remove(&place)
            .unwrap_or_else(|| message_bytes(place));
        let index = place.frame.checked_sub(self.oldest);
        let frame = index
            .and_then(|index| usize::try_from(index).ok())
            .and_then(|index| self.frames.get_mut(index));
        match frame {
            Some(frame) if frame.live > 0 => {
                frame.live -= 1;
                self.live_bytes = self.live_bytes.saturating_sub(bytes);
            }
            _ => tracing::error!(
                frame = place.frame,
                offset = place.offset,
                "a record was released twice; the frame's count may be wrong"
            ),
        }
    }

    /// The oldest frame is gone; so many bytes it had.
    pub(crate) fn drop_oldest(&mut self) -> u64 {
        let Some(frame) = self.frames.pop_front() else {
            return 0;
        };
        self.oldest += 1;
        self.frame_bytes -= frame.bytes;
        // Of a long backlog only the capacity would be left.
        if self.frames.len() < self.frames.capacity() / 4 {
            self.frames.shrink_to(2 * self.frames.len());
        }
        frame.bytes
    }

    /// The bytes of a stored frame.
    pub(crate) fn bytes(&self, number: u64) -> u64 {
        self.stored(number).map_or(0, |frame| frame.bytes)
    }

    /// How many complete records of a frame are live.
    pub(crate) fn live(&self, number: u64) -> u64 {
        self.stored(number).map_or(0, |frame| frame.live)
    }

    fn stored(&self, number: u64) -> Option<&Frame> {
        let index = usize::try_from(number.checked_sub(self.oldest)?).ok()?;
        self.frames.get(index)
    }

    /// The entry of a frame, made if it is a new one.
    fn frame(&mut self, number: u64) -> Option<&mut Frame> {
        let index = usize::try_from(number.checked_sub(self.oldest)?).ok()?;
        if index >= self.frames.len() {
            self.frames.resize(index + 1, Frame::default());
        }
        self.frames.get_mut(index)
    }
}

/// What the message whose text is at `place` takes.
pub(crate) fn message_bytes(place: TextRef) -> u64 {
    u64::from(place.length) + MESSAGE_OVERHEAD_BYTES as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{message, one_of_each};

    fn at(frame: u64, offset: u32, length: u32) -> TextRef {
        TextRef {
            frame,
            offset,
            length,
        }
    }

    #[test]
    fn what_is_added_and_released_balances_exactly() {
        let mut ledger = Ledger::new(3);
        let queue = &one_of_each()[1];
        let text = message(1, "text");
        let message_place = at(4, 100, 4);
        ledger.add(queue, at(3, 37, 0), 5000);
        ledger.add(&text, message_place, 4 + 78);
        assert_eq!(ledger.live_bytes(), 5082);
        ledger.release(at(3, 37, 0));
        assert_eq!(ledger.live_bytes(), message_bytes(message_place));
        assert_eq!(ledger.live_in_oldest(), 0);
        ledger.drop_oldest();
        assert_eq!(ledger.oldest(), Some(4));
        assert_eq!(ledger.live_in_oldest(), 1);
        ledger.release(message_place);
        assert_eq!((ledger.live_in_oldest(), ledger.live_bytes()), (0, 0));
    }

    #[test]
    fn only_complete_records_keep_a_frame() {
        let mut ledger = Ledger::new(1);
        for change in one_of_each() {
            ledger.add(&change, at(1, 0, 0), 10);
        }
        assert_eq!(ledger.live_in_oldest(), 3);
    }

    #[test]
    fn a_release_of_what_was_never_there_changes_nothing() {
        let mut ledger = Ledger::new(2);
        ledger.add(&message(1, ""), at(2, 100, 0), 78);
        ledger.release(at(1, 100, 0));
        ledger.release(at(9, 100, 0));
        assert_eq!((ledger.live_in_oldest(), ledger.live_bytes()), (1, 78));
    }
}
