//! The store on disk: a log of frames in sled.

use std::path::Path;

use bytes::Bytes;
use queuerite_engine::{Change, Released, TextRef};
use queuerite_model::{MessageText, Timestamp};

use crate::database::Database;
use crate::frame::{
    self, FRAME_BYTES_MAX, FRAME_BYTES_USUAL, FrameBuilder, FrameError, FrameReader,
};
use crate::high_water::{self, HighWater};
use crate::ledger::{self, Ledger};
use crate::lock::LockFile;
use crate::newest::NewestSegments;
use crate::replay::{self, Replayed};
use crate::resident::Resident;
use crate::room::Room;
use crate::rows;
use crate::{Durability, Store, StoreError, open};

/// How a [`SledStore`] is to be opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SledOptions {
    /// What an acknowledgement promises.
    pub durability: Durability,
    /// How many bytes sled may keep in memory.
    pub cache_bytes: u64,
    /// How many bytes the frames may have, beyond one and a half times what is live in them, before
    /// [`Store::relocatable`] asks for the oldest to be written anew.
    pub dead_bytes_max: u64,
}

impl SledOptions {
    /// Sled's cache unless told otherwise: at a depth of a thousand messages more gains nothing.
    pub const CACHE_BYTES_DEFAULT: u64 = 64 * 1024 * 1024;
    /// The slack in front of relocation unless told otherwise: two of sled's segments.
    pub const DEAD_BYTES_MAX_DEFAULT: u64 = 16 * 1024 * 1024;
}

impl Default for SledOptions {
    fn default() -> Self {
        Self {
            durability: Durability::default(),
            cache_bytes: Self::CACHE_BYTES_DEFAULT,
            dead_bytes_max: Self::DEAD_BYTES_MAX_DEFAULT,
        }
    }
}

/// Most frames that one [`Store::reclaim`] removes, so that nobody waits for it long; unless
/// more than half as many were committed since the last one, for it has to keep ahead of them.
pub const RECLAIMED_FRAMES_MAX: usize = 64;

/// A store in a directory of the file system, for one process at a time.
pub struct SledStore {
    database: Database,
    durability: Durability,
    dead_bytes_max: u64,
    /// The frames that the next commit writes; the last one is being filled.
    staged: Vec<FrameBuilder>,
    /// Buffers of earlier frames, to be used again.
    spare: Vec<Vec<u8>>,
    newest: Option<u64>,
    last_commit: Option<Timestamp>,
    ledger: Ledger,
    room: Room,
    high_water: HighWater,
    resident: Resident,
    /// What was committed since the last [`Store::reclaim`].
    fresh: Fresh,
    /// How often in a row [`Store::reclaim`] found nothing to remove.
    quiet: u32,
    /// How many bytes may yet be written for no other reason than to let sled shorten its file.
    push_bytes: u64,
    /// Last, because fields are dropped in order.
    _lock: LockFile,
}

impl SledStore {
    /// Opens the store in `dir`, which is made if it does not exist, and shows every change
    /// that it holds, in order, with its place.
    ///
    /// The caller [releases](Store::release) afterwards whatever complete records turned out to
    /// be superseded or ended. If this fails, what was replayed is not to be used.
    pub fn open(
        dir: &Path,
        options: SledOptions,
        replay: &mut dyn FnMut(Change, TextRef),
    ) -> Result<Self, StoreError> {
        open::make_directory(dir)?;
        let lock = LockFile::take(&dir.join("lock"))?;
        open::settle(dir)?;
        let mark = dir.join(high_water::FILE_NAME);
        if !open::exists(dir)? {
            refuse_to_begin_anew(dir, &mark)?;
            HighWater::remove(&mark)?;
            open::create(dir, options.cache_bytes)?;
        }
        let segments = NewestSegments::remember(dir);
        let opened = open::open(dir, options.cache_bytes).and_then(|database| {
            let replayed = replay::replay(&database, replay)?;
            replay::require(&database, replayed.newest, HighWater::read(&mark)?, &mark)?;
            Ok((database, replayed))
        });
        if let Err(StoreError::Corrupt { .. }) = opened {
            segments.set_aside(dir)?;
        }
        drop(segments);
        let (database, replayed) = opened?;
        NewestSegments::forget(dir)?;
        open::remove_directory(&dir.join(open::PREVIOUS))?;
        let Replayed {
            newest,
            last_commit,
            ledger,
        } = replayed;
        // What was replayed may have been written just before a sudden end, and never synced.
        database.sync(Durability::Fsync)?;
        let mut high_water = HighWater::open(&mark)?;
        newest.map_or(Ok(()), |newest| high_water.write(newest))?;
        let room = Room::around(&database.file_path());
        Ok(Self {
            database,
            durability: options.durability,
            dead_bytes_max: options.dead_bytes_max,
            staged: Vec::new(),
            spare: Vec::new(),
            newest,
            last_commit,
            ledger,
            room,
            high_water,
            resident: Resident::default(),
            fresh: Fresh::default(),
            quiet: 0,
            push_bytes: PUSH_BYTES_MAX,
            _lock: lock,
        })
    }

