//! Keeping what sled would wipe.
//!
//! Where sled's log does not check, sled takes what precedes for all of it and overwrites the
//! rest, on disk, before we can say that more was acknowledged. So the segments that it wrote
//! last are remembered before it opens, and kept in files of their own if the database is then
//! refused. They are not put back; [`Salvage`](crate::Salvage) finds in them what is whole.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::StoreError;
use crate::database::FILE_NAME;
use crate::open::{HOME, SEGMENT_BYTES, SEGMENTS_ASIDE, failed, remove_directory};

/// The segments that sled wrote last, as they are now, in memory.
pub(crate) struct NewestSegments(Vec<(u64, Vec<u8>)>);

impl NewestSegments {
    /// Reads the newest segments of the database under `dir`. What cannot be read is left out:
    /// this is a precaution, and sled will say by itself what it cannot read.
    pub(crate) fn remember(dir: &Path) -> Self {
        Self(read(&dir.join(HOME).join(FILE_NAME)).unwrap_or_default())
    }

    /// Writes them beside the database, unless an earlier refusal did: what was there first has
    /// been overwritten least.
    pub(crate) fn set_aside(&self, dir: &Path) -> Result<(), StoreError> {
        let aside = dir.join(SEGMENTS_ASIDE);
        if aside.exists() || self.0.is_empty() {
            return Ok(());
        }
        fs::create_dir(&aside).map_err(|error| failed("create", &aside, error))?;
        for (offset, bytes) in &self.0 {
            let path = aside.join(format!("{offset:016x}"));
            fs::write(&path, bytes).map_err(|error| failed("write", &path, error))?;
        }
        Ok(())
    }

    /// Forgets what was set aside, when the database has opened with all that it should have.
    pub(crate) fn forget(dir: &Path) -> Result<(), StoreError> {
        remove_directory(&dir.join(SEGMENTS_ASIDE))
    }
}

/// The last two segments by the position in the log that their headers tell, and two more whose
/// headers tell nothing, for it may be the header that is damaged.
fn read(path: &Path) -> io::Result<Vec<(u64, Vec<u8>)>> {
    let mut file = File::open(path)?;
    let segment = SEGMENT_BYTES as u64;
    let count = file.metadata()?.len().div_ceil(segment);
    let mut known = Vec::new();
    let mut unknown = Vec::new();
    for offset in (0..count).map(|index| index * segment) {
        let mut header = [0; SEGMENT_HEADER_BYTES];
        file.seek(SeekFrom::Start(offset))?;
        if file.read_exact(&mut header).is_err() {
            continue;
        }
        match position(header) {
            Some(position) => known.push((position, offset)),
            None => unknown.push(offset),
        }
    }
    known.sort_unstable_by(|one, other| other.cmp(one));
    let newest = known.into_iter().map(|(_, offset)| offset);
    let offsets = newest
        .take(SEGMENTS_KEPT)
        .chain(unknown.into_iter().take(SEGMENTS_KEPT));
    let read = |offset| {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(offset))?;
        file.by_ref().take(segment).read_to_end(&mut bytes)?;
        Ok((offset, bytes))
    };
    offsets.map(read).collect()
}

/// Where in the log a segment belongs, if its header can be believed.
fn position(header: [u8; SEGMENT_HEADER_BYTES]) -> Option<u64> {
    let [_, _, _, _, position @ ..] = header;
    let position = u64::from_le_bytes(position) ^ POSITION_MASK;
    (position.is_multiple_of(SEGMENT_BYTES as u64) && position < POSITION_MASK).then_some(position)
}

const SEGMENTS_KEPT: usize = 2;
/// A check sum, then the position; what follows is not needed here.
const SEGMENT_HEADER_BYTES: usize = 12;
/// Sled writes positions so that zeros are none.
const POSITION_MASK: u64 = 0x7fff_ffff_ffff_ffff;
