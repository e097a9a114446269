//! [`Change`]s as bytes.
//!
//! Integers are little-endian and of fixed width, so that a message staged again after a
//! relocation has exactly the length it had before. A record is
//!
//! ```text
//! length   u32   bytes of the payload, which is all that follows the check sum
//! check    u32   CRC-32 of the length and of the payload without the message text
//! kind     u8    which Change
//! fields         in the order of their declaration, see `encode.rs`
//! ```
//!
//! and the payload of a message ends in its text, which has a check sum of its own:
//!
//! ```text
//! length   u32   bytes of the text
//! check    u32   CRC-32 of the text
//! text           UTF-8, to the end of the payload
//! ```
//!
//! So replay checks every byte once, and a single text is checked from the eight bytes before
//! it without looking at the rest of the frame. A change that has no room in this layout gets a
//! new kind; a kind once given never changes its meaning.

mod cursor;
mod decode;
mod encode;

use queuerite_engine::Change;
use thiserror::Error;

pub(crate) use decode::{decode, text_at};
pub(crate) use encode::{Written, encode};

/// What a message's record takes besides its text.
pub(crate) const MESSAGE_OVERHEAD_BYTES: usize = PREFIX_BYTES + MESSAGE_HEAD_BYTES;

/// Length and check sum of a record.
pub(crate) const PREFIX_BYTES: usize = 8;

/// The payload of a message up to its text: kind, queue, id, sequence, three instants, dequeue
/// count, nonce, receipt form, and length and check sum of the text.
const MESSAGE_HEAD_BYTES: usize = 1 + 4 + 16 + 8 + 3 * 8 + 4 + 4 + 1 + 8;

/// The numbers that stand for the kinds of [`Change`].
mod kind {
    pub(super) const PROPERTIES_WRITTEN: u8 = 1;
    pub(super) const QUEUE_WRITTEN: u8 = 2;
    pub(super) const QUEUE_DELETED: u8 = 3;
    pub(super) const MESSAGE_WRITTEN: u8 = 4;
    pub(super) const MESSAGES_DELIVERED: u8 = 5;
    pub(super) const MESSAGE_RESCHEDULED: u8 = 6;
    pub(super) const MESSAGE_DELETED: u8 = 7;
    pub(super) const MESSAGES_CLEARED: u8 = 8;
}

/// Whether the change holds all there is to know about its subject.
pub(crate) const fn is_complete(change: &Change) -> bool {
    match change {
        Change::PropertiesWritten { .. }
        | Change::QueueWritten { .. }
        | Change::MessageWritten { .. } => true,
        Change::QueueDeleted { .. }
        | Change::MessagesDelivered { .. }
        | Change::MessageRescheduled { .. }
        | Change::MessageDeleted { .. }
        | Change::MessagesCleared { .. } => false,
    }
}

