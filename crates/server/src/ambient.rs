//! The system's clock and its randomness. Nothing else in the workspace asks for either.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use queuerite_engine::Entropy;
use queuerite_model::{MessageId, Timestamp};

/// The time by which messages become visible and expire.
///
/// It follows the system's clock, with three differences. It never goes backwards: when the
/// system's clock is set back, time goes on from where it was at the usual pace, until the
/// system's clock has caught up. It begins no earlier than the store's last commit, so that
/// the same holds across a restart. And it believes no date after [`LATEST`], because time that
/// had once come to the end of all dates could not go on, and nothing would be visible again.
#[derive(Debug)]
pub(crate) struct SystemClock {
    origin: Instant,
    course: Mutex<Course>,
}

impl SystemClock {
    /// A clock that begins now, or at `floor` if the system's clock is behind it.
    pub(crate) fn new(floor: Option<Timestamp>) -> Self {
        let wall = wall_clock().min(LATEST);
        let origin = Instant::now();
        let floor = floor.unwrap_or_default();
        if floor > wall.plus_seconds(BEHIND_SECONDS_WORTH_TELLING) {
            tracing::warn!(
                "the system's clock is {} seconds behind what is stored; time goes on from there",
                floor.seconds_apart(wall)
            );
        }
        Self {
            origin,
            course: Mutex::new(Course {
                given: floor.max(wall),
                at: Duration::ZERO,
            }),
        }
    }

    /// The time.
    pub(crate) fn now(&self) -> Timestamp {
        let mut course = self.course.lock().unwrap_or_else(PoisonError::into_inner);
        // The wall clock first: a pause between the two readings then makes time late by that
        // much, until the next call. The other way round it would stay ahead for ever.
        let wall = wall_clock().min(LATEST);
        course.advance(wall, self.origin.elapsed())
    }
}

/// What the system's clock says, for logs. It may go backwards.
pub(crate) fn wall_clock() -> Timestamp {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => Timestamp::from_unix(since.as_secs().cast_signed(), since.subsec_nanos()),
        Err(_) => Timestamp::from_unix(0, 0),
    }
}

/// The latest time given, and when that was on the clock that only runs.
#[derive(Debug)]
struct Course {
    given: Timestamp,
    at: Duration,
}

impl Course {
    fn advance(&mut self, wall: Timestamp, running: Duration) -> Timestamp {
        let passed = running.saturating_sub(self.at).as_nanos() / NANOSECONDS_PER_TICK;
        let ticks = u64::try_from(passed).unwrap_or(u64::MAX);
        let reached = self.given.plus_ticks(ticks);
        if wall >= reached {
            *self = Self {
                given: wall,
                at: running,
            };
        } else if ticks > 0 {
            // Less than a tick stays uncounted until it is one; else frequent calls would
            // round time to a standstill.
            let whole = u64::try_from(passed * NANOSECONDS_PER_TICK).unwrap_or(u64::MAX);
            *self = Self {
                given: reached,
                at: self.at.saturating_add(Duration::from_nanos(whole)),
            };
        }
        self.given
    }
}

/// Randomness from the system, by way of the thread's generator, which is cryptographically
/// strong: neither a message id nor a pop receipt can be guessed from earlier ones.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn message_id(&mut self) -> MessageId {
        MessageId::from_random(random_bytes())
    }

    fn nonce(&mut self) -> u32 {
        rand::random()
    }
}

/// Sixteen random bytes, for an id. As a number, which the generator makes in one piece and not
/// byte by byte.
pub(crate) fn random_bytes() -> [u8; 16] {
    rand::random::<u128>().to_ne_bytes()
}

