//! Noticing that the store does not return.
//!
//! A device that hangs holds the executor's thread inside a system call, and no error is ever
//! returned that could be answered. The thread says when it begins a step; whoever waits for an
//! answer looks how long ago that was.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long one step may take, such as a commit, before nobody waits for it any more.
const STEP_TIME_MAX: Duration = Duration::from_secs(10);

/// What the executor's thread is at.
#[derive(Debug)]
pub(crate) struct Progress {
    epoch: Instant,
    /// Milliseconds from the epoch to the beginning of the present step, and one more; 0 while
    /// there is none.
    step: AtomicU64,
    is_told: AtomicBool,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self {
            epoch: Instant::now(),
            step: AtomicU64::new(0),
            is_told: AtomicBool::new(false),
        }
    }

    /// The thread begins a step, having ended the one before.
    pub(crate) fn step(&self) {
        self.step.store(self.now(), Ordering::Release);
        self.tell_of_return();
    }

    /// The thread waits for work.
    pub(crate) fn rest(&self) {
        self.step.store(0, Ordering::Release);
        self.tell_of_return();
    }

    /// Whether the present step has taken too long. Whoever learns it first logs it.
    pub(crate) fn is_stalled(&self) -> bool {
        let step = self.step.load(Ordering::Acquire);
        let time = Duration::from_millis(self.now().saturating_sub(step));
        let is_stalled = step > 0 && time > STEP_TIME_MAX;
        if is_stalled && !self.is_told.swap(true, Ordering::AcqRel) {
            tracing::error!(
                "the store has not returned for {} s: nothing is acknowledged until it does",
                time.as_secs()
            );
        }
        is_stalled
    }

    fn tell_of_return(&self) {
        // Nearly always there is nothing to tell, and a load is cheaper than a swap.
        if self.is_told.load(Ordering::Acquire) && self.is_told.swap(false, Ordering::AcqRel) {
            tracing::warn!("the store has returned");
        }
    }

    fn now(&self) -> u64 {
        let elapsed = self.epoch.elapsed().as_millis();
        u64::try_from(elapsed).unwrap_or(u64::MAX - 1) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_step_is_a_stall_until_it_ends_and_a_long_rest_is_none() {
        let mut progress = Progress::new();
        let later = |progress: &mut Progress| {
            progress.epoch -= STEP_TIME_MAX + Duration::from_secs(1);
        };
        later(&mut progress);
        assert!(!progress.is_stalled());
        progress.step();
        assert!(!progress.is_stalled());
        later(&mut progress);
        assert!(progress.is_stalled());
        progress.step();
        assert!(!progress.is_stalled());
        later(&mut progress);
        progress.rest();
        later(&mut progress);
        assert!(!progress.is_stalled());
    }
}
