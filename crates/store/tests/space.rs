//! Dead space is given back, and only dead space.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic"
)]

mod common;

use std::fs;
use std::path::Path;

use common::{NOW, Owner, stage, text_of};
use queuerite_engine::Change;
use queuerite_model::{AccountName, Metadata, QueueName};
use queuerite_store::{RECLAIMED_FRAMES_MAX, SledOptions, Store};

/// Relocation begins early, so that little data shows it; and no test waits for a device.
const SMALL: SledOptions = SledOptions {
    durability: queuerite_store::Durability::None,
    cache_bytes: SledOptions::CACHE_BYTES_DEFAULT,
    dead_bytes_max: 512 * 1024,
    held_bytes_max: SledOptions::HELD_BYTES_MAX_DEFAULT,
};

fn blobs(dir: &Path) -> usize {
    fs::read_dir(dir.join("sled/blobs")).unwrap().count()
}

#[test]
fn long_texts_spill_into_no_file_whatever_is_relocated_and_reclaimed() {
    let dir = tempfile::tempdir().unwrap();
    let mut owner = Owner::open(dir.path(), SMALL);
    owner.put(u64::MAX, "stays for ever");
    let depth = 40;
    for number in 0..600 {
        owner.put(number, &text_of(number, 64 * 1024));
        if number >= depth {
            owner.delete(number - depth);
        }
        owner.commit();
        if number % 100 == 0 {
            assert_eq!(blobs(dir.path()), 0);
        }
    }
    for _ in 0..10 {
        owner.rest();
    }
    owner.check();
    assert_eq!(blobs(dir.path()), 0);
    let bound = 2 * owner.store.live_bytes() + SMALL.dead_bytes_max + 1024 * 1024;
    assert!(owner.store.frame_bytes() < bound, "{bound}");
    let live: Vec<_> = owner.live.keys().copied().collect();
    drop(owner);

    let owner = Owner::open(dir.path(), SMALL);
    assert_eq!(owner.live.keys().copied().collect::<Vec<_>>(), live);
    owner.check();
    assert_eq!(blobs(dir.path()), 0);
}

#[test]
fn a_live_message_keeps_every_younger_frame_from_being_removed() {
    let dir = tempfile::tempdir().unwrap();
    let mut owner = Owner::open(dir.path(), SledOptions::default());
    for number in 0..10 {
        owner.put(number, "text");
        owner.commit();
    }
    let all = owner.store.frame_bytes();
    for number in 1..10 {
        owner.delete(number);
    }
    owner.commit();
    assert!(owner.store.frame_bytes() > all, "frame 1 is live");
    let left = common::killed(dir.path());
    let reopened = Owner::open(left.path(), SledOptions::default());
    assert_eq!(reopened.live.len(), 1, "no deleted message came back");

    owner.delete(0);
    owner.commit();
    assert!(
        owner.store.frame_bytes() < all / 5,
        "only the newest is left"
    );
    assert_eq!(owner.store.live_bytes(), 0);
    drop(owner);
    assert!(Owner::open(dir.path(), SMALL).live.is_empty());
}

#[test]
fn relocation_frees_the_frames_behind_one_old_message() {
    let dir = tempfile::tempdir().unwrap();
    let mut owner = Owner::open(dir.path(), SMALL);
    owner.put(0, "pins the first frame");
    owner.commit();
    let first = owner.live[&0].1;
    for number in 1..100 {
        owner.put(number, &text_of(number, 20_000));
        owner.commit();
        owner.delete(number);
    }
    for _ in 0..10 {
        owner.rest();
    }
    assert!(owner.live[&0].1 > first, "it has moved");
    owner.check();
    assert!(owner.store.read(first).is_err(), "its old frame is gone");
    assert!(owner.store.frame_bytes() < 2 * SMALL.dead_bytes_max);
}

#[test]
fn little_dead_space_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let mut owner = Owner::open(dir.path(), SMALL);
    for number in 0..50 {
        owner.put(number, &text_of(number, 10_000));
        owner.store.commit(NOW).unwrap();
    }
    for number in 5..50 {
        owner.delete(number);
    }
    owner.store.commit(NOW).unwrap();
    assert!(owner.store.frame_bytes() < SMALL.dead_bytes_max + 2 * owner.store.live_bytes());
    assert_eq!(owner.store.relocatable().unwrap(), []);
}

#[test]
fn one_reclaim_removes_no_more_than_its_bound() {
    let dir = tempfile::tempdir().unwrap();
    let mut owner = Owner::open(dir.path(), SMALL);
    let frames = 2 * RECLAIMED_FRAMES_MAX as u64;
    for number in 0..frames {
        owner.put(number, "text");
        owner.store.commit(NOW).unwrap();
    }
    common::settle(&mut owner.store);
    let one = owner.store.frame_bytes() / frames;
    for number in 0..frames {
        owner.delete(number);
    }
    owner.store.commit(NOW).unwrap();
    let before = owner.store.frame_bytes();
    owner.store.reclaim().unwrap();
    assert_eq!(
        before - owner.store.frame_bytes(),
        one * RECLAIMED_FRAMES_MAX as u64
    );
    owner.store.reclaim().unwrap();
    owner.store.reclaim().unwrap();
    assert_eq!(before - owner.store.frame_bytes(), one * frames);
}

#[test]
fn reclaim_keeps_ahead_of_what_is_committed() {
    let dir = tempfile::tempdir().unwrap();
    let mut owner = Owner::open(dir.path(), SMALL);
    let mut number = 0;
    let batch = 3 * RECLAIMED_FRAMES_MAX as u64;
    for _ in 0..5 {
        for _ in 0..batch {
            owner.put(number, &text_of(number, 15_000));
            number += 1;
        }
        owner.store.commit(NOW).unwrap();
        for deleted in number - batch..number {
            owner.delete(deleted);
        }
        owner.store.commit(NOW).unwrap();
        owner.store.reclaim().unwrap();
    }
    common::settle(&mut owner.store);
    owner.store.reclaim().unwrap();
    assert!(owner.store.frame_bytes() < 1_000_000, "of 14 MB");
}

