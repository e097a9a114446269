//! The documents that clients send: what is read, written by us and read again is the same.

use queuerite_model::limits::MESSAGE_TEXT_BYTES_MAX;
use queuerite_model::{
    AccountName, DequeueCount, MessageId, MessageText, Outcome, PeekedMessage, ServiceProperties,
    ServicePropertiesUpdate,
};
use queuerite_testkit::account;
use queuerite_wire::xml::{read_queue_message, read_service_properties, read_signed_identifiers};
use queuerite_wire::{ResponseContext, ServiceVersion, WireError, respond};

use crate::request::NOON;

/// `QueueMessage`: also, a text is taken up to its very length.
pub fn queue_message(data: &[u8]) {
    let text = match read_queue_message(data, MESSAGE_TEXT_BYTES_MAX) {
        Ok(text) => text,
        Err(WireError::InvalidXml { .. } | WireError::BodyTooLarge { .. }) => return,
        Err(error) => panic!("{error:?}"),
    };
    let length = text.len();
    assert_eq!(read_queue_message(data, length).as_ref(), Ok(&text));
    if let Some(limit) = length.checked_sub(1) {
        let refused = read_queue_message(data, limit);
        assert_eq!(refused, Err(WireError::BodyTooLarge { limit }));
    }

    let peeked = PeekedMessage {
        id: MessageId::from_random([7; 16]),
        insertion_time: NOON,
        expiration_time: NOON,
        dequeue_count: DequeueCount::default(),
        text: text.clone(),
    };
    let written = write(
        &Outcome::MessagesPeeked(vec![peeked]),
        ServiceVersion::NEWEST,
    );
    let written = std::str::from_utf8(&written).expect("documents are UTF-8");
    let (_, message) = written
        .split_once("<DequeueCount>0</DequeueCount>")
        .expect("the count comes before the text");
    let (element, _) = message
        .split_once("</QueueMessage>")
        .expect("the text comes last");
    let again = format!("<QueueMessage>{element}</QueueMessage>");
    let again = read_queue_message(again.as_bytes(), MESSAGE_TEXT_BYTES_MAX);
    assert_eq!(again, Ok(text), "{written}");
}

/// `SignedIdentifiers`.
pub fn signed_identifiers(data: &[u8]) {
    let policies = match read_signed_identifiers(data) {
        Ok(policies) => policies,
        Err(WireError::InvalidXml { .. }) => return,
        Err(error) => panic!("{error:?}"),
    };
    let written = write(&Outcome::QueueAcl(policies.clone()), ServiceVersion::NEWEST);
    let again = read_signed_identifiers(&written);
    assert_eq!(again, Ok(policies), "{}", String::from_utf8_lossy(&written));
}

/// `StorageServiceProperties`, of either generation.
pub fn service_properties(data: &[u8]) {
    for version in ["2012-02-12", "2026-10-06"] {
        let version = ServiceVersion::parse(version).unwrap();
        let update = match read_service_properties(data, version) {
            Ok(update) => update,
            Err(WireError::InvalidXml { .. }) => continue,
            Err(error) => panic!("{error:?}"),
        };
        let properties = ServiceProperties::default().updated(&update);
        let is_new = version == ServiceVersion::NEWEST;
        let everything = ServicePropertiesUpdate {
            logging: Some(properties.logging),
            hour_metrics: Some(properties.hour_metrics),
            minute_metrics: is_new.then_some(properties.minute_metrics),
            cors: is_new.then(|| properties.cors.clone()),
        };
        let written = write(&Outcome::ServiceProperties(Box::new(properties)), version);
        let again = read_service_properties(&written, version);
        assert_eq!(
            again,
            Ok(everything),
            "{}",
            String::from_utf8_lossy(&written)
        );
    }
}

fn write(outcome: &Outcome<MessageText>, version: ServiceVersion) -> bytes::Bytes {
    let account: AccountName = account();
    let context = ResponseContext {
        version,
        method_is_head: false,
        account: &account,
        service_endpoint: "http://127.0.0.1:10001/devstoreaccount1/",
        list: None,
    };
    respond(&context, outcome).body
}
