//! Reading what can still be read of a store, whole or damaged.
//!
//! A [`Location`] holds the lock. [`Salvage::open`] goes through every frame, also after one that
//! is damaged, and says what it found; [`Salvage::for_each_message`] then shows what is alive.
//! Where the database lacks a frame that it should have, or does not open at all, its file is
//! searched for frames byte by byte. Nothing is made up: a record counts only if its check sums
//! do.

mod frames;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod scan;
mod sources;
mod state;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use queuerite_engine::{MessageState, QueueId};
use queuerite_model::{
    AccountName, MessageText, Metadata, QueueName, ServiceProperties, StoredAccessPolicy, Timestamp,
};

use crate::database::Database;
use crate::format::{self, FORMAT_KEY};
use crate::high_water::{self, HighWater};
use crate::journal::{Continuation, Damaged, Left};
use crate::lock::LockFile;
use crate::open;
use crate::{StoreError, replay};
use frames::read_frame;
use scan::Scan;
use sources::{Home, Scratch, Sources};
use state::State;

/// The directory of a store, locked: nobody else has it open.
pub struct Location {
    dir: PathBuf,
    _lock: LockFile,
}

impl Location {
    /// Locks the directory of a store that exists, in whatever state.
    pub fn existing(dir: &Path) -> Result<Self, StoreError> {
        let traces = [
            open::HOME,
            open::NEXT,
            open::PREVIOUS,
            high_water::FILE_NAME,
        ];
        if !traces.into_iter().any(|trace| dir.join(trace).exists()) {
            return Err(StoreError::Missing { path: dir.into() });
        }
        Self::lock(dir)
    }

    /// Locks a directory, which is made if it does not exist.
    pub fn new_or_existing(dir: &Path) -> Result<Self, StoreError> {
        open::make_directory(dir)?;
        Self::lock(dir)
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// Whether there is a store, or what is left of one.
    pub fn holds_store(&self) -> Result<bool, StoreError> {
        Ok(open::exists(&self.dir)? || HighWater::read(&self.mark())?.is_some())
    }

    fn lock(dir: &Path) -> Result<Self, StoreError> {
        let lock = LockFile::take(&dir.join("lock"))?;
        open::settle(dir)?;
        Ok(Self {
            dir: dir.into(),
            _lock: lock,
        })
    }

    fn mark(&self) -> PathBuf {
        self.dir.join(high_water::FILE_NAME)
    }
}

/// How a store is to be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Access {
    /// Where it is, as a server would. Anything damaged is an error.
    InPlace,
    /// From a copy, because sled writes when it opens, and most of all where something is
    /// damaged. The copy is made in this directory, or beside the database, and removed again.
    Copy(Option<PathBuf>),
}

/// What takes its time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// The database is copied.
    Copying,
    /// Frames are read.
    Reading,
    /// The files are searched for frames, byte by byte.
    Searching,
    /// A new store is compared with what was written to it.
    Verifying,
}

/// How far a step is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// Which step.
    pub step: Step,
    /// How much is done, in whatever unit.
    pub done: u64,
    /// Of how much.
    pub total: u64,
}

/// Something that cannot be read, or is not where it should be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Damage {
    /// The number of the frame, if it concerns one.
    pub frame: Option<u64>,
    /// Where in the frame, in bytes, if it concerns a part of it.
    pub offset: Option<usize>,
    /// What is wrong.
    pub reason: String,
}

/// What was found in a store.
#[derive(Clone, Debug, Default)]
pub struct SalvageReport {
    /// Why sled cannot open the database, if it cannot.
    pub sled_failure: Option<String>,
    /// Everything that is not as it was written.
    pub damages: Vec<Damage>,
    /// Numbers of frames that should be there, between others or before what was acknowledged,
    /// and were found nowhere.
    pub missing: Vec<RangeInclusive<u64>>,
    /// Frames that were read.
    pub frames: u64,
    /// Their bytes.
    pub frame_bytes: u64,
    /// Records that were read.
    pub records: u64,
    /// How many of the frames the database could not give, but its files did.
    pub found_frames: u64,
    /// The oldest and the newest frame that was read.
    pub numbers: Option<(u64, u64)>,
    /// The newest frame that is known to have been acknowledged.
    pub acknowledged: Option<u64>,
    /// The time of the last commit.
    pub last_commit: Option<Timestamp>,
    /// Bytes of sled's file.
    pub file_bytes: u64,
    /// Queues that are alive.
    pub queues: u64,
    /// How many of them have messages but no record of their own that can be read.
    pub unnamed_queues: u64,
    /// Messages that are alive.
    pub messages: u64,
    /// Messages that have expired.
    pub expired_messages: u64,
}

