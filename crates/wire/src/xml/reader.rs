//! A strict reader of documents that are small and wholly in memory.
//!
//! quick-xml finds the tokens; what it forgives and XML 1.0 does not is refused here, and so is
//! what no client needs: document types, entities beyond the five, great depth. Places are
//! counted as the service's own reader counts them: lines and columns from 1, a column per
//! UTF-16 unit, the byte-order mark not counted.

use std::borrow::Cow;

use quick_xml::{
    Reader,
    errors::{Error, IllFormedError, SyntaxError},
    events::{BytesDecl, BytesStart, Event},
};

use super::invalid;
use crate::WireError;

/// A well-formed document.
#[derive(Debug)]
pub(super) struct Document<'a> {
    source: &'a str,
    root: Element<'a>,
}

impl<'a> Document<'a> {
    /// Reads a document; every failure is a [`WireError::InvalidXml`].
    pub(super) fn parse(body: &'a [u8]) -> Result<Self, WireError> {
        let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
        let Ok(source) = str::from_utf8(body) else {
            let valid = body.utf8_chunks().next().map_or("", |chunk| chunk.valid());
            return Err(not_well_formed(valid, valid.len()));
        };
        let illegal = Some(source).filter(|source| may_be_illegal(source));
        let illegal = illegal.and_then(|source| source.find(|c| !is_legal(c)));
        match (illegal, Tree::grow(source)) {
            (None, Ok(Some(root))) => Ok(Self { source, root }),
            // A document without a root is wrong nowhere in particular.
            (None, Ok(None)) => Err(WireError::InvalidXml {
                line: 0,
                position: 0,
                reason: NOT_WELL_FORMED.into(),
            }),
            (Some(at), Err(Fault(fault))) => Err(not_well_formed(source, at.min(fault))),
            (Some(at), Ok(_)) | (None, Err(Fault(at))) => Err(not_well_formed(source, at)),
        }
    }

    /// The root, which must have this name.
    pub(super) fn root(&self, name: &str) -> Result<&Element<'a>, WireError> {
        self.root
            .named(name)
            .then_some(&self.root)
            .ok_or_else(invalid)
    }

    /// The root, which must have this name, and nothing else.
    pub(super) fn into_root(self, name: &str) -> Result<Element<'a>, WireError> {
        self.root(name)?;
        Ok(self.root)
    }

    /// A complaint about an element, placed where the service's reader is by then: at the name
    /// in the tag that follows.
    pub(super) fn invalid_after(&self, element: &Element<'_>, reason: &str) -> WireError {
        let rest = self.source.get(element.end..).unwrap_or_default();
        let next = rest.trim_start_matches(is_white_space);
        let name = next.trim_start_matches('<').trim_start_matches('/');
        let (line, position) = place(self.source, self.source.len() - name.len());
        WireError::InvalidXml {
            line,
            position,
            reason: reason.into(),
        }
    }

    /// The complaint about a root `<Name />` that should have had children: the service's
    /// reader steps over it and finds that nothing is left.
    pub(super) fn invalid_empty_root(&self) -> WireError {
        let (line, position) = place(self.source, self.root.end);
        WireError::InvalidXml {
            line,
            position,
            reason: format!(
                "{NOT_WELL_FORMED}: 'None' is an invalid XmlNodeType. Line {line}, position {position}."
            ),
        }
    }
}

/// An element. Its attributes were checked and forgotten, and so was the prefix of its name.
#[derive(Debug)]
pub(super) struct Element<'a> {
    name: Box<str>,
    text: Cow<'a, str>,
    children: Vec<Self>,
    /// Whether it was written as one tag, `<Name />`.
    is_one_tag: bool,
    /// Where it ends in the source.
    end: usize,
}

impl<'a> Element<'a> {
    pub(super) fn named(&self, name: &str) -> bool {
        &*self.name == name
    }

    pub(super) fn is_one_tag(&self) -> bool {
        self.is_one_tag
    }

