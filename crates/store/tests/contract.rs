//! What a store promises while nothing is damaged.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic"
)]

mod common;

use common::{
    NOW, Owner, deletion, killed, message, open, open_with, refusal, stage, text_of, with_sled,
};
use queuerite_model::Timestamp;
use queuerite_store::{Durability, FRAME_BYTES_MAX, SledOptions, Store, StoreError};

#[test]
fn what_was_committed_is_replayed_in_order_at_the_places_that_were_told() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, replayed) = open(dir.path());
    assert!(replayed.is_empty());
    assert_eq!(store.last_commit(), None);
    let mut expected = Vec::new();
    for number in 0..50 {
        let changes = [
            message(number, &text_of(number, 100)),
            deletion(number / 2),
            message(1000 + number, ""),
        ];
        let places = stage(&mut store, &changes);
        expected.extend(changes.into_iter().zip(places));
        if number % 10 == 0 {
            store.commit(NOW.plus_seconds(number)).unwrap();
        }
    }
    store.commit(NOW.plus_seconds(100)).unwrap();
    drop(store);

    let (store, replayed) = open(dir.path());
    assert_eq!(replayed, expected);
    assert_eq!(store.last_commit(), Some(NOW.plus_seconds(100)));
}

#[test]
fn what_was_only_staged_is_gone_after_a_kill_and_what_was_committed_is_there() {
    for durability in [Durability::Fsync, Durability::Flush] {
        let options = SledOptions {
            durability,
            ..SledOptions::default()
        };
        let dir = tempfile::tempdir().unwrap();
        let (mut store, _) = open_with(dir.path(), options).unwrap();
        for number in 0..20 {
            stage(&mut store, &[message(number, "committed")]);
            store.commit(NOW).unwrap();
        }
        stage(&mut store, &[message(99, "staged")]);
        let left = killed(dir.path());
        let (_, replayed) = open_with(left.path(), options).unwrap();
        let changes: Vec<_> = replayed.into_iter().map(|(change, _)| change).collect();
        let expected: Vec<_> = (0..20).map(|n| message(n, "committed")).collect();
        assert_eq!(changes, expected, "at {durability}");
    }
}

#[test]
fn what_was_only_staged_is_gone_after_an_orderly_end_too() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, _) = open(dir.path());
    stage(&mut store, &[message(1, "staged")]);
    drop(store);
    assert!(open(dir.path()).1.is_empty());
}

#[test]
fn an_orderly_end_keeps_what_was_committed_without_durability() {
    let options = SledOptions {
        durability: Durability::None,
        ..SledOptions::default()
    };
    let dir = tempfile::tempdir().unwrap();
    let (mut store, _) = open_with(dir.path(), options).unwrap();
    for number in 0..20 {
        stage(&mut store, &[message(number, "committed")]);
        store.commit(NOW).unwrap();
    }
    drop(store);
    assert_eq!(open(dir.path()).1.len(), 20);
}

#[test]
fn a_store_without_durability_may_lose_its_end_and_still_opens() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, _) = open(dir.path());
    stage(&mut store, &[message(1, "synced")]);
    store.commit(NOW).unwrap();
    drop(store);
    let options = SledOptions {
        durability: Durability::None,
        ..SledOptions::default()
    };
    let (mut store, _) = open_with(dir.path(), options).unwrap();
    for number in 2..20 {
        stage(&mut store, &[message(number, "not synced")]);
        store.commit(NOW).unwrap();
    }
    let left = killed(dir.path());
    let (_, replayed) = open(left.path());
    assert_eq!(replayed[0].0, message(1, "synced"));
}

#[test]
fn a_text_is_read_before_and_after_its_commit_and_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, _) = open(dir.path());
    let texts: Vec<_> = [0, 1, 300, 64 * 1024, 64 * 1024, 5]
        .into_iter()
        .zip(0..)
        .map(|(length, number)| text_of(number, length))
        .collect();
    let places: Vec<_> = texts
        .iter()
        .zip(0..)
        .map(|(text, number)| stage(&mut store, &[message(number, text)])[0])
        .collect();
    let check = |store: &dyn Store| {
        for (place, text) in places.iter().zip(&texts) {
            assert_eq!(store.read(*place).unwrap().as_str(), text);
        }
    };
    check(&store);
    store.commit(NOW).unwrap();
    check(&store);
    stage(&mut store, &[message(7, "in the next frame")]);
    check(&store);
    drop(store);
    check(&open(dir.path()).0);
}