impl SalvageReport {
    /// Whether a server would open the store, and everything acknowledged is there. If not, what
    /// is shown may be older than what was last stored, and deleted messages may be among it.
    pub fn is_whole(&self) -> bool {
        self.sled_failure.is_none() && self.damages.is_empty() && self.missing.is_empty()
    }
}

/// A queue that is alive.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LiveQueue {
    /// The account that owns it and its name; `None` if its own record cannot be read.
    pub name: Option<(AccountName, QueueName)>,
    /// Which incarnation.
    pub id: QueueId,
    /// Its metadata.
    pub metadata: Metadata,
    /// Its stored access policies.
    pub policies: Vec<StoredAccessPolicy>,
    /// How many messages of it are alive.
    pub messages: u64,
}

/// A message that is alive.
#[derive(Debug)]
pub struct LiveMessage<'a> {
    /// The queue that holds it.
    pub queue: &'a LiveQueue,
    /// All but the text.
    pub state: MessageState,
    /// The text.
    pub text: MessageText,
}

/// A store that is being read.
pub struct Salvage<'a> {
    sources: Sources,
    frames: BTreeMap<u64, Home>,
    state: State,
    report: SalvageReport,
    location: &'a Location,
    /// Last, because the database in it is closed first.
    _copy: Option<Scratch>,
}

impl<'a> Salvage<'a> {
    /// Reads all of a store. Everything that has expired at `now` is dead.
    ///
    /// It fails if the store is of another program or a newer version, or, read in place, if
    /// anything is damaged.
    pub fn open(
        location: &'a Location,
        access: &Access,
        now: Timestamp,
        tell: &mut dyn FnMut(Progress),
    ) -> Result<Self, StoreError> {
        let mut sources = Sources::new(&location.dir);
        let (opened, copy) = match access {
            Access::InPlace => (sources::open_in_place(&location.dir), None),
            Access::Copy(elsewhere) => {
                let scratch = Scratch::new(&location.dir, elsewhere.as_deref())?;
                (scratch.open(&location.dir, tell), Some(scratch))
            }
        };
        let mut report = SalvageReport {
            acknowledged: HighWater::read(&location.mark())?,
            file_bytes: sources.file_bytes(),
            ..SalvageReport::default()
        };
        let mut frames = BTreeMap::new();
        let mut foreign = None;
        match opened {
            Ok(database) => {
                read_rows(&database, &mut frames, &mut report, tell);
                sources.database = Some(database);
                add_journal(&mut sources, &location.dir, &mut frames, &mut report);
            }
            Err(error @ StoreError::UnsupportedFormat { .. }) => foreign = Some(error),
            Err(StoreError::Corrupt { reason, .. }) => report.sled_failure = Some(reason),
            Err(error @ StoreError::Io { .. }) if copy.is_some() => {
                let reason = std::error::Error::source(&error).map(ToString::to_string);
                report.sled_failure = Some(format!("{error}: {}", reason.unwrap_or_default()));
            }
            Err(error) => return Err(error),
        }
        let mut salvage = Self {
            sources,
            frames,
            state: State::default(),
            report,
            location,
            _copy: copy,
        };
        salvage.report.missing = salvage.gaps();
        let is_in_place = *access == Access::InPlace;
        if foreign.is_some() || !salvage.report.is_whole() {
            if is_in_place {
                return Err(foreign.unwrap_or_else(|| salvage.refusal()));
            }
            salvage.search(foreign, tell)?;
        }
        salvage.bring_together(now, tell)?;
        if is_in_place && !salvage.report.is_whole() {
            return Err(salvage.refusal());
        }
        Ok(salvage)
    }

    /// What was found.
    pub const fn report(&self) -> &SalvageReport {
        &self.report
    }

    /// The service properties of every account that has set some.
    pub fn properties(&self) -> impl Iterator<Item = (&AccountName, &ServiceProperties)> {
        self.state.properties.iter()
    }

    /// The queues that are alive, in the order in which they were created.
    pub fn queues(&self) -> impl Iterator<Item = &LiveQueue> {
        self.state.queues.values()
    }

