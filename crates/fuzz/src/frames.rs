//! The frames of a store, and files in which they lie.

use std::cell::RefCell;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::ops::Range;

use bytes::Bytes;
use queuerite_engine::{Change, QueueId};
use queuerite_model::{DequeueCount, MessageId, MessageText, Timestamp};
use queuerite_store::FRAME_BYTES_MAX;
use queuerite_store::fuzzing::{
    FRAME_HEADER_BYTES, read_damaged_frame, read_header, read_record, search as search_file,
    write_frame,
};

use crate::request::NOON;

/// Any bytes are read as far as they make sense, also behind a good header; and of a frame that
/// is damaged somewhere every record before the damage is read, and none that was not written.
pub fn frame(data: &[u8]) {
    let raw = Bytes::copy_from_slice(data);
    let _ = read_damaged_frame(NUMBER, raw.clone());
    let _ = read_header(data);
    let behind_header = [&write_frame(NUMBER, NOON, [])[..], data].concat();
    let (_, damages) = read_damaged_frame(NUMBER, behind_header.into());
    assert_eq!(damages.is_empty(), data.is_empty());

    // The first byte says how many records, the next four where the damage is and how long, and
    // the rest is the damage.
    let Some((&[records, a, b, c, d], damage)) = data.split_first_chunk() else {
        return;
    };
    let changes: Vec<_> = (0..records % 20).map(change).collect();
    let whole = write_frame(NUMBER, NOON, &changes);
    let (read, damages) = read_damaged_frame(NUMBER, whole.clone().into());
    assert!(damages.is_empty() && read == changes);

    let from = usize::from(u16::from_le_bytes([a, b])) % whole.len();
    let to = (from + usize::from(u16::from_le_bytes([c, d]))).min(whole.len());
    let mut damaged = whole.clone();
    damaged.splice(from..to, damage.iter().copied());
    let (read, damages) = read_damaged_frame(NUMBER, damaged.clone().into());
    let untouched = (0..=changes.len())
        .take_while(|count| end_of(&changes[..*count]) <= from)
        .last();
    if from >= FRAME_HEADER_BYTES {
        let untouched = &changes[..untouched.unwrap_or_default()];
        assert!(
            read.starts_with(untouched),
            "a record before the damage is lost"
        );
    }
    // A fuzzer finds check sums too.
    let has_other_header =
        read_header(&damaged).is_some() && read_header(&damaged) != read_header(&whole);
    if !has_other_header && !is_forged(&damaged, from..from + damage.len()) {
        assert_eq!(damages.is_empty(), damaged == whole);
        let mut written = changes.iter();
        for change in &read {
            assert!(
                written.any(|other| other == change),
                "{change:?} is made up"
            );
        }
    }
}

/// A file of whole frames, beginnings of frames and anything else: every whole frame is found,
/// and of those with the same number the one that was committed last.
pub fn search(data: &[u8]) {
    let mut bytes = Vec::new();
    let mut latest: [Option<Timestamp>; 4] = [None; 4];
    let mut pieces = data;
    while let Some((&[kind, size], rest)) = pieces.split_first_chunk() {
        let number = usize::from(kind >> 2) % latest.len();
        let now = NOON.plus_seconds((kind >> 4).into());
        let changes: Vec<_> = (0..size % 8).map(change).collect();
        let frame = write_frame(number as u64, now, &changes);
        pieces = rest;
        match kind % 4 {
            0 | 1 => {
                latest[number] = latest[number].max(Some(now));
                bytes.extend(frame);
            }
            2 => bytes.extend(&frame[..frame.len() * usize::from(size) / 256]),
            _ => {
                let (anything, rest) = rest.split_at(rest.len().min(size.into()));
                bytes.extend(anything);
                pieces = rest;
            }
        }
        if bytes.len() > FRAME_BYTES_MAX {
            break;
        }
    }

    let found = with_file(&bytes, search_file);
    for (number, expected) in latest.iter().enumerate() {
        let Some(now) = *expected else {
            continue;
        };
        let seen = found.iter().find(|(other, ..)| *other == number as u64);
        let &(_, at, _, is_whole) = seen.expect("every whole frame is found");
        let seen_frame = &bytes[usize::try_from(at).unwrap()..];
        let (_, seen_now, ..) = read_header(seen_frame).unwrap();
        // What was committed later counts for more than what is whole.
        assert!(
            seen_now >= now,
            "frame {number} of {now:?}, not of {seen_now:?}"
        );
        assert!(is_whole || seen_now > now);
    }
}

/// A change of any kind, with a text for every other one.
fn change(number: u8) -> Change {
    let queue = QueueId(number.into());
    let id = MessageId::from_random([number; 16]);
    match number % 4 {
        0 => Change::MessageDeleted { queue, id },
        2 => Change::MessagesCleared { queue },
        _ => Change::MessageWritten {
            queue,
            message: queuerite_engine::MessageState {
                id,
                sequence: number.into(),
                insertion_time: NOON,
                expiration_time: Timestamp::NEVER,
                time_next_visible: NOON,
                dequeue_count: DequeueCount::default(),
                nonce: number.into(),
                updated: false,
            },
            text: MessageText::new("text ".repeat(usize::from(number) % 7)),
        },
    }
}

fn end_of(changes: &[Change]) -> usize {
    write_frame(NUMBER, NOON, changes).len()
}

/// Whether there is a record with good check sums that has some of these bytes.
fn is_forged(frame: &[u8], damage: Range<usize>) -> bool {
    let frame = Bytes::copy_from_slice(frame);
    (0..damage.end).any(|at| {
        let record = read_record(&frame.slice(at..));
        record.is_some_and(|(_, bytes)| at + bytes > damage.start)
    })
}

/// Shows a file with these bytes; the same file each time, since making one takes long.
fn with_file<T>(bytes: &[u8], show: impl Fn(&File) -> T) -> T {
    thread_local! {
        static FILE: RefCell<File> = RefCell::new(tempfile::tempfile().unwrap());
    }
    FILE.with_borrow_mut(|file| {
        file.set_len(0).unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        file.write_all(bytes).unwrap();
        show(file)
    })
}

const NUMBER: u64 = 5;
