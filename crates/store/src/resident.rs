//! What sled keeps in memory, and how to make it keep less.

use std::cell::RefCell;
use std::collections::VecDeque;

use crate::database::Database;
use crate::frame::FRAME_BYTES_USUAL;

/// The groups of frames that were touched lately, and so are in sled's memory.
///
/// Sled evicts pages from its cache by the 256th part, each only after 64 further accesses to
/// that part: up to 16,384 pages that were touched once stay in memory, whatever the capacity.
/// With frames in them that can be all there is. So whenever a group of frames that fits a page
/// has not been touched for a while, this accesses it often enough for its part of the cache
/// to look at its capacity.
#[derive(Default)]
pub(crate) struct Resident {
    recent: RefCell<Recent>,
}

#[derive(Default)]
struct Recent {
    groups: VecDeque<Group>,
    /// About what the pages of all of them take.
    bytes: usize,
}

struct Group {
    number: u64,
    /// About what its page takes.
    bytes: usize,
}

impl Resident {
    /// The frame of this number was written or read.
    pub(crate) fn touch(&self, database: &Database, frame: u64, bytes: usize) {
        let number = frame / FRAMES_PER_PAGE;
        let recent = &mut *self.recent.borrow_mut();
        if recent
            .groups
            .iter()
            .rev()
            .any(|group| group.number == number)
        {
            return;
        }
        let bytes = bytes * FRAMES_USUALLY_IN_PAGE;
        recent.groups.push_back(Group { number, bytes });
        recent.bytes += bytes;
        let cache_bytes = usize::try_from(database.cache_bytes()).unwrap_or(usize::MAX);
        let bytes_per_access = (cache_bytes / 2 / PARTS / ACCESSES_MAX).max(1);
        while recent.groups.len() > 1
            && (recent.groups.len() > GROUPS_MAX || recent.bytes > cache_bytes / RECENT_PART)
            && let Some(group) = recent.groups.pop_front()
        {
            recent.bytes -= group.bytes;
            let accesses = (group.bytes / bytes_per_access).clamp(1, ACCESSES_MAX);
            let key = (group.number * FRAMES_PER_PAGE).to_be_bytes();
            for _ in 0..accesses {
                // Whoever needs the frame will meet the failure, if there is one.
                let _ = database.get(&key);
            }
        }
    }
}

/// How long a frame gets unless a single operation is longer: [`FRAME_BYTES_USUAL`], or less where the
/// cache is to be small. Whatever its capacity, each part of it keeps the page that it got last.
pub(crate) fn frame_bytes_usual(cache_bytes: u64) -> usize {
    let share = usize::try_from(cache_bytes).map(|bytes| bytes / PARTS / FRAMES_USUALLY_IN_PAGE);
    share.map_or(FRAME_BYTES_USUAL, |bytes| bytes.min(FRAME_BYTES_USUAL))
}

/// Sled splits a page of sixteen frames in two, so every page holds at least one frame whose
/// number is a multiple of this.
const FRAMES_PER_PAGE: u64 = 8;
const FRAMES_USUALLY_IN_PAGE: usize = 8;

/// How many groups are left alone, at most: those that are just being written or read.
const GROUPS_MAX: usize = 16;

/// Which part of the cache they may take, if there is more than one of them.
const RECENT_PART: usize = 4;

/// Into how many parts sled's cache is divided.
const PARTS: usize = 256;

/// A part of the cache looks at its capacity after so many accesses. Short pages get fewer: as many
/// as keep what no part has looked at yet within half of the cache.
const ACCESSES_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_cache_gets_short_frames() {
        assert_eq!(frame_bytes_usual(64 << 20), FRAME_BYTES_USUAL);
        assert_eq!(frame_bytes_usual(4 << 20), 2048);
        assert_eq!(frame_bytes_usual(u64::MAX), FRAME_BYTES_USUAL);
    }
}
