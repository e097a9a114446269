//! A journal in front of sled.
//!
//! A commit is one write at the end of the journal and one sync of it. Sled gets the same frames
//! later and many at a time, and those that have died by then not at all; after that the journal's
//! room is used again. Its files keep their length, so a sync writes what was committed and next
//! to nothing else, and no commit waits for sled's pages.
//!
//! The journal lies in sled's directory and is a part of the database: what sled has and what the
//! journal has beyond it are one log. It exists while a store is open, and after that only if the
//! store did not come to an orderly end.
//!
//! An entry is what one commit wrote to one file:
//!
//! | entry header | |
//! |---|---|
//! | mark | 8 bytes, `QRJRNL`, 0, 1: no text has a zero |
//! | first | u64, the number of the first frame, or of the next if there is none |
//! | oldest | u64, the oldest frame that was needed then; those before it are dead |
//! | acknowledged | u64, the newest frame that was as durable as asked then |
//! | length | u32, of the frames, which follow |
//! | check sum | u32, CRC-32 of the fields before |
//!
//! What an earlier pass over a file has left behind has lower numbers, and so is no part of the
//! log any more. The first frame that is missing, or not whole, ends it: its commit was never
//! acknowledged. Unless something tells that it was: another entry, or the file `acknowledged`.
//! Then it is damage.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use memchr::memmem;

use crate::frame::{FIRST_FRAME, FrameReader, Header};
use crate::open::{self, failed};
use crate::{Durability, StoreError};

/// How long a file is at most.
pub(crate) const FILE_BYTES: u64 = 4 * 1024 * 1024;

/// How long the first one is, so that a store is soon ready in which little is kept.
const FIRST_FILE_BYTES: u64 = 1024 * 1024;

/// How many files there are at most. Together they are what may be committed before sled has it.
pub(crate) const FILES: usize = 6;

/// The journal of an open store.
pub(crate) struct Journal {
    home: PathBuf,
    files: [JournalFile; FILES],
    /// The file that is being written, and where.
    current: usize,
    position: u64,
    /// The newest frame that was acknowledged.
    acknowledged: u64,
    /// The oldest frame that was needed, as the last entry tells it.
    told_oldest: u64,
    /// An entry is put together here, to be written at once.
    buffer: Vec<u8>,
    #[cfg(test)]
    fails_next_sync: bool,
}

#[derive(Default)]
struct JournalFile {
    /// Filled with zeros to its end, before it is first written.
    file: Option<File>,
    /// The newest frame in it that counts.
    newest: Option<u64>,
}

impl Journal {
    /// An empty journal for the database in `home`, which has the frames up to `newest` on the
    /// device. What an earlier journal left behind has to be [removed](remove) before.
    pub(crate) fn new(home: &Path, newest: Option<u64>) -> Self {
        Self {
            home: home.into(),
            files: Default::default(),
            current: 0,
            position: 0,
            acknowledged: newest.unwrap_or_default(),
            told_oldest: 0,
            buffer: Vec::new(),
            #[cfg(test)]
            fails_next_sync: false,
        }
    }

    /// Whether so many bytes of frames fit into the current file, with room left for an entry that
    /// has none.
    pub(crate) fn fits(&self, bytes: usize) -> bool {
        let end = self.position + (2 * HEADER_BYTES + self.buffer.len() + bytes) as u64;
        end <= file_bytes(self.current)
    }

    /// Adds a frame to the entry that the next [`write`](Self::write) writes.
    pub(crate) fn push(&mut self, frame: &[u8]) {
        if self.buffer.is_empty() {
            self.buffer.resize(HEADER_BYTES, 0);
        }
        self.buffer.extend_from_slice(frame);
    }

