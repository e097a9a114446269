//! The services of a storage account, as far as a server of queues has to do with them.

use std::fmt;

/// One of the services that an account has an endpoint of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StorageService {
    /// Blobs.
    Blob,
    /// Queues: what this is about.
    Queue,
    /// Tables.
    Table,
}

impl StorageService {
    /// What stands for it in `ss` of an account SAS.
    pub const fn letter(self) -> char {
        match self {
            Self::Blob => 'b',
            Self::Queue => 'q',
            Self::Table => 't',
        }
    }

    /// What its answers name as their `Server`.
    pub const fn server(self) -> &'static str {
        match self {
            Self::Blob => "Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0",
            Self::Queue => crate::SERVER,
            Self::Table => "Windows-Azure-Table/1.0 Microsoft-HTTPAPI/2.0",
        }
    }
}

impl fmt::Display for StorageService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Blob => "Blob",
            Self::Queue => "Queue",
            Self::Table => "Table",
        })
    }
}
