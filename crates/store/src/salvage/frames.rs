//! Reading a frame as far as it can be read.

use bytes::Bytes;
use queuerite_model::Timestamp;

use super::Damage;
use crate::frame::{FrameError, FrameReader, StoredChange};

/// What came of reading one frame.
pub(super) struct Read {
    /// When it was committed, if its header tells.
    pub(super) now: Option<Timestamp>,
    /// How many records were shown.
    pub(super) records: u64,
    /// What could not be read.
    pub(super) damages: Vec<Damage>,
}

/// Shows every record that checks, going on after those that do not.
pub(super) fn read_frame(number: u64, bytes: Bytes, show: &mut dyn FnMut(StoredChange)) -> Read {
    let mut read = Read {
        now: None,
        records: 0,
        damages: Vec::new(),
    };
    let damage = |offset, reason: FrameError| Damage {
        frame: Some(number),
        offset,
        reason: reason.to_string(),
    };
    let mut reader = match FrameReader::new(number, bytes.clone()) {
        Ok(reader) => {
            read.now = Some(reader.now());
            reader
        }
        Err(reason) => {
            read.damages.push(damage(None, reason));
            if matches!(
                reason,
                FrameError::OtherNumber(_) | FrameError::UnknownFormat(_)
            ) {
                // It is whole, and it is not what is to be read here.
                return read;
            }
            FrameReader::without_header(number, bytes)
        }
    };
    loop {
        match reader.next() {
            None => return read,
            Some(Ok(stored)) => {
                read.records += 1;
                show(stored);
            }
            Some(Err(reason)) => {
                let FrameError::Record { offset, .. } = reason else {
                    read.damages.push(damage(None, reason));
                    return read;
                };
                read.damages.push(damage(Some(offset), reason));
                reader.resume(offset);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use queuerite_engine::Change;

    use super::*;
    use crate::frame::FrameBuilder;
    use crate::samples::{message, one_of_each};

    const NOW: Timestamp = Timestamp::from_unix(1_700_000_000, 0);

    fn changes() -> Vec<Change> {
        let texts = (0..20).map(|number| message(number, "a text of some length"));
        texts.chain(one_of_each()).collect()
    }

    fn frame() -> Vec<u8> {
        let mut builder = FrameBuilder::new(5, Vec::new());
        for change in &changes() {
            builder.push(change);
        }
        builder.seal(NOW).to_vec()
    }

    fn read(bytes: Vec<u8>) -> (Vec<Change>, Read) {
        let mut shown = Vec::new();
        let read = read_frame(5, bytes.into(), &mut |stored| shown.push(stored.change));
        (shown, read)
    }

    #[test]
    fn of_a_frame_with_a_flipped_bit_all_other_records_are_read_and_none_is_made_up() {
        let (written, frame) = (changes(), frame());
        for bit in (0..frame.len() * 8).step_by(13) {
            let mut flipped = frame.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let (shown, read) = read(flipped);
            assert!(!read.damages.is_empty(), "bit {bit}");
            assert!(shown.len() + 1 >= written.len(), "bit {bit}");
            let mut rest = written.iter();
            for change in &shown {
                assert!(rest.any(|written| written == change), "bit {bit}");
            }
        }
    }

    #[test]
    fn of_a_frame_cut_short_the_records_before_the_cut_are_read() {
        let frame = frame();
        for end in 0..frame.len() {
            let (shown, read) = read(frame[..end].to_vec());
            assert!(!read.damages.is_empty(), "cut at {end}");
            assert_eq!(shown, changes()[..shown.len()], "cut at {end}");
        }
        let (shown, whole) = read(frame);
        assert_eq!(shown, changes());
        assert!(whole.damages.is_empty() && whole.now == Some(NOW));
    }
}