    /// Writes what was pushed as one entry, the frames from `first` to `newest`.
    pub(crate) fn write(&mut self, first: u64, newest: u64, oldest: u64) -> Result<(), StoreError> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.write_entry(first, oldest)?;
        if let Some(file) = self.files.get_mut(self.current) {
            file.newest = Some(newest);
        }
        Ok(())
    }

    /// Tells which frames are dead that are in the file that comes next, in an entry without
    /// frames, unless an entry has. For if the next one is not written to its end, frames in that
    /// file may be gone that an earlier one took to be needed. `next` is the number of the next
    /// frame.
    pub(crate) fn tell_oldest(
        &mut self,
        next: u64,
        oldest: u64,
        durability: Durability,
    ) -> Result<(), StoreError> {
        if self.in_next() < Some(self.told_oldest) {
            return Ok(());
        }
        self.tell(next, oldest, durability)
    }

    /// Tells the oldest frame that is needed, in an entry without frames.
    pub(crate) fn tell(
        &mut self,
        next: u64,
        oldest: u64,
        durability: Durability,
    ) -> Result<(), StoreError> {
        self.buffer.resize(HEADER_BYTES, 0);
        self.write_entry(next, oldest)?;
        self.sync(self.acknowledged, durability)
    }

    fn write_entry(&mut self, first: u64, oldest: u64) -> Result<(), StoreError> {
        let length = self.buffer.len() - HEADER_BYTES;
        let header = EntryHeader {
            first,
            oldest,
            acknowledged: self.acknowledged,
            length: u32::try_from(length).unwrap_or(u32::MAX),
        };
        for (to, from) in self.buffer.iter_mut().zip(header.to_bytes()) {
            *to = from;
        }
        let written = match self.files.get_mut(self.current).map(|f| &mut f.file) {
            Some(Some(file)) => file.write_all(&self.buffer),
            _ => Err(ErrorKind::NotFound.into()),
        };
        written.map_err(|error| failed("write", &self.path(), error))?;
        self.position += self.buffer.len() as u64;
        self.buffer.clear();
        self.buffer.shrink_to(BUFFER_BYTES_KEPT);
        self.told_oldest = oldest;
        Ok(())
    }

    /// Makes what was written to the current file as durable as asked; `newest` is the last of it,
    /// and will be acknowledged.
    pub(crate) fn sync(&mut self, newest: u64, durability: Durability) -> Result<(), StoreError> {
        if durability == Durability::Fsync
            && let Some(file) = self.files.get(self.current).and_then(|f| f.file.as_ref())
        {
            let synced = file.sync_data();
            #[cfg(test)]
            let synced = if std::mem::take(&mut self.fails_next_sync) {
                Err(std::io::Error::other("injected"))
            } else {
                synced
            };
            synced.map_err(|error| failed("sync", &self.path(), error))?;
        }
        self.acknowledged = newest;
        Ok(())
    }

    /// Takes note that the frames up to this one will have been acknowledged when the journal is
    /// written next, though it does not have them.
    pub(crate) const fn acknowledge(&mut self, newest: u64) {
        self.acknowledged = newest;
    }

    /// Lets the next sync fail, and only that.
    #[cfg(test)]
    pub(crate) fn fail_next_sync(&mut self) {
        self.fails_next_sync = true;
    }

    /// The newest frame in the file that comes next, maybe the current one. Unless sled has it, that
    /// file is not free.
    pub(crate) fn in_next(&self) -> Option<u64> {
        self.files.get(self.next()).and_then(|file| file.newest)
    }

    /// Goes on with the next file, whose frames are needed no more.
    pub(crate) fn advance(&mut self) -> Result<(), StoreError> {
        self.current = self.next();
        self.begin_file()
    }

    /// Begins anew, once sled has everything.
    pub(crate) fn rewind(&mut self) -> Result<(), StoreError> {
        for file in &mut self.files {
            file.newest = None;
        }
        self.current = 0;
        self.begin_file()
    }

    /// A file that is to be prepared, if one will be needed soon: the first, or the one after that
    /// which is being written.
    pub(crate) fn to_prepare(&self) -> Option<Preparation> {
        let is_soon = self.position >= file_bytes(self.current) / 4;
        let next = (self.current + 1) % FILES;
        let index = if !self.is_made(self.current) {
            self.current
        } else if is_soon && !self.is_made(next) {
            next
        } else {
            return None;
        };
        Some(Preparation {
            index,
            path: path(&self.home, index),
        })
    }

    /// Whether the current file can be written.
    pub(crate) fn is_ready(&self) -> bool {
        self.is_made(self.current)
    }

    /// Takes a file that was prepared.
    pub(crate) fn take(&mut self, prepared: Prepared) {
        if let Some(file) = self.files.get_mut(prepared.index) {
            file.file = Some(prepared.file);
        }
    }

    /// The next file that there is.
    fn next(&self) -> usize {
        let others = (1..FILES).map(|step| (self.current + step) % FILES);
        let made = others.into_iter().find(|index| self.is_made(*index));
        made.unwrap_or(self.current)
    }

    fn is_made(&self, index: usize) -> bool {
        self.files
            .get(index)
            .is_some_and(|file| file.file.is_some())
    }

    fn begin_file(&mut self) -> Result<(), StoreError> {
        self.position = 0;
        let path = self.path();
        let Some(current) = self.files.get_mut(self.current) else {
            return Ok(());
        };
        current.newest = None;
        match &mut current.file {
            Some(file) => rewind(file, &path),
            None => Ok(()),
        }
    }

    fn path(&self) -> PathBuf {
        path(&self.home, self.current)
    }
}

