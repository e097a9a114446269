//! The `QueueMessage` of Put Message and Update Message. REST page "Put Message".

use queuerite_model::MessageText;

use super::{
    invalid,
    reader::{BYTE_ORDER_MARK, Document, means_itself},
};
use crate::WireError;

/// Reads a message text of at most `limit` bytes of UTF-8, counted after decoding.
///
/// Markup inside the text is dropped with all that is in it, as the REST page says; what stands
/// beside `MessageText` is ignored.
pub fn read(body: &[u8], limit: usize) -> Result<MessageText, WireError> {
    let text = match plain_text(body) {
        Some(text) => text.to_owned(),
        None => text_of_document(body)?,
    };
    if text.len() > limit {
        return Err(WireError::BodyTooLarge { limit });
    }
    Ok(MessageText::new(text))
}

/// The text of a document that is written as clients write it, letter for letter, and whose text
/// means what it says. It is no other than what a reader of documents would find, and found many
/// bytes at once.
fn plain_text(body: &[u8]) -> Option<&str> {
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    let document = str::from_utf8(body).ok()?;
    let declared = DECLARATIONS
        .iter()
        .find_map(|declaration| document.strip_prefix(declaration));
    declared
        .unwrap_or(document)
        .strip_prefix("<QueueMessage><MessageText>")?
        .strip_suffix("</MessageText></QueueMessage>")
        .filter(|text| means_itself(text))
}

/// What SDKs write in front.
const DECLARATIONS: [&str; 3] = [
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>",
    "<?xml version='1.0' encoding='utf-8'?>\n",
    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>",
];

