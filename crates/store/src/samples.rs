//! Changes to test with.

use proptest::prelude::*;
use queuerite_engine::{Change, MessageState, QueueId};
use queuerite_model::{
    AccountName, CorsRule, DequeueCount, Logging, MessageId, MessageText, Metadata, Metrics,
    Permissions, QueueName, RetentionPolicy, ServiceProperties, StoredAccessPolicy, Timestamp,
};

/// A message of queue 1 whose id and sequence are `number`.
pub(crate) fn message(number: u64, text: &str) -> Change {
    let now = Timestamp::from_unix(1_700_000_000, 0);
    Change::MessageWritten {
        queue: QueueId(1),
        message: MessageState {
            id: MessageId::from_bytes(u128::from(number).to_be_bytes()),
            sequence: number,
            insertion_time: now,
            expiration_time: now.plus_seconds(604_800),
            time_next_visible: now.plus_seconds(30),
            dequeue_count: DequeueCount(3),
            nonce: 0xdead_beef,
            updated: true,
        },
        text: MessageText::new(text.into()),
    }
}

/// The end of such a message.
pub(crate) fn deletion(number: u64) -> Change {
    Change::MessageDeleted {
        queue: QueueId(1),
        id: MessageId::from_bytes(u128::from(number).to_be_bytes()),
    }
}

/// One change of each kind, in the order of their declaration, with every field set.
pub(crate) fn one_of_each() -> Vec<Change> {
    let time = Timestamp::from_unix(1_700_000_000, 100);
    let id = MessageId::from_random([0x5a; 16]);
    let metadata = vec![("a".into(), "1".into()), ("B".into(), "é".into())];
    let policy = StoredAccessPolicy {
        id: "YWJj".into(),
        start: Some(time),
        expiry: None,
        permissions: Permissions::parse("rp"),
    };
    vec![
        Change::PropertiesWritten {
            account: AccountName::parse("devstoreaccount1").unwrap(),
            properties: Box::new(ServiceProperties {
                logging: Logging {
                    read: true,
                    write: false,
                    delete: true,
                    retention_policy: RetentionPolicy { days: Some(365) },
                },
                hour_metrics: Metrics {
                    include_apis: Some(false),
                    retention_policy: RetentionPolicy { days: None },
                },
                minute_metrics: Metrics::default(),
                cors: vec![CorsRule {
                    allowed_origins: "https://a.example".into(),
                    allowed_methods: "GET,PUT".into(),
                    allowed_headers: "x-ms-meta-*".into(),
                    exposed_headers: String::new(),
                    max_age_in_seconds: 200,
                }],
            }),
        },
        Change::QueueWritten {
            queue: QueueId(1),
            account: AccountName::parse("devstoreaccount1").unwrap(),
            name: QueueName::parse("orders").unwrap(),
            metadata: Metadata::new(metadata).unwrap(),
            policies: vec![policy],
        },
        Change::QueueDeleted {
            queue: QueueId(7),
            name_free_at: time,
        },
        message(42, "Grüße"),
        Change::MessagesDelivered {
            queue: QueueId(1),
            messages: vec![(id, DequeueCount(1)), (id, DequeueCount(u32::MAX))],
            time_next_visible: time,
            nonce: 9,
        },
        Change::MessageRescheduled {
            queue: QueueId(1),
            id,
            time_next_visible: Timestamp::NEVER,
            nonce: u32::MAX,
        },
        Change::MessageDeleted {
            queue: QueueId(u32::MAX),
            id,
        },
        Change::MessagesCleared { queue: QueueId(0) },
    ]
}

/// Any change at all.
pub(crate) fn any_change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (account(), properties()).prop_map(|(account, properties)| Change::PropertiesWritten {
            account,
            properties: Box::new(properties),
        }),
        (queue(), account(), name(), metadata(), policies()).prop_map(
            |(queue, account, name, metadata, policies)| Change::QueueWritten {
                queue,
                account,
                name,
                metadata,
                policies,
            }
        ),
        (queue(), time()).prop_map(|(queue, name_free_at)| Change::QueueDeleted {
            queue,
            name_free_at,
        }),
        (queue(), message_state(), ".{0,300}").prop_map(|(queue, message, text)| {
            Change::MessageWritten {
                queue,
                message,
                text: MessageText::new(text),
            }
        }),
        (queue(), deliveries(), time(), any::<u32>()).prop_map(
            |(queue, messages, time_next_visible, nonce)| Change::MessagesDelivered {
                queue,
                messages,
                time_next_visible,
                nonce,
            }
        ),
        (queue(), id(), time(), any::<u32>()).prop_map(|(queue, id, time_next_visible, nonce)| {
            Change::MessageRescheduled {
                queue,
                id,
                time_next_visible,
                nonce,
            }
        }),
        (queue(), id()).prop_map(|(queue, id)| Change::MessageDeleted { queue, id }),
        queue().prop_map(|queue| Change::MessagesCleared { queue }),
    ]
}