const fn file_bytes(index: usize) -> u64 {
    if index == 0 {
        FIRST_FILE_BYTES
    } else {
        FILE_BYTES
    }
}

/// A file of the journal that is to be filled with zeros, so that no later sync of it has to
/// write more than what was committed.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Preparation {
    index: usize,
    path: PathBuf,
}

/// A file that was.
#[derive(Debug)]
pub(crate) struct Prepared {
    index: usize,
    file: File,
}

impl Preparation {
    /// Makes the file.
    pub(crate) fn run(self) -> Result<Prepared, StoreError> {
        let Self { index, path } = self;
        let filled = fill(&path, file_bytes(index)).inspect_err(|_| {
            // What was filled of it may be all that is left of the disk.
            let _ = fs::remove_file(&path);
        });
        Ok(Prepared {
            index,
            file: filled?,
        })
    }
}

fn fill(path: &Path, length: u64) -> Result<File, StoreError> {
    let mut file = make(path)?;
    let zeros = vec![0; ZEROS_BYTES];
    let mut left = length;
    while left > 0 {
        let piece = left.min(ZEROS_BYTES as u64);
        let piece = zeros.get(..usize::try_from(piece).unwrap_or_default());
        let piece = piece.unwrap_or_default();
        let written = file.write_all(piece);
        written.map_err(|error| failed("write", path, error))?;
        left -= piece.len() as u64;
    }
    let synced = file.sync_all();
    synced.map_err(|error| failed("sync", path, error))?;
    rewind(&mut file, path)?;
    Ok(file)
}

fn rewind(file: &mut File, path: &Path) -> Result<(), StoreError> {
    let sought = file.seek(SeekFrom::Start(0)).map(drop);
    sought.map_err(|error| failed("write", path, error))
}

/// Removes the journal of a database that has everything, durably: what is written to a new one
/// must not be mistaken for what was in the old one.
pub(crate) fn remove(home: &Path) -> Result<(), StoreError> {
    let mut any = false;
    for path in files(home) {
        match fs::remove_file(&path) {
            Ok(()) => any = true,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(failed("remove", &path, error)),
        }
    }
    if any {
        open::sync_directory(home)
    } else {
        Ok(())
    }
}

/// The files that a journal may have.
pub(crate) fn files(home: &Path) -> impl Iterator<Item = PathBuf> {
    (0..FILES).map(|index| path(home, index))
}

fn path(home: &Path, index: usize) -> PathBuf {
    home.join(format!("journal.{index}"))
}

/// Opens a file, and lets the directory know of it if it is new.
fn make(path: &Path) -> Result<File, StoreError> {
    let is_new = !path.exists();
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(path)
        .map_err(|error| failed("open", path, error))?;
    if is_new && let Some(home) = path.parent() {
        open::sync_directory(home)?;
    }
    Ok(file)
}