/// 9000-01-01T00:00:00Z: the latest time that a system's clock is followed to. Whoever meets it
/// has a broken clock, and a thousand years in which to set it right.
const LATEST: Timestamp = Timestamp::from_unix(221_845_392_000, 0);
/// A clock that is behind by less than this is merely imprecise.
const BEHIND_SECONDS_WORTH_TELLING: u64 = 60;
const NANOSECONDS_PER_TICK: u128 = 100;

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn second(seconds: i64) -> Timestamp {
        Timestamp::from_unix(1_800_000_000 + seconds, 0)
    }

    fn course() -> Course {
        Course {
            given: second(0),
            at: Duration::ZERO,
        }
    }

    #[test]
    fn time_follows_the_wall_clock_forward() {
        let mut course = course();
        let after = Duration::from_secs;
        assert_eq!(course.advance(second(1), after(1)), second(1));
        // Set forward, or awake again after a night's sleep.
        assert_eq!(course.advance(second(3600), after(2)), second(3600));
        assert_eq!(course.advance(second(3601), after(3)), second(3601));
    }

    #[test]
    fn a_wall_clock_set_back_neither_turns_nor_stops_time() {
        let mut course = course();
        let after = Duration::from_secs;
        assert_eq!(course.advance(second(10), after(10)), second(10));
        assert_eq!(course.advance(second(-3600), after(11)), second(11));
        assert_eq!(course.advance(second(-3600), after(12)), second(12));
        assert_eq!(course.advance(second(-3598), after(13)), second(13));
        // It has caught up.
        assert_eq!(course.advance(second(15), after(14)), second(15));
    }

    #[test]
    fn a_frozen_wall_clock_read_often_does_not_slow_time() {
        let mut course = course();
        for nanoseconds in 1..=10_000 {
            course.advance(second(-1), Duration::from_nanos(nanoseconds));
        }
        assert_eq!(course.given, second(0).plus_ticks(100));
    }

    #[test]
    fn a_running_clock_that_steps_back_is_survived() {
        let mut course = course();
        course.advance(second(-1), Duration::from_secs(5));
        assert_eq!(
            course.advance(second(-1), Duration::from_secs(4)),
            second(5)
        );
        assert_eq!(
            course.advance(second(-1), Duration::from_secs(6)),
            second(6)
        );
    }

    #[test]
    fn time_begins_no_earlier_than_the_last_commit() {
        let floor = wall_clock().plus_seconds(3600);
        let clock = SystemClock::new(Some(floor));
        let first = clock.now();
        assert!(first >= floor);
        assert!(first.seconds_apart(floor) < 60);
    }

    #[test]
    fn time_that_was_hours_ahead_goes_on_after_a_restart_with_the_clock_set_right() {
        let ahead = wall_clock().plus_seconds(5 * 3600);
        let clock = SystemClock::new(Some(ahead));
        let mut latest = clock.now();
        for _ in 0..3 {
            // It runs: each turn of this loop ends only when it has moved.
            let before = latest;
            while latest == before {
                latest = clock.now();
            }
            assert!(latest > before && latest >= ahead);
        }
    }

    #[test]
    fn a_clock_in_the_last_of_all_years_does_not_bring_time_to_its_end() {
        let year_9999 = Timestamp::NEVER;
        let mut course = course();
        let after = Duration::from_secs;
        assert_eq!(course.advance(year_9999.min(LATEST), after(1)), LATEST);
        // Set right again: a message put now still becomes visible, and expires, in its time.
        let later = course.advance(second(2), after(2));
        assert_eq!(later, LATEST.plus_seconds(1));
        assert!(later.plus_seconds(7 * 86_400) < Timestamp::NEVER);
        assert_eq!(LATEST.unix_seconds(), 221_845_392_000);
        let clock = SystemClock::new(Some(LATEST));
        assert!(clock.now() >= LATEST);
    }

    #[test]
    fn an_old_commit_does_not_hold_time_back() {
        let before = wall_clock();
        let clock = SystemClock::new(Some(Timestamp::from_unix(0, 0)));
        assert!(clock.now() >= before);
        assert!(SystemClock::new(None).now() >= before);
    }

    #[test]
    fn several_threads_see_one_time_that_never_goes_backwards() {
        let clock = SystemClock::new(None);
        let latest = Mutex::new(Timestamp::default());
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        let mut latest = latest.lock().unwrap();
                        let now = clock.now();
                        assert!(now >= *latest);
                        *latest = now;
                    }
                });
            }
        });
    }

    #[test]
    fn message_ids_differ_and_are_version_four() {
        let mut entropy = SystemEntropy;
        let (one, other) = (entropy.message_id(), entropy.message_id());
        assert_ne!(one, other);
        assert_eq!(one.to_string().as_bytes()[14], b'4');
        assert_ne!(random_bytes(), random_bytes());
    }
}
