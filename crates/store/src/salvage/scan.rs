//! Finding frames in a file without the database that wrote them.
//!
//! A frame begins with a header that has a check sum and names the frame, and every record has
//! its own; so frames are recognized wherever they lie. No text can pass for one: texts come out
//! of XML, in which the bytes 0 and 1 of a header cannot occur.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use bytes::Bytes;
use queuerite_model::Timestamp;

use super::frames::read_frame;
use crate::format;
use crate::frame::{FORMAT, FRAME_BYTES_MAX, HEADER_BYTES, Header};

/// A copy of a frame somewhere in a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    /// Which of the files.
    pub(super) file: usize,
    /// Where in it.
    pub(super) at: u64,
    /// How long the frame was written.
    pub(super) bytes: usize,
    /// When it was committed.
    pub(super) now: Timestamp,
    /// Whether every byte of it is what was written.
    pub(super) is_whole: bool,
    /// How many records can be read.
    records: u64,
}

impl Found {
    /// Of two copies of one frame the one committed later counts, for a number may be used again
    /// after a crash; then the one of which more can be read.
    const fn rank(&self) -> (Timestamp, bool, u64) {
        (self.now, self.is_whole, self.records)
    }
}

/// The best copy of every frame, and what else was seen.
#[derive(Default)]
pub(super) struct Scan {
    /// By number.
    pub(super) frames: BTreeMap<u64, Found>,
    /// The newest version of a format row.
    pub(super) format_version: Option<u32>,
}

impl Scan {
    /// Searches one more file. What the system cannot read of it is passed over.
    pub(super) fn search(&mut self, index: usize, file: &File, tell: &mut dyn FnMut(u64)) {
        let mut window = Vec::new();
        let mut start = 0;
        loop {
            let end = start + window.len() as u64;
            let is_last = !read_more(file, end, &mut window);
            // What begins near the end of the window is looked at again with what follows it.
            let margin = if is_last { 0 } else { FRAME_BYTES_MAX };
            let settled = window.len().saturating_sub(margin);
            let mut position = 0;
            while let Some(rest) = window.get(position..settled)
                && let Some(skipped) = rest.iter().position(|byte| STARTS.contains(byte))
            {
                position += skipped;
                let rest = window.get(position..).unwrap_or_default();
                position += self.look(index, start + position as u64, rest);
            }
            position = position.max(settled);
            tell(start + position as u64);
            if is_last {
                return;
            }
            window.drain(..position.min(window.len()));
            start += position as u64;
        }
    }

    /// Looks at what begins here, and says how far to go on.
    fn look(&mut self, file: usize, at: u64, bytes: &[u8]) -> usize {
        if let Some(version) = format::version(bytes.get(..format::ROW_BYTES))
            && version <= FORMAT_VERSION_PLAUSIBLE_MAX
        {
            self.format_version = self.format_version.max(Some(version));
        }
        // The check sum is computed only where the highest bytes of number and length are zero.
        if bytes.first() != Some(&FORMAT) || bytes.get(8) != Some(&0) || bytes.get(24) != Some(&0) {
            return 1;
        }
        let Ok(header) = Header::read(bytes) else {
            return 1;
        };
        if header.frame_bytes() > FRAME_BYTES_MAX {
            return 1;
        }
        let length = header.frame_bytes().min(bytes.len());
        let frame = Bytes::copy_from_slice(bytes.get(..length).unwrap_or_default());
        let read = read_frame(header.number, frame, &mut |_| {});
        let found = Found {
            file,
            at,
            bytes: header.frame_bytes(),
            now: header.now,
            is_whole: read.damages.is_empty(),
            records: read.records,
        };
        let best = self.frames.entry(header.number).or_insert(found);
        if best.rank() < found.rank() {
            *best = found;
        }
        // A frame that is not whole may have been overwritten by others.
        if found.is_whole { length } else { HEADER_BYTES }
    }
}

/// The bytes that a frame and a format row begin with.
const STARTS: [u8; 2] = [FORMAT, format::MAGIC_START];

