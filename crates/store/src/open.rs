//! Opening a database without losing anything and without trusting it.
//!
//! While a database is being made, a file beside it says so, which goes when it is complete and
//! synced. So whatever there is without that file has once been whole, and never is an unreadable
//! one taken for a new one.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::database::{Database, FILE_NAME};
use crate::guard::{Failure, guarded, quietly};
use crate::high_water::{self, HighWater};
use crate::{Durability, StoreError, format, salvage};

/// Sled's directory in ours.
pub(crate) const HOME: &str = "sled";

/// The file that says that the database at [`HOME`] is being made.
const BEGUN: &str = "sled.begun";

/// Where a database was made by earlier versions.
const UNFINISHED: &str = "sled.unfinished";

/// A database that is complete and about to take the place of the one at [`HOME`].
pub(crate) const NEXT: &str = "sled.next";

/// The database that was replaced, until its successor has been opened.
pub(crate) const PREVIOUS: &str = "sled.previous";

/// Where a store is rebuilt; worth nothing before it is complete.
pub(crate) const REBUILT: &str = "rebuilt";

/// Where a copy is examined, so that sled does not write to what may be damaged.
pub(crate) const EXAMINED: &str = "examined";

/// The newest segments of a log that was refused, as they were before sled opened it.
pub(crate) const SEGMENTS_ASIDE: &str = "segments-set-aside";

/// Where snapshots go that sled cannot open with.
const SNAPSHOTS_ASIDE: &str = "snapshots-set-aside";

/// Where settings go that sled cannot read.
const SETTINGS_ASIDE: &str = "settings-set-aside";

/// The file in which sled keeps how a database was made. Ours were all made the same way.
const SETTINGS: &str = "conf";

/// Fixed when the database is created. See [`FRAME_BYTES_MAX`](crate::FRAME_BYTES_MAX).
pub(crate) const SEGMENT_BYTES: usize = 8 * 1024 * 1024;

/// The flusher is the only caller of sled's garbage collection, so it has to run.
const FLUSH_EVERY_MILLISECONDS: u64 = 500;

/// Makes the directory and those above it, durably.
pub(crate) fn make_directory(dir: &Path) -> Result<(), StoreError> {
    let dir = std::path::absolute(dir).map_err(|error| failed("resolve", dir, error))?;
    let existing = dir.ancestors().find(|ancestor| ancestor.exists());
    fs::create_dir_all(&dir).map_err(|error| failed("create", &dir, error))?;
    if existing == Some(&dir) {
        return Ok(());
    }
    for made in dir.ancestors() {
        sync_directory(made)?;
        if Some(made) == existing {
            break;
        }
    }
    Ok(())
}

/// Whether there is a database under `dir` already. If there is none, one is to be
/// [made](create); an empty directory of its name, a mount point maybe, counts as none.
pub(crate) fn exists(dir: &Path) -> Result<bool, StoreError> {
    let home = dir.join(HOME);
    match fs::read_dir(&home) {
        Ok(mut entries) => Ok(entries.next().is_some()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(failed("read", &home, error)),
    }
}

/// Ends what a start or a maintenance command had begun when it was interrupted: a database that
/// was about to take its place takes it, and what was not complete is removed.
pub(crate) fn settle(dir: &Path) -> Result<(), StoreError> {
    let begun = dir.join(BEGUN);
    if begun.exists() {
        // Nothing is acknowledged by a database that is not complete.
        if HighWater::read(&dir.join(high_water::FILE_NAME))?.is_none() {
            remove_directory(&dir.join(HOME))?;
        }
        remove_mark(&begun)?;
    }
    let next = dir.join(NEXT);
    if next.exists() && !exists(dir)? {
        take_place(dir)?;
    }
    for leftover in [NEXT, REBUILT, EXAMINED, UNFINISHED] {
        remove_directory(&dir.join(leftover))?;
    }
    Ok(())
}

/// Gives the complete database at [`NEXT`] its name.
pub(crate) fn take_place(dir: &Path) -> Result<(), StoreError> {
    let home = dir.join(HOME);
    if home.exists() {
        fs::remove_dir(&home).map_err(|error| failed("replace", &home, error))?;
    }
    rename(&dir.join(NEXT), &home)
}

/// Renames durably. Both names are in the same directory, or in one that does not matter.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    fs::rename(from, to).map_err(|error| failed("rename", from, error))?;
    to.parent().map_or(Ok(()), sync_directory)
}

