//! The store on disk: a log of frames in sled.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use queuerite_engine::{Change, Released, TextRef};
use queuerite_model::{MessageText, Timestamp};

use crate::database::Database;
use crate::frame::{self, FIRST_FRAME, FRAME_BYTES_MAX, FrameBuilder, FrameError, FrameReader};
use crate::held::Held;
use crate::high_water::{self, HighWater};
use crate::journal::{self, Journal};
use crate::ledger::{self, Ledger};
use crate::lock::LockFile;
use crate::newest::NewestSegments;
use crate::replay::{self, Replayed};
use crate::resident::{self, Resident};
use crate::room::Room;
use crate::rows;
use crate::settler::{self, Settler};
use crate::{Durability, Store, StoreError, open};

/// How a [`SledStore`] is to be opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SledOptions {
    /// What an acknowledgement promises. [`Durability::None`] promises less than
    /// [`Durability::Flush`], but as less would not be faster, it is kept as that.
    pub durability: Durability,
    /// How many bytes sled may keep in memory.
    pub cache_bytes: u64,
    /// How many bytes of frames are held in memory before sled gets the oldest. A queue that is
    /// worked off in order and fits in here never gets that far.
    pub held_bytes_max: u64,
    /// How many bytes the frames may have, beyond one and a half times what is live in them, before
    /// [`Store::relocatable`] asks for the oldest to be written anew.
    pub dead_bytes_max: u64,
}

impl SledOptions {
    /// Sled's cache unless told otherwise: at a depth of a thousand messages more gains nothing.
    pub const CACHE_BYTES_DEFAULT: u64 = 64 * 1024 * 1024;
    /// What is held for sled unless told otherwise.
    pub const HELD_BYTES_MAX_DEFAULT: u64 = 8 * 1024 * 1024;
    /// The slack in front of relocation unless told otherwise: two of sled's segments.
    pub const DEAD_BYTES_MAX_DEFAULT: u64 = 16 * 1024 * 1024;
}

impl Default for SledOptions {
    fn default() -> Self {
        Self {
            durability: Durability::default(),
            cache_bytes: Self::CACHE_BYTES_DEFAULT,
            held_bytes_max: Self::HELD_BYTES_MAX_DEFAULT,
            dead_bytes_max: Self::DEAD_BYTES_MAX_DEFAULT,
        }
    }
}

/// Most frames that one [`Store::reclaim`] removes, so that nobody waits for it long; unless
/// more than half as many were committed since the last one, for it has to keep ahead of them.
pub const RECLAIMED_FRAMES_MAX: usize = 64;