/// A journal that was left behind.
#[derive(Default)]
pub(crate) struct Left {
    /// All whole entries, in the order of their numbers.
    entries: Vec<Entry>,
    /// The newest frame that is known to have been acknowledged.
    acknowledged: u64,
    /// The newest frame of the database.
    newest: Option<u64>,
}

struct Entry {
    /// The number of the first frame, or of that which comes next if there is none.
    first: u64,
    /// The number after that of the last frame.
    end: u64,
    oldest: u64,
    /// Those that the database lacks.
    frames: Vec<(u64, Bytes)>,
}

/// How a journal continues a database.
#[derive(PartialEq, Eq, Debug, Default)]
pub(crate) struct Continuation {
    /// The oldest frame that was needed last; those before it are dead, wherever they are.
    pub(crate) oldest: u64,
    /// The frames that the database lacks.
    pub(crate) frames: Vec<(u64, Bytes)>,
}

/// A frame that was acknowledged is not there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Damaged(pub(crate) u64);

impl Left {
    /// Reads the journal that was left in `home`, if there is one, for a database whose newest frame
    /// is this one.
    pub(crate) fn read(home: &Path, newest: Option<u64>) -> Result<Self, StoreError> {
        let mut left = Self {
            newest,
            ..Self::default()
        };
        for path in files(home) {
            match fs::read(&path) {
                Ok(bytes) => left.add_file(&bytes.into()),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(failed("read", &path, error)),
            }
        }
        left.entries.sort_by_key(|entry| (entry.first, entry.end));
        Ok(left)
    }

    /// How it continues the database.
    ///
    /// It ends with the latest entry before which nothing is missing that was needed when it was
    /// written. What that needed tells which frames, older or missing, are dead.
    pub(crate) fn continuation(self) -> Result<Continuation, Damaged> {
        let next = self.newest.map_or(FIRST_FRAME, |newest| newest + 1);
        let mut found = None;
        let mut end = next;
        // Where the frames begin that lead up to the entry without a gap.
        let mut begin = 0;
        for (index, entry) in self.entries.iter().enumerate() {
            if index == 0 || entry.first != end {
                begin = entry.first;
            }
            end = entry.end;
            if begin <= next.max(entry.oldest) {
                found = Some((index, entry.oldest, end));
            }
        }
        let Some((last, oldest, end)) = found else {
            return Continuation::default().unless_acknowledged(self.acknowledged, next);
        };
        let entries = self.entries.into_iter().take(last + 1);
        let frames = entries.flat_map(|entry| entry.frames);
        let continuation = Continuation {
            oldest,
            frames: frames.filter(|(number, _)| *number >= oldest).collect(),
        };
        continuation.unless_acknowledged(self.acknowledged, end.max(next))
    }

    fn add_file(&mut self, bytes: &Bytes) {
        let mut position = 0;
        while let Some(found) = memmem::find(bytes.get(position..).unwrap_or_default(), MARK) {
            let start = position + found;
            position = match read_entry(&bytes.slice(start..), self.newest) {
                Some((header, entry)) => {
                    self.acknowledged = self.acknowledged.max(header.acknowledged);
                    self.entries.push(entry);
                    start + header.entry_bytes()
                }
                None => start + 1,
            };
        }
    }
}

impl Continuation {
    /// `next` is the first frame that there is not.
    fn unless_acknowledged(self, acknowledged: u64, next: u64) -> Result<Self, Damaged> {
        if next <= acknowledged {
            return Err(Damaged(next));
        }
        Ok(self)
    }
}