/// Removes a directory with all that is in it, if it exists.
pub(crate) fn remove_directory(path: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed("remove", path, error)),
        _ => Ok(()),
    }
}

/// Makes an empty database under `dir`, where there is none, and leaves it open: sled takes long to
/// open one that it has closed.
pub(crate) fn create(dir: &Path, cache_bytes: u64) -> Result<Database, StoreError> {
    let begun = dir.join(BEGUN);
    File::create(&begun).map_err(|error| failed("create", &begun, error))?;
    sync_directory(dir)?;
    let home = dir.join(HOME);
    let opened = attempt(&home, cache_bytes);
    let db = opened.map_err(|failure| failure.into_store_error("create", &home))?;
    let database = Database::new(db, &home, cache_bytes)?;
    format::write(&database)?;
    database.sync(Durability::Flush)?;
    sync_files(&home)?;
    remove_mark(&begun)?;
    Ok(database)
}

fn remove_mark(begun: &Path) -> Result<(), StoreError> {
    // What it stands for is durable before it goes.
    begun.parent().map_or(Ok(()), sync_directory)?;
    fs::remove_file(begun).map_err(|error| failed("remove", begun, error))?;
    begun.parent().map_or(Ok(()), sync_directory)
}

/// Opens the database under `dir`. What sled can make anew from its log is set aside if it is
/// damaged: first its snapshots, then its settings.
pub(crate) fn open(dir: &Path, cache_bytes: u64) -> Result<Database, StoreError> {
    let home = dir.join(HOME);
    require_log(&home)?;
    remove_unfinished_snapshots(&home)?;
    let mut opened = attempt(&home, cache_bytes);
    if let Err(failure) = &opened
        && is_damage(failure)
        && set_aside(dir, SNAPSHOTS_ASIDE, is_snapshot)?
    {
        tracing::warn!(?failure, "trying again without sled's snapshots");
        opened = attempt(&home, cache_bytes);
    }
    // The settings of another program's database are not to be touched.
    if let Err(failure) = &opened
        && (is_damage(failure) || is_unsupported(failure))
        && is_ours(dir)?
        && set_aside(dir, SETTINGS_ASIDE, |name| name == SETTINGS)?
    {
        tracing::warn!(?failure, "trying again with new settings");
        opened = attempt(&home, cache_bytes);
    }
    let db = opened.map_err(|failure| failure.into_store_error("open", &home))?;
    let database = Database::new(db, &home, cache_bytes)?;
    format::check(&database)?;
    sync_directory(&home)?;
    Ok(database)
}

/// Whether a database that sled cannot open is one that this version wrote.
fn is_ours(dir: &Path) -> Result<bool, StoreError> {
    Ok(
        match salvage::format_version(&dir.join(HOME).join(FILE_NAME)) {
            Some(version) => version == format::FORMAT_VERSION,
            None => HighWater::read(&dir.join(high_water::FILE_NAME))?.is_some(),
        },
    )
}

/// Sled would make a missing log, and begin empty.
fn require_log(home: &Path) -> Result<(), StoreError> {
    let path = home.join(FILE_NAME);
    match fs::metadata(&path) {
        Ok(metadata) if metadata.len() > 0 => Ok(()),
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed("read", &path, error)),
        _ => Err(StoreError::Corrupt {
            path: home.into(),
            reason: format!("its file {FILE_NAME:?} is missing or empty"),
        }),
    }
}