fn queue() -> impl Strategy<Value = QueueId> {
    any::<u32>().prop_map(QueueId)
}

fn id() -> impl Strategy<Value = MessageId> {
    any::<[u8; 16]>().prop_map(MessageId::from_bytes)
}

fn time() -> impl Strategy<Value = Timestamp> {
    any::<u64>().prop_map(Timestamp::from_ticks)
}

fn account() -> impl Strategy<Value = AccountName> {
    "[a-z][a-z0-9]{0,62}".prop_map(|name| AccountName::parse(&name).unwrap())
}

fn name() -> impl Strategy<Value = QueueName> {
    "[a-z0-9]{3,63}".prop_map(|name| QueueName::parse(&name).unwrap())
}

fn metadata() -> impl Strategy<Value = Metadata> {
    prop::collection::vec(("[a-z_]{1,9}", ".{0,20}"), 0..6)
        .prop_map(|pairs| Metadata::new(pairs).unwrap())
}

fn policies() -> impl Strategy<Value = Vec<StoredAccessPolicy>> {
    let permissions = (0_u8..16).prop_map(Permissions::from_bits);
    let policy = (
        "[a-zA-Z=]{1,64}",
        prop::option::of(time()),
        prop::option::of(time()),
        prop::option::of(permissions),
    )
        .prop_map(|(id, start, expiry, permissions)| StoredAccessPolicy {
            id: id.into(),
            start,
            expiry,
            permissions,
        });
    prop::collection::vec(policy, 0..6)
}

fn deliveries() -> impl Strategy<Value = Vec<(MessageId, DequeueCount)>> {
    prop::collection::vec((id(), any::<u32>().prop_map(DequeueCount)), 0..33)
}

fn message_state() -> impl Strategy<Value = MessageState> {
    (
        (id(), any::<u64>()),
        (time(), time(), time()),
        (any::<u32>(), any::<u32>(), any::<bool>()),
    )
        .prop_map(
            |((id, sequence), times, (count, nonce, updated))| MessageState {
                id,
                sequence,
                insertion_time: times.0,
                expiration_time: times.1,
                time_next_visible: times.2,
                dequeue_count: DequeueCount(count),
                nonce,
                updated,
            },
        )
}

fn properties() -> impl Strategy<Value = ServiceProperties> {
    let rule = (".{0,30}", ".{0,30}", ".{0,30}", ".{0,30}", any::<u32>()).prop_map(
        |(origins, methods, allowed, exposed, age)| CorsRule {
            allowed_origins: origins,
            allowed_methods: methods,
            allowed_headers: allowed,
            exposed_headers: exposed,
            max_age_in_seconds: age,
        },
    );
    (
        logging(),
        metrics(),
        metrics(),
        prop::collection::vec(rule, 0..6),
    )
        .prop_map(
            |(logging, hour_metrics, minute_metrics, cors)| ServiceProperties {
                logging,
                hour_metrics,
                minute_metrics,
                cors,
            },
        )
}

fn logging() -> impl Strategy<Value = Logging> {
    (any::<[bool; 3]>(), retention()).prop_map(|([read, write, delete], retention_policy)| {
        Logging {
            read,
            write,
            delete,
            retention_policy,
        }
    })
}

fn metrics() -> impl Strategy<Value = Metrics> {
    (any::<Option<bool>>(), retention()).prop_map(|(include_apis, retention_policy)| Metrics {
        include_apis,
        retention_policy,
    })
}

fn retention() -> impl Strategy<Value = RetentionPolicy> {
    any::<Option<u16>>().prop_map(|days| RetentionPolicy { days })
}