    /// The time of the last commit, in this process or an earlier one. The clock that tells
    /// the next must not be behind it.
    pub const fn last_commit(&self) -> Option<Timestamp> {
        self.last_commit
    }

    /// How many bytes the stored frames have, live and dead. The files of the database are
    /// larger, by as much as sled has not yet collected.
    pub const fn frame_bytes(&self) -> u64 {
        self.ledger.frame_bytes()
    }

    /// How many bytes of the frames are complete records that are still needed.
    pub const fn live_bytes(&self) -> u64 {
        self.ledger.live_bytes()
    }

    /// The number of the frame after `self.newest` and all that are staged.
    fn next_number(&self) -> u64 {
        let last = self.staged.last().map(FrameBuilder::number);
        last.or(self.newest).map_or(FIRST_FRAME, |last| last + 1)
    }

    fn begin_frame(&mut self) -> FrameBuilder {
        let buffer = self.spare.pop().unwrap_or_default();
        FrameBuilder::new(self.next_number(), buffer)
    }

    /// Counts what an operation staged, once its places are final.
    fn enter(ledger: &mut Ledger, frame: &FrameBuilder, changes: &[Change], places: &[TextRef]) {
        for (change, place) in changes.iter().zip(places) {
            let bytes = match change {
                Change::MessageWritten { .. } => ledger::message_bytes(*place),
                _ => frame::record_bytes(frame.bytes(), *place).into(),
            };
            ledger.add(change, *place, bytes);
        }
    }

    /// The frame as it is stored; `None` if there is none of this number.
    fn stored_frame(&self, number: u64) -> Result<Option<sled::IVec>, StoreError> {
        self.database.get(&number.to_be_bytes())
    }

    /// The frame as it is stored, which it has to be.
    fn needed_frame(&self, number: u64) -> Result<sled::IVec, StoreError> {
        self.stored_frame(number)?
            .ok_or_else(|| self.corrupt(number, "it is missing"))
    }

    fn corrupt(&self, number: u64, reason: impl std::fmt::Display) -> StoreError {
        replay::corrupt(&self.database, number, reason)
    }

    /// Appends the complete records of a stored frame, live and dead.
    fn complete_records(
        &self,
        number: u64,
        records: &mut Vec<(Change, TextRef)>,
    ) -> Result<(), StoreError> {
        let frame = self.needed_frame(number)?;
        let failed = |reason: FrameError| self.corrupt(number, reason);
        let stored = FrameReader::new(number, Bytes::from_owner(frame)).map_err(failed)?;
        for record in stored {
            let record = record.map_err(failed)?;
            if rows::is_complete(&record.change) {
                records.push((record.change, record.place));
            }
        }
        Ok(())
    }

    /// Lets sled shorten its file when there is little left to keep in it.
    ///
    /// Sled gives a segment back only after the segment in which the last of its pages were
    /// written anew is full. After a backlog was worked off nobody writes that much for a long
    /// time, so this does: it sets the newest frame's time of commit on by a tick, and back, as
    /// often as it takes. Sled would pass over a value that is the same.
    fn push_log(&mut self, most: u64) -> Result<(), StoreError> {
        let needed = 2 * self.ledger.frame_bytes() + FILE_BYTES_SLACK;
        let Some(newest) = self.newest else {
            return Ok(());
        };
        if self.push_bytes == 0 || self.database.file_bytes()? <= needed {
            return Ok(());
        }
        let key = newest.to_be_bytes();
        let frame = self.needed_frame(newest)?;
        let now = self.last_commit.unwrap_or_default();
        let later = frame::resealed(&frame, now.plus_ticks(1));
        let later = later.map_err(|reason| self.corrupt(newest, reason))?;
        let bytes = 2 * (frame.len() as u64 + ENTRY_BYTES);
        for _ in 0..most.div_ceil(bytes).min(most / PUSH_BYTES_MIN) {
            self.database.insert(&key, &later)?;
            self.database.insert(&key, &frame)?;
            self.push_bytes = self.push_bytes.saturating_sub(bytes);
        }
        self.database.sync(self.durability)
    }