/// Why bytes are not a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub(crate) enum RowError {
    /// The bytes end before the record does.
    #[error("a record is cut short")]
    CutShort,
    /// The record or its text is not what was written.
    #[error("a check sum does not match")]
    CheckSum,
    /// A kind that this version does not write.
    #[error("a record is of the unknown kind {0}")]
    UnknownKind(u8),
    /// A field holds what its type cannot.
    #[error("a record holds an impossible {0}")]
    Impossible(&'static str),
    /// The fields end before the record does.
    #[error("a record is longer than its fields")]
    Leftover,
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::samples::{any_change, one_of_each};

    fn encoded(change: &Change) -> Bytes {
        let mut buffer = Vec::new();
        encode(change, &mut buffer);
        Bytes::from(buffer)
    }

    #[test]
    fn every_kind_of_change_reads_back_as_it_was_written() {
        for change in one_of_each() {
            let bytes = encoded(&change);
            let record = decode(&bytes, 0).unwrap();
            assert_eq!(record.change, change);
            assert_eq!(record.bytes, bytes.len());
        }
    }

    #[test]
    fn a_message_takes_its_text_and_the_stated_overhead() {
        let change = one_of_each()
            .into_iter()
            .find(|change| matches!(change, Change::MessageWritten { .. }))
            .unwrap();
        let Change::MessageWritten { text, .. } = &change else {
            unreachable!("found as a message")
        };
        let bytes = encoded(&change);
        assert_eq!(bytes.len(), MESSAGE_OVERHEAD_BYTES + text.len());
        assert_eq!(&bytes[MESSAGE_OVERHEAD_BYTES..], text.as_bytes());
    }

    #[test]
    fn no_flipped_bit_goes_unseen() {
        for change in one_of_each() {
            let bytes = encoded(&change).to_vec();
            for bit in 0..bytes.len() * 8 {
                let mut flipped = bytes.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                assert!(
                    decode(&Bytes::from(flipped), 0).is_err(),
                    "bit {bit} of {change:?}"
                );
            }
        }
    }

    #[test]
    fn no_flipped_bit_of_a_text_goes_unseen() {
        let mut buffer = Vec::new();
        let change = one_of_each().swap_remove(3);
        let text_at_offset = encode(&change, &mut buffer);
        let length = buffer.len() - text_at_offset.offset;
        assert!(length > 0, "the sample is a message with a text");
        assert!(text_at(&buffer, text_at_offset.offset, length).is_ok());
        for bit in text_at_offset.offset * 8..buffer.len() * 8 {
            let mut flipped = buffer.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(text_at(&flipped, text_at_offset.offset, length).is_err());
        }
    }

    #[test]
    fn a_record_cut_anywhere_is_refused() {
        for change in one_of_each() {
            let bytes = encoded(&change);
            for end in 0..bytes.len() {
                assert!(decode(&bytes.slice(..end), 0).is_err(), "cut at {end}");
            }
        }
    }

    #[test]
    fn a_record_with_a_good_check_sum_and_impossible_fields_is_refused() {
        let queue_deleted_at_the_end_of_time = {
            let mut payload = vec![kind::QUEUE_DELETED];
            payload.extend(7_u32.to_le_bytes());
            payload.extend(u64::MAX.to_le_bytes());
            payload
        };
        let a_count_without_its_items = {
            let mut payload = vec![kind::MESSAGES_DELIVERED];
            payload.extend(7_u32.to_le_bytes());
            payload.extend(u32::MAX.to_le_bytes());
            payload
        };
        let one_byte_too_many = [&[kind::MESSAGES_CLEARED, 1, 0, 0, 0][..], &[0]].concat();
        for (payload, why) in [
            (
                queue_deleted_at_the_end_of_time,
                RowError::Impossible("time"),
            ),
            (a_count_without_its_items, RowError::CutShort),
            (one_byte_too_many, RowError::Leftover),
            (vec![200], RowError::UnknownKind(200)),
            (vec![], RowError::CutShort),
        ] {
            let length = u32::try_from(payload.len()).unwrap().to_le_bytes();
            let check = crc32fast::hash(&[&length[..], &payload].concat()).to_le_bytes();
            let record = Bytes::from([&length[..], &check, &payload].concat());
            assert_eq!(decode(&record, 0).unwrap_err(), why);
        }
    }

    proptest! {
        #[test]
        fn any_change_reads_back_as_it_was_written(change in any_change()) {
            let bytes = encoded(&change);
            let record = decode(&bytes, 0).unwrap();
            prop_assert_eq!(record.bytes, bytes.len());
            prop_assert_eq!(record.change, change);
        }

        #[test]
        fn arbitrary_bytes_are_refused_without_a_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..300),
            at in 0_usize..400,
        ) {
            prop_assert!(decode(&Bytes::from(bytes.clone()), at).is_err());
            prop_assert!(text_at(&bytes, at, 9).is_err());
        }

        #[test]
        fn arbitrary_fields_under_a_good_check_sum_never_panic(
            kind in 0_u8..10,
            fields in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let payload = [&[kind][..], &fields].concat();
            let length = u32::try_from(payload.len()).unwrap().to_le_bytes();
            let head = if kind == kind::MESSAGE_WRITTEN {
                payload.get(..MESSAGE_HEAD_BYTES).unwrap_or(&payload)
            } else {
                &payload
            };
            let check = crc32fast::hash(&[&length[..], head].concat()).to_le_bytes();
            let bytes = Bytes::from([&length[..], &check, &payload].concat());
            if let Ok(record) = decode(&bytes, 0) {
                prop_assert_eq!(encoded(&record.change), bytes);
            }
        }
    }
}
