//! Frames: the records of one commit, or of a part of it, as one value.
//!
//! ```text
//! format    u8    1
//! number    u64   the frame's own number, so that one frame cannot pass for another
//! now       u64   the time of the commit, in ticks
//! records   u32   how many follow
//! length    u32   how many bytes they take
//! check     u32   CRC-32 of the above
//! records         see `rows`
//! ```

use bytes::Bytes;
use queuerite_engine::{Change, TextRef};
use queuerite_model::{Timestamp, limits::MESSAGE_TEXT_BYTES_MAX};
use thiserror::Error;

use crate::rows::{self, MESSAGE_OVERHEAD_BYTES, PREFIX_BYTES, RowError, Written};

/// Most bytes of a frame. Sled splits a leaf only at 16 values, whatever their size, and spills
/// a leaf of more than a quarter of a segment into a file that it neither syncs nor removes:
/// with segments of 8 MiB, values have to stay below 128 KiB.
pub const FRAME_BYTES_MAX: usize = 96 * 1024;

/// How long a frame gets unless a single operation is longer. Sled reads, writes and keeps in
/// memory eight to sixteen frames at a time, so short ones save all three.
pub(crate) const FRAME_BYTES_USUAL: usize = 16 * 1024;

/// What a frame takes besides its records.
pub(crate) const HEADER_BYTES: usize = 29;

/// What every frame begins with.
pub(crate) const FORMAT: u8 = 1;

/// The number of the first frame of a new database.
pub(crate) const FIRST_FRAME: u64 = 1;

const _: () = {
    assert!(HEADER_BYTES + MESSAGE_OVERHEAD_BYTES + MESSAGE_TEXT_BYTES_MAX <= FRAME_BYTES_MAX);
};

/// A frame that is being filled.
pub(crate) struct FrameBuilder {
    number: u64,
    buffer: Vec<u8>,
    records: u32,
}

impl FrameBuilder {
    /// Where a frame stands that has no record yet.
    pub(crate) const FIRST: Mark = Mark {
        bytes: HEADER_BYTES,
        records: 0,
    };

    /// Begins the frame of this number in a buffer, whose room is used and whose content is not.
    pub(crate) fn new(number: u64, mut buffer: Vec<u8>) -> Self {
        buffer.clear();
        buffer.resize(HEADER_BYTES, 0);
        Self {
            number,
            buffer,
            records: 0,
        }
    }

    /// The frame's number.
    pub(crate) const fn number(&self) -> u64 {
        self.number
    }

    /// How long the frame is by now.
    pub(crate) const fn len(&self) -> usize {
        self.buffer.len()
    }

    /// Whether the frame holds no record.
    pub(crate) const fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// Appends a record and says where it is. The frame may grow too long by it; then the
    /// operation has to [move](Self::split_off) to the next one.
    pub(crate) fn push(&mut self, change: &Change) -> TextRef {
        self.records = self.records.saturating_add(1);
        place(self.number, rows::encode(change, &mut self.buffer))
    }

    /// Where the frame stands, to return to.
    pub(crate) const fn mark(&self) -> Mark {
        Mark {
            bytes: self.buffer.len(),
            records: self.records,
        }
    }

    /// Takes back everything after the mark.
    pub(crate) fn truncate(&mut self, mark: Mark) {
        self.buffer.truncate(mark.bytes);
        self.records = mark.records;
    }

    /// Moves everything after the mark to the next frame, as bytes: records do not depend on
    /// where they are. Returns that frame; [`moved`](Mark::moved) tells the new places.
    pub(crate) fn split_off(&mut self, mark: Mark, buffer: Vec<u8>) -> Self {
        let mut next = Self::new(self.number + 1, buffer);
        let tail = self.buffer.get(mark.bytes..).unwrap_or_default();
        next.buffer.extend_from_slice(tail);
        next.records = self.records - mark.records;
        self.truncate(mark);
        next
    }

    /// Writes the header. Records pushed later would not be counted in it.
    pub(crate) fn seal(&mut self, now: Timestamp) -> &[u8] {
        write_header(&mut self.buffer, self.number, now, self.records);
        &self.buffer
    }

    /// The frame as far as it is written; enough to read a text from.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer
    }

    /// The buffer, to be used again.
    pub(crate) fn into_buffer(self) -> Vec<u8> {
        self.buffer
    }
}

