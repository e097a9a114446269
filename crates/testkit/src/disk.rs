//! A disk that is only a model, and a store on it.
//!
//! The model is as kind as the real thing and no kinder: what is written reaches the disk in
//! order, what was flushed is there, and a crash keeps some prefix of the rest.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use queuerite_engine::{Change, Released, TextRef};
use queuerite_model::{MessageText, Timestamp};
use queuerite_store::{Store, StoreError};

use crate::sim::is_complete;

/// A disk that survives its stores. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Disk(Arc<Mutex<Platter>>);

#[derive(Debug, Default)]
struct Platter {
    /// What is there whatever happens.
    durable: Frames,
    /// What was written since, in order: any prefix of it may survive.
    pending: Vec<Event>,
    /// What a process reads: everything durable, and everything pending.
    view: Frames,
    removed: u64,
}

type Frames = BTreeMap<u64, Arc<Frame>>;

/// A part of a commit that reaches the disk as a whole.
#[derive(Clone, Debug)]
struct Frame {
    now: Timestamp,
    changes: Vec<Change>,
}

#[derive(Debug)]
enum Event {
    Written(u64, Arc<Frame>),
    Removed(u64),
}

impl Disk {
    /// How many writes a crash might still lose.
    pub fn pending(&self) -> usize {
        self.platter().pending.len()
    }

    /// How many frames there are.
    pub fn frames(&self) -> usize {
        self.platter().view.len()
    }

    /// How many frames were removed, ever.
    pub fn removed(&self) -> u64 {
        self.platter().removed
    }

    /// Loses all but the first `kept` of the pending writes.
    pub fn crash(&self, kept: usize) {
        let mut platter = self.platter();
        platter.pending.truncate(kept);
        platter.flush();
        platter.view = platter.durable.clone();
    }

    fn platter(&self) -> MutexGuard<'_, Platter> {
        // A disagreement is a panic, and the disk is looked at afterwards.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Platter {
    fn flush(&mut self) {
        for event in self.pending.drain(..) {
            match event {
                Event::Written(number, frame) => {
                    self.durable.insert(number, frame);
                }
                Event::Removed(number) => {
                    self.durable.remove(&number);
                }
            }
        }
    }
}

/// A mistake that a store could make, to prove that somebody would notice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PlantedBug {
    /// A commit returns before anything is durable; the next commit makes it so.
    AcknowledgesBeforeDurable,
    /// A dead frame goes even if an older one stays, whose puts it may cancel.
    DropsBehindLive,
    /// A commit of several frames forgets to write the last one.
    LosesLastFrame,
    /// A commit of several frames writes the last two in each other's place.
    ReordersFrames,
    /// After a failure it goes on as if nothing had happened.
    GoesOnAfterFailure,
}

impl PlantedBug {
    /// Every mistake.
    pub const ALL: [Self; 5] = [
        Self::AcknowledgesBeforeDurable,
        Self::DropsBehindLive,
        Self::LosesLastFrame,
        Self::ReordersFrames,
        Self::GoesOnAfterFailure,
    ];
}

/// The limits of a [`DiskStore`], so small in tests that they are reached all the time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DiskOptions {
    /// Most bytes of a frame, unless one operation alone takes more.
    pub frame_bytes_max: u64,
    /// How many bytes the frames may have beyond twice what is live in them.
    pub dead_bytes_max: u64,
    /// Most frames that one reclaim removes.
    pub reclaimed_frames_max: usize,
    /// What it does wrong, if anything.
    pub bug: Option<PlantedBug>,
}

/// The contract of a [`Store`], kept as plainly as it can be; stricter than a real one only in
/// that it panics when a record is released that is not held.
#[derive(Debug)]
pub struct DiskStore {
    disk: Disk,
    options: DiskOptions,
    newest: u64,
    last_commit: Option<Timestamp>,
    /// The frames of the next commit, by number from `newest + 1` on, with their sizes.
    staged: Vec<(u64, Vec<Change>)>,
    /// The live complete records and their sizes.
    live: HashMap<TextRef, u64>,
    live_in_frame: BTreeMap<u64, u32>,
    /// The sizes of the committed frames.
    frame_bytes: BTreeMap<u64, u64>,
}