/// A row of a later version might say so; anything higher is a chance match.
const FORMAT_VERSION_PLAUSIBLE_MAX: u32 = 1000;

/// Appends the next part of the file; says whether there is more after it.
fn read_more(mut file: &File, from: u64, window: &mut Vec<u8>) -> bool {
    let before = window.len();
    let wanted = before + READ_BYTES;
    window.resize(wanted, 0);
    let mut filled = before;
    while filled < wanted {
        let at = from + (filled - before) as u64;
        let into = window.get_mut(filled..).unwrap_or_default();
        let read = file.seek(SeekFrom::Start(at)).and_then(|_| file.read(into));
        match read {
            Ok(0) => {
                window.truncate(filled);
                return false;
            }
            Ok(count) => filled += count,
            Err(_) => {
                // The device cannot read it: zeros stand for it, as long as the file goes on.
                let end = file.metadata().map_or(0, |file| file.len());
                if at + BLOCK_BYTES as u64 >= end {
                    window.truncate(filled);
                    return false;
                }
                filled = (filled + BLOCK_BYTES).min(wanted);
            }
        }
    }
    true
}

const READ_BYTES: usize = 8 * 1024 * 1024;
const BLOCK_BYTES: usize = 4096;

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::frame::FrameBuilder;
    use crate::samples::{message, one_of_each};

    const NOW: Timestamp = Timestamp::from_unix(1_700_000_000, 0);

    fn frame(number: u64, now: Timestamp, text: &str) -> Vec<u8> {
        let mut builder = FrameBuilder::new(number, Vec::new());
        builder.push(&message(number, text));
        for change in one_of_each() {
            builder.push(&change);
        }
        builder.seal(now).to_vec()
    }

    fn scan(bytes: &[u8]) -> Scan {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        let mut scan = Scan::default();
        scan.search(0, &file, &mut |_| {});
        scan
    }

    #[test]
    fn frames_are_found_wherever_they_lie_also_across_two_reads() {
        let text = "x".repeat(60_000);
        let mut bytes = vec![1; READ_BYTES - 30_000];
        let mut places = Vec::new();
        for number in 1..=3 {
            places.push(bytes.len() as u64);
            bytes.extend(frame(number, NOW, &text));
            bytes.extend([1; 777]);
        }
        let scan = scan(&bytes);
        let found: Vec<_> = scan.frames.values().map(|found| found.at).collect();
        assert_eq!(found, places);
        assert!(scan.frames.values().all(|found| found.is_whole));
    }

    #[test]
    fn of_copies_the_latest_counts_and_then_the_best() {
        let good = frame(1, NOW, "good");
        let mut flipped = good.clone();
        let last = flipped.len() - 1;
        flipped[last] ^= 1;
        let again = frame(1, NOW.plus_seconds(1), "again");
        let both = scan(&[&flipped[..], &good, &flipped].concat());
        assert_eq!(both.frames[&1].at, good.len() as u64);
        let all = scan(&[&again[..], &good, &flipped].concat());
        assert_eq!((all.frames[&1].at, all.frames[&1].bytes), (0, again.len()));
    }

    #[test]
    fn a_frame_cut_short_is_found_and_the_one_that_overwrote_it_too() {
        let first = frame(1, NOW, &"x".repeat(500));
        let second = frame(2, NOW, "second");
        let scan = scan(&[&first[..640], &second].concat());
        assert!(!scan.frames[&1].is_whole);
        assert_eq!(scan.frames[&1].records, 1);
        assert!(scan.frames[&2].is_whole);
    }

    #[test]
    fn a_newer_format_row_is_seen_and_our_name_in_a_text_is_none() {
        assert_eq!(scan(b"about queuerite is").format_version, None);
        assert_eq!(scan(b"..queuerite\x01\0\0\0..").format_version, Some(1));
        let both = scan(b"queuerite\x02\0\0\0queuerite\x01\0\0\0");
        assert_eq!(both.format_version, Some(2));
    }
}
