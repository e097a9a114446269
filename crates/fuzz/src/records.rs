//! The records of a store.

use bytes::Bytes;
use queuerite_engine::Change;
use queuerite_store::fuzzing::{read_record, text_at, write_record};

/// Any bytes are a record or refused. The same bytes as the payload of a record with good check
/// sums are too, and what is read of them is written as the same bytes again.
pub fn record(data: &[u8]) {
    let raw = Bytes::copy_from_slice(data);
    if let Some((change, bytes)) = read_record(&raw) {
        assert_eq!(write_record(&change), raw[..bytes]);
    }
    let (offset, length) = (data.len() / 2, data.len() / 4);
    if let Some(text) = text_at(data, offset, length) {
        assert_eq!(text.len(), length);
    }

    let Some(sealed) = sealed(data) else {
        return;
    };
    let Some((change, bytes)) = read_record(&sealed) else {
        return;
    };
    assert_eq!(bytes, sealed.len());
    assert_eq!(write_record(&change), sealed, "{change:?}");
    if let Change::MessageWritten { text, .. } = &change {
        let at = sealed.len() - text.len();
        assert_eq!(text_at(&sealed, at, text.len()), Some(text.as_bytes()));
    }
    // Nothing that is cut short or longer is a record, and no flipped bit goes unseen.
    let flip = data.len() * 8 / 3;
    let mut flipped = sealed.to_vec();
    flipped[flip / 8] ^= 1 << (flip % 8);
    assert_eq!(read_record(&Bytes::from(flipped)), None);
    assert_eq!(read_record(&sealed.slice(..sealed.len() - 1)), None);
}

/// The record that has these bytes for its payload, with every check sum made good.
fn sealed(payload: &[u8]) -> Option<Bytes> {
    let mut payload = payload.to_vec();
    let mut head = payload.len();
    if *payload.first()? == MESSAGE_WRITTEN {
        head = MESSAGE_HEAD_BYTES;
        let text = payload.get(head..)?;
        let length = u32::try_from(text.len()).ok()?.to_le_bytes();
        let check = crc32fast::hash(text).to_le_bytes();
        payload[head - 8..head - 4].copy_from_slice(&length);
        payload[head - 4..head].copy_from_slice(&check);
    }
    let length = u32::try_from(payload.len()).ok()?.to_le_bytes();
    let check = crc32fast::hash(&[&length, &payload[..head]].concat()).to_le_bytes();
    Some([&length[..], &check, &payload].concat().into())
}

const MESSAGE_WRITTEN: u8 = 4;
/// Kind, fields, and length and check sum of the text.
const MESSAGE_HEAD_BYTES: usize = 70;
