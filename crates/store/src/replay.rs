//! Reading everything that is stored, once, when a store is opened.

use std::path::Path;

use bytes::Bytes;
use queuerite_engine::{Change, TextRef};
use queuerite_model::Timestamp;

use crate::StoreError;
use crate::database::Database;
use crate::format::FORMAT_KEY;
use crate::frame::{FIRST_FRAME, FrameReader};
use crate::journal::{Damaged, Left};
use crate::ledger::Ledger;
use crate::resident::Resident;

/// What is known of a database once all its frames were read.
pub(crate) struct Replayed {
    /// The number of the newest frame.
    pub(crate) newest: Option<u64>,
    /// When it was committed.
    pub(crate) last_commit: Option<Timestamp>,
    /// Every complete record, as long as nobody releases it.
    pub(crate) ledger: Ledger,
    /// Frames that the database still has, though they were needed no more.
    pub(crate) dead: Vec<u64>,
    /// Frames that the journal has and the database lacks.
    pub(crate) unsettled: Vec<(u64, Bytes)>,
}

impl Replayed {
    /// What is known of a new database.
    pub(crate) fn nothing() -> Self {
        Self {
            newest: None,
            last_commit: None,
            ledger: Ledger::new(FIRST_FRAME),
            dead: Vec::new(),
            unsettled: Vec::new(),
        }
    }

    /// Shows what is in the frame that comes next.
    fn add(
        &mut self,
        database: &Database,
        number: u64,
        frame: Bytes,
        show: &mut dyn FnMut(Change, TextRef),
    ) -> Result<(), StoreError> {
        match self.newest {
            None => self.ledger = Ledger::new(number),
            Some(newest) if newest.checked_add(1) == Some(number) => {}
            Some(newest) => {
                let reason = format!("it is missing, as are all up to {number}");
                return Err(corrupt(database, newest.saturating_add(1), reason));
            }
        }
        let length = frame.len();
        let failed = |reason| corrupt(database, number, reason);
        let records = FrameReader::new(number, frame).map_err(failed)?;
        self.newest = Some(number);
        self.last_commit = self.last_commit.max(Some(records.now()));
        self.ledger.store(number, length);
        for stored in records {
            let stored = stored.map_err(failed)?;
            let (place, bytes) = (stored.place, stored.bytes.into());
            self.ledger.add(&stored.change, place, bytes);
            show(stored.change, place);
        }
        Ok(())
    }
}

/// Shows every change in order, first of the database and then of the journal, and refuses a log
/// in which any byte of a frame is not what was written, or in which a frame is missing.
///
/// Frames are inserted and removed one after the other at either end, and sled recovers a
/// prefix of its log. So they always follow each other without a gap, from whatever number on.
pub(crate) fn replay(
    database: &Database,
    show: &mut dyn FnMut(Change, TextRef),
) -> Result<Replayed, StoreError> {
    let mut replayed = Replayed::nothing();
    let newest = database.newest_frame()?;
    let continuation = Left::read(database.path(), newest)?
        .continuation()
        .map_err(|Damaged(number)| corrupt(database, number, "the journal has lost it"))?;
    let resident = Resident::default();
    database.for_each(|key, value| {
        if key == FORMAT_KEY {
            return Ok(());
        }
        let number = match key.try_into() {
            Ok(number) => u64::from_be_bytes(number),
            Err(_) => {
                return Err(StoreError::Corrupt {
                    path: database.path().into(),
                    reason: unknown_key(key),
                });
            }
        };
        if number < continuation.oldest {
            replayed.dead.push(number);
            return Ok(());
        }
        resident.touch(database, number, value.len());
        replayed.add(database, number, Bytes::from_owner(value), show)
    })?;
    for (number, frame) in &continuation.frames {
        replayed.add(database, *number, frame.clone(), show)?;
    }
    replayed.unsettled = continuation.frames;
    Ok(replayed)
}

/// Refuses a database that ends before what was acknowledged.
pub(crate) fn require(
    database: &Database,
    newest: Option<u64>,
    acknowledged: Option<u64>,
    mark: &Path,
) -> Result<(), StoreError> {
    if acknowledged <= newest {
        return Ok(());
    }
    let frame = newest.map_or_else(|| "no frame".into(), |newest| format!("frame {newest}"));
    Err(StoreError::Corrupt {
        path: database.path().into(),
        reason: format!(
            "it ends with {frame}, but frame {} was acknowledged; to go on with what is left, \
             remove {}",
            acknowledged.unwrap_or_default(),
            mark.display()
        ),
    })
}

/// The error of a damaged frame.
pub(crate) fn corrupt(
    database: &Database,
    number: u64,
    reason: impl std::fmt::Display,
) -> StoreError {
    StoreError::Corrupt {
        path: database.path().into(),
        reason: format!("frame {number}: {reason}"),
    }
}

/// What is said of a key that no version of this program writes.
pub(crate) fn unknown_key(key: &[u8]) -> String {
    format!(
        "it holds the unknown key {:?}",
        key.escape_ascii().to_string()
    )
}
