//! What is known of queues and messages from the answers so far.

use crate::service::{Policy, Told};
use crate::time::{Instant, Span};

/// A queue of one client.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    pub(crate) name: String,
    pub(crate) exists: bool,
    /// The value of its metadata.
    pub(crate) note: u32,
    pub(crate) policies: Vec<Policy>,
    /// In the order in which they were put.
    pub(crate) messages: Vec<Message>,
    /// Messages that have expired since the queue was last empty.
    pub(crate) expired: Vec<Message>,
    /// Nothing in it is ever touched, so that what surrounds it has to be compacted.
    pub(crate) is_anchor: bool,
}

/// A message, as far as it is known.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// No other message ever had it.
    pub(crate) text: String,
    /// Of a put that was not answered, the id is not known until the message is seen.
    pub(crate) id: Option<String>,
    /// Whether it exists for certain, until it expires.
    pub(crate) is_certain: bool,
    pub(crate) inserted: String,
    pub(crate) expires: String,
    pub(crate) expiry: Instant,
    pub(crate) visible: Instant,
    /// The least and the greatest that its dequeue count may be.
    pub(crate) count: (u32, u32),
    /// The newest, if we know it.
    pub(crate) receipt: Option<String>,
    /// It was never hidden, so it keeps its place.
    pub(crate) is_fresh: bool,
}

/// How long a message lives unless told otherwise.
const TIME_TO_LIVE_DEFAULT: u32 = 7 * 24 * 60 * 60;

impl Queue {
    pub(crate) const fn new(name: String, is_anchor: bool) -> Self {
        Self {
            name,
            exists: false,
            note: 0,
            policies: Vec::new(),
            messages: Vec::new(),
            expired: Vec::new(),
            is_anchor,
        }
    }

    /// As it is once deleted.
    pub(crate) fn clear(&mut self) {
        self.exists = false;
        self.policies.clear();
        self.clear_messages();
    }

    pub(crate) fn clear_messages(&mut self) {
        self.messages.clear();
        self.expired.clear();
    }

    /// Forgets what has expired.
    pub(crate) fn forget_expired(&mut self, span: Span) {
        let is_expired = |message: &mut Message| message.is_expired(span);
        let expired = self.messages.extract_if(.., is_expired);
        self.expired.extend(expired);
    }

    pub(crate) fn message(&mut self, id: &str) -> Option<&mut Message> {
        let mut messages = self.messages.iter_mut();
        messages.find(|message| message.id.as_deref() == Some(id))
    }

    /// Takes a message out.
    pub(crate) fn remove(&mut self, id: &str) -> Option<Message> {
        let place = self
            .messages
            .iter()
            .position(|message| message.id.as_deref() == Some(id));
        place.map(|place| self.messages.remove(place))
    }
}

impl Message {
    /// A message whose put was sent and not answered.
    pub(crate) fn put_under_way(
        text: String,
        hidden: u32,
        time_to_live: Option<u32>,
        span: Span,
    ) -> Self {
        let seconds = time_to_live.unwrap_or(TIME_TO_LIVE_DEFAULT);
        Self {
            text,
            id: None,
            is_certain: false,
            inserted: String::new(),
            expires: String::new(),
            expiry: Instant::after(span, seconds),
            visible: visible_after(span, hidden),
            count: (0, 0),
            receipt: None,
            is_fresh: hidden == 0,
        }
    }

    /// What the answer to the put says.
    pub(crate) fn put_answered(&mut self, told: &Told) {
        self.is_certain = true;
        self.identify(told);
        self.receipt = Some(told.receipt.clone());
    }

    /// What the first sight of it says.
    pub(crate) fn identify(&mut self, told: &Told) {
        self.id = Some(told.id.clone());
        self.inserted.clone_from(&told.inserted);
        self.expires.clone_from(&told.expires);
        self.expiry = Instant::parse(&told.expires).unwrap_or(self.expiry);
    }

    /// It was updated, and this is its new receipt if we got it.
    pub(crate) fn updated(&mut self, receipt: Option<String>, seconds: u32, span: Span) {
        self.receipt = receipt;
        self.visible = visible_after(span, seconds);
        self.is_fresh = false;
    }

    /// It may have been handed out, and its new receipt is lost.
    pub(crate) fn maybe_gotten(&mut self, seconds: u32, span: Span) {
        self.count.1 += 1;
        self.visible = self.visible.or(visible_after(span, seconds));
        self.is_fresh = false;
    }

    /// Whether it expires so soon that little can be done with it.
    pub(crate) const fn is_short_lived(&self, span: Span) -> bool {
        self.expiry.from < span.answered + 2 * 3_600_000
    }

    /// Whether it can be found out later if a get has handed it out. For that it takes a receipt,
    /// and that it has not expired before somebody tries it.
    pub(crate) const fn tells_of_get(&self, span: Span) -> bool {
        !self.visible.may_be_reached(span) || self.receipt.is_some() && !self.is_short_lived(span)
    }

    pub(crate) const fn is_expired(&self, span: Span) -> bool {
        self.expiry.is_reached(span)
    }

    pub(crate) const fn may_be_expired(&self, span: Span) -> bool {
        self.expiry.may_be_reached(span)
    }

    /// Whether an answer that shows everything must show it.
    pub(crate) const fn must_be_seen(&self, span: Span) -> bool {
        self.is_certain && self.visible.is_reached(span) && !self.may_be_expired(span)
    }
}

/// When a message is visible that was hidden for so long.
pub(crate) const fn visible_after(span: Span, seconds: u32) -> Instant {
    if seconds == 0 {
        // Then there is no timeout that could be wrong.
        Instant { from: 0, to: 0 }
    } else {
        Instant::after(span, seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Span = Span {
        sent: 1_000_000,
        answered: 1_000_001,
    };

    #[test]
    fn a_get_can_be_found_out_by_a_receipt_of_what_lasts() {
        let message = |hidden, time_to_live, receipt: Option<&str>| Message {
            receipt: receipt.map(Into::into),
            ..Message::put_under_way("text".into(), hidden, time_to_live, NOW)
        };
        assert!(message(0, None, Some("receipt")).tells_of_get(NOW));
        assert!(!message(0, None, None).tells_of_get(NOW));
        assert!(!message(0, Some(3), Some("receipt")).tells_of_get(NOW));
        // What was hidden was not handed out, for certain.
        assert!(message(60, Some(3), None).tells_of_get(NOW));
    }
}