/// Sled cannot open over a snapshot that it did not finish, though it needs none.
fn remove_unfinished_snapshots(home: &Path) -> Result<(), StoreError> {
    for path in files(home)? {
        let is_unfinished = path.extension().is_some_and(|end| end == "generating");
        if is_unfinished && path.file_name().is_some_and(is_snapshot) {
            fs::remove_file(&path).map_err(|error| failed("remove", &path, error))?;
        }
    }
    Ok(())
}

/// Moves some of sled's files where it does not look; says whether there were any.
fn set_aside(
    dir: &Path,
    name: &str,
    is_meant: impl Fn(&OsStr) -> bool,
) -> Result<bool, StoreError> {
    let aside = dir.join(name);
    let mut any = false;
    for path in files(&dir.join(HOME))? {
        let Some(name) = path.file_name().filter(|name| is_meant(name)) else {
            continue;
        };
        fs::create_dir_all(&aside)
            .and_then(|()| fs::rename(&path, aside.join(name)))
            .map_err(|error| failed("set aside", &path, error))?;
        any = true;
    }
    Ok(any)
}

fn is_snapshot(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b"snap.")
}

/// Lets sled open the directory, as often as it takes for an earlier database of this process to
/// let go of it: some of sled's threads hold the file for a moment after it is closed. Nobody
/// else can have it, for we hold the lock of the directory above.
fn attempt(home: &Path, cache_bytes: u64) -> Result<sled::Db, Failure> {
    let mut tries_left = OPEN_TRIES_MAX;
    loop {
        let config = sled::Config::new()
            .path(home)
            .segment_size(SEGMENT_BYTES)
            .cache_capacity(cache_bytes)
            .flush_every_ms(Some(FLUSH_EVERY_MILLISECONDS))
            .use_compression(false);
        match quietly(|| guarded(|| config.open())) {
            Err(failure) if tries_left > 0 && is_busy(&failure) => tries_left -= 1,
            result => return result,
        }
        thread::sleep(OPEN_PAUSE);
    }
}

const OPEN_TRIES_MAX: u32 = 100;
const OPEN_PAUSE: Duration = Duration::from_millis(20);

/// Sled gives this error no kind of its own.
fn is_busy(failure: &Failure) -> bool {
    matches!(failure, Failure::Error(sled::Error::Io(error))
        if error.to_string().contains("could not acquire lock"))
}

fn is_damage(failure: &Failure) -> bool {
    match failure {
        Failure::Panic(_) => true,
        Failure::Error(sled::Error::Io(error)) => {
            matches!(
                error.kind(),
                ErrorKind::UnexpectedEof | ErrorKind::InvalidData
            )
        }
        Failure::Error(error) => !matches!(error, sled::Error::Unsupported(_)),
    }
}

fn is_unsupported(failure: &Failure) -> bool {
    matches!(failure, Failure::Error(sled::Error::Unsupported(_)))
}

/// Syncs the files of a new database, of which sled synced none, and their directory.
pub(crate) fn sync_files(home: &Path) -> Result<(), StoreError> {
    for path in files(home)? {
        if path.is_file() {
            // Windows syncs only what may be written.
            let file = File::options().write(true).open(&path);
            file.and_then(|file| file.sync_all())
                .map_err(|error| failed("sync", &path, error))?;
        }
    }
    sync_directory(home)
}

pub(crate) fn files(home: &Path) -> Result<Vec<PathBuf>, StoreError> {
    fs::read_dir(home)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
        .map_err(|error| failed("read", home, error))
}

#[cfg(unix)]
pub(crate) fn sync_directory(dir: &Path) -> Result<(), StoreError> {
    File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(|error| failed("sync", dir, error))
}

/// Elsewhere a directory cannot be opened, or needs no sync.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the same signature everywhere")]
pub(crate) fn sync_directory(_: &Path) -> Result<(), StoreError> {
    Ok(())
}

pub(crate) fn failed(action: &'static str, path: &Path, source: io::Error) -> StoreError {
    StoreError::Io {
        action,
        path: path.into(),
        source,
    }
}