    /// Shows every message that is alive, in the order in which they were stored last.
    pub fn for_each_message<E: From<StoreError>>(
        &self,
        mut show: impl FnMut(LiveMessage<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        for (number, home) in &self.frames {
            let mut result = Ok(());
            let bytes = self.sources.load(*number, *home);
            read_frame(*number, bytes, &mut |stored| {
                if result.is_ok()
                    && let Some(message) = self.state.alive(&stored)
                {
                    result = show(message);
                }
            });
            result?;
        }
        Ok(())
    }

    /// Frames follow each other without a gap, up to the last that was acknowledged.
    fn gaps(&self) -> Vec<RangeInclusive<u64>> {
        let mut gaps = Vec::new();
        let mut next = None;
        for number in self.frames.keys().copied() {
            if let Some(next) = next.filter(|next| *next < number) {
                gaps.push(next..=number - 1);
            }
            next = number.checked_add(1);
        }
        let next = next.unwrap_or(1);
        let acknowledged = self.report.acknowledged.filter(|number| *number >= next);
        gaps.extend(acknowledged.map(|number| next..=number));
        gaps
    }

    /// Looks in the files for every frame that the database has not, or has damaged.
    fn search(
        &mut self,
        foreign: Option<StoreError>,
        tell: &mut dyn FnMut(Progress),
    ) -> Result<(), StoreError> {
        let mut scan = Scan::default();
        self.sources.search(&mut scan, tell);
        // A single damaged bit can make ours a newer version, but frames have check sums.
        if let Some(version) = scan.format_version
            && version > format::FORMAT_VERSION
            && scan.frames.is_empty()
        {
            let home = self.location.dir.join(open::HOME);
            return Err(format::unsupported(&home, Some(version)));
        }
        if let Some(error) = foreign {
            // A database without our format row may be one of ours that has lost it.
            if scan.frames.is_empty() {
                return Err(error);
            }
            self.report.sled_failure = Some("it has lost its format row".into());
        }
        let damages = self.report.damages.iter();
        let damaged: BTreeSet<u64> = damages.filter_map(|damage| damage.frame).collect();
        // What is older than the oldest was dropped because nothing in it is needed.
        let oldest = self.frames.keys().next().copied().unwrap_or_default();
        for (number, found) in scan.frames {
            let is_better = damaged.contains(&number) && found.is_whole;
            if number >= oldest && (is_better || !self.frames.contains_key(&number)) {
                self.frames.insert(number, Home::Found(found));
            }
        }
        self.drop_stale();
        let found = self.frames.values();
        self.report.found_frames = found.filter(|home| home.is_found()).count() as u64;
        let gaps = self.gaps();
        let before = std::mem::replace(&mut self.report.missing, gaps);
        if self.report.is_whole() {
            // Everything was found, but not where it should be.
            self.report
                .damages
                .extend(before.iter().map(|range| Damage {
                    frame: Some(*range.start()),
                    offset: None,
                    reason: format!(
                        "the database has lost the frames up to {}; they were found in its files",
                        range.end()
                    ),
                }));
        }
        Ok(())
    }

    /// Commits follow each other in time too. A copy that is older than a frame before it was
    /// given up once, after a crash, and its number was used again.
    fn drop_stale(&mut self) {
        let mut latest = Timestamp::default();
        let sources = &self.sources;
        self.frames.retain(|number, home| {
            let now = sources.committed_at(*number, *home);
            let is_stale = home.is_found() && now.is_some_and(|now| now < latest);
            latest = latest.max(now.unwrap_or_default());
            !is_stale
        });
    }

    /// Brings everything readable together.
    fn bring_together(
        &mut self,
        now: Timestamp,
        tell: &mut dyn FnMut(Progress),
    ) -> Result<(), StoreError> {
        let total = self.frames.len() as u64;
        let report = &mut self.report;
        for (number, home) in &self.frames {
            let bytes = self.sources.load(*number, *home);
            report.frames += 1;
            report.frame_bytes += bytes.len() as u64;
            let state = &mut self.state;
            let read = read_frame(*number, bytes, &mut |stored| state.apply(&stored));
            report.last_commit = report.last_commit.max(read.now);
            report.records += read.records;
            if home.is_found() {
                // Those of rows were noted when the rows were read.
                report.damages.extend(read.damages);
            }
            tell(Progress {
                step: Step::Reading,
                done: report.frames,
                total,
            });
        }
        let first = self.frames.first_key_value().map(|(number, _)| *number);
        let last = self.frames.last_key_value().map(|(number, _)| *number);
        report.numbers = first.zip(last);
        report.expired_messages = self.state.sweep(now);
        self.state.forget_former_incarnations();

        let mut counts: BTreeMap<QueueId, u64> = BTreeMap::new();
        self.for_each_message(|message| {
            *counts.entry(message.queue.id).or_default() += 1;
            Ok::<_, StoreError>(())
        })?;
        self.state.count(&counts);
        let report = &mut self.report;
        report.queues = self.state.queues.len() as u64;
        report.messages = counts.values().sum();
        for queue in self.state.queues.values() {
            if queue.name.is_none() {
                report.unnamed_queues += 1;
                report.damages.push(Damage {
                    frame: None,
                    offset: None,
                    reason: format!(
                        "queue {} has messages ({}), but no record that tells its name",
                        queue.id.0, queue.messages
                    ),
                });
            }
        }
        Ok(())
    }

    /// The error that a server gives for the first thing that is wrong.
    fn refusal(&self) -> StoreError {
        let report = &self.report;
        let damage = || {
            report.damages.first().map(|damage| match damage.frame {
                Some(number) => format!("frame {number}: {}", damage.reason),
                None => damage.reason.clone(),
            })
        };
        let missing = || {
            let range = report.missing.first()?;
            Some(format!("frame {}: it is missing", range.start()))
        };
        let reason = report.sled_failure.clone();
        StoreError::Corrupt {
            path: self.location.dir.join(open::HOME),
            reason: reason.or_else(damage).or_else(missing).unwrap_or_default(),
        }
    }
}

/// The version that sled's file tells wherever it does, if it holds anything of ours.
pub(crate) fn format_version(file: &Path) -> Option<u32> {
    let mut scan = Scan::default();
    scan.search(0, &File::open(file).ok()?, &mut |_| {});
    scan.format_version
}

/// Notes every frame that the database has, and what is wrong with it.
fn read_rows(
    database: &Database,
    frames: &mut BTreeMap<u64, Home>,
    report: &mut SalvageReport,
    tell: &mut dyn FnMut(Progress),
) {
    let total = report.file_bytes;
    let mut done = 0;
    let mut note = |number: u64, bytes: Bytes, damages: &mut Vec<Damage>| {
        done += bytes.len() as u64;
        tell(Progress {
            step: Step::Reading,
            done,
            total: total.max(done),
        });
        frames.insert(number, Home::Row);
        damages.extend(read_frame(number, bytes, &mut |_| {}).damages);
    };
    let mut last = 0;
    let damages = &mut report.damages;
    let read = database.for_each(|key, value| {
        if let Ok(number) = key.try_into().map(u64::from_be_bytes) {
            last = number;
            note(number, Bytes::from_owner(value), damages);
        } else if key != FORMAT_KEY {
            damages.push(Damage {
                frame: None,
                offset: None,
                reason: replay::unknown_key(key),
            });
        }
        Ok(())
    });
    let Err(error) = read else { return };
    damages.push(Damage {
        frame: None,
        offset: None,
        reason: format!("not all rows can be read: {error}"),
    });
    // Sled's iterator does not get over a page that it cannot read, but can be asked for each
    // frame by its number, as long as it is known which there are.
    let newest = report.acknowledged.unwrap_or_default();
    for number in (last.saturating_add(1)..=newest).take(FRAMES_ASKED_FOR_MAX) {
        if let Ok(Some(value)) = database.get(&number.to_be_bytes()) {
            note(number, Bytes::from_owner(value), &mut report.damages);
        }
    }
}

/// Adds what the journal has beyond the database, and leaves out what it knows to be dead.
fn add_journal(
    sources: &mut Sources,
    dir: &Path,
    frames: &mut BTreeMap<u64, Home>,
    report: &mut SalvageReport,
) {
    let damage = |frame, reason| Damage {
        frame,
        offset: None,
        reason,
    };
    let newest = frames.last_key_value().map(|(number, _)| *number);
    let left = match Left::read(&dir.join(open::HOME), newest) {
        Ok(left) => left,
        Err(error) => {
            let reason = format!("the journal cannot be read: {error}");
            report.damages.push(damage(None, reason));
            return;
        }
    };
    match left.continuation() {
        Ok(Continuation {
            oldest,
            frames: unsettled,
        }) => {
            *frames = frames.split_off(&oldest);
            frames.extend(unsettled.iter().map(|(number, _)| (*number, Home::Journal)));
            sources.journal = unsettled.into_iter().collect();
        }
        Err(Damaged(number)) => {
            let reason = "the journal has lost it".into();
            report.damages.push(damage(Some(number), reason));
        }
    }
}

/// Most frames that are asked for by number; a damaged `acknowledged` must not keep us for ever.
const FRAMES_ASKED_FOR_MAX: usize = 1_000_000;
