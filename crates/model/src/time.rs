//! Instants and durations, range-checked; the only place where time is added.

use crate::limits::{TIME_TO_LIVE_SECONDS_DEFAULT, VISIBILITY_TIMEOUT_SECONDS_MAX};

/// An instant, in ticks of 100 nanoseconds since 1601-01-01T00:00:00Z (a Windows FILETIME).
///
/// This is the service's own resolution: pop receipts carry it and the `Time` line of an error
/// prints it. Addition saturates at [`Timestamp::NEVER`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Timestamp(u64);

impl Timestamp {
    /// Ticks in one second.
    pub const TICKS_PER_SECOND: u64 = 10_000_000;

    /// 9999-12-31T23:59:59Z, the expiration time of a message that never expires.
    /// REST page "Put Message".
    pub const NEVER: Self =
        Self((SECONDS_FROM_1601_TO_1970 + 253_402_300_799) * Self::TICKS_PER_SECOND);

    /// The instant `ticks` of 100 nanoseconds after 1601, at most [`Timestamp::NEVER`].
    pub const fn from_ticks(ticks: u64) -> Self {
        if ticks > Self::NEVER.0 {
            Self::NEVER
        } else {
            Self(ticks)
        }
    }

    /// The instant `seconds` and `nanoseconds` after 1970, clamped to 1601 … 9999.
    pub const fn from_unix(seconds: i64, nanoseconds: u32) -> Self {
        let seconds = seconds.saturating_add(SECONDS_FROM_1601_TO_1970.cast_signed());
        if seconds < 0 {
            return Self(0);
        }
        let ticks = seconds
            .cast_unsigned()
            .saturating_mul(Self::TICKS_PER_SECOND)
            .saturating_add((nanoseconds / 100) as u64);
        Self::from_ticks(ticks)
    }

    /// Ticks of 100 nanoseconds since 1601.
    pub const fn ticks(self) -> u64 {
        self.0
    }

    /// Whole seconds since 1970, negative before.
    pub const fn unix_seconds(self) -> i64 {
        (self.0 / Self::TICKS_PER_SECOND).cast_signed() - SECONDS_FROM_1601_TO_1970.cast_signed()
    }

    /// Ticks within the second, 0 … 9 999 999: the seven fraction digits of an ISO 8601 time.
    pub const fn subsecond_ticks(self) -> u32 {
        (self.0 % Self::TICKS_PER_SECOND) as u32
    }

    /// This instant and `seconds` more, at most [`Timestamp::NEVER`].
    #[must_use]
    pub const fn plus_seconds(self, seconds: u64) -> Self {
        self.plus_ticks(seconds.saturating_mul(Self::TICKS_PER_SECOND))
    }

    /// This instant and `ticks` more, at most [`Timestamp::NEVER`].
    #[must_use]
    pub const fn plus_ticks(self, ticks: u64) -> Self {
        Self::from_ticks(self.0.saturating_add(ticks))
    }

    /// How many whole seconds lie between the two instants, whichever is later.
    pub const fn seconds_apart(self, other: Self) -> u64 {
        self.0.abs_diff(other.0) / Self::TICKS_PER_SECOND
    }

    /// Ticks from `earlier` to this instant; zero if this instant is not later.
    pub const fn ticks_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// How long a message stays hidden: 0 … 604 800 seconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct VisibilityTimeout(u32);

impl VisibilityTimeout {
    /// Visible at once.
    pub const ZERO: Self = Self(0);

    /// A timeout of `seconds`, if within seven days.
    pub const fn from_seconds(seconds: u32) -> Option<Self> {
        if seconds <= VISIBILITY_TIMEOUT_SECONDS_MAX {
            Some(Self(seconds))
        } else {
            None
        }
    }

    /// The timeout in seconds.
    pub const fn seconds(self) -> u32 {
        self.0
    }

    /// The time next visible of a message that is hidden at `now` for this long.
    pub const fn after(self, now: Timestamp) -> Timestamp {
        now.plus_seconds(self.0 as u64)
    }
}

/// How long a message lives after its insertion: at least one second, or for ever.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TimeToLive {
    /// So many seconds, at least one.
    Seconds(u64),
    /// It never expires (`messagettl=-1`).
    Never,
}

impl TimeToLive {
    /// The time-to-live of a message that names none: seven days.
    pub const DEFAULT: Self = Self::Seconds(TIME_TO_LIVE_SECONDS_DEFAULT);

    /// The expiration time of a message inserted at `now`, at most [`Timestamp::NEVER`].
    pub const fn after(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Seconds(seconds) => now.plus_seconds(seconds),
            Self::Never => Timestamp::NEVER,
        }
    }

    /// Whether a message hidden for `timeout` from its insertion would outlive it.
    pub const fn exceeds(self, timeout: VisibilityTimeout) -> bool {
        match self {
            Self::Seconds(seconds) => seconds > timeout.seconds() as u64,
            Self::Never => true,
        }
    }
}

const SECONDS_FROM_1601_TO_1970: u64 = 11_644_473_600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unix_epoch_is_where_windows_says() {
        assert_eq!(Timestamp::from_unix(0, 0).ticks(), 116_444_736_000_000_000);
        assert_eq!(Timestamp::from_unix(0, 0).unix_seconds(), 0);
    }

    #[test]
    fn the_recorded_pop_receipt_of_2019_reads_as_its_time() {
        // AwAAAAMAAAAAAAAA2DfQVwUG1QEBAAAA is 2019-05-09T01:20:09.516Z.
        let filetime = u64::from_le_bytes([0xd8, 0x37, 0xd0, 0x57, 0x05, 0x06, 0xd5, 0x01]);
        let time = Timestamp::from_ticks(filetime);
        assert_eq!(time.unix_seconds(), 1_557_364_809);
        assert_eq!(time.subsecond_ticks() / 10_000, 516);
    }

    #[test]
    fn addition_saturates_at_the_last_second_of_9999() {
        let now = Timestamp::from_unix(1_700_000_000, 0);
        assert_eq!(now.plus_seconds(u64::MAX), Timestamp::NEVER);
        assert_eq!(
            TimeToLive::Seconds(922_337_203_685).after(now),
            Timestamp::NEVER
        );
        assert_eq!(Timestamp::NEVER.unix_seconds(), 253_402_300_799);
        assert_eq!(Timestamp::from_unix(i64::MAX, 0), Timestamp::NEVER);
        assert_eq!(Timestamp::from_unix(i64::MIN, 0).ticks(), 0);
    }

    #[test]
    fn a_visibility_timeout_is_at_most_seven_days() {
        assert!(VisibilityTimeout::from_seconds(604_800).is_some());
        assert!(VisibilityTimeout::from_seconds(604_801).is_none());
    }

    #[test]
    fn the_default_time_to_live_does_not_exceed_a_visibility_timeout_of_seven_days() {
        let week = VisibilityTimeout::from_seconds(604_800).unwrap();
        let almost = VisibilityTimeout::from_seconds(604_799).unwrap();
        assert!(!TimeToLive::DEFAULT.exceeds(week));
        assert!(TimeToLive::DEFAULT.exceeds(almost));
        assert!(TimeToLive::Never.exceeds(week));
    }
}
