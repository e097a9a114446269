//! Messages: their ids, texts, pop receipts and dequeue counts.

use std::fmt;

use bytes::Bytes;

use crate::{Guid, Timestamp};

/// The id of a message: a GUID made by the server, written in lower case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MessageId([u8; 16]);

impl MessageId {
    /// An id of sixteen random bytes, marked as a version 4 GUID.
    pub const fn from_random(mut bytes: [u8; 16]) -> Self {
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        Self(bytes)
    }

    /// The id stored as these bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The id as bytes, in the order in which it is written.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Reads `8-4-4-4-12` hexadecimal digits of either case. Anything else is no message's id.
    pub fn parse(text: &str) -> Option<Self> {
        let mut digits = text.bytes();
        let mut bytes = [0; 16];
        for (index, byte) in bytes.iter_mut().enumerate() {
            if DASHES_BEFORE.contains(&index) && digits.next() != Some(b'-') {
                return None;
            }
            let high = char::from(digits.next()?).to_digit(16)?;
            let low = char::from(digits.next()?).to_digit(16)?;
            *byte = u8::try_from(high << 4 | low).ok()?;
        }
        digits.next().is_none().then_some(Self(bytes))
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Guid(self.0).fmt(f)
    }
}

/// The bytes of a GUID that a dash precedes.
const DASHES_BEFORE: [usize; 4] = [4, 6, 8, 10];

/// The text of a message: UTF-8, already decoded from XML, shared and never changed.
///
/// Debug output shows the length only; the text is the user's.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct MessageText(Bytes);

impl MessageText {
    /// Takes a text. The length limit depends on the service version, so the parser of the
    /// request applies it.
    pub fn new(text: String) -> Self {
        Self(Bytes::from(text))
    }

    /// Takes bytes that were stored as a text; `None` if they are not UTF-8.
    pub fn from_utf8(bytes: Bytes) -> Option<Self> {
        std::str::from_utf8(&bytes).is_ok().then_some(Self(bytes))
    }

    /// The text's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        // Both constructors checked it; an empty text is the harmless answer to the impossible.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Length in bytes of UTF-8.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the text is empty, which is legal.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for MessageText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageText({} bytes)", self.0.len())
    }
}

/// How many times Get Messages has handed a message out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct DequeueCount(pub u32);

impl DequeueCount {
    /// The count after one more Get Messages.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// Proof of the latest put, get or update of a message.
///
/// It has the cloud's own layout, little-endian: a kind (2 after put and get, 3 after update),
/// a constant 3, a nonce, the time next visible, and after an update the dequeue count. The
/// cloud leaves the nonce zero in recent recordings and not in older ones; here it makes every
/// receipt new even when the time repeats.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PopReceipt {
    bytes: [u8; Self::UPDATED_LEN],
    len: u8,
}

impl PopReceipt {
    const ISSUED_LEN: usize = 20;
    const UPDATED_LEN: usize = 24;

    /// The receipt that Put Message and Get Messages give.
    pub fn issued(nonce: u32, time_next_visible: Timestamp) -> Self {
        Self::build(2, nonce, time_next_visible, None)
    }

    /// The receipt that Update Message gives.
    pub fn updated(nonce: u32, time_next_visible: Timestamp, count: DequeueCount) -> Self {
        Self::build(3, nonce, time_next_visible, Some(count))
    }

    /// Reads a decoded receipt; `None` unless it has the form of one. Which values the fields
    /// hold is not checked: receipts of years ago hold others and are still well formed.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let kind = match bytes.len() {
            Self::ISSUED_LEN => 2,
            Self::UPDATED_LEN => 3,
            _ => return None,
        };
        if bytes.first_chunk() != Some(&u32::to_le_bytes(kind)) {
            return None;
        }
        let mut receipt = Self {
            bytes: [0; Self::UPDATED_LEN],
            len: u8::try_from(bytes.len()).ok()?,
        };
        receipt
            .bytes
            .iter_mut()
            .zip(bytes)
            .for_each(|(to, from)| *to = *from);
        Some(receipt)
    }

    /// The receipt's bytes, 20 or 24; on the wire they are written in base64.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    fn build(kind: u32, nonce: u32, time: Timestamp, count: Option<DequeueCount>) -> Self {
        let mut bytes = [0; Self::UPDATED_LEN];
        bytes[..4].copy_from_slice(&kind.to_le_bytes());
        bytes[4..8].copy_from_slice(&3_u32.to_le_bytes());
        bytes[8..12].copy_from_slice(&nonce.to_le_bytes());
        bytes[12..20].copy_from_slice(&time.ticks().to_le_bytes());
        bytes[20..].copy_from_slice(&count.unwrap_or_default().0.to_le_bytes());
        let len = if count.is_some() {
            Self::UPDATED_LEN
        } else {
            Self::ISSUED_LEN
        };
        Self {
            bytes,
            len: u8::try_from(len).unwrap_or(u8::MAX),
        }
    }
}

impl fmt::Debug for PopReceipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PopReceipt(")?;
        self.as_bytes()
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_prints_and_parses_again() {
        let id = MessageId::from_random([0xff; 16]);
        assert_eq!(id.to_string(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(MessageId::parse(&id.to_string()), Some(id));
        assert_eq!(MessageId::parse(&id.to_string().to_uppercase()), Some(id));
    }

    #[test]
    fn nonsense_is_no_id() {
        for text in [
            "",
            "mymsg",
            "ffffffff-ffff-4fff-bfff-fffffffffff",
            "ffffffffffff4fffbfffffffffffffff",
            "ffffffff-ffff-4fff-bfff-ffffffffffff0",
            "gfffffff-ffff-4fff-bfff-ffffffffffff",
            "é",
        ] {
            assert_eq!(MessageId::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_recorded_receipt_has_our_layout() {
        // AwAAAAMAAAAAAAAA2DfQVwUG1QEBAAAA, recorded from the service in 2019.
        let recorded = [
            3, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0xd8, 0x37, 0xd0, 0x57, 0x05, 0x06, 0xd5, 0x01, 1,
            0, 0, 0,
        ];
        let time = Timestamp::from_ticks(u64::from_le_bytes([
            0xd8, 0x37, 0xd0, 0x57, 0x05, 0x06, 0xd5, 0x01,
        ]));
        let receipt = PopReceipt::updated(0, time, DequeueCount(1));
        assert_eq!(receipt.as_bytes(), recorded);
        assert_eq!(PopReceipt::from_bytes(&recorded), Some(receipt));
    }

    #[test]
    fn a_receipt_of_another_form_is_refused() {
        let issued = PopReceipt::issued(7, Timestamp::NEVER);
        assert_eq!(issued.as_bytes().len(), 20);
        assert_eq!(PopReceipt::from_bytes(issued.as_bytes()), Some(issued));
        assert_eq!(PopReceipt::from_bytes(&[]), None);
        assert_eq!(PopReceipt::from_bytes(&issued.as_bytes()[..19]), None);
        assert_eq!(PopReceipt::from_bytes(&[2; 24]), None);
    }

    #[test]
    fn a_text_keeps_to_itself_in_debug_output() {
        assert_eq!(
            format!("{:?}", MessageText::new("secret".into())),
            "MessageText(6 bytes)"
        );
        assert_eq!(MessageText::from_utf8(Bytes::from_static(&[0xff])), None);
    }
}
