//! Reading the body of a request, up to its limits of length, time and memory.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use queuerite_model::limits::REQUEST_BODY_BYTES_MAX;
use thiserror::Error;

use crate::memory::{Exhausted, Memory, Share};

/// The whole body, and the memory that was taken for it. One that is too long is refused when
/// that is known, without being read to its end.
pub(crate) async fn read(
    body: &mut Incoming,
    time_max: Duration,
    memory: &Memory,
) -> Result<(Bytes, Share), BodyError> {
    tokio::time::timeout(time_max, read_all(body, memory))
        .await
        .unwrap_or(Err(BodyError::TooSlow))
}

/// Why there is no body.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub(crate) enum BodyError {
    /// It is longer than any may be.
    #[error("the body is too long")]
    TooLong,
    /// It did not arrive in time.
    #[error("the body is too slow")]
    TooSlow,
    /// The client broke off, or its framing is wrong.
    #[error("the body is broken")]
    Broken,
    /// All memory for bodies and answers is taken.
    #[error("there is no memory for the body")]
    NoMemory,
}

async fn read_all(body: &mut Incoming, memory: &Memory) -> Result<(Bytes, Share), BodyError> {
    if body.size_hint().lower() > REQUEST_BODY_BYTES_MAX as u64 {
        return Err(BodyError::TooLong);
    }
    let mut whole = Whole::default();
    let mut share = Share::default();
    while let Some(frame) = body.frame().await {
        // Trailers mean nothing here.
        let Ok(piece) = frame.map_err(|_| BodyError::Broken)?.into_data() else {
            continue;
        };
        let length = whole.len() + piece.len();
        if length > REQUEST_BODY_BYTES_MAX {
            return Err(BodyError::TooLong);
        }
        memory.grow(&mut share, length).await?;
        whole.push(piece);
    }
    Ok((whole.into_bytes(), share))
}

/// What has arrived. Nearly every body comes in one piece, which is not copied; of several none
/// is kept, as each would hold on to more than itself.
#[derive(Default)]
struct Whole {
    first: Bytes,
    all: BytesMut,
}

impl Whole {
    fn len(&self) -> usize {
        self.first.len() + self.all.len()
    }

    fn push(&mut self, piece: Bytes) {
        if self.len() == 0 {
            self.first = piece;
        } else {
            let first = std::mem::take(&mut self.first);
            self.all.extend_from_slice(&first);
            self.all.extend_from_slice(&piece);
        }
    }

    fn into_bytes(self) -> Bytes {
        if self.all.is_empty() {
            self.first
        } else {
            self.all.freeze()
        }
    }
}

impl From<Exhausted> for BodyError {
    fn from(_: Exhausted) -> Self {
        Self::NoMemory
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_piece_is_kept_and_several_are_joined() {
        let mut whole = Whole::default();
        let piece = Bytes::from_static(b"one");
        whole.push(piece.clone());
        assert_eq!(whole.len(), 3);
        assert_eq!(whole.into_bytes().as_ptr(), piece.as_ptr());

        let mut whole = Whole::default();
        for piece in ["", "one", " two", "", " three"] {
            whole.push(piece.into());
        }
        assert_eq!(whole.into_bytes(), "one two three");
        assert!(Whole::default().into_bytes().is_empty());
    }
}
