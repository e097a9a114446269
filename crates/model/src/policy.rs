//! Stored access policies.

use std::fmt;

use crate::Timestamp;

/// A named grant on a queue that shared access signatures can refer to.
/// REST page "Define a stored access policy".
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredAccessPolicy {
    /// The signed identifier, 1 to 64 characters, unique in its queue.
    pub id: Box<str>,
    /// From when it holds; at once if absent.
    pub start: Option<Timestamp>,
    /// Until when it holds; left to the signature if absent.
    pub expiry: Option<Timestamp>,
    /// What it permits; left to the signature if absent.
    pub permissions: Option<Permissions>,
}

/// What a queue's shared access signature or stored access policy permits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Permissions(u8);

impl Permissions {
    const LETTERS: [(char, u8); 4] = [('r', 1), ('a', 2), ('u', 4), ('p', 8)];

    /// Reads letters of `raup`, in any order; `None` for any other letter.
    pub fn parse(text: &str) -> Option<Self> {
        let bit = |letter| {
            Self::LETTERS
                .iter()
                .find(|(l, _)| *l == letter)
                .map(|(_, bit)| *bit)
        };
        text.chars()
            .try_fold(0, |bits, letter| Some(bits | bit(letter)?))
            .map(Self)
    }

    /// The permissions stored as these bits; unknown bits are dropped.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & 0x0f)
    }

    /// The permissions as bits: 1 read, 2 add, 4 update, 8 process.
    pub const fn bits(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = Self::LETTERS.iter().filter(|(_, bit)| self.0 & bit != 0);
        held.map(|(letter, _)| letter)
            .try_for_each(|letter| write!(f, "{letter}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_print_in_the_documented_order() {
        assert_eq!(Permissions::parse("puar").unwrap().to_string(), "raup");
        assert_eq!(Permissions::parse("r").unwrap().to_string(), "r");
        assert_eq!(Permissions::parse("").unwrap().to_string(), "");
        assert_eq!(Permissions::parse("rwdl"), None);
    }
}