    /// The text directly in this element; that of its children is not part of it.
    pub(super) fn into_text(self) -> Cow<'a, str> {
        self.text
    }

    pub(super) fn into_children(self) -> Vec<Self> {
        self.children
    }

    /// The text of an element that has nothing but text.
    pub(super) fn value(&self) -> Result<&str, WireError> {
        if self.children.is_empty() {
            Ok(&self.text)
        } else {
            Err(invalid())
        }
    }

    /// The children of an element that has nothing but children, all of this name.
    pub(super) fn list(&self, name: &str) -> Result<&[Self], WireError> {
        let blank = self.text.chars().all(is_white_space);
        if blank && self.children.iter().all(|child| child.named(name)) {
            Ok(&self.children)
        } else {
            Err(invalid())
        }
    }

    /// The children of an element that has nothing but children, in any order, each of these
    /// names at most once.
    pub(super) fn fields<const N: usize>(
        &self,
        names: [&str; N],
    ) -> Result<[Option<&Self>; N], WireError> {
        let blank = self.text.chars().all(is_white_space);
        let mut found = 0;
        let fields = names.map(|name| {
            let mut same = self.children.iter().filter(|child| child.named(name));
            let first = same.next();
            found += usize::from(first.is_some());
            first
        });
        // A stranger or a double leaves a child that was not found.
        if blank && found == self.children.len() {
            Ok(fields)
        } else {
            Err(invalid())
        }
    }
}

/// Something that is not well-formed, at this offset of the source.
struct Fault(usize);

/// The tree while it grows.
struct Tree<'a> {
    source: &'a str,
    /// The elements that are not closed yet, outermost first.
    open: Vec<Element<'a>>,
    root: Option<Element<'a>>,
    elements: usize,
}

