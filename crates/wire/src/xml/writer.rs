//! A plain writer: a byte-order mark, a declaration and one element, without white space.

use std::fmt::{self, Display, Write};

use bytes::Bytes;

use super::reader::{is_legal, means_itself};

/// A document in the making.
pub(super) struct Writer(String);

impl Writer {
    /// Writes the document that `content` fills.
    pub(super) fn document(content: impl FnOnce(&mut Self)) -> Bytes {
        let mut writer = Self(String::with_capacity(DOCUMENT_BYTES));
        writer.0.push_str(PROLOG);
        content(&mut writer);
        Bytes::from(writer.0)
    }

    /// Writes an element; `<Name />` if `content` writes nothing.
    pub(super) fn element(&mut self, name: &str, content: impl FnOnce(&mut Self)) {
        self.0.push('<');
        self.0.push_str(name);
        self.content(name, content);
    }

    /// Writes an element with an attribute.
    pub(super) fn element_with(
        &mut self,
        name: &str,
        (attribute, value): (&str, &str),
        content: impl FnOnce(&mut Self),
    ) {
        self.0.push('<');
        self.0.push_str(name);
        self.0.push(' ');
        self.0.push_str(attribute);
        self.0.push_str("=\"");
        escape(&mut self.0, value, true);
        self.0.push('"');
        self.content(name, content);
    }

    /// Writes an element that has nothing but text.
    pub(super) fn leaf(&mut self, name: &str, value: impl Display) {
        self.element(name, |writer| writer.text(value));
    }

    /// Writes text, as part of an element.
    pub(super) fn text(&mut self, value: impl Display) {
        // Writing to a String does not fail, and neither do our implementations of Display.
        let _ = write!(Text(&mut self.0), "{value}");
    }

    /// Writes what stands between the name in the start tag and the end of the element.
    fn content(&mut self, name: &str, content: impl FnOnce(&mut Self)) {
        self.0.push('>');
        let empty = self.0.len();
        content(self);
        if self.0.len() == empty {
            self.0.pop();
            self.0.push_str(" />");
        } else {
            self.0.push_str("</");
            self.0.push_str(name);
            self.0.push('>');
        }
    }
}

/// Escapes what is formatted into it.
struct Text<'a>(&'a mut String);

impl Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        escape(self.0, text, false);
        Ok(())
    }
}

/// Writes text so that it is read again as it was: a bare CR would be read as LF. What XML cannot
/// hold at all, and only an error that quotes a strange request has, becomes U+FFFD.
fn escape(out: &mut String, text: &str, is_quoted: bool) {
    // Nearly every text does, and to know that is quick.
    if means_itself(text) && !(is_quoted && text.contains('"')) {
        return out.push_str(text);
    }
    let is_special =
        |c: char| matches!(c, '&' | '<' | '>' | '\r') || is_quoted && c == '"' || !is_legal(c);
    let mut rest = text;
    while let Some((plain, special)) = rest.find(is_special).map(|at| rest.split_at(at)) {
        out.push_str(plain);
        let mut characters = special.chars();
        out.push_str(match characters.next() {
            Some('&') => "&amp;",
            Some('<') => "&lt;",
            Some('>') => "&gt;",
            Some('\r') => "&#xD;",
            Some('"') => "&quot;",
            _ => "\u{fffd}",
        });
        rest = characters.as_str();
    }
    out.push_str(rest);
}

/// The length of nearly every document but for the texts of messages.
const DOCUMENT_BYTES: usize = 512;

/// The byte-order mark and the declaration in front of every document.
const PROLOG: &str = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>";

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn writes(content: impl FnOnce(&mut Writer), expected: &str) {
        let document = Writer::document(content);
        let expected = [
            b"\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?>",
            expected.as_bytes(),
        ]
        .concat();
        assert_eq!(document, expected);
    }

    #[test]
    fn an_element_without_content_is_one_tag() {
        writes(|w| w.element("A", |_| {}), "<A />");
        writes(|w| w.leaf("A", ""), "<A />");
        writes(|w| w.element_with("A", ("b", "c"), |_| {}), "<A b=\"c\" />");
        writes(|w| w.element("A", |w| w.leaf("B", 1)), "<A><B>1</B></A>");
    }

    #[test]
    fn text_is_escaped_as_little_as_possible() {
        writes(
            |w| w.leaf("A", "a<b>&\"'\r\n\t é\u{1f600}"),
            "<A>a&lt;b&gt;&amp;\"'&#xD;\n\t é\u{1f600}</A>",
        );
        writes(|w| w.leaf("A", "\u{1}\u{ffff}"), "<A>\u{fffd}\u{fffd}</A>");
        writes(
            |w| w.element_with("A", ("b", "\"<&>'"), |_| {}),
            "<A b=\"&quot;&lt;&amp;&gt;'\" />",
        );
    }
}
