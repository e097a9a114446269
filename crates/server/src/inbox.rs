//! Where commands wait for the executor, which takes all of them at once.
//!
//! Waking a thread costs more than most commands do, so it is done once for all that arrive
//! together: whoever finds the inbox empty gets a [`Bell`], and rings it when the others have had
//! their turn.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use thiserror::Error;

/// An inbox for at most `capacity` things, and where they are taken from.
pub(crate) fn inbox<T>(capacity: usize) -> (Inbox<T>, Arrivals<T>) {
    let shared = Arc::new(Shared {
        waiting: Mutex::new(Waiting {
            things: Vec::new(),
            is_rung: false,
            is_closed: false,
        }),
        news: Condvar::new(),
        capacity,
    });
    (Inbox(Arc::clone(&shared)), Arrivals(shared))
}

/// The side that puts in. When it is dropped, no more will come.
#[derive(Debug)]
pub(crate) struct Inbox<T>(Arc<Shared<T>>);

/// The side that takes out. When it is dropped, nothing is accepted any more.
#[derive(Debug)]
pub(crate) struct Arrivals<T>(Arc<Shared<T>>);

/// Rings when it is dropped, so that whatever happens to its holder, those who wait are not
/// forgotten.
#[derive(Debug)]
#[must_use = "it rings when it is dropped"]
pub(crate) struct Bell<'a, T>(&'a Shared<T>);

/// Why nothing was put in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub(crate) enum Rejected {
    /// As much waits as may.
    #[error("the inbox is full")]
    Full,
    /// Nobody takes anything any more.
    #[error("the inbox is closed")]
    Closed,
}

/// What came of waiting.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Arrived {
    /// There is something to do.
    Some,
    /// Not yet.
    Nothing,
    /// There is nothing, and there never will be.
    Closed,
}

#[derive(Debug)]
struct Shared<T> {
    waiting: Mutex<Waiting<T>>,
    news: Condvar,
    capacity: usize,
}

#[derive(Debug)]
struct Waiting<T> {
    things: Vec<T>,
    /// Whether the bell was rung for the things that wait.
    is_rung: bool,
    is_closed: bool,
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, Waiting<T>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        self.lock().is_closed = true;
        self.news.notify_one();
    }
}

impl<T> Inbox<T> {
    /// Puts something in. Whoever is the first gets the bell, and should let others come before
    /// it rings.
    pub(crate) fn push(&self, thing: T) -> Result<Option<Bell<'_, T>>, Rejected> {
        let mut waiting = self.0.lock();
        if waiting.is_closed {
            return Err(Rejected::Closed);
        }
        if waiting.things.len() >= self.0.capacity {
            return Err(Rejected::Full);
        }
        let is_first = waiting.things.is_empty();
        waiting.things.push(thing);
        drop(waiting);
        Ok(is_first.then(|| Bell(&self.0)))
    }
}

impl<T> Drop for Inbox<T> {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl<T> Drop for Bell<'_, T> {
    fn drop(&mut self) {
        self.0.lock().is_rung = true;
        self.0.news.notify_one();
    }
}

impl<T> Arrivals<T> {
    /// Waits until the bell rings, but no longer than `patience`, and then moves at most `most`
    /// things to the end of `taken`, in the order in which they came.
    pub(crate) fn take(&self, patience: Duration, most: usize, taken: &mut Vec<T>) -> Arrived {
        let waiting = self.0.lock();
        let is_quiet = |waiting: &mut Waiting<T>| !waiting.is_rung && !waiting.is_closed;
        let (mut waiting, _) = self
            .0
            .news
            .wait_timeout_while(waiting, patience, is_quiet)
            .unwrap_or_else(PoisonError::into_inner);
        if waiting.things.is_empty() {
            waiting.is_rung = false;
            return if waiting.is_closed {
                Arrived::Closed
            } else {
                Arrived::Nothing
            };
        }
        let count = waiting.things.len().min(most);
        taken.extend(waiting.things.drain(..count));
        // Those that are left were rung for.
        waiting.is_rung &= !waiting.things.is_empty();
        Arrived::Some
    }
}

impl<T> Drop for Arrivals<T> {
    fn drop(&mut self) {
        self.0.close();
        // Whoever waits for an answer to one of these learns that there will be none.
        self.0.lock().things.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    const LONG: Duration = Duration::from_mins(1);

    #[test]
    fn the_first_has_the_bell_and_all_are_taken_in_order_when_it_rings() {
        let (inbox, arrivals) = inbox(10);
        let bell = inbox.push(1).unwrap().unwrap();
        assert!(inbox.push(2).unwrap().is_none());
        let taker = thread::spawn(move || {
            let mut taken = Vec::new();
            let arrived = arrivals.take(LONG, 10, &mut taken);
            (arrived, taken, arrivals)
        });
        assert!(inbox.push(3).unwrap().is_none());
        drop(bell);
        let (arrived, taken, arrivals) = taker.join().unwrap();
        assert_eq!((arrived, taken), (Arrived::Some, vec![1, 2, 3]));
        let mut taken = Vec::new();
        let arrived = arrivals.take(Duration::ZERO, 10, &mut taken);
        assert_eq!(arrived, Arrived::Nothing);
        assert!(inbox.push(4).unwrap().is_some());
    }

    #[test]
    fn what_is_left_needs_no_second_bell() {
        let (inbox, arrivals) = inbox(10);
        drop(inbox.push(1).unwrap());
        for thing in 2..=5 {
            assert!(inbox.push(thing).unwrap().is_none());
        }
        let mut taken = Vec::new();
        for _ in 0..3 {
            assert_eq!(arrivals.take(LONG, 2, &mut taken), Arrived::Some);
        }
        assert_eq!(taken, [1, 2, 3, 4, 5]);
    }

    #[test]
    fn patience_ends_also_without_a_bell() {
        let (inbox, arrivals) = inbox(10);
        let bell = inbox.push(1).unwrap();
        let mut taken = Vec::new();
        let arrived = arrivals.take(Duration::ZERO, 10, &mut taken);
        assert_eq!((arrived, &*taken), (Arrived::Some, &[1][..]));
        drop(bell);
        let arrived = arrivals.take(Duration::ZERO, 10, &mut taken);
        assert_eq!(arrived, Arrived::Nothing);
    }

    #[test]
    fn a_full_or_closed_inbox_accepts_nothing() {
        let (inbox, arrivals) = inbox(1);
        drop(inbox.push(1).unwrap());
        assert_eq!(inbox.push(2).unwrap_err(), Rejected::Full);
        drop(arrivals);
        assert_eq!(inbox.push(3).unwrap_err(), Rejected::Closed);
    }

    #[test]
    fn what_was_accepted_before_the_end_is_still_taken() {
        let (inbox, arrivals) = inbox(10);
        drop(inbox.push(1).unwrap());
        drop(inbox);
        let mut taken = Vec::new();
        assert_eq!(arrivals.take(LONG, 10, &mut taken), Arrived::Some);
        assert_eq!(arrivals.take(LONG, 10, &mut taken), Arrived::Closed);
    }
}