impl<'a> Tree<'a> {
    fn grow(source: &'a str) -> Result<Option<Element<'a>>, Fault> {
        // The tokenizer would skip a second byte-order mark.
        if source.starts_with('\u{feff}') {
            return Err(Fault(0));
        }
        let mut tokens = Reader::from_str(source);
        tokens.config_mut().enable_all_checks(true);
        let mut tree = Self {
            source,
            open: Vec::new(),
            root: None,
            elements: 0,
        };
        loop {
            let start = offset(tokens.buffer_position());
            let event = tokens
                .read_event()
                .map_err(|error| tree.locate(&error, offset(tokens.error_position())))?;
            let end = offset(tokens.buffer_position());
            match event {
                Event::Start(tag) => tree.open(&tag, start)?,
                Event::Empty(tag) => {
                    tree.open(&tag, start)?;
                    tree.close(end, true);
                }
                Event::End(_) => tree.close(end, false),
                Event::Text(text) => {
                    // To see that it is not there is quicker than to find it.
                    let end = text.contains("]]>").then(|| text.find("]]>"));
                    if let Some(at) = end.flatten() {
                        return Err(Fault(start + at));
                    }
                    tree.text(text.xml10_content(), start)?;
                }
                Event::CData(text) if !tree.open.is_empty() => {
                    tree.text(text.xml10_content(), start)?;
                }
                Event::GeneralRef(name) if !tree.open.is_empty() => {
                    let c = referenced(&name).ok_or(Fault(start + 1))?;
                    tree.text(c.to_string().into(), start)?;
                }
                Event::CData(_) | Event::GeneralRef(_) => return Err(Fault(start)),
                Event::Comment(_) => {}
                Event::PI(instruction) => {
                    let target = instruction.target();
                    if !is_name(target) || target.eq_ignore_ascii_case("xml") {
                        return Err(Fault(start + 2));
                    }
                }
                Event::Decl(declaration) => {
                    if start > 0 || !is_acceptable(&declaration) {
                        return Err(Fault(start + 2));
                    }
                }
                Event::DocType(_) => return Err(Fault(start + 2)),
                Event::Eof if tree.open.is_empty() => return Ok(tree.root),
                Event::Eof => return Err(Fault(end)),
            }
        }
    }

    fn open(&mut self, tag: &BytesStart<'a>, start: usize) -> Result<(), Fault> {
        let fault = Fault(start + 1);
        self.elements += 1;
        let is_second_root = self.open.is_empty() && self.root.is_some();
        if is_second_root || self.elements > ELEMENTS_MAX || self.open.len() == DEPTH_MAX {
            return Err(fault);
        }
        if !is_name(tag.name().as_ref()) || !attributes_are_legal(tag) {
            return Err(fault);
        }
        self.open.push(Element {
            name: tag.local_name().as_ref().into(),
            text: Cow::Borrowed(""),
            children: Vec::new(),
            is_one_tag: false,
            end: 0,
        });
        Ok(())
    }

    /// Closes the innermost element. The tokenizer has seen to it that there is one.
    fn close(&mut self, end: usize, is_one_tag: bool) {
        let Some(mut element) = self.open.pop() else {
            return;
        };
        element.end = end;
        element.is_one_tag = is_one_tag;
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
    }

    fn text(&mut self, piece: Cow<'a, str>, start: usize) -> Result<(), Fault> {
        match self.open.last_mut() {
            Some(element) if element.text.is_empty() => element.text = piece,
            Some(element) => element.text.to_mut().push_str(&piece),
            None => {
                if let Some(at) = piece.find(|c| !is_white_space(c)) {
                    return Err(Fault(start + at));
                }
            }
        }
        Ok(())
    }

    /// Where the service's reader would complain of what the tokenizer did not take.
    fn locate(&self, error: &Error, at: usize) -> Fault {
        match error {
            Error::IllFormed(
                IllFormedError::MismatchedEndTag { .. } | IllFormedError::UnmatchedEndTag(_),
            ) => Fault(at + 2),
            Error::IllFormed(_) | Error::Syntax(SyntaxError::InvalidBangMarkup) => Fault(at),
            // Everything else is something unfinished.
            _ => Fault(self.source.len()),
        }
    }
}

/// The declaration says XML 1.0, and UTF-8 if it says an encoding.
fn is_acceptable(declaration: &BytesDecl<'_>) -> bool {
    let is_one = declaration.version().is_ok_and(|version| version == "1.0");
    let is_utf8 = declaration
        .encoding()
        .is_none_or(|encoding| encoding.is_ok_and(|name| name.eq_ignore_ascii_case("utf-8")));
    let stands = declaration
        .standalone()
        .is_none_or(|alone| alone.is_ok_and(|alone| alone == "yes" || alone == "no"));
    is_one && is_utf8 && stands
}

fn attributes_are_legal(tag: &BytesStart<'_>) -> bool {
    // The check for doubles compares each with each, hence the limit before it.
    tag.attributes_raw().len() <= ATTRIBUTES_BYTES_MAX
        && tag.attributes().all(|attribute| {
            attribute.is_ok_and(|attribute| {
                is_name(attribute.key.as_ref())
                    && !attribute.value.contains('<')
                    && references_are_legal(&attribute.value)
            })
        })
}

fn references_are_legal(text: &str) -> bool {
    text.split('&').skip(1).all(|rest| {
        rest.split_once(';')
            .is_some_and(|(name, _)| referenced(name).is_some())
    })
}

/// What `&name;` stands for.
fn referenced(name: &str) -> Option<char> {
    let number = match name {
        "amp" => return Some('&'),
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        _ => name.strip_prefix('#')?,
    };
    let (digits, radix) = match number.strip_prefix('x') {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    // The standard library would also take a sign.
    let unsigned = digits.chars().all(|digit| digit.is_digit(radix));
    let code = u32::from_str_radix(digits, radix)
        .ok()
        .filter(|_| unsigned)?;
    char::from_u32(code).filter(|c| is_legal(*c))
}

/// Whether the text has a byte that an illegal character can begin with: nearly none does. There
/// is no way out of the loop, so that the compiler looks at many bytes at once.
fn may_be_illegal(text: &str) -> bool {
    // Of the characters from U+0080 on only U+FFFE and U+FFFF are illegal.
    let is_suspicious =
        |byte: u8| byte == 0xef || byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
    text.bytes()
        .fold(false, |any, byte| any | is_suspicious(byte))
}

/// Whether the text stands in a document as it is, between tags. Of a few that do this says no:
/// those with characters that begin as illegal ones do.
pub(super) fn means_itself(text: &str) -> bool {
    let is_suspicious = |byte| matches!(byte, b'&' | b'<' | b'>' | b'\r');
    !text
        .bytes()
        .fold(may_be_illegal(text), |any, byte| any | is_suspicious(byte))
}

/// Production 2 of XML 1.0, `Char`.
pub(super) fn is_legal(c: char) -> bool {
    match c {
        '\t' | '\n' | '\r' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        _ => c >= ' ',
    }
}

/// Production 3 of XML 1.0, `S`.
fn is_white_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// Production 5 of XML 1.0, `Name`.
fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(starts_name) && characters.all(continues_name)
}

/// Production 4 of XML 1.0, `NameStartChar`.
fn starts_name(c: char) -> bool {
    matches!(c,
        ':' | '_' | 'A'..='Z' | 'a'..='z'
        | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
        | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}'
        | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}'
        | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
}