/// A sealed frame as it would be had it been committed at another time.
pub(crate) fn resealed(frame: &[u8], now: Timestamp) -> Result<Vec<u8>, FrameError> {
    let header = Header::read(frame)?;
    let mut frame = frame.to_vec();
    write_header(&mut frame, header.number, now, header.records);
    Ok(frame)
}

fn write_header(frame: &mut [u8], number: u64, now: Timestamp, records: u32) {
    let length = as_u32(frame.len() - HEADER_BYTES);
    let fields = [FORMAT]
        .into_iter()
        .chain(number.to_le_bytes())
        .chain(now.ticks().to_le_bytes())
        .chain(records.to_le_bytes())
        .chain(length.to_le_bytes());
    for (to, from) in frame.iter_mut().zip(fields) {
        *to = from;
    }
    let check = crc32fast::hash(frame.get(..HEADER_BYTES - 4).unwrap_or_default());
    frame
        .iter_mut()
        .skip(HEADER_BYTES - 4)
        .zip(check.to_le_bytes())
        .for_each(|(to, from)| *to = from);
}

/// A point in a frame that is being filled, between two records.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    bytes: usize,
    records: u32,
}

impl Mark {
    /// The place in the next frame of what was at `place` before everything after this mark
    /// moved there.
    pub(crate) fn moved(self, place: TextRef) -> TextRef {
        TextRef {
            frame: place.frame + 1,
            offset: place.offset - as_u32(self.bytes) + as_u32(HEADER_BYTES),
            length: place.length,
        }
    }
}

/// What a frame says of itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Header {
    /// The frame's number.
    pub(crate) number: u64,
    /// When it was committed.
    pub(crate) now: Timestamp,
    /// How many records follow.
    pub(crate) records: u32,
    /// How many bytes they take.
    length: u32,
}

impl Header {
    /// Reads the header at the beginning of these bytes, if that is what they are.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, FrameError> {
        let header = bytes
            .first_chunk::<HEADER_BYTES>()
            .ok_or(FrameError::CutShort)?;
        let [
            format,
            n0,
            n1,
            n2,
            n3,
            n4,
            n5,
            n6,
            n7,
            t0,
            t1,
            t2,
            t3,
            t4,
            t5,
            t6,
            t7,
            r0,
            r1,
            r2,
            r3,
            l0,
            l1,
            l2,
            l3,
            c0,
            c1,
            c2,
            c3,
        ] = *header;
        let check = crc32fast::hash(header.split_last_chunk::<4>().map_or(&[], |(h, _)| h));
        if check != u32::from_le_bytes([c0, c1, c2, c3]) {
            return Err(FrameError::CheckSum);
        }
        if format != FORMAT {
            return Err(FrameError::UnknownFormat(format));
        }
        Ok(Self {
            number: u64::from_le_bytes([n0, n1, n2, n3, n4, n5, n6, n7]),
            now: Timestamp::from_ticks(u64::from_le_bytes([t0, t1, t2, t3, t4, t5, t6, t7])),
            records: u32::from_le_bytes([r0, r1, r2, r3]),
            length: u32::from_le_bytes([l0, l1, l2, l3]),
        })
    }

    /// The length of the whole frame.
    pub(crate) fn frame_bytes(&self) -> usize {
        as_usize(self.length).saturating_add(HEADER_BYTES)
    }
}

/// A stored frame, read record by record. Every byte is checked on the way.
#[derive(Debug)]
pub(crate) struct FrameReader {
    number: u64,
    now: Timestamp,
    bytes: Bytes,
    position: usize,
    records_left: u32,
    is_resumed: bool,
}

impl FrameReader {
    /// Reads the records of a frame whose header or length is not what it should be, as far as
    /// they can be read.
    pub(crate) fn without_header(number: u64, bytes: Bytes) -> Self {
        Self {
            number,
            now: Timestamp::default(),
            position: HEADER_BYTES,
            records_left: u32::from(bytes.len() > HEADER_BYTES),
            is_resumed: true,
            bytes,
        }
    }

    /// Reads the header of what should be the frame of this number.
    pub(crate) fn new(number: u64, bytes: Bytes) -> Result<Self, FrameError> {
        let header = Header::read(&bytes)?;
        if header.number != number {
            return Err(FrameError::OtherNumber(header.number));
        }
        if bytes.len() != header.frame_bytes() {
            return Err(FrameError::CutShort);
        }
        Ok(Self {
            number,
            now: header.now,
            position: HEADER_BYTES,
            records_left: header.records,
            is_resumed: false,
            bytes,
        })
    }

