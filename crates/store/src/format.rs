//! The format row: whose data this is, and in which version.

use crate::StoreError;
use crate::database::Database;

/// The format this version writes, and the only one it reads.
pub(crate) const FORMAT_VERSION: u32 = 1;

/// The row's key. Frames have keys of eight bytes, so none can have this one.
pub(crate) const FORMAT_KEY: &[u8] = b"format";

const MAGIC: &[u8] = b"queuerite";

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
        version => Err(StoreError::UnsupportedFormat {
            path: database.path().into(),
            found: version.map_or_else(
                || "of another program".into(),
                |version| format!("queuerite {version}"),
            ),
            expected: format!("queuerite {FORMAT_VERSION}"),
        }),
    }
}

fn version(row: Option<&[u8]>) -> Option<u32> {
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