#[test]
fn deletions_in_any_order_leave_no_more_dead_than_is_allowed() {
    let dir = tempfile::tempdir().unwrap();
    let mut owner = Owner::open(dir.path(), SMALL);
    let depth = 2000;
    for number in 0..depth {
        owner.put(number, &text_of(number, 1000));
    }
    owner.commit();
    let mut chance = queuerite_testkit::SeededEntropy::new(7);
    for number in depth..10 * depth {
        let nth = usize::try_from(chance.next_number() % depth).unwrap();
        let deleted = *owner.live.keys().nth(nth).unwrap();
        owner.delete(deleted);
        owner.put(number, &text_of(number, 1000));
        if number % 64 == 0 {
            owner.commit();
            let live = owner.store.live_bytes();
            // What was committed since the last look is not yet in its place.
            let bound = live + live / 2 + SMALL.dead_bytes_max + 512 * 1024;
            // Nor is what is on its way to the database dropped before it has arrived.
            let bound = bound + owner.store.unsettled_bytes();
            assert!(owner.store.frame_bytes() < bound, "{bound}");
            assert_eq!(blobs(dir.path()), 0);
        }
    }
    owner.check();
    drop(owner);
    let owner = Owner::open(dir.path(), SMALL);
    assert_eq!(owner.live.len() as u64, depth);
    owner.check();
}

#[test]
fn the_file_becomes_short_again_after_a_backlog_was_worked_off() {
    let dir = tempfile::tempdir().unwrap();
    let mut owner = Owner::open(dir.path(), SMALL);
    owner.put(u64::MAX, "nobody takes this");
    let length = |dir: &Path| fs::metadata(dir.join("sled/db")).unwrap().len();
    for number in 0..60_000 {
        owner.put(number, &text_of(number, 1024));
        if number % 500 == 0 {
            owner.commit();
        }
    }
    owner.commit();
    let longest = length(dir.path());
    for number in 0..60_000 {
        owner.delete(number);
        if number % 500 == 0 {
            owner.commit();
        }
    }
    owner.commit();
    // Sled collects in a thread of its own, twice a second.
    let mut looks = 0;
    while length(dir.path()) > 64 * 1024 * 1024 {
        assert!(looks < 200, "{} of {longest}", length(dir.path()));
        looks += 1;
        owner.commit();
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    assert!(longest > 90_000_000, "there was something to give back");
    assert_eq!(blobs(dir.path()), 0);
    owner.check();
    let left = common::killed(dir.path());
    drop(owner);
    for dir in [left.path(), dir.path()] {
        let owner = Owner::open(dir, SMALL);
        assert_eq!(owner.live.len(), 1);
        owner.check();
    }
}

#[test]
fn nothing_is_reclaimed_on_the_word_of_what_is_not_yet_committed() {
    let dir = tempfile::tempdir().unwrap();
    let mut owner = Owner::open(dir.path(), SMALL);
    owner.put(1, "text");
    owner.commit();
    owner.put(2, "newer");
    owner.commit();
    owner.delete(1);
    owner.store.reclaim().unwrap();
    drop(owner);
    assert_eq!(Owner::open(dir.path(), SMALL).live.len(), 2);
}

#[test]
fn queues_with_long_metadata_count_for_what_they_take() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, _) = common::open_with(dir.path(), SMALL).unwrap();
    let queue = |number| Change::QueueWritten {
        queue: queuerite_engine::QueueId(number),
        account: AccountName::parse("devstoreaccount1").unwrap(),
        name: QueueName::parse(&format!("queue{number}")).unwrap(),
        metadata: Metadata::new(vec![("a".into(), "m".repeat(8000))]).unwrap(),
        policies: Vec::new(),
    };
    let mut places = Vec::new();
    for number in 0..500 {
        places.extend(stage(&mut store, &[queue(number)]));
    }
    store.commit(NOW).unwrap();
    assert!(store.live_bytes() > 500 * 8000);
    assert_eq!(store.relocatable().unwrap(), []);
    drop(store);

    let (mut store, replayed) = common::open_with(dir.path(), SMALL).unwrap();
    assert!(store.live_bytes() > 500 * 8000);
    for (_, place) in replayed {
        store.release(queuerite_engine::Released(place));
    }
    assert_eq!(store.live_bytes(), 0);
}

#[test]
fn disk_stays_bounded_however_much_went_through() {
    let dir = tempfile::tempdir().unwrap();
    let mut owner = Owner::open(dir.path(), SMALL);
    let mut number = 0;
    let mut largest = Vec::new();
    for _ in 0..4 {
        for _ in 0..150 {
            for _ in 0..60 {
                owner.put(number, &text_of(number, 1000));
                number += 1;
            }
            owner.commit();
            for deleted in number - 60..number {
                owner.delete(deleted);
            }
            owner.commit();
        }
        largest.push(fs::metadata(dir.path().join("sled/db")).unwrap().len());
    }
    for _ in 0..10 {
        owner.rest();
    }
    assert_eq!(owner.store.live_bytes(), 0);
    assert!(owner.store.frame_bytes() < 1024 * 1024);
    // 36 MB went through; sled works in a handful of segments of 8 MiB.
    let bound = 64 * 1024 * 1024;
    assert!(largest.iter().all(|bytes| *bytes <= bound), "{largest:?}");
}
