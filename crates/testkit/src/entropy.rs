//! Chance that repeats itself.

use queuerite_engine::Entropy;
use queuerite_model::MessageId;

/// A linear congruential sequence from a seed: the same seed, the same ids and receipts.
#[derive(Clone, Debug)]
pub struct SeededEntropy(u64);

impl SeededEntropy {
    /// The sequence of this seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number of the sequence.
    pub const fn next_number(&mut self) -> u64 {
        // Constants of Knuth's MMIX; the low bits are weak, so the halves are exchanged.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0.rotate_left(32)
    }
}

impl Entropy for SeededEntropy {
    fn message_id(&mut self) -> MessageId {
        let halves = [self.next_number(), self.next_number()];
        MessageId::from_random(halves.map(u64::to_le_bytes).concat().try_into().unwrap())
    }

    fn nonce(&mut self) -> u32 {
        u32::try_from(self.next_number() >> 32).unwrap()
    }
}