impl DiskStore {
    /// Opens what is on the disk, and shows every change in order with its place.
    pub fn open(
        disk: &Disk,
        options: DiskOptions,
        replay: &mut dyn FnMut(Change, TextRef),
    ) -> Result<Self, StoreError> {
        let mut store = Self {
            disk: disk.clone(),
            options,
            newest: 0,
            last_commit: None,
            staged: Vec::new(),
            live: HashMap::new(),
            live_in_frame: BTreeMap::new(),
            frame_bytes: BTreeMap::new(),
        };
        let frames = {
            let mut platter = disk.platter();
            platter.flush();
            platter.view.clone()
        };
        for (number, frame) in &frames {
            let is_next = store.newest == 0 || store.newest + 1 == *number;
            if !is_next && options.bug.is_none() {
                return Err(corrupt(format!("frame {} is missing", store.newest + 1)));
            }
            store.newest = *number;
            store.last_commit = store.last_commit.max(Some(frame.now));
            store.frame_bytes.insert(*number, size(&frame.changes));
            for (index, change) in frame.changes.iter().enumerate() {
                let place = place(*number, index, change);
                store.hold(place, change);
                replay(change.clone(), place);
            }
        }
        Ok(store)
    }

    /// The time of the last commit that is known of.
    pub const fn last_commit(&self) -> Option<Timestamp> {
        self.last_commit
    }

    /// Writes what is staged and flushes nothing, as a commit does that never ends.
    pub fn write_without_flush(&mut self, now: Timestamp) {
        let mut frames: Vec<_> = std::mem::take(&mut self.staged)
            .into_iter()
            .map(|(_, changes)| Frame { now, changes })
            .collect();
        let mut platter = self.disk.platter();
        for (frame, number) in frames.iter().zip(self.newest + 1..) {
            platter.view.insert(number, Arc::new(frame.clone()));
            self.frame_bytes.insert(number, size(&frame.changes));
        }
        let first = self.newest + 1;
        self.newest += frames.len() as u64;
        self.last_commit = Some(now);
        // From here on the disk may get something else than what the process believes.
        let count = frames.len();
        if count > 1 {
            match self.options.bug {
                Some(PlantedBug::LosesLastFrame) => frames.truncate(count - 1),
                Some(PlantedBug::ReordersFrames) => frames.swap(count - 2, count - 1),
                _ => {}
            }
        }
        for (frame, number) in frames.into_iter().zip(first..) {
            platter
                .pending
                .push(Event::Written(number, Arc::new(frame)));
        }
    }

    fn hold(&mut self, place: TextRef, change: &Change) {
        if is_complete(change) {
            self.live.insert(place, bytes(change));
            *self.live_in_frame.entry(place.frame).or_default() += 1;
        }
    }

    fn is_dead(&self, frame: u64) -> bool {
        self.live_in_frame.get(&frame).is_none_or(|live| *live == 0)
    }

    fn oldest(&self) -> Option<u64> {
        let oldest = self.frame_bytes.keys().next().copied();
        oldest.filter(|oldest| *oldest < self.newest)
    }
}

impl Store for DiskStore {
    fn admit(&mut self, _: &[Change]) -> Result<(), StoreError> {
        Ok(())
    }

