//! What cannot be read is refused with a reason, and never taken for an empty store.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic"
)]

mod common;

use std::fs;
use std::path::Path;

use common::{NOW, Replayed, files, killed, message, open, refusal, stage, text_of, with_sled};
use queuerite_store::{SledOptions, Store, StoreError};

/// Fills a store with a few hundred kilobytes in forty frames and closes it.
fn filled(dir: &Path) -> Replayed {
    let (mut store, _) = open(dir);
    fill(&mut store)
}

fn fill(store: &mut queuerite_store::SledStore) -> Replayed {
    let mut expected = Vec::new();
    for number in 0..40 {
        let change = message(number, &text_of(number, 8000));
        let place = stage(store, std::slice::from_ref(&change))[0];
        store.commit(NOW).unwrap();
        expected.push((change, place));
    }
    expected
}

/// It still has what sled has got meanwhile.
fn remove_journal(dir: &Path) {
    for entry in fs::read_dir(dir.join("sled")).unwrap() {
        let path = entry.unwrap().path();
        if path.file_stem().is_some_and(|stem| stem == "journal") {
            fs::remove_file(path).unwrap();
        }
    }
}

fn frame_key(number: u64) -> [u8; 8] {
    number.to_be_bytes()
}

#[track_caller]
fn refused_as_corrupt(dir: &Path, reason: &str) {
    let error = refusal(dir);
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains(reason), "{text:?} does not say {reason:?}");
    assert!(text.contains("sled is damaged"), "{text:?} names no path");
}

#[test]
fn a_flipped_byte_anywhere_in_the_log_is_refused_or_does_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, _) = open(dir.path());
    let expected = fill(&mut store);
    common::settle(&mut store);
    let as_killed = killed(dir.path());
    remove_journal(as_killed.path());
    drop(store);
    let mut refused = 0;
    let mut harmless = 0;
    for source in [as_killed.path(), dir.path()] {
        let length = fs::read(source.join("sled/db")).unwrap().len();
        let used = 450_000.min(length);
        for step in 0..25 {
            let left = killed(source);
            let log = left.path().join("sled/db");
            let mut bytes = fs::read(&log).unwrap();
            bytes[step * used / 25 + 11] ^= 0x10;
            fs::write(&log, &bytes).unwrap();
            for attempt in 0..2 {
                match common::open_with(left.path(), SledOptions::default()) {
                    Ok((_, replayed)) => {
                        assert_eq!(replayed, expected, "step {step}, attempt {attempt}");
                        harmless += 1;
                    }
                    Err(error) => {
                        assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
                        refused += 1;
                    }
                }
            }
        }
    }
    assert!(refused > 20, "{refused} refused, {harmless} harmless");
}

#[test]
fn a_flipped_byte_in_an_older_segment_is_refused_or_does_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, _) = open(dir.path());
    let mut expected = Vec::new();
    for number in 0..400 {
        let change = message(number, &text_of(number, 64 * 1024));
        let place = stage(&mut store, std::slice::from_ref(&change))[0];
        if number % 20 == 19 {
            store.commit(NOW).unwrap();
        }
        expected.push((change, place));
    }
    drop(store);
    let mut refused = 0;
    for eighth in 1..8 {
        let left = killed(dir.path());
        let log = left.path().join("sled/db");
        let mut bytes = fs::read(&log).unwrap();
        let at = bytes.len() / 8 * eighth;
        bytes[at] ^= 0x10;
        fs::write(&log, &bytes).unwrap();
        match common::open_with(left.path(), SledOptions::default()) {
            Ok((_, replayed)) => assert_eq!(replayed, expected, "at {at}"),
            Err(error) => {
                assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
                refused += 1;
            }
        }
    }
    assert!(refused > 0);
}

#[test]
fn a_log_cut_short_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, _) = open(dir.path());
    fill(&mut store);
    common::settle(&mut store);
    let left = killed(dir.path());
    remove_journal(left.path());
    let log = fs::File::options()
        .write(true)
        .open(left.path().join("sled/db"))
        .unwrap();
    log.set_len(200_000).unwrap();
    for _ in 0..2 {
        refused_as_corrupt(left.path(), "");
    }
}

#[test]
fn a_log_that_is_missing_or_empty_is_refused_and_not_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    let log = dir.path().join("sled/db");
    fs::write(&log, "").unwrap();
    refused_as_corrupt(dir.path(), "missing or empty");
    fs::remove_file(&log).unwrap();
    refused_as_corrupt(dir.path(), "missing or empty");
    assert!(!log.exists());
}

