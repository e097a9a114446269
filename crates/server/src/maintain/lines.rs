//! The lines of an export, as JSON and as what they mean.

use queuerite_engine::{Change, MessageState, QueueId};
use queuerite_model::{
    AccountName, CorsRule, DequeueCount, Logging, MessageId, MessageText, Metadata, Metrics,
    Permissions, QueueName, RetentionPolicy, ServiceProperties, StoredAccessPolicy, Timestamp,
    limits::MESSAGE_TEXT_BYTES_MAX,
};
use queuerite_wire::{iso8601_seven, parse_iso8601};
use serde::{Deserialize, Serialize};

/// What the first line names.
pub(super) const FORMAT: &str = "queuerite-export";

/// The version that is written, and the newest that is read.
pub(super) const VERSION: u32 = 1;

/// The first line.
#[derive(Serialize, Deserialize, Debug)]
pub(super) struct Header {
    pub(super) format: String,
    pub(super) version: u32,
    pub(super) exported_at: String,
    pub(super) last_commit: Option<String>,
    pub(super) whole: bool,
}

/// Every other line.
#[derive(Serialize, Deserialize, Debug)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Line {
    Properties(PropertiesLine),
    Queue(QueueLine),
    Message(MessageLine),
    End(EndLine),
}

#[derive(Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct PropertiesLine {
    pub(super) account: String,
    logging: LoggingField,
    hour_metrics: MetricsField,
    minute_metrics: MetricsField,
    cors: Vec<CorsField>,
}

#[derive(Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct LoggingField {
    read: bool,
    write: bool,
    delete: bool,
    retention_days: Option<u16>,
}

#[derive(Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct MetricsField {
    include_apis: Option<bool>,
    retention_days: Option<u16>,
}

#[derive(Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct CorsField {
    allowed_origins: String,
    allowed_methods: String,
    allowed_headers: String,
    exposed_headers: String,
    max_age_in_seconds: u32,
}

#[derive(Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct QueueLine {
    pub(super) account: String,
    pub(super) name: String,
    metadata: Vec<(String, String)>,
    policies: Vec<PolicyField>,
}

#[derive(Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct PolicyField {
    id: String,
    start: Option<String>,
    expiry: Option<String>,
    permissions: Option<String>,
}

#[derive(Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct MessageLine {
    pub(super) account: String,
    pub(super) queue: String,
    id: String,
    insertion_time: String,
    expiration_time: String,
    time_next_visible: String,
    dequeue_count: u32,
    pop_receipt: ReceiptField,
    sequence: u64,
    text: String,
}

#[derive(Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct ReceiptField {
    kind: ReceiptKind,
    nonce: u32,
}

#[derive(Serialize, Deserialize, PartialEq, Eq, Debug)]
#[serde(rename_all = "snake_case")]
enum ReceiptKind {
    Issued,
    Updated,
}

/// The last line.
#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq, Default, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct EndLine {
    pub(super) properties: u64,
    pub(super) queues: u64,
    pub(super) messages: u64,
}

impl PropertiesLine {
    pub(super) fn new(account: &AccountName, properties: &ServiceProperties) -> Self {
        let metrics = |metrics: Metrics| MetricsField {
            include_apis: metrics.include_apis,
            retention_days: metrics.retention_policy.days,
        };
        let cors = properties.cors.iter().map(|rule| CorsField {
            allowed_origins: rule.allowed_origins.clone(),
            allowed_methods: rule.allowed_methods.clone(),
            allowed_headers: rule.allowed_headers.clone(),
            exposed_headers: rule.exposed_headers.clone(),
            max_age_in_seconds: rule.max_age_in_seconds,
        });
        Self {
            account: account.to_string(),
            logging: LoggingField {
                read: properties.logging.read,
                write: properties.logging.write,
                delete: properties.logging.delete,
                retention_days: properties.logging.retention_policy.days,
            },
            hour_metrics: metrics(properties.hour_metrics),
            minute_metrics: metrics(properties.minute_metrics),
            cors: cors.collect(),
        }
    }

    pub(super) fn read(self) -> Result<(AccountName, ServiceProperties), String> {
        let metrics = |field: MetricsField| Metrics {
            include_apis: field.include_apis,
            retention_policy: RetentionPolicy {
                days: field.retention_days,
            },
        };
        let cors = self.cors.into_iter().map(|rule| CorsRule {
            allowed_origins: rule.allowed_origins,
            allowed_methods: rule.allowed_methods,
            allowed_headers: rule.allowed_headers,
            exposed_headers: rule.exposed_headers,
            max_age_in_seconds: rule.max_age_in_seconds,
        });
        let properties = ServiceProperties {
            logging: Logging {
                read: self.logging.read,
                write: self.logging.write,
                delete: self.logging.delete,
                retention_policy: RetentionPolicy {
                    days: self.logging.retention_days,
                },
            },
            hour_metrics: metrics(self.hour_metrics),
            minute_metrics: metrics(self.minute_metrics),
            cors: cors.collect(),
        };
        Ok((account(&self.account)?, properties))
    }
}

