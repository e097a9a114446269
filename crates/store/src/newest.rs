//! Keeping what sled would wipe.
//!
//! Where sled's log does not check, sled takes what precedes for all of it and overwrites the
//! rest, on disk, before we can say that more was acknowledged. So the segments that it wrote
//! last are remembered before it opens, and kept in files of their own if the database is then
//! refused. They are not put back; [`Salvage`](crate::Salvage) finds in them what is whole.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use crate::StoreError;
use crate::database::FILE_NAME;
use crate::open::{HOME, SEGMENT_BYTES, SEGMENTS_ASIDE, failed, remove_directory};
use crate::room::Room;

/// The segments that sled wrote last, as they are now, by their offsets.
pub(crate) struct NewestSegments(Vec<(u64, Kept)>);

/// A copy of a segment.
enum Kept {
    /// In a file without a name, whose pages the system writes out only if it has no memory for them.
    File(File),
    /// Where there is no room for a file.
    Memory(Vec<u8>),
}

impl Kept {
    fn copy(segment: &File, offset: u64, dir: &Path) -> io::Result<Self> {
        let bytes = || {
            let mut segment = segment;
            segment.seek(SeekFrom::Start(offset))?;
            Ok::<_, io::Error>(segment.take(SEGMENT_BYTES as u64))
        };
        let mut source = bytes()?;
        if Room::around(dir).is_ample()
            && let Ok(mut file) = tempfile::tempfile_in(dir)
            && io::copy(&mut source, &mut file).is_ok()
        {
            return Ok(Self::File(file));
        }
        let mut memory = Vec::new();
        bytes()?.read_to_end(&mut memory)?;
        Ok(Self::Memory(memory))
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        match self {
            Self::File(file) => {
                let mut file = file;
                file.rewind()?;
                io::copy(&mut file, &mut File::create(path)?).map(drop)
            }
            Self::Memory(bytes) => fs::write(path, bytes),
        }
    }
}

impl NewestSegments {
    /// Copies the newest segments of the database under `dir`. What cannot be read is left out:
    /// this is a precaution, and sled will say by itself what it cannot read.
    pub(crate) fn remember(dir: &Path) -> Self {
        Self(copy(&dir.join(HOME).join(FILE_NAME), dir).unwrap_or_default())
    }

    /// Writes them beside the database, unless an earlier refusal did: what was there first has
    /// been overwritten least.
    pub(crate) fn set_aside(&self, dir: &Path) -> Result<(), StoreError> {
        let aside = dir.join(SEGMENTS_ASIDE);
        if aside.exists() || self.0.is_empty() {
            return Ok(());
        }
        fs::create_dir(&aside).map_err(|error| failed("create", &aside, error))?;
        for (offset, kept) in &self.0 {
            let path = aside.join(format!("{offset:016x}"));
            kept.write(&path)
                .map_err(|error| failed("write", &path, error))?;
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
fn copy(path: &Path, dir: &Path) -> io::Result<Vec<(u64, Kept)>> {
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
    offsets
        .map(|offset| Ok((offset, Kept::copy(&file, offset, dir)?)))
        .collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_kept_in_memory_where_no_file_can_be() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("segments");
        let whole: Vec<u8> = (0..=250).cycle().take(SEGMENT_BYTES + 1000).collect();
        fs::write(&path, &whole).unwrap();
        let segments = File::open(&path).unwrap();
        for place in [dir.path(), &dir.path().join("missing")] {
            for (offset, expected) in [
                (0, &whole[..SEGMENT_BYTES]),
                (SEGMENT_BYTES, &whole[SEGMENT_BYTES..]),
            ] {
                let kept = Kept::copy(&segments, offset as u64, place).unwrap();
                assert_eq!(matches!(kept, Kept::File(_)), place.exists());
                let copy = dir.path().join("copy");
                kept.write(&copy).unwrap();
                assert!(fs::read(copy).unwrap() == expected);
            }
        }
    }
}
