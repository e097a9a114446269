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

use common::{NOW, deletion, message, open, stage, with_sled};
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
    let (store, replayed) = open(dir.path());
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

/// Puts the stored values back into a database; sled's own files would take eight megabytes.
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
