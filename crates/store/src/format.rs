//! The format row: whose data this is, and in which version.

use std::path::Path;

use crate::StoreError;
use crate::database::Database;
use crate::high_water::{self, HighWater};

/// The format this version writes, and the only one it reads.
pub(crate) const FORMAT_VERSION: u32 = 1;

/// The row's key. Frames have keys of eight bytes, so none can have this one.
pub(crate) const FORMAT_KEY: &[u8] = b"format";

/// How the row begins.
const MAGIC: &[u8] = b"queuerite";

/// The first byte of it.
pub(crate) const MAGIC_START: u8 = b'q';

/// How long the row is.
pub(crate) const ROW_BYTES: usize = MAGIC.len() + 4;

/// Claims a new database.
pub(crate) fn write(database: &Database) -> Result<(), StoreError> {
    let row = [MAGIC, &FORMAT_VERSION.to_le_bytes()].concat();
    database.insert(FORMAT_KEY, &row)
}

/// Refuses a database that is not ours, or not of a version that can be read.
pub(crate) fn check(database: &Database) -> Result<(), StoreError> {
    let row = database.get(FORMAT_KEY)?;
    match version(row.as_deref()) {
        Some(FORMAT_VERSION) => Ok(()),
        None if row.is_none() && was_ours(database)? => Err(StoreError::Corrupt {
            path: database.path().into(),
            reason: "its format row is missing".into(),
        }),
        version => Err(unsupported(database.path(), version)),
    }
}

/// Whether a database without a format row must have had one: it was emptied, or holds frames, or
/// acknowledged some. Sled opens what it takes for the whole of a damaged log, which may be none.
fn was_ours(database: &Database) -> Result<bool, StoreError> {
    let mark = database.path().with_file_name(high_water::FILE_NAME);
    if HighWater::read(&mark)?.is_some() {
        return Ok(true);
    }
    let first = database.first_key()?;
    Ok(first.is_none_or(|key| key.len() == FRAME_KEY_BYTES))
}

const FRAME_KEY_BYTES: usize = size_of::<u64>();

/// The error of a database of another version, or of another program.
pub(crate) fn unsupported(path: &Path, version: Option<u32>) -> StoreError {
    StoreError::UnsupportedFormat {
        path: path.into(),
        found: version.map_or_else(
            || "of another program".into(),
            |version| format!("queuerite {version}"),
        ),
        expected: format!("queuerite {FORMAT_VERSION}"),
    }
}

/// The version that a row tells, if it is one of ours.
pub(crate) fn version(row: Option<&[u8]>) -> Option<u32> {
    let version = row?.strip_prefix(MAGIC)?;
    version.try_into().ok().map(u32::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_row_has_a_version() {
        assert_eq!(version(Some(b"queuerite\x01\0\0\0")), Some(1));
        assert_eq!(version(Some(b"queuerite\x02\0\0\0")), Some(2));
        assert_eq!(version(Some(b"queuerite")), None);
        assert_eq!(version(Some(b"queuerite\x01\0\0\0\0")), None);
        assert_eq!(version(Some(b"another")), None);
        assert_eq!(version(None), None);
    }
}