    /// When the frame was committed.
    pub(crate) const fn now(&self) -> Timestamp {
        self.now
    }

    /// After a record that cannot be read: goes on with the next one that can, unless another
    /// frame begins before it, which then has overwritten the rest of this one.
    ///
    /// A record begins with its length, whose highest byte is zero, and has check sums over all
    /// of it. No text can pass for one, because texts come out of XML, which has no zeros.
    pub(crate) fn resume(&mut self, failed_at: usize) {
        let mut next = None;
        for start in failed_at.saturating_add(1)..self.bytes.len() {
            let rest = self.bytes.get(start..).unwrap_or_default();
            if rest.first() == Some(&FORMAT) && Header::read(rest).is_ok() {
                break;
            }
            if rows::decode(&self.bytes, start).is_ok() {
                next = Some(start);
                break;
            }
        }
        self.position = next.unwrap_or(self.bytes.len());
        // How many were lost on the way is not known; from here on the bytes decide.
        self.records_left = u32::from(next.is_some());
        self.is_resumed = true;
    }

    fn read(&mut self) -> Result<Option<StoredChange>, FrameError> {
        if self.records_left == 0 {
            return if self.position == self.bytes.len() {
                Ok(None)
            } else {
                Err(FrameError::Leftover)
            };
        }
        let record =
            rows::decode(&self.bytes, self.position).map_err(|reason| FrameError::Record {
                offset: self.position,
                reason,
            })?;
        self.position += record.bytes;
        self.records_left -= 1;
        if self.is_resumed && self.position < self.bytes.len() {
            self.records_left = 1;
        }
        Ok(Some(StoredChange {
            place: place(self.number, record.written),
            change: record.change,
            bytes: as_u32(record.bytes),
        }))
    }
}

impl Iterator for FrameReader {
    type Item = Result<StoredChange, FrameError>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.read().transpose();
        if matches!(item, Some(Err(_))) {
            self.records_left = 0;
            self.position = self.bytes.len();
        }
        item
    }
}

/// A change as a frame holds it.
#[derive(Debug)]
pub(crate) struct StoredChange {
    /// What happened. A message text shares the frame's bytes.
    pub(crate) change: Change,
    /// Where the record is.
    pub(crate) place: TextRef,
    /// How many bytes it takes.
    pub(crate) bytes: u32,
}

/// How many bytes the record at `place`, which has no text, takes in this frame.
pub(crate) fn record_bytes(frame: &[u8], place: TextRef) -> u32 {
    let start = as_usize(place.offset).saturating_sub(PREFIX_BYTES);
    let length = frame.get(start..).and_then(<[u8]>::first_chunk);
    length.map_or(0, |length| u32::from_le_bytes(*length)) + as_u32(PREFIX_BYTES)
}

/// The text at `place` in its frame, if that is what was written there.
pub(crate) fn text(frame: &[u8], place: TextRef) -> Result<&[u8], RowError> {
    rows::text_at(frame, as_usize(place.offset), as_usize(place.length))
}

/// Why bytes are not the frame they should be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub(crate) enum FrameError {
    /// The header, or all of the frame, is not as long as it should be.
    #[error("its length is not the one that was written")]
    CutShort,
    /// The header is not what was written.
    #[error("the check sum of its header does not match")]
    CheckSum,
    /// A format that this version does not write.
    #[error("it has the unknown format {0}")]
    UnknownFormat(u8),
    /// Another frame in this one's stead.
    #[error("it says to be frame {0}")]
    OtherNumber(u64),
    /// More bytes than records.
    #[error("bytes follow its last record")]
    Leftover,
    /// One of the records.
    #[error("at byte {offset}, {reason}")]
    Record {
        /// Where the record begins.
        offset: usize,
        /// What is wrong with it.
        reason: RowError,
    },
}

fn place(frame: u64, written: Written) -> TextRef {
    TextRef {
        frame,
        offset: as_u32(written.offset),
        length: as_u32(written.length),
    }
}