#[test]
fn an_unfinished_snapshot_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    let expected = filled(dir.path());
    let unfinished = dir.path().join("sled/snap.00000000FFFFFFFF.generating");
    fs::write(&unfinished, "").unwrap();
    assert_eq!(open(dir.path()).1, expected);
    assert!(!unfinished.exists());
}

#[test]
fn a_damaged_snapshot_is_set_aside_and_nothing_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let expected = filled(dir.path());
    drop(open(dir.path()));
    let snapshot = fs::read_dir(dir.path().join("sled"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.display().to_string().contains("snap."))
        .unwrap();
    let whole = fs::read(&snapshot).unwrap();
    fs::write(&snapshot, &whole[..whole.len() / 2]).unwrap();
    assert_eq!(open(dir.path()).1, expected);
    let name = snapshot.file_name().unwrap();
    assert!(dir.path().join("snapshots-set-aside").join(name).exists());
    assert_eq!(open(dir.path()).1, expected);
}

#[test]
fn damaged_settings_are_set_aside_and_nothing_is_lost() {
    for remembers in [false, true] {
        for damage in [0, 7, 36] {
            let dir = tempfile::tempdir().unwrap();
            let expected = filled(dir.path());
            if !remembers {
                fs::remove_file(dir.path().join("acknowledged")).unwrap();
            }
            let settings = dir.path().join("sled/conf");
            let mut bytes = fs::read(&settings).unwrap();
            bytes[damage] ^= 0x80;
            fs::write(&settings, &bytes).unwrap();
            for _ in 0..2 {
                assert_eq!(open(dir.path()).1, expected);
            }
            let aside = dir.path().join("settings-set-aside/conf");
            assert_eq!(fs::read(aside).unwrap(), bytes);
        }
    }
}

#[test]
fn a_store_that_loses_everything_is_refused_at_every_durability() {
    for durability in queuerite_store::Durability::ALL {
        let options = SledOptions {
            durability,
            ..SledOptions::default()
        };
        let dir = tempfile::tempdir().unwrap();
        let (mut store, _) = common::open_with(dir.path(), options).unwrap();
        fill(&mut store);
        common::settle(&mut store);
        let left = killed(dir.path());
        remove_journal(left.path());
        with_sled(left.path(), |db| {
            for (key, _) in db
                .iter()
                .map(Result::unwrap)
                .filter(|(key, _)| key.len() == 8)
            {
                db.remove(key).unwrap();
            }
        });
        let error = match common::open_with(left.path(), options) {
            Ok((_, replayed)) => panic!("{durability}: opened with {}", replayed.len()),
            Err(error) => error.to_string(),
        };
        assert!(
            error.contains("ends with no frame"),
            "{durability}: {error}"
        );
    }
}

#[test]
fn an_orderly_end_is_remembered_at_every_durability() {
    for durability in queuerite_store::Durability::ALL {
        let options = SledOptions {
            durability,
            ..SledOptions::default()
        };
        let dir = tempfile::tempdir().unwrap();
        let (mut store, _) = common::open_with(dir.path(), options).unwrap();
        fill(&mut store);
        drop(store);
        with_sled(dir.path(), |db| db.remove(frame_key(40)).unwrap());
        refused_as_corrupt(dir.path(), "ends with frame 39, but frame 40");
    }
}

#[test]
fn a_flipped_bit_that_sled_does_not_see_is_seen_and_the_frame_named() {
    let dir = tempfile::tempdir().unwrap();
    let expected = filled(dir.path());
    let place = expected[16].1;
    with_sled(dir.path(), |db| {
        let mut frame = db.get(frame_key(place.frame)).unwrap().unwrap().to_vec();
        frame[usize::try_from(place.offset).unwrap() + 3] ^= 1;
        db.insert(frame_key(place.frame), frame).unwrap();
    });
    refused_as_corrupt(dir.path(), "frame 17: at byte 29, a check sum");
    refused_as_corrupt(dir.path(), "frame 17");
}

#[test]
fn a_missing_frame_between_others_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    with_sled(dir.path(), |db| db.remove(frame_key(20)).unwrap());
    refused_as_corrupt(dir.path(), "frame 20: it is missing");
}

#[test]
fn missing_frames_at_the_head_are_normal() {
    let dir = tempfile::tempdir().unwrap();
    let expected = filled(dir.path());
    with_sled(dir.path(), |db| {
        for number in 1..=5 {
            db.remove(frame_key(number)).unwrap();
        }
    });
    assert_eq!(open(dir.path()).1, expected[5..]);
}