    fn stage(&mut self, changes: &[Change], places: &mut Vec<TextRef>) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        let more = size(changes);
        let has_room = self
            .staged
            .last()
            .is_some_and(|(bytes, _)| bytes + more <= self.options.frame_bytes_max);
        if !has_room {
            self.staged.push((0, Vec::new()));
        }
        let number = self.newest + self.staged.len() as u64;
        let (bytes, frame) = self.staged.last_mut().unwrap();
        let first = frame.len();
        *bytes += more;
        frame.extend_from_slice(changes);
        for (index, change) in changes.iter().enumerate() {
            let place = place(number, first + index, change);
            places.push(place);
            self.hold(place, change);
        }
        Ok(())
    }

    fn commit(&mut self, now: Timestamp) -> Result<(), StoreError> {
        if self.staged.is_empty() {
            return Ok(());
        }
        let flushes_too_early = self.options.bug == Some(PlantedBug::AcknowledgesBeforeDurable);
        if flushes_too_early {
            self.disk.platter().flush();
        }
        self.write_without_flush(now);
        if !flushes_too_early {
            self.disk.platter().flush();
        }
        Ok(())
    }

    fn read(&self, at: TextRef) -> Result<MessageText, StoreError> {
        let index = at.offset as usize;
        let text = |changes: &[Change]| match changes.get(index) {
            Some(change @ Change::MessageWritten { text, .. })
                if place(at.frame, index, change) == at =>
            {
                Some(text.clone())
            }
            _ => None,
        };
        let found = match at.frame.checked_sub(self.newest + 1) {
            Some(staged) => self
                .staged
                .get(usize::try_from(staged).unwrap())
                .and_then(|(_, changes)| text(changes)),
            None => self
                .disk
                .platter()
                .view
                .get(&at.frame)
                .and_then(|frame| text(&frame.changes)),
        };
        found.ok_or_else(|| corrupt(format!("there is no text at {at:?}")))
    }

    fn release(&mut self, released: Released) {
        let place = released.0;
        let held = self.live.remove(&place);
        assert!(held.is_some(), "{place:?} is released and was not held");
        *self.live_in_frame.get_mut(&place.frame).unwrap() -= 1;
    }

    fn reclaim(&mut self) -> Result<(), StoreError> {
        if !self.staged.is_empty() {
            return Ok(());
        }
        for _ in 0..self.options.reclaimed_frames_max {
            let dead = if self.options.bug == Some(PlantedBug::DropsBehindLive) {
                let mut numbers = self.frame_bytes.keys().copied();
                numbers.find(|number| *number < self.newest && self.is_dead(*number))
            } else {
                self.oldest().filter(|oldest| self.is_dead(*oldest))
            };
            let Some(number) = dead else { break };
            self.frame_bytes.remove(&number);
            self.live_in_frame.remove(&number);
            let mut platter = self.disk.platter();
            platter.view.remove(&number);
            platter.removed += 1;
            platter.pending.push(Event::Removed(number));
        }
        Ok(())
    }

    fn relocatable(&self) -> Result<Vec<(Change, TextRef)>, StoreError> {
        let frames: u64 = self.frame_bytes.values().sum();
        let live: u64 = self.live.values().sum();
        let Some(oldest) = self.oldest() else {
            return Ok(Vec::new());
        };
        if frames <= 2 * live + self.options.dead_bytes_max || self.is_dead(oldest) {
            return Ok(Vec::new());
        }
        let platter = self.disk.platter();
        let frame = platter
            .view
            .get(&oldest)
            .ok_or_else(|| corrupt(format!("frame {oldest} is missing")))?;
        Ok(frame
            .changes
            .iter()
            .enumerate()
            .filter(|(_, change)| is_complete(change))
            .map(|(index, change)| (change.clone(), place(oldest, index, change)))
            .collect())
    }
}

fn place(frame: u64, index: usize, change: &Change) -> TextRef {
    TextRef {
        frame,
        offset: u32::try_from(index).unwrap(),
        length: u32::try_from(text_bytes(change)).unwrap(),
    }
}

fn size(changes: &[Change]) -> u64 {
    changes.iter().map(bytes).sum()
}

/// Roughly what a record takes; only the proportions matter.
fn bytes(change: &Change) -> u64 {
    match change {
        Change::PropertiesWritten { .. } => 200,
        Change::QueueWritten { .. } => 100,
        Change::MessageWritten { .. } => 60 + text_bytes(change) as u64,
        Change::MessagesDelivered { messages, .. } => 20 + 20 * messages.len() as u64,
        _ => 30,
    }
}

fn text_bytes(change: &Change) -> usize {
    match change {
        Change::MessageWritten { text, .. } => text.len(),
        _ => 0,
    }
}

fn corrupt(reason: String) -> StoreError {
    StoreError::Corrupt {
        path: "the model of a disk".into(),
        reason,
    }
}