/// Reads an entry that is whole, and of its frames those that are newer than this one.
fn read_entry(bytes: &Bytes, newest: Option<u64>) -> Option<(EntryHeader, Entry)> {
    let header = EntryHeader::read(bytes)?;
    let end = header.entry_bytes();
    if end > bytes.len() {
        return None;
    }
    let mut frames = Vec::new();
    let mut number = header.first;
    let mut start = HEADER_BYTES;
    while start < end {
        let frame = read_frame(number, &bytes.slice(start..end))?;
        start += frame.len();
        if Some(number) > newest {
            // A slice would keep the bytes of the whole file.
            frames.push((number, Bytes::copy_from_slice(&frame)));
        }
        number += 1;
    }
    let entry = Entry {
        first: header.first,
        end: number,
        oldest: header.oldest,
        frames,
    };
    Some((header, entry))
}

/// The whole frame at the beginning of these bytes.
fn read_frame(number: u64, bytes: &Bytes) -> Option<Bytes> {
    let length = Header::read(bytes).ok()?.frame_bytes();
    let frame = (length <= bytes.len()).then(|| bytes.slice(..length))?;
    let mut records = FrameReader::new(number, frame.clone()).ok()?;
    records.all(|record| record.is_ok()).then_some(frame)
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct EntryHeader {
    first: u64,
    oldest: u64,
    acknowledged: u64,
    length: u32,
}

impl EntryHeader {
    fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        bytes.extend(MARK);
        bytes.extend(self.first.to_le_bytes());
        bytes.extend(self.oldest.to_le_bytes());
        bytes.extend(self.acknowledged.to_le_bytes());
        bytes.extend(self.length.to_le_bytes());
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        bytes
    }

    /// The length of the whole entry.
    fn entry_bytes(&self) -> usize {
        usize::try_from(self.length).map_or(usize::MAX, |length| HEADER_BYTES + length)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (mark, rest) = bytes.split_first_chunk::<8>()?;
        let (first, rest) = rest.split_first_chunk()?;
        let (oldest, rest) = rest.split_first_chunk()?;
        let (acknowledged, rest) = rest.split_first_chunk()?;
        let (length, _) = rest.split_first_chunk()?;
        let header = Self {
            first: u64::from_le_bytes(*first),
            oldest: u64::from_le_bytes(*oldest),
            acknowledged: u64::from_le_bytes(*acknowledged),
            length: u32::from_le_bytes(*length),
        };
        let is_right = mark == MARK && bytes.get(..HEADER_BYTES)? == header.to_bytes();
        is_right.then_some(header)
    }
}