#[test]
fn a_place_where_no_such_text_was_written_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, _) = open(dir.path());
    let place = stage(&mut store, &[message(1, "text"), message(2, "text")])[0];
    for committed in [false, true] {
        for change in [-1_i32, 1, 50, i32::MAX - 1000] {
            let mut wrong = place;
            wrong.offset = wrong.offset.saturating_add_signed(change);
            assert!(store.read(wrong).is_err(), "{wrong:?}");
        }
        for (frame, length) in [(0, 4), (2, 4), (u64::MAX, 4), (1, 3), (1, 5), (1, u32::MAX)] {
            let mut wrong = place;
            (wrong.frame, wrong.length) = (frame, length);
            assert!(store.read(wrong).is_err(), "{wrong:?}, {committed}");
        }
        store.commit(NOW).unwrap();
    }
    assert_eq!(store.read(place).unwrap().as_str(), "text");
}

#[test]
fn a_long_commit_is_several_frames_of_which_none_is_too_long_and_none_splits_an_operation() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, _) = open(dir.path());
    let mut operations = 0;
    let mut expected = Vec::new();
    for length in [
        64 * 1024,
        10,
        40_000,
        30_000,
        64 * 1024,
        1,
        64 * 1024,
        20_000,
    ] {
        for _ in 0..5 {
            let number = operations * 2;
            let changes = [
                message(number, &text_of(number, length)),
                message(number + 1, &text_of(number, 20_000)),
            ];
            let places = stage(&mut store, &changes);
            assert_eq!(places[0].frame, places[1].frame);
            expected.extend(changes.into_iter().zip(places));
            operations += 1;
        }
    }
    store.commit(NOW).unwrap();
    drop(store);
    with_sled(dir.path(), |db| {
        let lengths: Vec<_> = db.iter().map(|row| row.unwrap().1.len()).collect();
        assert!(lengths.len() > 20);
        assert!(lengths.iter().all(|length| *length <= FRAME_BYTES_MAX));
    });
    assert_eq!(open(dir.path()).1, expected);
}

#[test]
fn an_operation_that_fits_in_no_frame_leaves_no_trace() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, _) = open(dir.path());
    let long = text_of(1, 64 * 1024);
    let too_long = [message(1, &long), message(2, &long)];
    for before in 0..2 {
        let mut places = vec![stage(&mut store, &[message(10 + before, "fits")])[0]];
        let told = places.clone();
        assert!(matches!(
            store.stage(&too_long, &mut places),
            Err(StoreError::OperationTooLong { bytes, limit })
                if bytes > limit && limit == FRAME_BYTES_MAX
        ));
        assert_eq!(places, told);
        store.commit(NOW).unwrap();
        assert!(store.stage(&too_long, &mut places).is_err());
        store.commit(NOW).unwrap();
    }
    drop(store);
    let (_, replayed) = open(dir.path());
    let changes: Vec<_> = replayed.into_iter().map(|(change, _)| change).collect();
    assert_eq!(changes, [message(10, "fits"), message(11, "fits")]);
}

#[test]
fn the_time_of_the_last_commit_is_known_even_when_everything_is_dead() {
    let dir = tempfile::tempdir().unwrap();
    let mut owner = Owner::open(dir.path(), SledOptions::default());
    owner.put(1, "text");
    owner.commit();
    owner.delete(1);
    owner.store.commit(Timestamp::NEVER).unwrap();
    owner.store.reclaim().unwrap();
    drop(owner);
    let (store, replayed) = open(dir.path());
    assert_eq!(store.last_commit(), Some(Timestamp::NEVER));
    assert_eq!(replayed.len(), 1, "the frame of the put is gone");
}

#[test]
fn a_commit_of_nothing_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, _) = open(dir.path());
    let mut places = Vec::new();
    store.stage(&[], &mut places).unwrap();
    store.commit(NOW).unwrap();
    assert_eq!((store.last_commit(), store.frame_bytes()), (None, 0));
}

#[test]
fn a_second_store_at_the_same_place_is_refused_until_the_first_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    assert!(matches!(refusal(dir.path()), StoreError::Locked { .. }));
    drop(store);
    open(dir.path());
}

#[test]
fn a_location_is_made_with_everything_above_it() {
    let dir = tempfile::tempdir().unwrap();
    let deep = dir.path().join("a/b/__queuerite__");
    let (mut store, _) = open(&deep);
    stage(&mut store, &[message(1, "text")]);
    store.commit(NOW).unwrap();
    drop(store);
    assert_eq!(open(&deep).1.len(), 1);
}

#[test]
fn a_store_that_was_never_finished_is_made_again() {
    let dir = tempfile::tempdir().unwrap();
    let unfinished = dir.path().join("sled.unfinished");
    std::fs::create_dir_all(&unfinished).unwrap();
    std::fs::write(unfinished.join("db"), "half").unwrap();
    std::fs::create_dir(dir.path().join("sled")).unwrap();
    open(dir.path());
    assert!(!unfinished.exists());
}
