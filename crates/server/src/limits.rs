//! How much of the server a client may have, and for how long.
//!
//! The limits of the service, which its documentation publishes, are in `queuerite_model::limits`.

use std::time::Duration;

use queuerite_model::limits::{MESSAGE_TEXT_BYTES_MAX, REQUEST_BODY_BYTES_MAX};

use crate::config::memory;

/// Longest head of a request, in bytes: the request line and all headers.
pub const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Most headers of a request.
pub const HEADERS_MAX: usize = 200;
/// Most connections of a service at once. There are fewer if the process may not open that many
/// files.
pub const CONNECTIONS_MAX: usize = 10_000;
/// Most bytes of request bodies that have arrived and are not answered, and of long answers that
/// have not left, on all connections together.
pub const MEMORY_BYTES_MAX: usize = 256 * 1024 * 1024;
/// How long a TLS handshake may take.
pub const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(10);
/// How long a head may take from its first byte to its last.
pub const HEAD_TIME_MAX: Duration = Duration::from_secs(30);
/// How long a body may take to arrive.
pub const BODY_TIME_MAX: Duration = Duration::from_mins(1);
/// How long a client may take none of the bytes that wait for it.
pub const STALL_TIME_MAX: Duration = Duration::from_secs(30);
/// How long a long answer may take to leave.
pub const ANSWER_TIME_MAX: Duration = Duration::from_mins(2);
/// How long a request waits for memory that others have, before it is told that the server is
/// busy.
pub const MEMORY_WAIT_MAX: Duration = Duration::from_secs(10);
/// How long requests under way may take once the server is told to stop.
pub const STOP_TIME_MAX: Duration = Duration::from_secs(5);

/// The limits that a [`Config`](crate::config::Config) holds. No flag sets them; a test makes
/// them small, so that it need not wait or send much.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// [`CONNECTIONS_MAX`]
    pub connections: usize,
    /// [`MEMORY_BYTES_MAX`], or a quarter of the memory if that is less.
    pub memory_bytes: usize,
    /// [`HANDSHAKE_TIME_MAX`]
    pub handshake_time: Duration,
    /// [`HEAD_TIME_MAX`]
    pub head_time: Duration,
    /// [`BODY_TIME_MAX`]
    pub body_time: Duration,
    /// [`STALL_TIME_MAX`]
    pub stall_time: Duration,
    /// [`ANSWER_TIME_MAX`]
    pub answer_time: Duration,
    /// [`MEMORY_WAIT_MAX`]
    pub memory_wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: CONNECTIONS_MAX,
            memory_bytes: memory::bodies_bytes(MEMORY_BYTES_MAX),
            handshake_time: HANDSHAKE_TIME_MAX,
            head_time: HEAD_TIME_MAX,
            body_time: BODY_TIME_MAX,
            stall_time: STALL_TIME_MAX,
            answer_time: ANSWER_TIME_MAX,
            memory_wait: MEMORY_WAIT_MAX,
        }
    }
}

impl Limits {
    /// Leaves as many connections as a process can have that may open so many files, with so
    /// many services.
    pub fn fit(&mut self, files: u64, services: usize) {
        let files = usize::try_from(files).unwrap_or(usize::MAX);
        let connections = files.saturating_sub(OTHER_FILES_MAX) / services.max(1);
        self.connections = self.connections.min(connections.max(1));
    }
}

/// The files of the store, the log and the runtime, and some to spare.
const OTHER_FILES_MAX: usize = 100;

const _: () = {
    assert!(MEMORY_BYTES_MAX >= 100 * REQUEST_BODY_BYTES_MAX);
    assert!(MEMORY_BYTES_MAX >= 100 * 32 * MESSAGE_TEXT_BYTES_MAX / 8);
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_no_more_connections_than_files() {
        let connections = |files, services| {
            let mut limits = Limits::default();
            limits.fit(files, services);
            limits.connections
        };
        assert_eq!(connections(u64::MAX, 1), CONNECTIONS_MAX);
        assert_eq!(connections(1024, 1), 924);
        assert_eq!(connections(1024, 3), 308);
        assert_eq!(connections(10, 1), 1);
    }
}
