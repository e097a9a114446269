//! Stored formats stay readable: the frames under `fixtures/store` are what that version wrote,
//! byte for byte, and are never written again.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic"
)]

mod common;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use common::{NOW, deletion, files, message, open, stage, with_sled};
use queuerite_engine::{Change, QueueId};
use queuerite_model::{
    AccountName, CorsRule, DequeueCount, Logging, MessageId, Metadata, Metrics, Permissions,
    QueueName, RetentionPolicy, ServiceProperties, StoredAccessPolicy, Timestamp,
};
use queuerite_store::Store;

#[test]
fn a_store_of_format_1_opens_and_says_what_it_said_then() {
    let dir = tempfile::tempdir().unwrap();
    restore(&fixture(), dir.path());
    says_what_it_said_then(dir.path());
}

#[test]
fn the_files_of_a_store_of_format_1_open_as_they_are() {
    let dir = tempfile::tempdir().unwrap();
    unpack(dir.path());
    says_what_it_said_then(dir.path());
    // And go on to be a store.
    let (mut store, replayed) = open(dir.path());
    stage(&mut store, &[message(4, "fourth")]);
    store.commit(NOW.plus_seconds(2)).unwrap();
    drop(store);
    assert_eq!(open(dir.path()).1.len(), replayed.len() + 1);
}

/// Once for each format, by the last build that writes it.
#[test]
#[ignore = "writes the files of a fixture that does not exist yet"]
fn pack_the_files_of_this_format() {
    assert!(
        !fixture().join("files").exists(),
        "it is never written again"
    );
    let dir = tempfile::tempdir().unwrap();
    write_anew(dir.path());
    pack(dir.path());
}

fn says_what_it_said_then(dir: &Path) {
    let (store, replayed) = open(dir);
    let mut told = String::new();
    for (change, place) in replayed {
        writeln!(told, "{place:?}\n{change:#?}").unwrap();
        if let Change::MessageWritten { .. } = change {
            writeln!(told, "text {:?}", store.read(place).unwrap().as_str()).unwrap();
        }
    }
    assert_eq!(store.last_commit(), Some(NOW.plus_seconds(1)));
    let expected = fs::read_to_string(fixture().join("changes.txt")).unwrap();
    assert_eq!(told, expected);
}

#[test]
fn this_version_still_writes_format_1() {
    let dir = tempfile::tempdir().unwrap();
    write_anew(dir.path());
    with_sled(dir.path(), |db| {
        for (key, value) in db.iter().map(Result::unwrap) {
            let expected = fs::read(fixture().join(file_name(&key))).unwrap();
            assert_eq!(value, expected, "{}", file_name(&key));
        }
    });
}

/// Puts the stored values back into a database.
fn restore(from: &Path, dir: &Path) {
    with_sled(dir, |db| {
        for entry in fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap();
            if path.extension().is_some_and(|end| end == "row") {
                let key = match name.strip_prefix("frame-") {
                    Some(number) => number.parse::<u64>().unwrap().to_be_bytes().to_vec(),
                    None => name.into(),
                };
                db.insert(key, fs::read(&path).unwrap()).unwrap();
            }
        }
    });
}

/// Keeps every file of a store up to its last byte that is not zero, and notes how long it was:
/// nearly all of sled's eight megabytes are zeros.
fn pack(dir: &Path) {
    let mut lengths = String::new();
    for (path, content) in files(dir) {
        let name = Path::new(&path).strip_prefix(dir).unwrap();
        if name == Path::new("lock") {
            continue;
        }
        writeln!(lengths, "{} {}", content.len(), name.display()).unwrap();
        let used = content.iter().rposition(|byte| *byte != 0);
        let target = fixture().join("files").join(name);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::write(target, &content[..used.map_or(0, |last| last + 1)]).unwrap();
    }
    fs::write(fixture().join("lengths.txt"), lengths).unwrap();
}

fn unpack(dir: &Path) {
    fs::create_dir_all(dir.join("sled/blobs")).unwrap();
    let lengths = fs::read_to_string(fixture().join("lengths.txt")).unwrap();
    for line in lengths.lines() {
        let (length, name) = line.split_once(' ').unwrap();
        let target = dir.join(name);
        fs::copy(fixture().join("files").join(name), &target).unwrap();
        let file = fs::File::options().write(true).open(&target).unwrap();
        file.set_len(length.parse().unwrap()).unwrap();
    }
}

/// Makes the store of which the fixture holds the values.
fn write_anew(dir: &Path) {
    let (mut store, _) = open(dir);
    for change in changes() {
        stage(&mut store, &[change]);
    }
    store.commit(NOW).unwrap();
    stage(&mut store, &[message(3, "third"), deletion(1)]);
    store.commit(NOW.plus_seconds(1)).unwrap();
}

fn file_name(key: &[u8]) -> String {
    match <[u8; 8]>::try_from(key) {
        Ok(number) => format!("frame-{}.row", u64::from_be_bytes(number)),
        Err(_) => format!("{}.row", key.escape_ascii()),
    }
}

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/store/v1")
}

fn changes() -> Vec<Change> {
    let account = AccountName::parse("devstoreaccount1").unwrap();
    let queue = QueueId(1);
    let id = MessageId::from_bytes(2_u128.to_be_bytes());
    vec![
        Change::PropertiesWritten {
            account: account.clone(),
            properties: Box::new(ServiceProperties {
                logging: Logging {
                    read: true,
                    write: false,
                    delete: true,
                    retention_policy: RetentionPolicy { days: Some(7) },
                },
                hour_metrics: Metrics {
                    include_apis: Some(true),
                    retention_policy: RetentionPolicy { days: Some(365) },
                },
                minute_metrics: Metrics::default(),
                cors: vec![CorsRule {
                    allowed_origins: "*".into(),
                    allowed_methods: "GET,PUT".into(),
                    allowed_headers: "x-ms-meta-*".into(),
                    exposed_headers: String::new(),
                    max_age_in_seconds: 200,
                }],
            }),
        },
        Change::QueueWritten {
            queue,
            account,
            name: QueueName::parse("orders").unwrap(),
            metadata: Metadata::new(vec![("Owner".into(), "Grüße".into())]).unwrap(),
            policies: vec![StoredAccessPolicy {
                id: "YWJj".into(),
                start: Some(NOW),
                expiry: None,
                permissions: Permissions::parse("raup"),
            }],
        },
        message(1, "first"),
        message(2, ""),
        Change::MessagesDelivered {
            queue,
            messages: vec![(id, DequeueCount(1))],
            time_next_visible: NOW.plus_seconds(30),
            nonce: 7,
        },
        Change::MessageRescheduled {
            queue,
            id,
            time_next_visible: Timestamp::NEVER,
            nonce: 8,
        },
        Change::QueueDeleted {
            queue: QueueId(9),
            name_free_at: NOW,
        },
        Change::MessagesCleared { queue: QueueId(8) },
    ]
}