/// A store in a directory of the file system, for one process at a time.
///
/// A commit goes into a journal. A thread of its own, the settler, moves what is in it into sled: the
/// oldest part while much is being committed, all of it when little is.
pub struct SledStore {
    /// Before the database, which it uses to the end.
    settler: Settler,
    database: Arc<Database>,
    journal: Journal,
    preparing: Preparing,
    durability: Durability,
    held_bytes_max: u64,
    dead_bytes_max: u64,
    /// How long a frame gets unless a single operation is longer.
    frame_bytes_usual: usize,
    /// The frames that the next commit writes; the last one is being filled.
    staged: Vec<FrameBuilder>,
    /// Buffers of earlier frames, to be used again.
    spare: Vec<Vec<u8>>,
    /// The frames that sled may not have yet.
    held: Held,
    /// The newest frame that sled has had on the device.
    in_sled: Option<u64>,
    newest: Option<u64>,
    last_commit: Option<Timestamp>,
    ledger: Ledger,
    room: Room,
    high_water: HighWater,
    resident: Resident,
    /// What was committed since the last [`Store::reclaim`].
    fresh: Fresh,
    /// How many bytes of frames were removed from sled since it was last synced.
    removed_bytes: u64,
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
        let (database, replayed) = if open::exists(dir)? {
            open_existing(dir, &mark, options.cache_bytes, replay)?
        } else {
            refuse_to_begin_anew(dir, &mark)?;
            HighWater::remove(&mark)?;
            (open::create(dir, options.cache_bytes)?, Replayed::nothing())
        };
        NewestSegments::forget(dir)?;
        open::remove_directory(&dir.join(open::PREVIOUS))?;
        let Replayed {
            newest,
            last_commit,
            ledger,
            dead,
            unsettled,
        } = replayed;
        for number in dead {
            database.remove(&number.to_be_bytes())?;
        }
        let resident = Resident::default();
        settler::insert_all(&database, &resident, Durability::Fsync, &unsettled)?;
        // What was replayed may have been written just before a sudden end, and never synced.
        database.sync(Durability::Fsync)?;
        journal::remove(database.path())?;
        let mut high_water = HighWater::open(&mark)?;
        newest.map_or(Ok(()), |newest| high_water.write(newest))?;
        let room = Room::around(&database.file_path());
        let journal = Journal::new(database.path(), newest);
        let database = Arc::new(database);
        let durability = match options.durability {
            Durability::None => Durability::Flush,
            other => other,
        };
        let settler = Settler::start(Arc::clone(&database), durability)?;
        Ok(Self {
            settler,
            database,
            journal,
            preparing: Preparing::Nothing,
            durability,
            held_bytes_max: options.held_bytes_max,
            dead_bytes_max: options.dead_bytes_max,
            frame_bytes_usual: resident::frame_bytes_usual(options.cache_bytes),
            staged: Vec::new(),
            spare: Vec::new(),
            held: Held::default(),
            in_sled: newest,
            newest,
            last_commit,
            ledger,
            room,
            high_water,
            resident,
            fresh: Fresh::default(),
            removed_bytes: 0,
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

    /// How many bytes of frames only the journal has, or is about to give to the database.
    pub const fn unsettled_bytes(&self) -> u64 {
        self.held.bytes()
    }

    /// Fails if an earlier write failed, here or behind the journal.
    fn check(&self) -> Result<(), StoreError> {
        self.settler.check()?;
        self.database.check()
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

    /// The frame as it was committed; `None` if there is none of this number.
    fn committed_frame(&self, number: u64) -> Result<Option<Bytes>, StoreError> {
        if let Some(frame) = self.held.get(number) {
            return Ok(Some(frame.clone()));
        }
        let frame = self.database.get(&number.to_be_bytes())?;
        Ok(frame.map(Bytes::from_owner))
    }

    /// The frame as it was committed, which it has to be.
    fn needed_frame(&self, number: u64) -> Result<Bytes, StoreError> {
        self.committed_frame(number)?
            .ok_or_else(|| self.corrupt(number, "it is missing"))
    }

    /// Writes everything staged, and makes it as durable as asked.
    fn write(&mut self, durability: Durability) -> Result<(), StoreError> {
        let staged = std::mem::take(&mut self.staged);
        let bytes: usize = staged.iter().map(FrameBuilder::len).sum();
        let mut waiting = staged.into_iter();
        let result = self.keep_up().and_then(|()| {
            if bytes > JOURNALED_BYTES_MAX {
                self.write_database(&mut waiting, durability)
            } else {
                self.write_journal(&mut waiting, durability)
            }
        });
        // After a failure these are still read.
        self.staged.extend(waiting);
        self.database.or_give_up(result)
    }

    /// Gives sled what would take longer to be written twice, after all that precedes it.
    fn write_database(
        &mut self,
        frames: &mut std::vec::IntoIter<FrameBuilder>,
        durability: Durability,
    ) -> Result<(), StoreError> {
        self.settler.wait()?;
        self.forget_settled();
        // By this thread, so that the sync below is the only one.
        let held = self.held.hand_over(u64::MAX);
        settler::insert_all(&self.database, &self.resident, durability, &held)?;
        let mut unsynced = 0;
        let mut written = Vec::new();
        while let Some(frame) = frames.as_slice().first() {
            if unsynced > settler::UNSYNCED_BYTES_MAX {
                self.database.sync(durability)?;
                unsynced = 0;
            }
            unsynced += frame.len();
            let number = frame.number();
            self.database.insert(&number.to_be_bytes(), frame.bytes())?;
            written.push((number, frame.len()));
            self.journal.acknowledge(number);
            self.spare
                .extend(frames.next().map(FrameBuilder::into_buffer));
        }
        self.spare.truncate(SPARE_BUFFERS_MAX);
        self.removed_bytes = 0;
        self.database.sync(durability)?;
        for (number, bytes) in written {
            self.in_sled = Some(number);
            self.resident.touch(&self.database, number, bytes);
        }
        self.held = Held::default();
        Ok(())
    }

    fn write_journal(
        &mut self,
        frames: &mut std::vec::IntoIter<FrameBuilder>,
        durability: Durability,
    ) -> Result<(), StoreError> {
        let Some(first) = frames.as_slice().first().map(FrameBuilder::number) else {
            return Ok(());
        };
        self.make_ready()?;
        let oldest = self.ledger.oldest().unwrap_or(first);
        let mut first = first;
        let mut newest = first;
        for frame in frames {
            newest = frame.number();
            if !self.journal.fits(frame.len()) {
                self.end_entry(first, newest - 1, oldest, durability)?;
                self.free_next_file()?;
                self.journal.tell_oldest(newest, oldest, durability)?;
                self.journal.advance()?;
                first = newest;
            }
            self.journal.push(frame.bytes());
            self.held
                .push(newest, Bytes::copy_from_slice(frame.bytes()));
            if self.spare.len() < SPARE_BUFFERS_MAX {
                self.spare.push(frame.into_buffer());
            }
        }
        self.end_entry(first, newest, oldest, durability)
    }

    fn end_entry(
        &mut self,
        first: u64,
        newest: u64,
        oldest: u64,
        durability: Durability,
    ) -> Result<(), StoreError> {
        self.journal.write(first, newest, oldest)?;
        self.journal.sync(newest, durability)
    }

    /// Has the next file of the journal prepared, if it will be needed soon and there is space.
    fn prepare_file(&mut self) {
        self.take_prepared();
        if matches!(self.preparing, Preparing::Nothing)
            && let Some(file) = self.journal.to_prepare()
            && (self.room.is_ample() || !self.journal.is_ready())
        {
            self.preparing = Preparing::Something;
            self.settler.prepare(file);
        }
    }

    fn take_prepared(&mut self) {
        match self.settler.prepared() {
            None => {}
            Some(Ok(file)) => {
                self.preparing = Preparing::Nothing;
                self.journal.take(file);
            }
            Some(Err(error)) => {
                tracing::debug!(%error, "the journal gets no more files");
                self.preparing = Preparing::Failed(error);
            }
        }
    }

    /// Waits until the next file of the journal is free: sled has what is in it, or it is dead.
    fn free_next_file(&mut self) -> Result<(), StoreError> {
        if matches!(self.preparing, Preparing::Something) {
            self.settler.wait()?;
            self.take_prepared();
        }
        let needed = self.held.first();
        if let Some(newest) = self.journal.in_next()
            && needed.is_some_and(|needed| needed <= newest)
        {
            self.settle_until(newest)?;
        }
        Ok(())
    }

    /// Has the first file of the journal made.
    fn make_ready(&mut self) -> Result<(), StoreError> {
        if self.journal.is_ready() {
            return Ok(());
        }
        self.prepare_file();
        self.settler.wait()?;
        self.take_prepared();
        match std::mem::replace(&mut self.preparing, Preparing::Nothing) {
            Preparing::Failed(error) => Err(error),
            _ => Ok(()),
        }
    }

    /// Forgets the frames that sled has by now.
    fn forget_settled(&mut self) {
        let settled = self.settler.settled();
        self.in_sled = self.in_sled.max(settled);
        self.held.forget(settled);
    }

    /// Hands the frames up to this one to the settler, but those that it has already.
    fn hand_over(&mut self, newest: u64) {
        let frames = self.held.hand_over(newest);
        if !frames.is_empty() {
            self.removed_bytes = 0;
            self.settler.settle(frames);
        }
    }

    /// Removes a dead frame from sled, if it is there and not on its way.
    fn remove_settled(&mut self, number: u64, fresh: &Fresh) -> Result<bool, StoreError> {
        if self.held.first() == Some(number) {
            return Ok(false);
        }
        // Long commits leave as much behind at once, and each of them syncs sled.
        if self.removed_bytes > REMOVED_BYTES_MAX.max(2 * fresh.bytes) {
            if fresh.frames > 0 {
                return Ok(false);
            }
            self.database.sync(self.durability)?;
            self.removed_bytes = 0;
        }
        // Without it sled may have nothing at all, and the journal must say why.
        if self.in_sled == Some(number) {
            if !self.journal.fits(0) {
                return Ok(false);
            }
            let next = self.next_number();
            self.journal.tell(next, number + 1, self.durability)?;
        }
        self.removed_bytes += self.ledger.bytes(number);
        self.database.remove(&number.to_be_bytes())?;
        Ok(true)
    }

    /// Lets sled have more of what is held: all of it if little is committed, else the oldest
    /// part of what exceeds the memory for it, in the hope that the rest dies before.
    fn settle(&mut self, fresh: &Fresh) -> Result<(), StoreError> {
        self.forget_settled();
        self.prepare_file();
        if !self.settler.is_idle() {
            return Ok(());
        }
        if self.held.is_empty() {
            self.journal.rewind()?;
        }
        if fresh.frames == 0 {
            self.hand_over(u64::MAX);
        } else if self.held.bytes() > self.held_bytes_max {
            let part = self.held_bytes_max / HELD_TO_SETTLED;
            let newest = self
                .held
                .newest_within(usize::try_from(part).unwrap_or(usize::MAX));
            self.hand_over(newest);
        }
        if self.removed_bytes > REMOVED_BYTES_MAX && self.settler.is_idle() {
            self.sync_removed();
        }
        Ok(())
    }

    /// Waits until sled has all that is held beyond the memory for it, if that is far too much by now.
    fn keep_up(&mut self) -> Result<(), StoreError> {
        if self.held.bytes() <= HELD_EXCESS * self.held_bytes_max {
            return Ok(());
        }
        let excess = self.held.bytes().saturating_sub(self.held_bytes_max);
        let excess = usize::try_from(excess).unwrap_or(usize::MAX);
        self.settle_until(self.held.newest_within(excess))
    }

    /// Waits until sled has the frames up to this one.
    fn settle_until(&mut self, newest: u64) -> Result<(), StoreError> {
        self.hand_over(newest);
        self.settler.wait()?;
        self.forget_settled();
        Ok(())
    }

    fn sync_removed(&mut self) {
        self.removed_bytes = 0;
        self.settler.settle(Vec::new());
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
        let stored = FrameReader::new(number, frame).map_err(failed)?;
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
        let has_all = self.held.is_empty() && self.settler.is_idle();
        if self.push_bytes == 0 || !has_all || self.database.file_bytes()? <= needed {
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

/// Which file of the journal the settler makes.
enum Preparing {
    Nothing,
    Something,
    /// None, and never again: it could not.
    Failed(StoreError),
}

/// What was committed lately.
#[derive(Default)]
struct Fresh {
    frames: usize,
    bytes: u64,
}

/// Opens a database and its journal, and shows what is in them.
fn open_existing(
    dir: &Path,
    mark: &Path,
    cache_bytes: u64,
    replay: &mut dyn FnMut(Change, TextRef),
) -> Result<(Database, Replayed), StoreError> {
    let segments = NewestSegments::remember(dir);
    let opened = open::open(dir, cache_bytes).and_then(|database| {
        let replayed = replay::replay(&database, replay)?;
        replay::require(&database, replayed.newest, HighWater::read(mark)?, mark)?;
        Ok((database, replayed))
    });
    if let Err(StoreError::Corrupt { .. }) = opened {
        segments.set_aside(dir)?;
    }
    opened
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

/// How many times what is dead the live has to be, or what is dead must be less than the slack.
/// One would write less; but sled takes up to twice the frames' bytes on top.
const LIVE_TO_DEAD_MIN: u64 = 2;

/// How many bytes of frames are looked through at once for what is to move.
const RELOCATED_BYTES_MIN: u64 = 256 * 1024;

/// How many times what was committed meanwhile, if that is more: it has to keep ahead of those
/// who leave dead space behind.
const RELOCATED_TO_FRESH: u64 = 4;

/// How much of a commit goes into the journal. What is longer is nearly all long texts, and most of
/// it would have to be moved to sled soon.
const JOURNALED_BYTES_MAX: usize = 1024 * 1024;

/// How many times what sled gets at once may be held.
const HELD_TO_SETTLED: u64 = 4;

/// How many times what may be held is held before a commit waits for sled. The journal has space for
/// less than this times the default: only where memory is scarce does a commit ever wait for it.
const HELD_EXCESS: u64 = 4;

/// How many bytes of frames may be removed from sled between two syncs of it.
const REMOVED_BYTES_MAX: u64 = 1024 * 1024;

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
        self.check()?;
        match changes.iter().filter_map(grows_by).sum() {
            0 => Ok(()),
            bytes => self.room.take(bytes, self.ledger.frame_bytes()),
        }
    }

    fn stage(&mut self, changes: &[Change], places: &mut Vec<TextRef>) -> Result<(), StoreError> {
        self.check()?;
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
        if frame.len() > FRAME_BYTES_MAX || frame.len() > self.frame_bytes_usual && !is_first {
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
        self.check()?;
        let Some(newest) = self.staged.last().map(FrameBuilder::number) else {
            return Ok(());
        };
        let durability = match self.newest {
            // At every level, so that never an empty database is taken for all there was.
            None => Durability::Fsync,
            Some(_) => self.durability,
        };
        for frame in &mut self.staged {
            frame.seal(now);
            self.fresh.frames += 1;
            self.fresh.bytes += frame.len() as u64;
            self.ledger.store(frame.number(), frame.len());
        }
        self.write(durability)?;
        if durability == Durability::Fsync {
            self.database.or_give_up(self.high_water.write(newest))?;
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
            let frame = self.committed_frame(place.frame)?;
            if let Some(frame) = frame.as_ref()
                && self.held.get(place.frame).is_none()
            {
                self.resident
                    .touch(&self.database, place.frame, frame.len());
            }
            frame.map(|frame| copied_text(&frame, place))
        };
        text.ok_or_else(|| self.corrupt(place.frame, "it is missing"))?
            .map_err(|reason| self.corrupt(place.frame, reason))
    }

    fn release(&mut self, released: Released) {
        self.ledger.release(released.0);
    }

    fn reclaim(&mut self) -> Result<(), StoreError> {
        self.check()?;
        if !self.staged.is_empty() {
            // What was released may have been released by what is not yet committed.
            return Ok(());
        }
        let fresh = std::mem::take(&mut self.fresh);
        self.settle(&fresh)?;
        let most = if fresh.frames == 0 {
            RECLAIMED_FRAMES_WHEN_IDLE
        } else {
            RECLAIMED_FRAMES_MAX.max(2 * fresh.frames)
        };
        for _ in 0..most {
            match self.ledger.oldest() {
                // The newest stays: it knows its number and the time of the last commit.
                Some(oldest) if self.newest > Some(oldest) && self.ledger.live_in_oldest() == 0 => {
                    if !self.held.drop_dead(oldest) && !self.remove_settled(oldest, &fresh)? {
                        break;
                    }
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
        self.check()?;
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
    /// An orderly end leaves everything on disk, whatever the durability, remembers it, and needs
    /// no journal.
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            tracing::warn!(%error, "what was stored last stays in the journal");
        }
    }
}

impl SledStore {
    fn end(&mut self) -> Result<(), StoreError> {
        self.check()?;
        self.hand_over(u64::MAX);
        self.settler.wait()?;
        self.database.sync(Durability::Fsync)?;
        if let Some(newest) = self.newest
            && self.durability != Durability::Fsync
        {
            self.high_water.write(newest)?;
        }
        journal::remove(self.database.path())
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
        assert!(
            others
                .iter()
                .all(|length| *length <= frame::FRAME_BYTES_USUAL)
        );
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
        store.journal.fail_next_sync();
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

    #[test]
    fn after_sled_has_failed_behind_the_journal_nothing_is_lost() {
        let dir = tempfile::tempdir().unwrap();
        let ignore: &mut dyn FnMut(Change, TextRef) = &mut |_, _| {};
        let mut store = SledStore::open(dir.path(), SledOptions::default(), ignore).unwrap();
        let mut places = Vec::new();
        store
            .stage(&[message(1, "acknowledged")], &mut places)
            .unwrap();
        store.commit(NOW).unwrap();
        store.reclaim().unwrap();
        store.database.fail_next_sync();
        // Nothing was committed meanwhile, so sled gets what there is.
        store.reclaim().unwrap();
        assert!(matches!(store.settler.wait(), Err(StoreError::Io { .. })));
        assert!(matches!(store.commit(NOW), Err(StoreError::Poisoned)));
        assert_eq!(store.read(places[0]).unwrap().as_str(), "acknowledged");
        drop(store);

        let mut replayed = Vec::new();
        let replay: &mut dyn FnMut(Change, TextRef) = &mut |change, _| replayed.push(change);
        SledStore::open(dir.path(), SledOptions::default(), replay).unwrap();
        assert_eq!(replayed, [message(1, "acknowledged")]);
    }

    /// How many changes a store holds that is opened from the files as they are now.
    fn changes_after_a_kill(dir: &Path) -> u64 {
        let copy = tempfile::tempdir().unwrap();
        let home = copy.path().join(open::HOME);
        std::fs::create_dir(&home).unwrap();
        for path in open::files(&dir.join(open::HOME)).unwrap() {
            if path.is_file() {
                std::fs::copy(&path, home.join(path.file_name().unwrap())).unwrap();
            }
        }
        let mut replayed = 0;
        let replay: &mut dyn FnMut(Change, TextRef) = &mut |_, _| replayed += 1;
        SledStore::open(copy.path(), SledOptions::default(), replay).unwrap();
        replayed
    }

    /// Stages and commits messages of 1 KiB, with a sweep after each commit.
    fn put(store: &mut SledStore, ids: std::ops::RangeInclusive<u64>) -> Vec<TextRef> {
        let mut places = Vec::new();
        for id in ids {
            let change = message(id, &format!("{id:01024}"));
            store.stage(&[change], &mut places).unwrap();
            if id % 64 == 0 {
                store.commit(NOW).unwrap();
                store.reclaim().unwrap();
            }
        }
        store.commit(NOW).unwrap();
        places
    }

    #[test]
    fn more_than_the_journal_holds_is_in_sled_or_the_journal_and_read_from_both() {
        let dir = tempfile::tempdir().unwrap();
        let ignore: &mut dyn FnMut(Change, TextRef) = &mut |_, _| {};
        let mut store = SledStore::open(dir.path(), SledOptions::default(), ignore).unwrap();
        let count = 40_000;
        let places = put(&mut store, 1..=count);
        assert!(!store.held.is_empty());
        let all = u64::try_from(journal::FILES).unwrap() * journal::FILE_BYTES;
        assert!(store.unsettled_bytes() < all);
        assert!(
            store.held.first() > Some(FIRST_FRAME),
            "sled has the oldest"
        );
        for (id, place) in (1..=count).zip(&places) {
            let text = store.read(*place).unwrap();
            assert_eq!(text.as_str(), format!("{id:01024}"));
        }
        // Idle, it moves everything.
        store.reclaim().unwrap();
        store.settler.wait().unwrap();
        store.reclaim().unwrap();
        assert!(store.held.is_empty());
        assert_eq!(store.read(places[39_999]).unwrap().as_str().len(), 1024);
    }

    #[test]
    fn a_commit_waits_for_sled_before_far_too_much_is_held() {
        let dir = tempfile::tempdir().unwrap();
        let ignore: &mut dyn FnMut(Change, TextRef) = &mut |_, _| {};
        let held_bytes_max = 64 * 1024;
        let options = SledOptions {
            held_bytes_max,
            ..SledOptions::default()
        };
        let mut store = SledStore::open(dir.path(), options, ignore).unwrap();
        let mut places = Vec::new();
        for id in 1..=1000 {
            let change = message(id, &format!("{id:01024}"));
            store.stage(&[change], &mut places).unwrap();
            store.commit(NOW).unwrap();
            let one = 2 * 1024;
            assert!(store.held.bytes() <= HELD_EXCESS * held_bytes_max + one);
        }
        assert!(store.settler.settled().is_some());
        for (id, place) in (1..=1000).zip(&places) {
            let text = store.read(*place).unwrap();
            assert_eq!(text.as_str(), format!("{id:01024}"));
        }
    }

    #[test]
    fn what_dies_young_never_gets_to_sled() {
        let dir = tempfile::tempdir().unwrap();
        let ignore: &mut dyn FnMut(Change, TextRef) = &mut |_, _| {};
        let mut store = SledStore::open(dir.path(), SledOptions::default(), ignore).unwrap();
        let mut former = Vec::new();
        for round in 0..600_u64 {
            for place in former {
                store.release(Released(place));
            }
            let first = round * 64 + 1;
            former = put(&mut store, first..=first + 63);
        }
        assert_eq!(store.settler.settled(), None);
        assert!(store.held.bytes() < 200_000, "{}", store.held.bytes());
        assert_eq!(store.database.first_key().unwrap().unwrap(), "format");
        // Only the number of what comes next is left of it.
        let newest = store.newest;
        drop(store);
        let mut replayed = 0;
        let replay: &mut dyn FnMut(Change, TextRef) = &mut |_, _| replayed += 1;
        let store = SledStore::open(dir.path(), SledOptions::default(), replay).unwrap();
        assert_eq!(store.newest, newest);
        assert!(replayed < 100, "{replayed}");
    }

    #[test]
    fn a_long_commit_goes_to_sled_behind_all_that_precedes_it() {
        let dir = tempfile::tempdir().unwrap();
        let ignore: &mut dyn FnMut(Change, TextRef) = &mut |_, _| {};
        let mut store = SledStore::open(dir.path(), SledOptions::default(), ignore).unwrap();
        let mut places = Vec::new();
        let texts = [10, 3_000_000, 20, 1_500_000, 30];
        let mut id = 0;
        for bytes in texts {
            for length in std::iter::repeat_n(60_000, bytes / 60_000).chain([bytes % 60_000]) {
                id += 1;
                let change = message(id, &"t".repeat(length));
                store.stage(&[change], &mut places).unwrap();
            }
            store.commit(NOW).unwrap();
            let is_long = bytes > JOURNALED_BYTES_MAX;
            assert_eq!(store.held.is_empty(), is_long, "{bytes}");
        }
        for place in &places {
            store.read(*place).unwrap();
        }
        // As a kill would leave it: sled has all but the last, which the journal has.
        assert_eq!(changes_after_a_kill(dir.path()), id);
    }

    #[test]
    fn a_kill_after_sled_was_emptied_leaves_a_journal_that_says_why() {
        let dir = tempfile::tempdir().unwrap();
        let ignore: &mut dyn FnMut(Change, TextRef) = &mut |_, _| {};
        let mut store = SledStore::open(dir.path(), SledOptions::default(), ignore).unwrap();
        let mut places = put(&mut store, 1..=64);
        while !store.held.is_empty() {
            store.reclaim().unwrap();
        }
        // What sled has dies; what comes after it is in the journal alone.
        let later = put(&mut store, 65..=128);
        for place in places.drain(..) {
            store.release(Released(place));
        }
        store.fresh.frames = 1;
        store.reclaim().unwrap();
        assert_eq!(store.database.newest_frame().unwrap(), None);
        store.database.sync(Durability::Fsync).unwrap();
        assert_eq!(changes_after_a_kill(dir.path()), later.len() as u64);
    }
}
