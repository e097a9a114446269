//! The `Error` document. REST page "Status and error codes".

use bytes::Bytes;
use queuerite_model::Timestamp;

use super::writer::Writer;
use crate::Iso8601;

/// Writes an error: its code, its text with the request's id and time on two lines of their
/// own, and the elements that the code adds.
pub(crate) fn write(
    code: &str,
    text: &str,
    request_id: &str,
    time: Timestamp,
    details: &[(&'static str, String)],
) -> Bytes {
    Writer::document(|writer| {
        writer.element("Error", |writer| {
            writer.leaf("Code", code);
            let time = Iso8601(time);
            writer.leaf(
                "Message",
                format_args!("{text}\nRequestId:{request_id}\nTime:{time}"),
            );
            for (name, value) in details {
                writer.leaf(name, value);
            }
        });
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::reader::Document;
    use super::*;

    const TIME: Timestamp = Timestamp::from_unix(1_791_201_600, 123_456_700);

    #[test]
    fn an_error_has_the_documented_layout() {
        let document = write(
            "OutOfRangeQueryParameterValue",
            "One of the query parameters specified in the request URI is outside the permissible range.",
            "8e4bb3a6-0003-005c-50d3-9dae05000000",
            TIME,
            &[
                ("QueryParameterName", "numofmessages".into()),
                ("QueryParameterValue", "33".into()),
                ("MinimumAllowed", "1".into()),
                ("MaximumAllowed", "32".into()),
            ],
        );
        assert_eq!(
            str::from_utf8(&document).unwrap(),
            "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>OutOfRangeQueryParameterValue</Code>\
            <Message>One of the query parameters specified in the request URI is outside the permissible range.\n\
            RequestId:8e4bb3a6-0003-005c-50d3-9dae05000000\n\
            Time:2026-10-05T12:00:00.1234567Z</Message>\
            <QueryParameterName>numofmessages</QueryParameterName><QueryParameterValue>33</QueryParameterValue>\
            <MinimumAllowed>1</MinimumAllowed><MaximumAllowed>32</MaximumAllowed></Error>"
        );
    }

    #[test]
    fn a_missing_queue_takes_the_recorded_217_bytes() {
        let text = "The specified queue does not exist.";
        let id = "8e4bb3a6-0003-005c-50d3-9dae05000000";
        assert_eq!(write("QueueNotFound", text, id, TIME, &[]).len(), 217);
    }

    #[test]
    fn an_empty_detail_is_one_tag() {
        let document = write("A", "b", "c", TIME, &[("Reason", String::new())]);
        assert!(
            str::from_utf8(&document)
                .unwrap()
                .ends_with("</Message><Reason /></Error>")
        );
    }

    proptest! {
        #[test]
        fn whatever_is_quoted_the_document_stays_well_formed(value in any::<String>()) {
            let document = write("A", &value, &value, TIME, &[("Detail", value.clone())]);
            prop_assert!(Document::parse(&document).is_ok());
        }
    }
}