    fn is_mostly_dead(&self) -> bool {
        let live = self.ledger.live_bytes();
        let bound = live.saturating_add(live / LIVE_TO_DEAD_MIN);
        self.ledger.frame_bytes() > bound.saturating_add(self.dead_bytes_max)
    }
}

/// What was committed lately.
#[derive(Default)]
struct Fresh {
    frames: usize,
    bytes: u64,
}

/// A database that is gone is no new one, if something was acknowledged.
fn refuse_to_begin_anew(dir: &Path, mark: &Path) -> Result<(), StoreError> {
    match HighWater::read(mark)? {
        None => Ok(()),
        Some(number) => Err(StoreError::Corrupt {
            path: dir.join(open::HOME),
            reason: format!("it is missing, but frame {number} was acknowledged"),
        }),
    }
}

/// What a change adds for good, as far as the room for it is concerned. What ends something, or
/// only moves a message in time, adds nothing: it is the way out of a full disk.
fn grows_by(change: &Change) -> Option<u64> {
    match change {
        Change::MessageWritten { text, .. } => {
            Some((text.len() + rows::MESSAGE_OVERHEAD_BYTES) as u64)
        }
        Change::QueueWritten { .. } | Change::PropertiesWritten { .. } => Some(OTHER_BYTES_MAX),
        Change::QueueDeleted { .. }
        | Change::MessagesDelivered { .. }
        | Change::MessageRescheduled { .. }
        | Change::MessageDeleted { .. }
        | Change::MessagesCleared { .. } => None,
    }
}

/// What a queue or the properties of an account hardly exceed.
const OTHER_BYTES_MAX: u64 = 16 * 1024;

/// How much of a commit is written before it is synced, if it is longer. Sled uses a segment
/// again once what it held was written elsewhere, be that on the device or not; with less than a
/// segment between two syncs, that is never before it is.
const UNSYNCED_BYTES_MAX: usize = 2 * 1024 * 1024;

/// The number of the first frame of a new database.
const FIRST_FRAME: u64 = 1;

/// How many times what is dead the live has to be, or what is dead must be less than the slack.
/// One would write less; but sled takes up to twice the frames' bytes on top.
const LIVE_TO_DEAD_MIN: u64 = 2;

/// How many bytes of frames are looked through at once for what is to move.
const RELOCATED_BYTES_MIN: u64 = 256 * 1024;

/// How many times what was committed meanwhile, if that is more: it has to keep ahead of those
/// who leave dead space behind.
const RELOCATED_TO_FRESH: u64 = 4;

/// How many frames are removed if nothing was committed meanwhile.
const RECLAIMED_FRAMES_WHEN_IDLE: usize = 512;

/// What has to be committed between two [`Store::reclaim`]s to move sled's log by itself.
const BUSY_BYTES_MIN: u64 = 64 * 1024;

/// After how many calls without anything to remove a backlog counts as worked off, though there
/// is a little to do.
const QUIET_MIN: u32 = 64;

/// What sled's file may take, besides twice the frames' bytes, before its log is pushed.
const FILE_BYTES_SLACK: u64 = 48 * 1024 * 1024;

/// How far one [`Store::reclaim`] pushes the log if nobody wants anything; an eighth of it if
/// somebody wants little.
const PUSH_BYTES: u64 = 2 * 1024 * 1024;

/// What a step counts for at least, so that there are not too many if the newest frame is short.
const PUSH_BYTES_MIN: u64 = 1024;

/// How far the log is pushed in all: twelve segments, if meanwhile nothing was dropped. Every
/// dropped byte allows for half a byte more.
const PUSH_BYTES_MAX: u64 = 96 * 1024 * 1024;

/// What sled writes of its own for each value, roughly.
const ENTRY_BYTES: u64 = 64;

/// How many buffers are kept for later frames.
const SPARE_BUFFERS_MAX: usize = 16;

