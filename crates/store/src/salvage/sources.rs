//! Where frames are read from: the database, a copy of it, or its bare files.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use queuerite_model::Timestamp;

use super::scan::{Found, Scan};
use super::{Progress, Step};
use crate::database::{Database, FILE_NAME};
use crate::frame::Header;
use crate::newest::NewestSegments;
use crate::open::{self, failed};
use crate::{SledOptions, StoreError, journal};

/// Where a frame is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Home {
    /// In the database.
    Row,
    /// In the journal.
    Journal,
    /// In a file, without sled's help.
    Found(Found),
}

impl Home {
    pub(super) const fn is_found(&self) -> bool {
        matches!(self, Self::Found(_))
    }
}

/// Everything that frames are read from.
pub(super) struct Sources {
    /// If sled opened it.
    pub(super) database: Option<Database>,
    /// What the journal has beyond the database.
    pub(super) journal: BTreeMap<u64, Bytes>,
    /// Sled's file, segments that were set aside, and the files of the journal.
    files: Vec<File>,
}

impl Sources {
    /// The files of a store, its database not yet opened.
    pub(super) fn new(dir: &Path) -> Self {
        let aside = open::files(&dir.join(open::SEGMENTS_ASIDE)).unwrap_or_default();
        let home = dir.join(open::HOME);
        let own = home.join(FILE_NAME);
        let paths = std::iter::once(own)
            .chain(aside)
            .chain(journal::files(&home));
        Self {
            database: None,
            journal: BTreeMap::new(),
            files: paths.filter_map(|path| File::open(path).ok()).collect(),
        }
    }

    /// How long sled's file is.
    pub(super) fn file_bytes(&self) -> u64 {
        self.files.first().map_or(0, length)
    }

    /// Searches all files for frames.
    pub(super) fn search(&self, scan: &mut Scan, tell: &mut dyn FnMut(Progress)) {
        let total = self.files.iter().map(length).sum();
        let mut before = 0;
        for (index, file) in self.files.iter().enumerate() {
            scan.search(index, file, &mut |done| {
                tell(Progress {
                    step: Step::Searching,
                    done: before + done,
                    total,
                });
            });
            before += length(file);
        }
    }

    /// The bytes of a frame, or what is left of them: the check sums will tell.
    pub(super) fn load(&self, number: u64, home: Home) -> Bytes {
        match home {
            Home::Row => {
                let row = self.database.as_ref();
                let row = row.and_then(|database| database.get(&number.to_be_bytes()).ok()?);
                row.map(Bytes::from_owner).unwrap_or_default()
            }
            Home::Journal => self.journal.get(&number).cloned().unwrap_or_default(),
            Home::Found(found) => {
                let mut bytes = Vec::with_capacity(found.bytes);
                if let Some(mut file) = self.files.get(found.file) {
                    let _ = file
                        .seek(SeekFrom::Start(found.at))
                        .and_then(|_| file.take(found.bytes as u64).read_to_end(&mut bytes));
                }
                bytes.into()
            }
        }
    }

    /// When a frame was committed, if its header can be read.
    pub(super) fn committed_at(&self, number: u64, home: Home) -> Option<Timestamp> {
        if let Home::Found(found) = home {
            return Some(found.now);
        }
        let header = Header::read(&self.load(number, home)).ok();
        header.map(|header| header.now)
    }
}

/// Opens the database as a server does, keeping what sled may overwrite.
pub(super) fn open_in_place(dir: &Path) -> Result<Database, StoreError> {
    require_database(dir)?;
    let segments = NewestSegments::remember(dir);
    let opened = open::open(dir, SledOptions::CACHE_BYTES_DEFAULT);
    if let Err(StoreError::Corrupt { .. }) = opened {
        segments.set_aside(dir)?;
    }
    opened
}

/// A directory for a copy of the database, removed when dropped.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// Makes it elsewhere, or else in the store's own directory.
    pub(super) fn new(dir: &Path, elsewhere: Option<&Path>) -> Result<Self, StoreError> {
        let path = match elsewhere {
            None => dir.join(open::EXAMINED),
            Some(other) => other.join(format!("queuerite-{}", std::process::id())),
        };
        fs::create_dir_all(&path).map_err(|error| failed("create", &path, error))?;
        Ok(Self(path))
    }

    /// Copies the database from under `dir` and opens the copy.
    pub(super) fn open(
        &self,
        dir: &Path,
        tell: &mut dyn FnMut(Progress),
    ) -> Result<Database, StoreError> {
        require_database(dir)?;
        let copy = self.0.join(open::HOME);
        fs::create_dir_all(&copy).map_err(|error| failed("create", &copy, error))?;
        let mut paths = open::files(&dir.join(open::HOME))?;
        paths.retain(|path| path.is_file());
        let lengths = paths.iter().filter_map(|path| fs::metadata(path).ok());
        let total = lengths.map(|file| file.len()).sum();
        let mut done = 0;
        for path in paths {
            let to = copy.join(path.file_name().unwrap_or_default());
            let copied = copy_file(&path, &to, &mut |bytes| {
                done += bytes;
                tell(Progress {
                    step: Step::Copying,
                    done,
                    total,
                });
            });
            copied.map_err(|error| failed("copy", &path, error))?;
        }
        open::open(&self.0, SledOptions::CACHE_BYTES_DEFAULT)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = open::remove_directory(&self.0) {
            tracing::warn!(%error, "a copy of the database is left behind");
        }
    }
}

fn require_database(dir: &Path) -> Result<(), StoreError> {
    if open::exists(dir)? {
        return Ok(());
    }
    Err(StoreError::Corrupt {
        path: dir.join(open::HOME),
        reason: "it is missing".into(),
    })
}

fn copy_file(from: &Path, to: &Path, tell: &mut dyn FnMut(u64)) -> io::Result<()> {
    let from = File::open(from)?;
    let mut to = File::create(to)?;
    loop {
        let copied = io::copy(&mut (&from).take(COPY_BYTES), &mut to)?;
        if copied == 0 {
            return Ok(());
        }
        tell(copied);
    }
}

const COPY_BYTES: u64 = 16 * 1024 * 1024;

fn length(file: &File) -> u64 {
    file.metadata().map_or(0, |file| file.len())
}
