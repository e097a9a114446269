//! The `QueueMessagesList` of Put Message, Get Messages and Peek Messages. REST pages "Put
//! Message", "Get Messages" and "Peek Messages".

use base64::{display::Base64Display, engine::general_purpose::STANDARD};
use bytes::Bytes;
use queuerite_model::{
    DequeuedMessage, MessageText, PeekedMessage, PopReceipt, PutMessage, Timestamp,
};

use super::writer::Writer;
use crate::{Rfc1123, ServiceVersion};

/// Writes what Put Message tells of the new message.
pub(crate) fn write_put(message: &PutMessage) -> Bytes {
    list(&[message], |writer, message| {
        writer.leaf("MessageId", message.id);
        writer.leaf("InsertionTime", Rfc1123(message.insertion_time));
        writer.leaf("ExpirationTime", Rfc1123(message.expiration_time));
        receipt(writer, &message.pop_receipt, message.time_next_visible);
    })
}

/// Writes the messages of a Get Messages. The dequeue count used to come before the receipt.
pub(crate) fn write_dequeued(
    messages: &[DequeuedMessage<MessageText>],
    version: ServiceVersion,
) -> Bytes {
    list(messages, |writer, message| {
        let receipt_first = version.pop_receipt_precedes_dequeue_count();
        let dequeued = |writer: &mut Writer| {
            receipt(writer, &message.pop_receipt, message.time_next_visible);
        };
        envelope(writer, &message.peeked);
        if receipt_first {
            dequeued(writer);
        }
        dequeue_count(writer, &message.peeked, version);
        if !receipt_first {
            dequeued(writer);
        }
        writer.leaf("MessageText", message.peeked.text.as_str());
    })
}

/// Writes the messages of a Peek Messages.
pub(crate) fn write_peeked(
    messages: &[PeekedMessage<MessageText>],
    version: ServiceVersion,
) -> Bytes {
    list(messages, |writer, message| {
        envelope(writer, message);
        dequeue_count(writer, message, version);
        writer.leaf("MessageText", message.text.as_str());
    })
}

fn list<Message>(messages: &[Message], write: impl Fn(&mut Writer, &Message)) -> Bytes {
    Writer::document(|writer| {
        writer.element("QueueMessagesList", |writer| {
            for message in messages {
                writer.element("QueueMessage", |writer| write(writer, message));
            }
        });
    })
}

fn envelope(writer: &mut Writer, message: &PeekedMessage<MessageText>) {
    writer.leaf("MessageId", message.id);
    writer.leaf("InsertionTime", Rfc1123(message.insertion_time));
    writer.leaf("ExpirationTime", Rfc1123(message.expiration_time));
}

fn receipt(writer: &mut Writer, pop_receipt: &PopReceipt, time_next_visible: Timestamp) {
    let pop_receipt = Base64Display::new(pop_receipt.as_bytes(), &STANDARD);
    writer.leaf("PopReceipt", pop_receipt);
    writer.leaf("TimeNextVisible", Rfc1123(time_next_visible));
}