impl Store for SledStore {
    fn admit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        self.database.check()?;
        match changes.iter().filter_map(grows_by).sum() {
            0 => Ok(()),
            bytes => self.room.take(bytes, self.ledger.frame_bytes()),
        }
    }

    fn stage(&mut self, changes: &[Change], places: &mut Vec<TextRef>) -> Result<(), StoreError> {
        self.database.check()?;
        if changes.is_empty() {
            return Ok(());
        }
        let mut frame = match self.staged.pop() {
            Some(frame) => frame,
            None => self.begin_frame(),
        };
        let mark = frame.mark();
        let first_place = places.len();
        places.extend(changes.iter().map(|change| frame.push(change)));

        let is_first = mark == FrameBuilder::FIRST;
        if frame.len() > FRAME_BYTES_MAX || frame.len() > FRAME_BYTES_USUAL && !is_first {
            let next = frame.split_off(mark, self.spare.pop().unwrap_or_default());
            let bytes = next.len();
            if bytes > FRAME_BYTES_MAX {
                places.truncate(first_place);
                if !frame.is_empty() {
                    self.staged.push(frame);
                }
                return Err(StoreError::OperationTooLong {
                    bytes,
                    limit: FRAME_BYTES_MAX,
                });
            }
            for place in places.iter_mut().skip(first_place) {
                *place = mark.moved(*place);
            }
            self.staged.push(frame);
            frame = next;
        }
        let placed = places.get(first_place..).unwrap_or_default();
        Self::enter(&mut self.ledger, &frame, changes, placed);
        self.staged.push(frame);
        Ok(())
    }

    fn commit(&mut self, now: Timestamp) -> Result<(), StoreError> {
        self.database.check()?;
        let Some(newest) = self.staged.last().map(FrameBuilder::number) else {
            return Ok(());
        };
        let durability = match self.newest {
            // At every level, so that never an empty database is taken for all there was.
            None => Durability::Fsync,
            Some(_) => self.durability,
        };
        let mut unsynced = 0;
        for frame in &mut self.staged {
            if unsynced > UNSYNCED_BYTES_MAX {
                self.database.sync(durability)?;
                unsynced = 0;
            }
            unsynced += frame.len();
            let number = frame.number();
            self.database
                .insert(&number.to_be_bytes(), frame.seal(now))?;
        }
        self.database.sync(durability)?;
        if durability == Durability::Fsync {
            self.database.or_give_up(self.high_water.write(newest))?;
        }
        for frame in self.staged.drain(..) {
            self.ledger.store(frame.number(), frame.len());
            self.resident
                .touch(&self.database, frame.number(), frame.len());
            self.fresh.frames += 1;
            self.fresh.bytes += frame.len() as u64;
            if self.spare.len() < SPARE_BUFFERS_MAX {
                self.spare.push(frame.into_buffer());
            }
        }
        self.newest = Some(newest);
        self.last_commit = Some(now);
        Ok(())
    }

    fn read(&self, place: TextRef) -> Result<MessageText, StoreError> {
        let staged = self.staged.first().map(FrameBuilder::number);
        let index = staged.and_then(|first| place.frame.checked_sub(first));
        let text = if let Some(index) = index {
            let index = usize::try_from(index).ok();
            let frame = index.and_then(|index| self.staged.get(index));
            frame.map(|frame| copied_text(frame.bytes(), place))
        } else {
            let frame = self.stored_frame(place.frame)?;
            let bytes = frame.as_ref().map_or(0, |frame| frame.len());
            self.resident.touch(&self.database, place.frame, bytes);
            frame.map(|frame| copied_text(&frame, place))
        };
        text.ok_or_else(|| self.corrupt(place.frame, "it is missing"))?
            .map_err(|reason| self.corrupt(place.frame, reason))
    }

    fn release(&mut self, released: Released) {
        self.ledger.release(released.0);
    }

    fn reclaim(&mut self) -> Result<(), StoreError> {
        self.database.check()?;
        if !self.staged.is_empty() {
            // What was released may have been released by what is not yet committed.
            return Ok(());
        }
        let fresh = std::mem::take(&mut self.fresh);
        let most = if fresh.frames == 0 {
            RECLAIMED_FRAMES_WHEN_IDLE
        } else {
            RECLAIMED_FRAMES_MAX.max(2 * fresh.frames)
        };
        for _ in 0..most {
            match self.ledger.oldest() {
                // The newest stays: it knows its number and the time of the last commit.
                Some(oldest) if self.newest > Some(oldest) && self.ledger.live_in_oldest() == 0 => {
                    self.database.remove(&oldest.to_be_bytes())?;
                    let bytes = self.ledger.drop_oldest();
                    self.push_bytes = PUSH_BYTES_MAX.min(self.push_bytes + bytes / 2);
                    self.quiet = 0;
                }
                _ => break,
            }
        }
        self.quiet = self.quiet.saturating_add(1);
        if fresh.frames == 0 {
            self.push_log(PUSH_BYTES)
        } else if fresh.bytes < BUSY_BYTES_MIN && self.quiet > QUIET_MIN {
            self.push_log(PUSH_BYTES / 8)
        } else {
            Ok(())
        }
    }

    fn relocatable(&self) -> Result<Vec<(Change, TextRef)>, StoreError> {
        self.database.check()?;
        let Some(oldest) = self.ledger.oldest().filter(|_| self.is_mostly_dead()) else {
            return Ok(Vec::new());
        };
        let mut records = Vec::new();
        let mut bytes = 0;
        let most = RELOCATED_BYTES_MIN.max(RELOCATED_TO_FRESH * self.fresh.bytes);
        for number in oldest..self.newest.unwrap_or_default() {
            bytes += self.ledger.bytes(number);
            if number > oldest && bytes > most {
                break;
            }
            if self.ledger.live(number) > 0 {
                self.complete_records(number, &mut records)?;
            }
        }
        Ok(records)
    }
}

