//! The readers of stored bytes, for the fuzz targets: only with the feature `fuzzing`, and no
//! part of the interface.

use std::fs::File;

use bytes::Bytes;
use queuerite_engine::Change;
use queuerite_model::Timestamp;

use super::frames::read_frame;
use super::scan::Scan;
use crate::frame::{FrameBuilder, HEADER_BYTES, Header};
use crate::rows;

/// Reads the record at the beginning of these bytes, and tells how many it takes.
pub fn read_record(bytes: &Bytes) -> Option<(Change, usize)> {
    let record = rows::decode(bytes, 0).ok()?;
    Some((record.change, record.bytes))
}

/// Writes a record.
pub fn write_record(change: &Change) -> Vec<u8> {
    let mut buffer = Vec::new();
    rows::encode(change, &mut buffer);
    buffer
}

/// The text of `length` bytes at `offset`, if that is what was written there.
pub fn text_at(bytes: &[u8], offset: usize, length: usize) -> Option<&[u8]> {
    rows::text_at(bytes, offset, length).ok()
}

/// Reads a frame as far as it can be read: its records, and what was wrong.
pub fn read_damaged_frame(number: u64, bytes: Bytes) -> (Vec<Change>, Vec<String>) {
    let mut changes = Vec::new();
    let read = read_frame(number, bytes, &mut |stored| changes.push(stored.change));
    let damages = read.damages.into_iter().map(|damage| damage.reason);
    (changes, damages.collect())
}

/// Writes a frame.
pub fn write_frame<'a>(
    number: u64,
    now: Timestamp,
    changes: impl IntoIterator<Item = &'a Change>,
) -> Vec<u8> {
    let mut frame = FrameBuilder::new(number, Vec::new());
    for change in changes {
        frame.push(change);
    }
    frame.seal(now).to_vec()
}

/// What the header at the beginning of these bytes says: number, time, records, and the length
/// of the frame.
pub fn read_header(bytes: &[u8]) -> Option<(u64, Timestamp, u32, usize)> {
    let header = Header::read(bytes).ok()?;
    let length = header.frame_bytes();
    Some((header.number, header.now, header.records, length))
}

/// How long the header of a frame is.
pub const FRAME_HEADER_BYTES: usize = HEADER_BYTES;

/// The best copy of every frame that a file holds: number, place, length, and whether it is
/// whole.
pub fn search(file: &File) -> Vec<(u64, u64, usize, bool)> {
    let mut scan = Scan::default();
    scan.search(0, file, &mut |_| {});
    let found = scan.frames.into_iter();
    found
        .map(|(number, found)| (number, found.at, found.bytes, found.is_whole))
        .collect()
}