/// Saturates; a frame that long is over the limit and is never stored.
fn as_u32(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn as_usize(length: u32) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::samples::{any_change, message, one_of_each};

    const NOW: Timestamp = Timestamp::from_unix(1_700_000_000, 0);

    fn frame(number: u64, changes: &[Change]) -> (Bytes, Vec<TextRef>) {
        let mut builder = FrameBuilder::new(number, Vec::new());
        let places = changes.iter().map(|change| builder.push(change)).collect();
        (Bytes::copy_from_slice(builder.seal(NOW)), places)
    }

    fn changes_in(number: u64, bytes: &Bytes) -> Result<Vec<Change>, FrameError> {
        FrameReader::new(number, bytes.clone())?
            .map(|stored| stored.map(|stored| stored.change))
            .collect()
    }

    #[test]
    fn a_resealed_frame_differs_in_its_time_alone() {
        let mut frame = FrameBuilder::new(7, Vec::new());
        frame.push(&message(1, "text"));
        let now = Timestamp::from_unix(1_700_000_000, 0);
        let sealed = frame.seal(now).to_vec();
        let later = resealed(&sealed, now.plus_ticks(1)).unwrap();
        assert_ne!(later, sealed);
        let read = FrameReader::new(7, Bytes::from(later.clone())).unwrap();
        assert_eq!(read.now(), now.plus_ticks(1));
        assert_eq!(read.count(), 1);
        assert_eq!(resealed(&later, now).unwrap(), sealed);
    }

    #[test]
    fn a_frame_reads_back_with_its_places_and_its_time() {
        let (bytes, places) = frame(5, &one_of_each());
        let reader = FrameReader::new(5, bytes.clone()).unwrap();
        assert_eq!(reader.now(), NOW);
        let stored: Vec<_> = reader.map(Result::unwrap).collect();
        let read_places: Vec<_> = stored.iter().map(|stored| stored.place).collect();
        assert_eq!(read_places, places);
        for (stored, change) in stored.iter().zip(one_of_each()) {
            assert_eq!(stored.change, change);
            if let Change::MessageWritten { text: written, .. } = &change {
                assert_eq!(text(&bytes, stored.place), Ok(written.as_bytes()));
            } else {
                assert_eq!(record_bytes(&bytes, stored.place), stored.bytes);
            }
        }
    }

    #[test]
    fn no_two_records_share_a_place_even_when_texts_are_empty() {
        let changes: Vec<_> = (0..3)
            .map(|number| message(number, ""))
            .chain(one_of_each())
            .collect();
        let (_, mut places) = frame(1, &changes);
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), changes.len());
    }

    #[test]
    fn no_flipped_bit_of_a_frame_goes_unseen() {
        let (bytes, _) = frame(5, &one_of_each());
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(changes_in(5, &flipped.into()).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_frame_cut_anywhere_or_continued_is_refused() {
        let (bytes, _) = frame(5, &one_of_each());
        for end in 0..bytes.len() {
            assert!(changes_in(5, &bytes.slice(..end)).is_err(), "cut at {end}");
        }
        let longer = [&bytes[..], &[0]].concat();
        assert_eq!(changes_in(5, &longer.into()), Err(FrameError::CutShort));
    }

    #[test]
    fn one_frame_cannot_pass_for_another() {
        let (bytes, _) = frame(5, &one_of_each());
        assert_eq!(changes_in(6, &bytes), Err(FrameError::OtherNumber(5)));
    }

    #[test]
    fn what_moves_to_the_next_frame_is_found_at_the_places_that_are_told() {
        let mut first = FrameBuilder::new(5, Vec::new());
        first.push(&message(1, "stays"));
        let mark = first.mark();
        let places: Vec<_> = one_of_each().iter().map(|c| first.push(c)).collect();
        let mut second = first.split_off(mark, b"old content".to_vec());

        let first_bytes = Bytes::copy_from_slice(first.seal(NOW));
        assert_eq!(changes_in(5, &first_bytes), Ok(vec![message(1, "stays")]));
        let second_bytes = Bytes::copy_from_slice(second.seal(NOW));
        let stored: Vec<_> = FrameReader::new(6, second_bytes)
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(stored.len(), places.len());
        for (stored, place) in stored.iter().zip(places) {
            assert_eq!(stored.place, mark.moved(place));
        }
    }

    proptest! {
        #[test]
        fn any_frame_reads_back(
            changes in prop::collection::vec(any_change(), 0..20),
            number in any::<u64>(),
        ) {
            let (bytes, _) = frame(number, &changes);
            prop_assert_eq!(changes_in(number, &bytes), Ok(changes));
        }

        #[test]
        fn arbitrary_bytes_are_no_frame(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(changes_in(1, &bytes.into()).is_err());
        }
    }
}
