//! What can go wrong with a store.

use std::path::PathBuf;

use thiserror::Error;

/// A failure of the store. Each names what it concerns and, where there is one, the remedy.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The operating system refused.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried, as in "cannot `action` `path`".
        action: &'static str,
        /// On which file or directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another process has the location open.
    #[error("{} is in use by another process", path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// There is nothing of ours.
    #[error("{} holds no store", path.display())]
    Missing {
        /// The directory that should hold it.
        path: PathBuf,
    },
    /// What is stored cannot be read as what was written.
    #[error("{} is damaged: {reason}; restore it from a backup, or save what can be read with `queuerite store export`; to start empty, move its folder away", path.display())]
    Corrupt {
        /// The file or directory.
        path: PathBuf,
        /// What was found, and where.
        reason: String,
    },
    /// The data was written by another program, or by a newer version of this one.
    #[error("{} has the format {found}, but this version reads {expected}", path.display())]
    UnsupportedFormat {
        /// The file or directory.
        path: PathBuf,
        /// The format that was found.
        found: String,
        /// The formats that can be read.
        expected: String,
    },
    /// The in-memory store holds as many bytes of message text as it may.
    #[error("the in-memory store is full: {limit} bytes of message text")]
    Full {
        /// The limit in bytes.
        limit: u64,
    },
    /// The file system is nearly full, and what is left is kept for what makes the store shrink.
    #[error("{} is on a file system with {available} bytes left, of which {reserve} are kept for deleting", path.display())]
    NoSpace {
        /// The file that would grow.
        path: PathBuf,
        /// What the file system has left, in bytes.
        available: u64,
        /// How much of it is kept, in bytes.
        reserve: u64,
    },
    /// The changes of one operation do not fit into one frame, in which they have to stay. No
    /// operation within the limits of the service is that long.
    #[error("an operation takes {bytes} bytes to store, and at most {limit} can be")]
    OperationTooLong {
        /// What it would take.
        bytes: usize,
        /// What it may take.
        limit: usize,
    },
    /// An earlier failure left memory and store apart; only a restart helps.
    #[error("the store failed earlier and takes no more writes until the server is restarted")]
    Poisoned,
}
