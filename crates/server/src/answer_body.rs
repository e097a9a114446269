//! The body of an answer, which leaves piece by piece.
//!
//! Given a whole body, the HTTP library copies it and holds the copy until the client has taken
//! it. Given pieces, it asks for the next one when the last has left. So only here is known how
//! much waits, and only here can it be counted.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::Instant;

use crate::memory::Share;

/// What is left of a body, with the memory that it takes.
#[derive(Debug, Default)]
pub(crate) struct AnswerBody {
    rest: Bytes,
    /// Given back with the last piece.
    share: Share,
    /// When the client must have taken it all, if it has several pieces.
    deadline: Option<Instant>,
}

impl AnswerBody {
    /// A body, the memory that is counted for it, and the time by which the client must have
    /// taken it. Only a body of several pieces can be late; for others nobody looks at a clock.
    pub(crate) fn new(bytes: Bytes, share: Share, deadline: impl FnOnce() -> Instant) -> Self {
        let deadline = (bytes.len() > PIECE_BYTES).then(deadline);
        Self {
            rest: bytes,
            share,
            deadline,
        }
    }
}

impl From<Bytes> for AnswerBody {
    fn from(bytes: Bytes) -> Self {
        Self {
            rest: bytes,
            ..Self::default()
        }
    }
}

/// The client has had its time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the client did not take its answer in time")]
pub(crate) struct TooSlow;

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = TooSlow;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TooSlow>>> {
        if self.rest.is_empty() {
            self.share = Share::default();
            return Poll::Ready(None);
        }
        if self
            .deadline
            .is_some_and(|deadline| deadline < Instant::now())
        {
            return Poll::Ready(Some(Err(TooSlow)));
        }
        let length = self.rest.len().min(PIECE_BYTES);
        let piece = self.rest.split_to(length);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

/// What is handed over at once. Nearly every answer is one piece.
const PIECE_BYTES: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn it_comes_whole_and_in_pieces() {
        let bytes: Bytes = (0..150_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let mut body = AnswerBody::from(bytes.clone());
        let mut lengths = Vec::new();
        let mut all = Vec::new();
        assert_eq!(body.size_hint().exact(), Some(150_000));
        while let Some(frame) = body.frame().await {
            let piece = frame.unwrap().into_data().unwrap();
            lengths.push(piece.len());
            all.extend_from_slice(&piece);
        }
        assert_eq!(lengths, [65_536, 65_536, 18_928]);
        assert_eq!(all, bytes);
        assert!(body.is_end_stream());
    }

    #[tokio::test]
    async fn after_its_time_nothing_more_is_given() {
        let now = Instant::now();
        let body =
            |deadline| AnswerBody::new(vec![0; 100_000].into(), Share::default(), || deadline);
        let mut in_time = body(now + Duration::from_hours(1));
        assert!(in_time.frame().await.unwrap().is_ok());
        let mut late = body(now - Duration::from_secs(1));
        assert_eq!(late.frame().await.unwrap().unwrap_err(), TooSlow);
    }
}
