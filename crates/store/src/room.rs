//! How much may still be written where the store is.
//!
//! A write that meets a full disk leaves sled in doubt of itself, and a server that can do
//! nothing more until it is restarted. So what makes a store grow is refused while there is
//! still some room: that much is kept for what makes it shrink, and for gets.

use std::fs;
use std::path::{Path, PathBuf};

use crate::StoreError;
use crate::journal::FILE_BYTES;

/// What is left of the file system, as of the latest look at it.
pub(crate) struct Room {
    /// Sled's file, on the file system in question.
    file: PathBuf,
    /// How many bytes may be staged before the next look.
    left: u64,
}

impl Room {
    /// The room for a database's file.
    pub(crate) fn around(file: &Path) -> Self {
        Self {
            file: file.into(),
            left: 0,
        }
    }

    /// Takes so many bytes, or refuses and takes none. `frame_bytes` is what the frames have: as
    /// far as sled's file is much larger, it has room of its own.
    pub(crate) fn take(&mut self, bytes: u64, frame_bytes: u64) -> Result<(), StoreError> {
        if self.left < bytes {
            let (available, total) = self.look();
            let reserve = RESERVE_BYTES_MAX.min(total / RESERVE_SHARE);
            let reusable = self.reusable(frame_bytes);
            let room =
                available.saturating_add(reusable).saturating_sub(reserve) / WRITTEN_TO_STAGED;
            if room < bytes {
                self.left = 0;
                return Err(StoreError::NoSpace {
                    path: self.file.clone(),
                    available,
                    reserve,
                });
            }
            self.left = room.min(UNSEEN_BYTES_MAX).max(bytes);
        }
        self.left -= bytes;
        Ok(())
    }

    /// Whether there is so much that a file of the journal may be added: as long as it is there,
    /// it leaves the reserve as it is.
    pub(crate) fn is_ample(&self) -> bool {
        let (available, total) = self.look();
        available > RESERVE_BYTES_MAX.min(total / RESERVE_SHARE) + 2 * FILE_BYTES
    }

    /// The available and the total bytes of the file system. One that does not tell is taken to
    /// be endless: its own error comes soon enough.
    fn look(&self) -> (u64, u64) {
        let available = fs2::available_space(&self.file).unwrap_or(u64::MAX);
        let total = fs2::total_space(&self.file).unwrap_or(u64::MAX);
        (available, total)
    }

    /// What sled can be trusted to write without a longer file: of what the frames do not need
    /// twice over, half, as the rest may not be collected yet.
    fn reusable(&self, frame_bytes: u64) -> u64 {
        let length = fs::metadata(&self.file).map_or(0, |file| file.len());
        length.saturating_sub(2 * frame_bytes) / 2
    }
}

/// What is kept free for deletions and gets: a few of sled's segments.
const RESERVE_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// On a small file system, one part in so many.
const RESERVE_SHARE: u64 = 8;
/// How much sled writes at most for what is staged.
const WRITTEN_TO_STAGED: u64 = 4;
/// How much may be staged between two looks, as others fill the file system too. With what sled
/// makes of it, this is well within the reserve.
const UNSEEN_BYTES_MAX: u64 = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_with_space_has_room_and_one_without_says_how_much_it_has() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("db");
        fs::write(&file, "x").unwrap();
        let mut room = Room::around(&file);
        room.take(1000, 0).unwrap();
        assert_eq!(room.left, UNSEEN_BYTES_MAX - 1000);
        match room.take(u64::MAX / 8, 0) {
            Err(StoreError::NoSpace { available, .. }) => assert!(available > 0),
            other => panic!("{other:?}"),
        }
        room.take(1, 0).unwrap();
    }

    #[test]
    fn a_file_system_that_tells_nothing_is_endless() {
        let mut room = Room::around(Path::new("/there/is/nothing"));
        room.take(u64::MAX / 8, 0).unwrap();
    }

    #[test]
    fn a_file_that_is_mostly_dead_counts_by_half() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("db");
        let file = fs::File::create(&path).unwrap();
        file.set_len(100_000).unwrap();
        let room = Room::around(&path);
        assert_eq!(room.reusable(0), 50_000);
        assert_eq!(room.reusable(40_000), 10_000);
        assert_eq!(room.reusable(60_000), 0);
    }
}
