//! The memory that all connections share for what they send and what waits to be sent.
//!
//! A connection by itself is small, and small requests and answers are not counted. What is long
//! is: without that, ten thousand clients that send slowly, or do not read, would hold gigabytes.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How much of it is left.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    units: Arc<Semaphore>,
    wait: Duration,
}

/// A part of the memory, given back when this is dropped.
#[derive(Debug, Default)]
pub(crate) struct Share(Option<OwnedSemaphorePermit>);

/// Nothing was free in time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Exhausted;

impl Memory {
    /// So many bytes, for which a request waits so long.
    pub(crate) fn new(bytes: usize, wait: Duration) -> Self {
        Self {
            units: Arc::new(Semaphore::new(bytes / UNIT_BYTES)),
            wait,
        }
    }

    /// Waits for a share of so many bytes.
    pub(crate) async fn take(&self, bytes: usize) -> Result<Share, Exhausted> {
        let mut share = Share::default();
        self.grow(&mut share, bytes).await?;
        Ok(share)
    }

    /// Waits until a share has at least so many bytes. If that takes too long, it has what it
    /// had before.
    pub(crate) async fn grow(&self, share: &mut Share, bytes: usize) -> Result<(), Exhausted> {
        let more = share.lacks(bytes);
        if more == 0 {
            return Ok(());
        }
        let units = Arc::clone(&self.units).acquire_many_owned(more);
        match tokio::time::timeout(self.wait, units).await {
            Ok(Ok(permit)) => share.add(permit),
            // The semaphore is never closed.
            Ok(Err(_)) | Err(_) => return Err(Exhausted),
        }
        Ok(())
    }

    /// Gives a share so many bytes: what it has beyond is given back, and what it lacks is taken
    /// only if it is free. To wait for more while one holds much can last for ever.
    pub(crate) fn fit(&self, share: &mut Share, bytes: usize) {
        share.shrink(bytes);
        let more = Arc::clone(&self.units).try_acquire_many_owned(share.lacks(bytes));
        if let Ok(permit) = more {
            share.add(permit);
        }
    }
}

impl Share {
    fn shrink(&mut self, bytes: usize) {
        let more = self.units().saturating_sub(units(bytes));
        if let Some(permit) = &mut self.0 {
            drop(permit.split(more));
        }
    }

    fn lacks(&self, bytes: usize) -> u32 {
        let more = units(bytes).saturating_sub(self.units());
        u32::try_from(more).unwrap_or(u32::MAX)
    }

    fn units(&self) -> usize {
        self.0.as_ref().map_or(0, OwnedSemaphorePermit::num_permits)
    }

    fn add(&mut self, more: OwnedSemaphorePermit) {
        match &mut self.0 {
            Some(permit) => permit.merge(more),
            None => self.0 = Some(more),
        }
    }
}

/// How much is counted for so many bytes. Little is not counted.
const fn units(bytes: usize) -> usize {
    if bytes <= FREE_BYTES_MAX {
        0
    } else {
        bytes.div_ceil(UNIT_BYTES)
    }
}

/// What is counted in one piece.
const UNIT_BYTES: usize = 1024;
/// What is not counted.
const FREE_BYTES_MAX: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn free(memory: &Memory) -> usize {
        memory.units.available_permits() * UNIT_BYTES
    }

    #[tokio::test]
    async fn a_share_is_given_back_when_it_is_dropped_or_shrunk() {
        let memory = Memory::new(200_000, Duration::ZERO);
        let all = free(&memory);
        let mut share = memory.take(100_000).await.unwrap();
        assert_eq!(free(&memory), all - 100_352);
        memory.fit(&mut share, 50_000);
        assert_eq!(free(&memory), all - 50_176);
        memory.grow(&mut share, 70_000).await.unwrap();
        assert_eq!(free(&memory), all - 70_656);
        memory.grow(&mut share, 60_000).await.unwrap();
        assert_eq!(free(&memory), all - 70_656);
        memory.fit(&mut share, 80_000);
        assert_eq!(free(&memory), all - 80_896);
        memory.fit(&mut share, 300_000);
        assert_eq!(free(&memory), all - 80_896, "there is not that much");
        memory.fit(&mut share, 10);
        assert_eq!(free(&memory), all);
        drop(share);
        assert_eq!(free(&memory), all);
    }

    #[tokio::test]
    async fn what_is_not_to_be_had_is_waited_for_and_little_always_is() {
        let memory = Memory::new(100_000, Duration::ZERO);
        let mut share = memory.take(90_000).await.unwrap();
        assert_eq!(memory.take(90_000).await.unwrap_err(), Exhausted);
        assert_eq!(memory.grow(&mut share, 200_000).await, Err(Exhausted));
        memory.take(FREE_BYTES_MAX).await.unwrap();
        drop(share);
        memory.take(90_000).await.unwrap();
    }

    #[tokio::test]
    async fn whoever_waits_gets_what_another_gives_back() {
        let memory = Memory::new(100_000, Duration::from_mins(1));
        let share = memory.take(90_000).await.unwrap();
        let waiting = tokio::spawn({
            let memory = memory.clone();
            async move { memory.take(90_000).await.map(drop) }
        });
        tokio::task::yield_now().await;
        drop(share);
        assert_eq!(waiting.await.unwrap(), Ok(()));
    }
}
