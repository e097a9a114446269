//! What an acknowledgement promises.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// What is known of a commit when it returns.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Durability {
    /// The device has it: it survives a loss of power.
    #[default]
    Fsync,
    /// The kernel has it: it survives the end of the process, however sudden. A loss of power
    /// can lose it, and can leave a database that does not open.
    Flush,
    /// Nothing is promised before an orderly end.
    None,
}

impl Durability {
    /// Every level, strongest first.
    pub const ALL: [Self; 3] = [Self::Fsync, Self::Flush, Self::None];

    /// The level's name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fsync => "fsync",
            Self::Flush => "flush",
            Self::None => "none",
        }
    }
}

impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Durability {
    type Err = DurabilityError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let mut levels = Self::ALL.into_iter();
        levels
            .find(|level| level.name() == name)
            .ok_or(DurabilityError)
    }
}

/// The text names no level of durability.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("durability is one of fsync, flush and none")]
pub struct DurabilityError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_is_read_by_the_name_it_prints() {
        for level in Durability::ALL {
            assert_eq!(level.to_string().parse(), Ok(level));
        }
        assert_eq!("Fsync".parse::<Durability>(), Err(DurabilityError));
        assert_eq!(Durability::default(), Durability::Fsync);
    }
}