impl QueueLine {
    pub(super) fn new(
        account: &AccountName,
        name: &QueueName,
        metadata: &Metadata,
        policies: &[StoredAccessPolicy],
    ) -> Self {
        let pairs = metadata.iter();
        let policies = policies.iter().map(|policy| PolicyField {
            id: policy.id.to_string(),
            start: policy.start.map(iso8601_seven),
            expiry: policy.expiry.map(iso8601_seven),
            permissions: policy
                .permissions
                .map(|permissions| permissions.to_string()),
        });
        Self {
            account: account.to_string(),
            name: name.to_string(),
            metadata: pairs
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            policies: policies.collect(),
        }
    }

    /// The record of this queue under a number.
    pub(super) fn read(self, queue: QueueId) -> Result<Change, String> {
        let policy = |field: PolicyField| {
            let instant = |text: Option<String>| text.map(|text| time(&text)).transpose();
            let permissions = |text: String| {
                Permissions::parse(&text).ok_or_else(|| format!("{text:?} are no permissions"))
            };
            Ok::<_, String>(StoredAccessPolicy {
                id: field.id.into(),
                start: instant(field.start)?,
                expiry: instant(field.expiry)?,
                permissions: field.permissions.map(permissions).transpose()?,
            })
        };
        Ok(Change::QueueWritten {
            queue,
            account: account(&self.account)?,
            name: queue_name(&self.name)?,
            metadata: Metadata::new(self.metadata).ok_or("the metadata exceed 8 KiB")?,
            policies: self
                .policies
                .into_iter()
                .map(policy)
                .collect::<Result<_, _>>()?,
        })
    }
}

impl MessageLine {
    pub(super) fn new(
        account: &AccountName,
        queue: &QueueName,
        state: &MessageState,
        text: &MessageText,
    ) -> Self {
        Self {
            account: account.to_string(),
            queue: queue.to_string(),
            id: state.id.to_string(),
            insertion_time: iso8601_seven(state.insertion_time),
            expiration_time: iso8601_seven(state.expiration_time),
            time_next_visible: iso8601_seven(state.time_next_visible),
            dequeue_count: state.dequeue_count.0,
            pop_receipt: ReceiptField {
                kind: if state.updated {
                    ReceiptKind::Updated
                } else {
                    ReceiptKind::Issued
                },
                nonce: state.nonce,
            },
            sequence: state.sequence,
            text: text.as_str().to_owned(),
        }
    }

    pub(super) fn read(self) -> Result<(MessageState, MessageText), String> {
        if self.text.len() > MESSAGE_TEXT_BYTES_MAX {
            return Err("the text exceeds 64 KiB".into());
        }
        if let Some(illegal) = self.text.chars().find(|c| !is_legal(*c)) {
            return Err(format!(
                "the text holds {illegal:?}, which no answer could tell"
            ));
        }
        let id = MessageId::parse(&self.id);
        let state = MessageState {
            id: id.ok_or_else(|| format!("{:?} is no message id", self.id))?,
            sequence: self.sequence,
            insertion_time: time(&self.insertion_time)?,
            expiration_time: time(&self.expiration_time)?,
            time_next_visible: time(&self.time_next_visible)?,
            dequeue_count: DequeueCount(self.dequeue_count),
            nonce: self.pop_receipt.nonce,
            updated: self.pop_receipt.kind == ReceiptKind::Updated,
        };
        Ok((state, MessageText::new(self.text)))
    }
}

/// An instant of an export.
pub(super) fn time(text: &str) -> Result<Timestamp, String> {
    parse_iso8601(text).ok_or_else(|| format!("{text:?} is no time"))
}

pub(super) fn account(text: &str) -> Result<AccountName, String> {
    AccountName::parse(text).map_err(|error| format!("account {text:?}: {error}"))
}

pub(super) fn queue_name(text: &str) -> Result<QueueName, String> {
    QueueName::parse(text).map_err(|error| format!("queue {text:?}: {error}"))
}

/// Any line, read to its meaning and written again, if it can be read.
#[cfg(feature = "fuzzing")]
pub fn rewritten(line: &str) -> Option<String> {
    if let Ok(header) = serde_json::from_str::<Header>(line) {
        return serde_json::to_string(&header).ok();
    }
    let line = match serde_json::from_str(line).ok()? {
        Line::Properties(line) => {
            let (account, properties) = line.read().ok()?;
            Line::Properties(PropertiesLine::new(&account, &properties))
        }
        Line::Queue(line) => match line.read(QueueId(0)).ok()? {
            Change::QueueWritten {
                account,
                name,
                metadata,
                policies,
                ..
            } => Line::Queue(QueueLine::new(&account, &name, &metadata, &policies)),
            _ => return None,
        },
        Line::Message(line) => {
            let owner = account(&line.account).ok()?;
            let queue = queue_name(&line.queue).ok()?;
            let (state, text) = line.read().ok()?;
            Line::Message(MessageLine::new(&owner, &queue, &state, &text))
        }
        Line::End(line) => Line::End(line),
    };
    serde_json::to_string(&line).ok()
}

