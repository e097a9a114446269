//! One store at a location at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::Path;

use crate::StoreError;

/// The lock file, held until it is dropped or the process ends, however it ends.
///
/// The file stays behind: it is the lock on it that counts. It holds the process id of its
/// last holder, for a person to read.
pub(crate) struct LockFile(#[expect(dead_code, reason = "held for its lock")] File);

impl LockFile {
    /// Takes the lock, or says at once that somebody else has it.
    pub(crate) fn take(path: &Path) -> Result<Self, StoreError> {
        let io = |action| {
            move |source| StoreError::Io {
                action,
                path: path.into(),
                source,
            }
        };
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .map_err(io("open the lock file"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Locked { path: path.into() });
            }
            Err(TryLockError::Error(error)) => return Err(io("lock")(error)),
        }
        file.set_len(0)
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(io("write the lock file"))?;
        Ok(Self(file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_by_one_and_free_again_when_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let lock = LockFile::take(&path).unwrap();
        assert!(matches!(
            LockFile::take(&path),
            Err(StoreError::Locked { .. })
        ));
        let written = std::fs::read_to_string(&path).unwrap();
        assert_eq!(written.trim(), std::process::id().to_string());
        drop(lock);
        assert!(LockFile::take(&path).is_ok());
    }
}
