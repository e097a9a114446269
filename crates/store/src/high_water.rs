//! How far the store has acknowledged, kept outside of sled.
//!
//! When a part of sled's log in the middle of a segment is damaged, sled can take what precedes
//! it for the whole log, clear the rest, and open without a word. So the number of the newest
//! frame that is known to be on the device is written to a file of its own, and opening compares:
//! a database that ends earlier has lost what it had. Where every commit is synced, the file is
//! written after every commit; elsewhere after the first one, when a store is opened, and at its
//! orderly end.
//!
//! The file is written after the database is synced and is not synced itself, hence it can lag
//! behind after a loss of power and never lead. It costs one small write.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::StoreError;

/// Its name in the store's directory.
pub(crate) const FILE_NAME: &str = "acknowledged";

/// The file that holds the number of the newest acknowledged frame.
///
/// It is one line of fixed length: the number and a check sum, readable by a person. A line
/// that does not check is no evidence of anything and is disregarded.
pub(crate) struct HighWater {
    file: File,
    path: PathBuf,
}

impl HighWater {
    /// The number at `path`, if there is one that checks.
    pub(crate) fn read(path: &Path) -> Result<Option<u64>, StoreError> {
        match fs::read(path) {
            Ok(bytes) => Ok(parse(&bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(io("read", path, source)),
        }
    }

    /// Forgets the number.
    pub(crate) fn remove(path: &Path) -> Result<(), StoreError> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(io("remove", path, error)),
            _ => Ok(()),
        }
    }

    /// Opens the file for writing, and makes it if need be.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path);
        Ok(Self {
            file: file.map_err(|source| io("open", path, source))?,
            path: path.into(),
        })
    }

    /// Remembers that the frames up to this one are acknowledged.
    pub(crate) fn write(&mut self, newest: u64) -> Result<(), StoreError> {
        self.file
            .seek(SeekFrom::Start(0))
            .and_then(|_| self.file.write_all(line(newest).as_bytes()))
            .map_err(|source| io("write", &self.path, source))
    }
}

fn io(action: &'static str, path: &Path, source: std::io::Error) -> StoreError {
    StoreError::Io {
        action,
        path: path.into(),
        source,
    }
}

fn line(newest: u64) -> String {
    let check = crc32fast::hash(&newest.to_le_bytes());
    format!("{newest:020} {check:08x}\n")
}

fn parse(bytes: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(bytes).ok()?;
    let newest = text.split(' ').next()?.parse().ok()?;
    (line(newest) == text).then_some(newest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_number_is_the_one_that_was_written_last() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("acknowledged");
        assert_eq!(HighWater::read(&path).unwrap(), None);
        let mut mark = HighWater::open(&path).unwrap();
        for newest in [u64::MAX, 7] {
            mark.write(newest).unwrap();
            assert_eq!(HighWater::read(&path).unwrap(), Some(newest));
        }
        HighWater::remove(&path).unwrap();
        HighWater::remove(&path).unwrap();
        assert_eq!(HighWater::read(&path).unwrap(), None);
    }

    #[test]
    fn a_damaged_line_is_no_evidence() {
        for bit in 0..line(42).len() * 8 {
            let mut bytes = line(42).into_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(parse(&bytes), None, "bit {bit}");
        }
        assert_eq!(parse(b""), None);
        assert_eq!(parse(line(42).as_bytes()), Some(42));
    }
}
