//! What sled keeps in memory, and how to make it keep less.

use std::cell::RefCell;
use std::collections::VecDeque;

use crate::database::Database;

/// The groups of frames that were touched lately, and so are in sled's memory.
///
/// Sled evicts pages from its cache by the 256th part, each only after 64 further accesses to
/// that part: up to 16,384 pages that were touched once stay in memory, whatever the capacity.
/// With frames in them that can be all there is. So whenever a group of frames that fits a page
/// has not been touched for a while, this accesses it often enough for its part of the cache
/// to look at its capacity.
#[derive(Default)]
pub(crate) struct Resident {
    groups: RefCell<VecDeque<Group>>,
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
        let mut groups = self.groups.borrow_mut();
        if groups.iter().rev().any(|group| group.number == number) {
            return;
        }
        let bytes = bytes * FRAMES_USUALLY_IN_PAGE;
        groups.push_back(Group { number, bytes });
        if groups.len() > GROUPS_MAX
            && let Some(group) = groups.pop_front()
        {
            let accesses = (group.bytes / BYTES_PER_ACCESS).clamp(1, ACCESSES_MAX);
            let key = (group.number * FRAMES_PER_PAGE).to_be_bytes();
            for _ in 0..accesses {
                // Whoever needs the frame will meet the failure, if there is one.
                let _ = database.get(&key);
            }
        }
    }
}

/// Sled splits a page of sixteen frames in two, so every page holds at least one frame whose
/// number is a multiple of this.
const FRAMES_PER_PAGE: u64 = 8;
const FRAMES_USUALLY_IN_PAGE: usize = 8;

/// How many groups are left alone: those that are just being written or read.
const GROUPS_MAX: usize = 16;

/// A part of the cache looks at its capacity after so many accesses.
const ACCESSES_MAX: usize = 64;

/// Short pages need fewer accesses: what all parts together have not looked at stays within
/// 256 parts * 64 accesses * this.
const BYTES_PER_ACCESS: usize = 2 * 1024;