const MARK: &[u8; 8] = b"QRJRNL\0\x01";
const HEADER_BYTES: usize = 40;
/// What is written at once when a file is prepared.
const ZEROS_BYTES: usize = 256 * 1024;
/// What is kept of a buffer that was larger.
const BUFFER_BYTES_KEPT: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use std::fs;

    use queuerite_model::Timestamp;

    use super::*;
    use crate::frame::FrameBuilder;
    use crate::samples::message;

    const NOW: Timestamp = Timestamp::from_unix(1_700_000_000, 0);

    fn frame(number: u64) -> Vec<u8> {
        let mut frame = FrameBuilder::new(number, Vec::new());
        frame.push(&message(number, &format!("text {number}")));
        frame.seal(NOW);
        frame.into_buffer()
    }

    fn make_ready(journal: &mut Journal) {
        if !journal.is_ready() {
            journal.take(journal.to_prepare().unwrap().run().unwrap());
        }
    }

    /// Goes on with a file of its own.
    fn advance(journal: &mut Journal) {
        let index = journal.current + 1;
        let path = path(&journal.home, index);
        journal.take(Preparation { index, path }.run().unwrap());
        journal.advance().unwrap();
        assert_eq!(journal.current, index);
    }

    /// A commit of the frames from `first` to `newest`.
    fn commit(journal: &mut Journal, first: u64, newest: u64, oldest: u64) {
        make_ready(journal);
        for number in first..=newest {
            journal.push(&frame(number));
        }
        journal.write(first, newest, oldest).unwrap();
        journal.sync(newest, Durability::Fsync).unwrap();
    }

    fn numbers(continuation: Result<Continuation, Damaged>) -> Vec<u64> {
        let frames = continuation.unwrap().frames;
        for (number, bytes) in &frames {
            assert_eq!(*bytes, frame(*number));
        }
        frames.into_iter().map(|(number, _)| number).collect()
    }

    #[test]
    fn what_was_written_is_read_and_continues_what_sled_has() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path();
        assert_eq!(numbers(Left::read(home, None).unwrap().continuation()), []);
        assert_eq!(
            numbers(Left::read(home, Some(7)).unwrap().continuation()),
            []
        );
        let mut journal = Journal::new(home, None);
        commit(&mut journal, 1, 3, 1);
        commit(&mut journal, 4, 4, 1);
        advance(&mut journal);
        commit(&mut journal, 5, 6, 2);
        let after = |newest| Left::read(home, newest).unwrap().continuation();
        assert_eq!(numbers(after(None)), [2, 3, 4, 5, 6]);
        assert_eq!(numbers(after(Some(3))), [4, 5, 6]);
        assert_eq!(numbers(after(Some(6))), []);
        assert_eq!(numbers(after(Some(9))), []);
        remove(home).unwrap();
        assert_eq!(after(Some(9)), Ok(Continuation::default()));
    }

    #[test]
    fn frames_that_were_needed_no_more_may_be_missing() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = Journal::new(dir.path(), Some(9));
        commit(&mut journal, 10, 12, 5);
        let left = |newest| Left::read(dir.path(), newest).unwrap().continuation();
        assert_eq!(left(Some(4)), Err(Damaged(5)));
        assert_eq!(numbers(left(Some(9))), [10, 11, 12]);
        journal.rewind().unwrap();
        commit(&mut journal, 20, 21, 20);
        assert_eq!(left(Some(9)).unwrap().oldest, 20);
        assert_eq!(numbers(left(Some(9))), [20, 21]);
    }

    #[test]
    fn what_is_dead_is_told_by_the_last_entry_that_counts() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = Journal::new(dir.path(), None);
        let write = |journal: &mut Journal, first, newest, oldest| {
            make_ready(journal);
            for number in first..=newest {
                journal.push(&frame(number));
            }
            // Never acknowledged, as in the middle of a commit.
            journal.write(first, newest, oldest).unwrap();
        };
        write(&mut journal, 40, 44, 20);
        write(&mut journal, 45, 49, 44);
        write(&mut journal, 50, 54, 46);
        let after = |newest| {
            let left = Left::read(dir.path(), newest).unwrap();
            left.continuation().unwrap()
        };
        let begin = |newest| {
            let continuation = after(newest);
            (
                continuation.oldest,
                continuation.frames.first().map(|(number, _)| *number),
            )
        };
        assert_eq!(begin(Some(39)), (46, Some(46)));
        assert_eq!(begin(Some(48)), (46, Some(49)));
        assert_eq!(begin(Some(60)), (46, None));
        // What is missing before 40 was needed by the first entry, but not by the second.
        assert_eq!(begin(Some(30)), (46, Some(46)));
        advance(&mut journal);
        write(&mut journal, 60, 64, 52);
        // 55 to 59 are missing, and were needed; what comes after them says nothing.
        assert_eq!(begin(Some(30)), (46, Some(46)));
        assert_eq!(after(Some(30)).frames.len(), 9);
        assert_eq!(begin(Some(59)), (52, Some(60)));
    }

    #[test]
    fn a_file_that_is_written_over_takes_nothing_with_it_that_is_needed() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = Journal::new(dir.path(), None);
        for number in 1..=20 {
            commit(&mut journal, number, number, 1);
        }
        advance(&mut journal);
        for number in 21..=40 {
            commit(&mut journal, number, number, 10);
        }
        // All up to 20 have died meanwhile, so the first file is free.
        journal.tell_oldest(41, 25, Durability::Fsync).unwrap();
        let told = journal.position;
        journal.tell_oldest(41, 25, Durability::Fsync).unwrap();
        assert_eq!(journal.position, told, "once is enough");
        journal.advance().unwrap();
        let whole = fs::read(path(dir.path(), 0)).unwrap();
        commit(&mut journal, 41, 45, 25);
        let written = fs::read(path(dir.path(), 0)).unwrap();
        let end = usize::try_from(journal.position).unwrap();
        for length in 0..=end {
            let torn = [&written[..length], &whole[length..]].concat();
            fs::write(path(dir.path(), 0), torn).unwrap();
            let left = Left::read(dir.path(), None).unwrap().continuation();
            let last = if length < end { 40 } else { 45 };
            assert_eq!(numbers(left), (25..=last).collect::<Vec<_>>(), "{length}");
        }
    }

    #[test]
    fn what_an_earlier_pass_left_behind_does_not_count() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = Journal::new(dir.path(), None);
        for number in 1..=20 {
            commit(&mut journal, number, number, 1);
        }
        journal.rewind().unwrap();
        commit(&mut journal, 21, 22, 1);
        let left = Left::read(dir.path(), Some(20)).unwrap();
        assert_eq!(numbers(left.continuation()), [21, 22]);
    }

    #[test]
    fn every_cut_ends_the_journal_before_what_is_not_whole() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = Journal::new(dir.path(), None);
        commit(&mut journal, 1, 2, 1);
        let first = journal.position;
        commit(&mut journal, 3, 4, 1);
        let mut whole = fs::read(path(dir.path(), 0)).unwrap();
        whole.truncate(usize::try_from(journal.position).unwrap());
        for length in 0..=whole.len() {
            fs::write(path(dir.path(), 0), &whole[..length]).unwrap();
            let left = Left::read(dir.path(), None).unwrap().continuation();
            let expected: &[u64] = match length as u64 {
                length if length < first => &[],
                _ if length < whole.len() => &[1, 2],
                _ => &[1, 2, 3, 4],
            };
            assert_eq!(numbers(left), expected, "{length}");
        }
    }

    #[test]
    fn every_damaged_byte_is_seen_if_a_later_entry_knows_that_it_was_acknowledged() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = Journal::new(dir.path(), None);
        commit(&mut journal, 1, 1, 1);
        commit(&mut journal, 2, 3, 1);
        let synced = journal.position;
        commit(&mut journal, 4, 4, 1);
        let mut whole = fs::read(path(dir.path(), 0)).unwrap();
        whole.truncate(usize::try_from(journal.position).unwrap());
        for byte in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[byte] ^= 1 << (byte % 8);
            fs::write(path(dir.path(), 0), bytes).unwrap();
            let left = Left::read(dir.path(), None).unwrap().continuation();
            if (byte as u64) < synced {
                assert!(left.is_err(), "byte {byte}");
            } else {
                assert_eq!(numbers(left), [1, 2, 3], "byte {byte}");
            }
        }
    }

    #[test]
    fn files_are_prepared_before_they_are_needed_and_keep_their_length() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = Journal::new(dir.path(), None);
        let first = journal.to_prepare().unwrap();
        assert_eq!(first.path, path(dir.path(), 0));
        journal.take(first.run().unwrap());
        assert!(journal.is_ready());
        assert_eq!(journal.to_prepare(), None);
        let mut number = 0;
        let second = loop {
            if let Some(preparation) = journal.to_prepare() {
                break preparation;
            }
            number += 1;
            commit(&mut journal, number, number, 1);
        };
        assert!(journal.fits(usize::try_from(FIRST_FILE_BYTES / 2).unwrap()));
        assert!(!journal.fits(usize::try_from(FIRST_FILE_BYTES).unwrap()));
        journal.take(second.run().unwrap());
        assert_eq!(journal.to_prepare(), None);
        journal.advance().unwrap();
        commit(&mut journal, number + 1, number + 2, 1);
        let length = |index| fs::metadata(path(dir.path(), index)).unwrap().len();
        assert_eq!((length(0), length(1)), (FIRST_FILE_BYTES, FILE_BYTES));
        let left = Left::read(dir.path(), Some(number)).unwrap().continuation();
        assert_eq!(numbers(left), [number + 1, number + 2]);
    }
}