impl Drop for SledStore {
    /// An orderly end leaves everything on disk, whatever the durability, and remembers it.
    fn drop(&mut self) {
        if let Some(newest) = self.newest
            && self.durability != Durability::Fsync
            && self.database.sync(Durability::Fsync).is_ok()
            && let Err(error) = self.high_water.write(newest)
        {
            tracing::warn!(%error, "what was stored last is not noted as stored");
        }
    }
}

/// The text at `place`, copied out of its frame: a text that shared the frame's bytes would keep
/// all 96 KiB of them in memory for as long as one slow client takes to read its answer.
fn copied_text(frame: &[u8], place: TextRef) -> Result<MessageText, rows::RowError> {
    let text = Bytes::copy_from_slice(frame::text(frame, place)?);
    MessageText::from_utf8(text).ok_or(rows::RowError::Impossible("message text"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::message;

    const NOW: Timestamp = Timestamp::from_unix(1_700_000_000, 0);

    #[test]
    fn frames_are_short_unless_one_operation_is_long() {
        let dir = tempfile::tempdir().unwrap();
        let ignore: &mut dyn FnMut(Change, TextRef) = &mut |_, _| {};
        let mut store = SledStore::open(dir.path(), SledOptions::default(), ignore).unwrap();
        let mut places = Vec::new();
        for id in 0..100 {
            let change = message(id, &"t".repeat(1024));
            store.stage(&[change], &mut places).unwrap();
        }
        store
            .stage(&[message(100, &"t".repeat(60_000))], &mut places)
            .unwrap();
        let lengths: Vec<_> = store.staged.iter().map(FrameBuilder::len).collect();
        let (last, others) = lengths.split_last().unwrap();
        assert!(others.len() > 5);
        assert!(others.iter().all(|length| *length <= FRAME_BYTES_USUAL));
        assert!(*last > 60_000);
        store.commit(NOW).unwrap();
        for place in places {
            store.read(place).unwrap();
        }
    }

    #[test]
    fn after_a_failed_sync_nothing_is_written_and_everything_is_still_read() {
        let dir = tempfile::tempdir().unwrap();
        let ignore: &mut dyn FnMut(Change, TextRef) = &mut |_, _| {};
        let mut store = SledStore::open(dir.path(), SledOptions::default(), ignore).unwrap();
        let mut places = Vec::new();
        store.stage(&[message(1, "before")], &mut places).unwrap();
        store.commit(NOW).unwrap();
        store.stage(&[message(2, "during")], &mut places).unwrap();
        store.database.fail_next_sync();
        assert!(matches!(store.commit(NOW), Err(StoreError::Io { .. })));

        let poisoned = |result| matches!(result, Err(StoreError::Poisoned));
        assert!(poisoned(store.commit(NOW)), "a sync is never tried again");
        assert!(poisoned(store.stage(&[message(3, "after")], &mut places)));
        assert!(poisoned(store.reclaim()));
        assert!(poisoned(store.relocatable().map(drop)));
        assert_eq!(places.len(), 2);
        assert_eq!(store.read(places[0]).unwrap().as_str(), "before");
        assert_eq!(store.read(places[1]).unwrap().as_str(), "during");
        drop(store);

        // What was not acknowledged may be there or not; what was, must be.
        let mut replayed = Vec::new();
        let replay: &mut dyn FnMut(Change, TextRef) = &mut |change, _| replayed.push(change);
        SledStore::open(dir.path(), SledOptions::default(), replay).unwrap();
        assert_eq!(replayed[0], message(1, "before"));
    }
}