fn dequeue_count(
    writer: &mut Writer,
    message: &PeekedMessage<MessageText>,
    version: ServiceVersion,
) {
    if version.counts_dequeues() {
        writer.leaf("DequeueCount", message.dequeue_count.0);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use queuerite_model::{DequeueCount, MessageId};

    use super::super::reader::{Document, is_legal};
    use super::*;

    const ID: MessageId = MessageId::from_bytes([
        0x6f, 0x6c, 0x7d, 0xd0, 0x5f, 0x5b, 0x4a, 0x6b, 0x9a, 0x35, 0x0a, 0x6f, 0x6f, 0x9d, 0x9a,
        0x11,
    ]);
    const NOON: Timestamp = Timestamp::from_unix(1_791_201_600, 0);

    fn peeked(text: &str) -> PeekedMessage<MessageText> {
        PeekedMessage {
            id: ID,
            insertion_time: NOON,
            expiration_time: NOON.plus_seconds(604_800),
            dequeue_count: DequeueCount(1),
            text: MessageText::new(text.into()),
        }
    }

    fn dequeued(text: &str) -> DequeuedMessage<MessageText> {
        let time_next_visible = NOON.plus_seconds(30);
        DequeuedMessage {
            peeked: peeked(text),
            pop_receipt: PopReceipt::issued(0, time_next_visible),
            time_next_visible,
        }
    }

    fn version(text: &str) -> ServiceVersion {
        ServiceVersion::parse(text).unwrap()
    }

    #[track_caller]
    fn is(document: &Bytes, messages: &str) {
        let list = if messages.is_empty() {
            "<QueueMessagesList />".to_owned()
        } else {
            format!("<QueueMessagesList>{messages}</QueueMessagesList>")
        };
        let expected = format!("\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>{list}");
        assert_eq!(str::from_utf8(document).unwrap(), expected);
    }

    #[test]
    fn a_put_message_comes_without_text_and_count() {
        let message = PutMessage {
            id: ID,
            insertion_time: NOON,
            expiration_time: Timestamp::NEVER,
            pop_receipt: PopReceipt::issued(0, NOON),
            time_next_visible: NOON,
        };
        is(
            &write_put(&message),
            "<QueueMessage><MessageId>6f6c7dd0-5f5b-4a6b-9a35-0a6f6f9d9a11</MessageId>\
            <InsertionTime>Mon, 05 Oct 2026 12:00:00 GMT</InsertionTime>\
            <ExpirationTime>Fri, 31 Dec 9999 23:59:59 GMT</ExpirationTime>\
            <PopReceipt>AgAAAAMAAAAAAAAAAKAiDMFU3QE=</PopReceipt>\
            <TimeNextVisible>Mon, 05 Oct 2026 12:00:00 GMT</TimeNextVisible></QueueMessage>",
        );
    }

    #[test]
    fn a_dequeued_message_has_its_receipt_before_its_count() {
        is(
            &write_dequeued(&[dequeued("aGVsbG8gcXVldWU=")], version("2016-05-31")),
            "<QueueMessage><MessageId>6f6c7dd0-5f5b-4a6b-9a35-0a6f6f9d9a11</MessageId>\
            <InsertionTime>Mon, 05 Oct 2026 12:00:00 GMT</InsertionTime>\
            <ExpirationTime>Mon, 12 Oct 2026 12:00:00 GMT</ExpirationTime>\
            <PopReceipt>AgAAAAMAAAAAAAAAAEMEHsFU3QE=</PopReceipt>\
            <TimeNextVisible>Mon, 05 Oct 2026 12:00:30 GMT</TimeNextVisible>\
            <DequeueCount>1</DequeueCount>\
            <MessageText>aGVsbG8gcXVldWU=</MessageText></QueueMessage>",
        );
    }

    #[test]
    fn before_2016_05_31_the_count_came_first() {
        is(
            &write_dequeued(&[dequeued("")], version("2015-12-11")),
            "<QueueMessage><MessageId>6f6c7dd0-5f5b-4a6b-9a35-0a6f6f9d9a11</MessageId>\
            <InsertionTime>Mon, 05 Oct 2026 12:00:00 GMT</InsertionTime>\
            <ExpirationTime>Mon, 12 Oct 2026 12:00:00 GMT</ExpirationTime>\
            <DequeueCount>1</DequeueCount>\
            <PopReceipt>AgAAAAMAAAAAAAAAAEMEHsFU3QE=</PopReceipt>\
            <TimeNextVisible>Mon, 05 Oct 2026 12:00:30 GMT</TimeNextVisible>\
            <MessageText /></QueueMessage>",
        );
    }

    #[test]
    fn a_peeked_message_has_no_receipt() {
        let one = "<QueueMessage><MessageId>6f6c7dd0-5f5b-4a6b-9a35-0a6f6f9d9a11</MessageId>\
            <InsertionTime>Mon, 05 Oct 2026 12:00:00 GMT</InsertionTime>\
            <ExpirationTime>Mon, 12 Oct 2026 12:00:00 GMT</ExpirationTime>\
            <DequeueCount>1</DequeueCount>\
            <MessageText>&lt;&amp;&gt; \t\n&#xD;</MessageText></QueueMessage>";
        let messages = [peeked("<&> \t\n\r"), peeked("<&> \t\n\r")];
        is(
            &write_peeked(&messages, ServiceVersion::NEWEST),
            &one.repeat(2),
        );
    }

    #[test]
    fn an_empty_list_is_one_tag() {
        is(&write_peeked(&[], ServiceVersion::NEWEST), "");
        is(&write_dequeued(&[], ServiceVersion::NEWEST), "");
    }

    #[test]
    fn counts_came_with_2009_09_19() {
        let contains = |text, version| {
            let document = write_peeked(&[peeked("")], version);
            str::from_utf8(&document).unwrap().contains(text)
        };
        assert!(contains("<DequeueCount>", version("2009-09-19")));
        assert!(!contains("<DequeueCount>", version("2009-07-17")));
    }

    proptest! {
        #[test]
        fn every_text_that_xml_can_hold_leaves_as_it_is(text in any::<String>()) {
            let text: String = text.chars().filter(|c| is_legal(*c)).collect();
            let document = write_dequeued(&[dequeued(&text)], ServiceVersion::NEWEST);
            let list = Document::parse(&document).unwrap().into_root("QueueMessagesList").unwrap();
            let message = list.into_children().remove(0);
            let last = message.into_children().pop().unwrap();
            prop_assert!(last.named("MessageText"));
            prop_assert_eq!(last.into_text(), text);
        }
    }
}
