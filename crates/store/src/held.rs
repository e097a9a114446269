//! What the journal has and sled may not.

use std::collections::VecDeque;

use bytes::Bytes;

/// Frames that were committed, and that sled may not have yet.
#[derive(Default)]
pub(crate) struct Held {
    frames: VecDeque<(u64, Bytes)>,
    bytes: u64,
    /// How many of them, from the oldest on, the settler has.
    handed_over: usize,
}

impl Held {
    pub(crate) fn push(&mut self, number: u64, frame: Bytes) {
        self.bytes += frame.len() as u64;
        self.frames.push_back((number, frame));
    }

    /// How many bytes of frames these are.
    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    pub(crate) fn first(&self) -> Option<u64> {
        self.frames.front().map(|(number, _)| *number)
    }

    pub(crate) fn get(&self, number: u64) -> Option<&Bytes> {
        let index = number.checked_sub(self.first()?)?;
        let frame = self.frames.get(usize::try_from(index).ok()?);
        frame.map(|(_, frame)| frame)
    }

    /// The newest of the oldest frames that together have so many bytes.
    pub(crate) fn newest_within(&self, bytes: usize) -> u64 {
        let mut left = bytes;
        let mut frames = self.frames.iter();
        let last = frames.find(|(_, frame)| {
            left = left.saturating_sub(frame.len());
            left == 0
        });
        last.map_or(u64::MAX, |(number, _)| *number)
    }

    /// The frames up to this one that the settler does not have. Now it does.
    pub(crate) fn hand_over(&mut self, newest: u64) -> Vec<(u64, Bytes)> {
        let mine = self.frames.iter().skip(self.handed_over);
        let frames: Vec<_> = mine
            .take_while(|(number, _)| *number <= newest)
            .cloned()
            .collect();
        self.handed_over += frames.len();
        frames
    }

    /// Forgets what sled has.
    pub(crate) fn forget(&mut self, settled: Option<u64>) {
        while self.handed_over > 0 && self.first() <= settled {
            self.drop_first();
            self.handed_over -= 1;
        }
    }

    /// Forgets the oldest frame, if it is this one and sled is not about to get it.
    pub(crate) fn drop_dead(&mut self, number: u64) -> bool {
        let is_mine = self.first() == Some(number) && self.handed_over == 0;
        if is_mine {
            self.drop_first();
        }
        is_mine
    }

    fn drop_first(&mut self) {
        if let Some((_, frame)) = self.frames.pop_front() {
            self.bytes -= frame.len() as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(frames: &[(u64, Bytes)]) -> Vec<u64> {
        frames.iter().map(|(number, _)| *number).collect()
    }

    #[test]
    fn frames_are_handed_over_once_and_stay_until_sled_has_them() {
        let mut held = Held::default();
        for number in 5..=9 {
            held.push(number, vec![0; 10].into());
        }
        assert_eq!(held.newest_within(25), 7);
        assert_eq!(held.newest_within(1000), u64::MAX);
        assert_eq!(numbers(&held.hand_over(7)), [5, 6, 7]);
        assert_eq!(numbers(&held.hand_over(8)), [8]);
        assert!(!held.drop_dead(5), "it is on its way");
        held.forget(Some(6));
        assert_eq!((held.first(), held.bytes()), (Some(7), 30));
        assert!(held.get(6).is_none());
        assert!(held.get(9).is_some());
        held.forget(Some(8));
        assert!(!held.drop_dead(10), "it is not the oldest");
        assert!(held.drop_dead(9));
        assert!(held.is_empty());
        assert_eq!(held.bytes(), 0);
    }

    #[test]
    fn what_was_not_handed_over_is_not_forgotten() {
        let mut held = Held::default();
        held.push(1, vec![0].into());
        held.forget(Some(1));
        assert_eq!(held.first(), Some(1));
    }
}