fn text_of_document(body: &[u8]) -> Result<String, WireError> {
    let root = Document::parse(body)?.into_root("QueueMessage")?;
    let mut texts = root
        .into_children()
        .into_iter()
        .filter(|child| child.named("MessageText"));
    let (Some(text), None) = (texts.next(), texts.next()) else {
        return Err(invalid());
    };
    Ok(text.into_text().into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use queuerite_model::limits::MESSAGE_TEXT_BYTES_MAX;

    use super::super::{reader::is_legal, writer::Writer};
    use super::*;

    fn read_text(body: impl AsRef<[u8]>) -> Result<String, WireError> {
        read(body.as_ref(), MESSAGE_TEXT_BYTES_MAX).map(|text| text.as_str().to_owned())
    }

    #[track_caller]
    fn reads(body: impl AsRef<[u8]>, expected: &str) {
        assert_eq!(read_text(body).as_deref(), Ok(expected));
    }

    #[test]
    fn what_the_clients_of_each_language_send_is_read() {
        // Python
        reads(
            "<?xml version='1.0' encoding='utf-8'?>\n<QueueMessage><MessageText>aGVsbG8=</MessageText></QueueMessage>",
            "aGVsbG8=",
        );
        // JavaScript
        reads(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><QueueMessage><MessageText>a&amp;b&#xD;</MessageText></QueueMessage>",
            "a&b\r",
        );
        // .NET
        reads(
            "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><QueueMessage><MessageText>x</MessageText></QueueMessage>",
            "x",
        );
        // By hand
        reads(
            "<QueueMessage>\r\n  <MessageText><![CDATA[<b>&]]></MessageText>\r\n</QueueMessage>\r\n",
            "<b>&",
        );
        reads(
            "<QueueMessage xmlns='urn:q'><MessageText a='b'/></QueueMessage>",
            "",
        );
    }

    #[test]
    fn white_space_in_the_text_is_kept() {
        reads(
            "<QueueMessage><MessageText> \t\n x\r\ny </MessageText></QueueMessage>",
            " \t\n x\ny ",
        );
    }

    #[test]
    fn the_limit_counts_decoded_bytes() {
        let body =
            |text: &str| format!("<QueueMessage><MessageText>{text}</MessageText></QueueMessage>");
        let too_large = Err(WireError::BodyTooLarge { limit: 65_536 });
        for (unit, bytes) in [("a", 1), ("&quot;", 1), ("é", 2), ("\u{1f600}", 4)] {
            let fits = read_text(body(&unit.repeat(65_536 / bytes)));
            assert_eq!(fits.map(|text| text.len()), Ok(65_536), "{unit}");
            assert_eq!(read_text(body(&unit.repeat(65_536 / bytes + 1))), too_large);
        }
        let early = read(body(&"a".repeat(8193)).as_bytes(), 8192);
        assert_eq!(early, Err(WireError::BodyTooLarge { limit: 8192 }));
    }

    #[test]
    fn markup_in_the_text_is_dropped_and_siblings_are_ignored() {
        reads(
            "<QueueMessage><MessageText>a<b>c<d/></b>e</MessageText></QueueMessage>",
            "ae",
        );
        reads(
            "<QueueMessage><X>1</X><MessageText>a</MessageText><MessageTtl/></QueueMessage>",
            "a",
        );
    }

    #[test]
    fn there_is_exactly_one_text_in_the_right_root() {
        for body in [
            "<QueueMessage/>",
            "<QueueMessage></QueueMessage>",
            "<QueueMessage>a</QueueMessage>",
            "<QueueMessage><messagetext>a</messagetext></QueueMessage>",
            "<QueueMessage><X><MessageText>a</MessageText></X></QueueMessage>",
            "<QueueMessage><MessageText/><MessageText/></QueueMessage>",
            "<MessageText>a</MessageText>",
            "<QueueMessagesList><QueueMessage><MessageText/></QueueMessage></QueueMessagesList>",
        ] {
            assert_eq!(read_text(body), Err(invalid()), "{body}");
        }
    }

    #[test]
    fn the_recorded_control_character_is_refused_at_its_place() {
        let body = "<?xml version='1.0' encoding='utf-8'?>\n\
            <QueueMessage><MessageText>\u{1}</MessageText></QueueMessage>";
        let expected = WireError::InvalidXml {
            line: 2,
            position: 28,
            reason: "Error parsing Xml content".into(),
        };
        assert_eq!(read_text(body), Err(expected));
    }

    #[test]
    fn the_plain_documents_of_clients_are_known_at_once() {
        for front in DECLARATIONS.into_iter().chain(["", "\u{feff}"]) {
            let body = |text: &str| {
                format!("{front}<QueueMessage><MessageText>{text}</MessageText></QueueMessage>")
            };
            for text in ["", "aGVsbG8=", "{\"a\": 'é'}\n"] {
                assert_eq!(plain_text(body(text).as_bytes()), Some(text));
            }
            for text in ["&lt;", "<b/>", "]]>", "\r", "\u{1}", "\u{ffff}"] {
                assert_eq!(plain_text(body(text).as_bytes()), None);
            }
        }
    }

    proptest! {
        #[test]
        fn a_plain_text_is_what_a_reader_of_documents_finds(
            front in "(\u{feff})?", declaration in 0..=DECLARATIONS.len(), text in any::<String>()
        ) {
            let declaration = DECLARATIONS.get(declaration).copied().unwrap_or_default();
            let begin = format!("{front}{declaration}<QueueMessage><MessageText>");
            let body = format!("{begin}{text}</MessageText></QueueMessage>");
            if let Some(plain) = plain_text(body.as_bytes()) {
                prop_assert_eq!(text_of_document(body.as_bytes()), Ok(plain.to_owned()));
            }
        }

        #[test]
        fn every_text_that_xml_can_hold_arrives_as_it_was(text in any::<String>()) {
            let text: String = text.chars().filter(|c| is_legal(*c)).collect();
            let body = Writer::document(|writer| {
                writer.element("QueueMessage", |writer| writer.leaf("MessageText", &text));
            });
            prop_assert_eq!(read_text(body), Ok(text));
        }

        #[test]
        fn no_body_panics(body in any::<Vec<u8>>(), inner in "[<>&;/a\\[\\]!-]{0,20}") {
            let _ = read_text(body);
            let _ = read_text(format!("<QueueMessage><MessageText>{inner}</MessageText></QueueMessage>"));
        }
    }
}