#[test]
fn a_missing_end_is_refused_until_the_user_accepts_it() {
    let dir = tempfile::tempdir().unwrap();
    let expected = filled(dir.path());
    with_sled(dir.path(), |db| db.remove(frame_key(40)).unwrap());
    for _ in 0..2 {
        refused_as_corrupt(dir.path(), "ends with frame 39, but frame 40");
    }
    fs::remove_file(dir.path().join("acknowledged")).unwrap();
    assert_eq!(open(dir.path()).1, expected[..39]);
}

#[test]
fn a_store_emptied_behind_our_back_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    with_sled(dir.path(), |db| {
        for number in 1..=40 {
            db.remove(frame_key(number)).unwrap();
        }
    });
    refused_as_corrupt(dir.path(), "ends with no frame");
}

#[test]
fn a_database_that_is_missing_is_refused_and_not_made_anew() {
    for leaves_a_directory in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        filled(dir.path());
        let home = dir.path().join("sled");
        fs::remove_dir_all(&home).unwrap();
        if leaves_a_directory {
            fs::create_dir(&home).unwrap();
        }
        for _ in 0..2 {
            refused_as_corrupt(dir.path(), "missing, but frame 40 was acknowledged");
        }
        assert!(!home.join("db").exists());
    }
}

#[test]
fn a_folder_that_was_moved_away_makes_room_for_an_empty_store() {
    let above = tempfile::tempdir().unwrap();
    let dir = above.path().join("store");
    filled(&dir);
    fs::rename(&dir, above.path().join("old")).unwrap();
    let (mut store, replayed) = open(&dir);
    assert!(replayed.is_empty());
    stage(&mut store, &[message(1, "new")]);
    store.commit(NOW).unwrap();
    drop(store);
    assert_eq!(open(&dir).1.len(), 1);
}

#[test]
fn another_programs_database_is_refused_and_keeps_all_its_rows() {
    let dir = tempfile::tempdir().unwrap();
    with_sled(dir.path(), |db| db.insert("theirs", "value").unwrap());
    for _ in 0..2 {
        let error = refusal(dir.path());
        assert!(
            matches!(error, StoreError::UnsupportedFormat { .. }),
            "{error}"
        );
    }
    with_sled(dir.path(), |db| {
        let rows: Vec<_> = db.iter().map(Result::unwrap).collect();
        assert_eq!(rows, [("theirs".into(), "value".into())]);
    });
}

#[test]
fn another_programs_database_with_other_settings_is_not_touched_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("sled");
    let db = sled::open(&home).unwrap();
    db.insert("theirs", "value").unwrap();
    db.flush().unwrap();
    drop(db);
    let before = files(&home);
    let error = refusal(dir.path());
    assert!(
        matches!(error, StoreError::UnsupportedFormat { .. }),
        "{error}"
    );
    assert_eq!(files(&home), before);
}

#[test]
fn a_database_that_has_lost_its_format_row_is_damaged_and_not_another_programs() {
    for emptied in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        filled(dir.path());
        with_sled(dir.path(), |db| db.remove("format").unwrap());
        if emptied {
            with_sled(dir.path(), |db| db.clear().unwrap());
            fs::remove_file(dir.path().join("acknowledged")).unwrap();
        }
        refused_as_corrupt(dir.path(), "its format row is missing");
    }
}

#[test]
fn a_newer_format_is_refused_and_keeps_all_its_rows() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    let rows = |db: &sled::Db| db.iter().map(Result::unwrap).collect::<Vec<_>>();
    let before = with_sled(dir.path(), |db| {
        let newer = [&b"queuerite"[..], &2_u32.to_le_bytes()].concat();
        db.insert("format", newer).unwrap();
        rows(db)
    });
    let error = refusal(dir.path());
    assert!(
        error.to_string().contains("queuerite 2"),
        "{error} names no version"
    );
    assert_eq!(with_sled(dir.path(), rows), before);
}

#[test]
fn a_key_that_is_neither_frame_nor_format_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    with_sled(dir.path(), |db| db.insert("strange", "").unwrap());
    refused_as_corrupt(dir.path(), "unknown key \"strange\"");
}

#[test]
fn a_database_that_was_being_made_is_made_anew_unless_something_was_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("sled");
    fs::create_dir_all(&home).unwrap();
    for file in ["sled.begun", "sled/db", "sled/conf"] {
        fs::write(dir.path().join(file), "").unwrap();
    }
    let expected = filled(dir.path());
    assert!(!dir.path().join("sled.begun").exists());

    fs::write(dir.path().join("sled.begun"), "").unwrap();
    assert_eq!(open(dir.path()).1, expected);
    assert!(!dir.path().join("sled.begun").exists());
}