/// The characters of XML, in which texts are told.
const fn is_legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json<T: Serialize>(line: &T) -> String {
        serde_json::to_string(line).unwrap()
    }

    #[test]
    fn a_message_reads_back_with_every_field() {
        let account = AccountName::parse("devstoreaccount1").unwrap();
        let queue = QueueName::parse("orders").unwrap();
        for updated in [false, true] {
            let state = MessageState {
                id: MessageId::from_random([0x5a; 16]),
                sequence: u64::MAX,
                insertion_time: Timestamp::from_unix(1_700_000_000, 123_456_700),
                expiration_time: Timestamp::NEVER,
                time_next_visible: Timestamp::from_unix(1_700_000_030, 0),
                dequeue_count: DequeueCount(u32::MAX),
                nonce: 0xdead_beef,
                updated,
            };
            let text = MessageText::new("Grüße \"\\ \u{10ffff}\r\n\t".into());
            let line = Line::Message(MessageLine::new(&account, &queue, &state, &text));
            let line = json(&line);
            assert!(
                line.contains(r#""insertion_time":"2023-11-14T22:13:20.1234567Z""#),
                "{line}"
            );
            let Ok(Line::Message(read)) = serde_json::from_str(&line) else {
                panic!("{line}");
            };
            assert_eq!(read.read().unwrap(), (state, text));
        }
    }

    #[test]
    fn a_queue_and_properties_read_back_with_every_field() {
        let policy = |id: &str, time, permissions| StoredAccessPolicy {
            id: id.into(),
            start: time,
            expiry: time,
            permissions: Permissions::parse(permissions),
        };
        let written = Change::QueueWritten {
            queue: QueueId(7),
            account: AccountName::parse("devstoreaccount1").unwrap(),
            name: QueueName::parse("orders").unwrap(),
            metadata: Metadata::new(vec![("b".into(), "1".into()), ("a".into(), "é".into())])
                .unwrap(),
            policies: vec![
                policy("one", Some(Timestamp::NEVER), "raup"),
                policy("two", None, "x"),
            ],
        };
        let Change::QueueWritten {
            account,
            name,
            metadata,
            policies,
            ..
        } = &written
        else {
            unreachable!("written above")
        };
        let line = json(&QueueLine::new(account, name, metadata, policies));
        let read: QueueLine = serde_json::from_str(&line).unwrap();
        assert_eq!(read.read(QueueId(7)).unwrap(), written);

        let metrics = |include_apis, days| Metrics {
            include_apis,
            retention_policy: RetentionPolicy { days },
        };
        let properties = ServiceProperties {
            logging: Logging {
                read: true,
                write: false,
                delete: true,
                retention_policy: RetentionPolicy { days: Some(7) },
            },
            hour_metrics: metrics(Some(false), Some(1)),
            minute_metrics: metrics(None, None),
            cors: vec![CorsRule {
                allowed_origins: "*".into(),
                allowed_methods: "GET,PUT".into(),
                allowed_headers: "x-ms-meta-*".into(),
                exposed_headers: String::new(),
                max_age_in_seconds: 200,
            }],
        };
        let line = json(&PropertiesLine::new(account, &properties));
        let read: PropertiesLine = serde_json::from_str(&line).unwrap();
        assert_eq!(read.read().unwrap(), (account.clone(), properties));
    }

    #[test]
    fn what_could_not_be_served_is_not_read() {
        let line = |id: &str, text: &str, time: &str| {
            let json = format!(
                r#"{{"account":"a","queue":"abc","id":"{id}","insertion_time":"{time}",
                "expiration_time":"{time}","time_next_visible":"{time}","dequeue_count":0,
                "pop_receipt":{{"kind":"issued","nonce":1}},"sequence":1,"text":"{text}"}}"#
            );
            serde_json::from_str::<MessageLine>(&json).unwrap().read()
        };
        let (id, time) = (
            "5a5a5a5a-5a5a-4a5a-9a5a-5a5a5a5a5a5a",
            "2026-11-22T19:00:00Z",
        );
        assert!(line(id, "text", time).is_ok());
        assert!(line("5a", "text", time).unwrap_err().contains("message id"));
        assert!(line(id, "text", "soon").unwrap_err().contains("time"));
        assert!(line(id, "\\u0001", time).unwrap_err().contains("'\\u{1}'"));
        assert!(
            line(id, &"x".repeat(65_537), time)
                .unwrap_err()
                .contains("64 KiB")
        );
    }
}