/// Production 4a of XML 1.0, `NameChar`.
fn continues_name(c: char) -> bool {
    starts_name(c)
        || matches!(c,
            '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}

fn not_well_formed(source: &str, at: usize) -> WireError {
    let (line, position) = place(source, at);
    WireError::InvalidXml {
        line,
        position,
        reason: NOT_WELL_FORMED.into(),
    }
}

/// Line and position of an offset.
fn place(source: &str, offset: usize) -> (u64, u64) {
    let (mut line, mut position) = (1, 1);
    let mut after_return = false;
    let before = source.char_indices().take_while(|(at, _)| *at < offset);
    for (_, c) in before {
        match c {
            '\n' if after_return => {}
            '\n' | '\r' => (line, position) = (line + 1, 1),
            _ => position += c.len_utf16() as u64,
        }
        after_return = c == '\r';
    }
    (line, position)
}

/// The tokenizer counts in `u64`; nothing in memory is longer than a `usize`.
fn offset(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
const NOT_WELL_FORMED: &str = "Error parsing Xml content";

/// Deepest nesting. The deepest document has five levels.
const DEPTH_MAX: usize = 16;
/// Most elements. The longest sensible document has under a hundred.
const ELEMENTS_MAX: usize = 1000;
/// Most bytes of attributes in one tag. No document has any but namespace declarations.
const ATTRIBUTES_BYTES_MAX: usize = 4096;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(source: impl AsRef<[u8]>) -> Result<String, WireError> {
        Document::parse(source.as_ref()).map(|document| outline(&document.root))
    }

    /// An element in short: `name(text|child child)`.
    fn outline(element: &Element<'_>) -> String {
        let children: Vec<_> = element.children.iter().map(outline).collect();
        format!("{}({}|{})", element.name, element.text, children.join(" "))
    }

    #[track_caller]
    fn reads(source: impl AsRef<[u8]>, expected: &str) {
        assert_eq!(read(source).as_deref(), Ok(expected));
    }

    #[track_caller]
    fn faults(source: impl AsRef<[u8]>, line: u64, position: u64) {
        let reason = NOT_WELL_FORMED.to_owned();
        let expected = WireError::InvalidXml {
            line,
            position,
            reason,
        };
        let source = source.as_ref();
        let shown = String::from_utf8_lossy(source.get(..source.len().min(80)).unwrap());
        assert_eq!(read(source), Err(expected), "{shown}");
    }

    #[test]
    fn a_document_becomes_a_tree() {
        reads("<a/>", "a(|)");
        reads("<a></a >", "a(|)");
        reads("<a>x<b>y</b>z<c /></a>", "a(xz|b(y|) c(|))");
        reads("<a>\n  <b> y\t</b>\n</a>\n", "a(\n  \n|b( y\t|))");
    }

    #[test]
    fn what_clients_write_in_front_is_taken() {
        reads("<?xml version='1.0' encoding='utf-8'?>\n<a/>", "a(|)");
        reads(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><a/>",
            "a(|)",
        );
        reads("<?xml version=\"1.0\"?><a/>", "a(|)");
        reads("\u{feff}<?xml version='1.0' encoding='Utf-8'?><a/>", "a(|)");
        reads(" \r\n<!-- c --><?p i?><a/><!-- c -->\n<?p?> ", "a(|)");
    }

    #[test]
    fn other_declarations_are_refused() {
        faults("<?xml version='1.0' encoding='utf-16'?><a/>", 1, 3);
        faults("<?xml version='1.0' encoding='latin1'?><a/>", 1, 3);
        faults("<?xml version='1.1'?><a/>", 1, 3);
        faults("<?xml encoding='utf-8'?><a/>", 1, 3);
        faults("<?xml version='1.0' standalone='maybe'?><a/>", 1, 3);
        faults("<?xml?><a/>", 1, 3);
        faults(" <?xml version='1.0'?><a/>", 1, 4);
        faults("<a/><?xml version='1.0'?>", 1, 7);
        faults("<?XML version='1.0'?><a/>", 1, 3);
        faults("\u{feff}\u{feff}<a/>", 1, 1);
    }

    #[test]
    fn attributes_and_namespaces_are_tolerated() {
        reads(
            "<x:a xmlns:x=\"urn:q\" b='1 > 0 &amp; \"'><c d=\"\"/></x:a>",
            "a(|c(|))",
        );
        faults("<a b=1/>", 1, 2);
        faults("<a b/>", 1, 2);
        faults("<a b='1' b='2'/>", 1, 2);
        faults("<a b='<'/>", 1, 2);
        faults("<a b='&nbsp;'/>", 1, 2);
        faults("<a b='&'/>", 1, 2);
        faults("<a 1='1'/>", 1, 2);
    }

    #[test]
    fn references_are_the_five_and_characters() {
        reads(
            "<a>&lt;&amp;&gt;&quot;&apos;&#65;&#x42;&#x1F600;</a>",
            "a(<&>\"'AB\u{1f600}|)",
        );
        reads("<a>&amp;lt;</a>", "a(&lt;|)");
        faults("<a>&nbsp;</a>", 1, 5);
        faults("<a>&#0;</a>", 1, 5);
        faults("<a>&#1;</a>", 1, 5);
        faults("<a>&#xB;</a>", 1, 5);
        faults("<a>&#xD800;</a>", 1, 5);
        faults("<a>&#xFFFE;</a>", 1, 5);
        faults("<a>&#x110000;</a>", 1, 5);
        faults("<a>&#99999999999999999999;</a>", 1, 5);
        faults("<a>&#+65;</a>", 1, 5);
        faults("<a>&#X41;</a>", 1, 5);
        faults("<a>&#;</a>", 1, 5);
        faults("<a>&;</a>", 1, 5);
        faults("<a>a & b</a>", 1, 6);
        faults("&lt;<a/>", 1, 1);
    }

    #[test]
    fn line_ends_are_normalized_where_they_stand_literally() {
        reads("<a>1\r\n2\r3\n4\r</a>", "a(1\n2\n3\n4\n|)");
        reads("<a><![CDATA[1\r\n2\r3]]></a>", "a(1\n2\n3|)");
        reads("<a>1&#xD;\n2&#13;&#10;3</a>", "a(1\r\n2\r\n3|)");
    }

    #[test]
    fn character_data_sections_are_text() {
        reads("<a>x<![CDATA[<&]>\"]]]]>y</a>", "a(x<&]>\"]]y|)");
        reads("<a><![CDATA[]]></a>", "a(|)");
        faults("<![CDATA[]]><a/>", 1, 1);
        faults("<a>]]></a>", 1, 4);
    }

    #[test]
    fn comments_and_instructions_part_no_text() {
        reads("<a>1<!-- - <b> & -->2<?p <b> & ?>3</a>", "a(123|)");
        assert!(read("<a><!-- -- --></a>").is_err());
        assert!(read("<a><!-- ---></a>").is_err());
        assert!(read("<a><!--></a>").is_err());
        assert!(read("<a><??></a>").is_err());
    }

    #[test]
    fn a_document_has_one_root_and_little_else() {
        faults("", 0, 0);
        faults("\u{feff}", 0, 0);
        faults(" \n", 0, 0);
        faults("<!-- -->", 0, 0);
        faults("x", 1, 1);
        faults(" \n x<a/>", 2, 2);
        faults("<a/> x", 1, 6);
        faults("<a/><b/>", 1, 6);
        faults("<a></a></a>", 1, 10);
        faults("</a>", 1, 3);
    }

    #[test]
    fn tags_match_and_names_are_names() {
        faults("<a><b></a></b>", 1, 9);
        faults("<a></A>", 1, 6);
        faults("<1/>", 1, 2);
        faults("< a/>", 1, 2);
        faults("<>x</>", 1, 2);
        faults("<a<b/>", 1, 2);
        faults("<a/ >", 1, 2);
        faults("<a/b/>", 1, 2);
        reads("<é-1.2_3/>", "é-1.2_3(|)");
    }

    #[test]
    fn what_is_unfinished_faults_at_its_end() {
        for source in [
            "<a>",
            "<a><b></b>",
            "<a>x",
            "<a",
            "<",
            "<a b='",
            "<a b=\"x>",
            "<a><!-- x",
            "<a><![CDATA[ x ]]",
            "<a><?p x",
            "<?xml version='1.0'",
            "<!DOCTYPE a [",
            "<a></a",
        ] {
            faults(source, 1, source.len() as u64 + 1);
        }
        faults("<a>&am", 1, 4);
        faults("<a>&am<", 1, 4);
    }

    #[test]
    fn document_types_are_refused_and_so_nothing_expands() {
        faults("<!DOCTYPE a><a/>", 1, 3);
        let laughs = "<!DOCTYPE l [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'>\
             <!ENTITY c '&b;&b;&b;'>]><l>&c;</l>";
        faults(laughs, 1, 3);
        faults(
            "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
            1,
            3,
        );
    }

    #[test]
    fn illegal_characters_are_refused_wherever_they_stand() {
        // The recorded place.
        faults(
            "<?xml version='1.0' encoding='utf-8'?>\n<QueueMessage><MessageText>\u{1}</MessageText></QueueMessage>",
            2,
            28,
        );
        faults("<a>\0</a>", 1, 4);
        faults("<a b='\u{b}'/>", 1, 7);
        faults("<a><!--\u{1f}--></a>", 1, 8);
        faults("<a><![CDATA[\u{ffff}]]></a>", 1, 13);
        faults("<a/>\u{c}", 1, 5);
        reads(
            "<a>\t\u{7f}\u{85}\u{fffd}\u{10ffff}</a>",
            "a(\t\u{7f}\u{85}\u{fffd}\u{10ffff}|)",
        );
    }

    #[test]
    fn the_first_of_several_faults_is_told() {
        faults("<a></b>\u{1}", 1, 6);
        faults("<a>\u{1}</b>", 1, 4);
    }

    #[test]
    fn what_is_no_utf8_is_refused_where_it_begins() {
        faults(b"<a>\n\xc3\xa9\xff</a>", 2, 2);
        faults(b"\xff\xfe<\0a\0/\0>\0", 1, 1);
        faults(b"<a>\xed\xa0\x80</a>", 1, 4);
    }

    #[test]
    fn places_count_lines_of_every_kind_and_utf16_units() {
        faults("<a>\r\n\r\n\u{1f600}é\u{1}</a>", 3, 4);
        faults("<a>\r\r\n\n\u{1}", 4, 1);
        faults("\u{feff}<a>\u{1}", 1, 4);
    }

    #[test]
    fn limits_hold() {
        let nested = |depth| "<a>".repeat(depth) + &"</a>".repeat(depth);
        assert!(read(nested(DEPTH_MAX)).is_ok());
        faults(nested(DEPTH_MAX + 1), 1, 3 * 16 + 2);
        faults(nested(10_000), 1, 3 * 16 + 2);
        faults("<a>".repeat(100_000), 1, 3 * 16 + 2);

        let flat = |count| format!("<a>{}</a>", "<b/>".repeat(count));
        assert!(read(flat(ELEMENTS_MAX - 1)).is_ok());
        assert!(read(flat(ELEMENTS_MAX)).is_err());

        let value = |length| format!("<a b='{}'/>", "v".repeat(length));
        assert!(read(value(4000)).is_ok());
        faults(value(400_000), 1, 2);
        let many = (0..50_000).fold(String::new(), |all, n| all + &format!(" a{n}=''"));
        faults(format!("<a{many}/>"), 1, 2);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in any::<Vec<u8>>()) {
            let _ = Document::parse(&bytes);
        }

        #[test]
        fn no_markup_panics(pieces in prop::collection::vec(piece(), 0..24)) {
            let source = pieces.concat();
            if let Err(error) = Document::parse(source.as_bytes()) {
                let is_placed = matches!(error, WireError::InvalidXml { position, .. }
                    if position <= source.encode_utf16().count() as u64 + 1);
                prop_assert!(is_placed, "{:?}", error);
            }
        }
    }

    fn piece() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "<",
            ">",
            "/",
            "<a",
            "<a>",
            "</a>",
            "<b/>",
            "<?",
            "?>",
            "<?xml version='1.0'?>",
            "<!",
            "<!--",
            "-->",
            "--",
            "-",
            "<![CDATA[",
            "]]>",
            "]",
            "<!DOCTYPE",
            "[",
            "&",
            ";",
            "&lt;",
            "&#",
            "&#x",
            "x",
            "1",
            "=",
            "'",
            "\"",
            " ",
            "\r",
            "\n",
            "\u{feff}",
            "é",
            "\u{1f600}",
            "\0",
            " a='",
            " b=\"1\"",
        ])
    }
}
