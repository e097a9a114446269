//! The `SignedIdentifiers` of Get Queue ACL and Set Queue ACL. REST page "Set Queue ACL".

use bytes::Bytes;
use queuerite_model::{
    Permissions, StoredAccessPolicy, Timestamp,
    limits::{POLICIES_PER_QUEUE_MAX, POLICY_ID_CHARACTERS_MAX},
};

use super::{
    invalid,
    reader::{Document, Element},
    writer::Writer,
};
use crate::{Iso8601, WireError, parse_iso8601};

/// Reads at most five policies with different ids; none from an empty body.
pub fn read(body: &[u8]) -> Result<Vec<StoredAccessPolicy>, WireError> {
    if body.is_empty() {
        return Ok(Vec::new());
    }
    let document = Document::parse(body)?;
    let identifiers = document
        .root("SignedIdentifiers")?
        .list("SignedIdentifier")?;
    let mut policies: Vec<StoredAccessPolicy> = Vec::new();
    for identifier in identifiers {
        let policy = read_identifier(&document, identifier)?;
        let is_taken = policies.iter().any(|other| other.id == policy.id);
        if is_taken || policies.len() == POLICIES_PER_QUEUE_MAX {
            return Err(invalid());
        }
        policies.push(policy);
    }
    Ok(policies)
}

/// Writes policies; fields that were not given are left out.
pub(crate) fn write(policies: &[StoredAccessPolicy]) -> Bytes {
    Writer::document(|writer| {
        writer.element("SignedIdentifiers", |writer| {
            for policy in policies {
                writer.element("SignedIdentifier", |writer| write_policy(writer, policy));
            }
        });
    })
}

fn read_identifier(
    document: &Document<'_>,
    identifier: &Element<'_>,
) -> Result<StoredAccessPolicy, WireError> {
    let [id, policy] = identifier.fields(["Id", "AccessPolicy"])?;
    let id = id.map_or(Ok(""), Element::value)?;
    if id.is_empty() || id.encode_utf16().count() > POLICY_ID_CHARACTERS_MAX {
        return Err(document.invalid_after(identifier, ID_REASON));
    }
    let [start, expiry, permission] = match policy {
        Some(policy) => policy.fields(["Start", "Expiry", "Permission"])?,
        None => [None; 3],
    };
    Ok(StoredAccessPolicy {
        id: id.into(),
        start: given(start, parse_iso8601)?,
        expiry: given(expiry, parse_iso8601)?,
        permissions: given(permission, Permissions::parse)?,
    })
}

/// Reads a field; one that is there and empty counts as not given.
fn given<T>(
    field: Option<&Element<'_>>,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, WireError> {
    let text = field.map_or(Ok(""), Element::value)?.trim_ascii();
    if text.is_empty() {
        return Ok(None);
    }
    parse(text).map(Some).ok_or_else(invalid)
}

fn write_policy(writer: &mut Writer, policy: &StoredAccessPolicy) {
    writer.leaf("Id", &policy.id);
    if (policy.start, policy.expiry, policy.permissions) == (None, None, None) {
        return;
    }
    writer.element("AccessPolicy", |writer| {
        write_time(writer, "Start", policy.start);
        write_time(writer, "Expiry", policy.expiry);
        if let Some(permissions) = policy.permissions {
            writer.leaf("Permission", permissions);
        }
    });
}

fn write_time(writer: &mut Writer, name: &str, time: Option<Timestamp>) {
    if let Some(time) = time {
        writer.leaf(name, Iso8601(time));
    }
}

const ID_REASON: &str = "Signed identifier ID cannot be empty or over 64 characters in length";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::reader::is_legal;
    use super::*;

    fn policy(id: &str, start: &str, expiry: &str, permissions: &str) -> StoredAccessPolicy {
        StoredAccessPolicy {
            id: id.into(),
            start: parse_iso8601(start),
            expiry: parse_iso8601(expiry),
            permissions: Permissions::parse(permissions).filter(|_| !permissions.is_empty()),
        }
    }

    fn identifiers(inner: &str) -> String {
        format!("<SignedIdentifiers>{inner}</SignedIdentifiers>")
    }

    #[track_caller]
    fn reads(body: &str, expected: &[StoredAccessPolicy]) {
        assert_eq!(read(body.as_bytes()).as_deref(), Ok(expected), "{body}");
    }

    #[track_caller]
    fn refused(body: &str) {
        assert_eq!(read(body.as_bytes()), Err(invalid()), "{body}");
    }

    #[test]
    fn policies_are_read_in_the_spellings_of_clients() {
        reads(
            "<?xml version='1.0' encoding='utf-8'?>\n<SignedIdentifiers><SignedIdentifier><Id>readers</Id><AccessPolicy><Start>2011-10-11</Start><Expiry>2011-10-12</Expiry><Permission>r</Permission></AccessPolicy></SignedIdentifier></SignedIdentifiers>",
            &[policy("readers", "2011-10-11", "2011-10-12", "r")],
        );
        reads(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><SignedIdentifiers>
               <SignedIdentifier>
                 <AccessPolicy><Permission>puar</Permission><Expiry> 2026-10-06T00:00:00.123Z
                 </Expiry></AccessPolicy>
                 <Id>a</Id>
               </SignedIdentifier>
               <SignedIdentifier><Id>b</Id></SignedIdentifier>
               <SignedIdentifier><Id>c</Id><AccessPolicy /></SignedIdentifier>
               <SignedIdentifier><Id>d</Id><AccessPolicy><Start /><Expiry></Expiry><Permission /></AccessPolicy></SignedIdentifier>
             </SignedIdentifiers>",
            &[
                policy("a", "", "2026-10-06T00:00:00.1230000Z", "raup"),
                policy("b", "", "", ""),
                policy("c", "", "", ""),
                policy("d", "", "", ""),
            ],
        );
    }

    #[test]
    fn no_body_and_no_policies_are_none() {
        reads("", &[]);
        reads("<SignedIdentifiers />", &[]);
        reads("<SignedIdentifiers></SignedIdentifiers>", &[]);
    }

    #[test]
    fn a_start_after_the_expiry_is_accepted() {
        let body = identifiers(
            "<SignedIdentifier><Id>a</Id><AccessPolicy><Start>2026-01-02</Start><Expiry>2026-01-01</Expiry></AccessPolicy></SignedIdentifier>",
        );
        reads(&body, &[policy("a", "2026-01-02", "2026-01-01", "")]);
    }

    /// The request of the recording: it faults at 1/304.
    #[test]
    fn an_id_over_64_characters_is_refused_at_the_recorded_place() {
        let id = "theidofthispermissionislongerthanwhatisallowedbytheserviceandshouldfail";
        let body = format!(
            "<?xml version='1.0' encoding='UTF-8'?><SignedIdentifiers><SignedIdentifier><Id>{id}</Id><AccessPolicy><Start>2000-01-01T00:00:00Z</Start><Expiry>2020-01-01T00:00:00Z</Expiry><Permission>r</Permission></AccessPolicy></SignedIdentifier></SignedIdentifiers>"
        );
        let expected = WireError::InvalidXml {
            line: 1,
            position: 304,
            reason: "Signed identifier ID cannot be empty or over 64 characters in length".into(),
        };
        assert_eq!(read(body.as_bytes()), Err(expected));
    }

    #[test]
    fn an_id_has_1_to_64_characters() {
        let with = |id: &str| identifiers(&format!("<SignedIdentifier>{id}</SignedIdentifier>\n"));
        let longest = "é".repeat(64);
        reads(
            &with(&format!("<Id>{longest}</Id>")),
            &[policy(&longest, "", "", "")],
        );
        for id in [
            String::new(),
            "<Id />".into(),
            "<Id></Id>".into(),
            format!("<Id>{longest}e</Id>"),
        ] {
            let body = with(&id);
            let error = read(body.as_bytes()).unwrap_err();
            let WireError::InvalidXml {
                line,
                position,
                reason,
            } = error
            else {
                panic!("{error:?}");
            };
            assert_eq!((line, position), (2, 3), "{id}");
            assert_eq!(reason, ID_REASON);
        }
    }

    #[test]
    fn five_policies_are_the_most() {
        let body = |count| {
            let one = |n| format!("<SignedIdentifier><Id>{n}</Id></SignedIdentifier>");
            identifiers(&(0..count).map(one).collect::<String>())
        };
        assert_eq!(read(body(5).as_bytes()).unwrap().len(), 5);
        refused(&body(6));
    }

    #[test]
    fn other_complaints_name_no_place() {
        refused("<SignedIdentifier><Id>a</Id></SignedIdentifier>");
        refused(&identifiers("text"));
        refused(&identifiers("<Id>a</Id>"));
        let with = |inner: &str| {
            refused(&identifiers(&format!(
                "<SignedIdentifier><Id>a</Id>{inner}</SignedIdentifier>"
            )));
        };
        with("<AccessPolicy><Permission>rwdl</Permission></AccessPolicy>");
        with("<AccessPolicy><Permission>R</Permission></AccessPolicy>");
        with("<AccessPolicy><Start>yesterday</Start></AccessPolicy>");
        with("<AccessPolicy><Expiry>2026-10-05T00:00</Expiry></AccessPolicy>");
        with("<AccessPolicy><Expiry><x/></Expiry></AccessPolicy>");
        with("<AccessPolicy><Other /></AccessPolicy>");
        with("<AccessPolicy /><AccessPolicy />");
        with("<Id>b</Id>");
        with("</SignedIdentifier><SignedIdentifier><Id>a</Id>");
    }

    #[test]
    fn policies_are_written_as_documented() {
        let policies = [
            policy("readers", "2026-10-05", "2026-10-06", "pr"),
            policy("bare", "", "", ""),
            policy("<&>", "", "2026-10-06T00:00:00.1234567Z", ""),
        ];
        assert_eq!(
            str::from_utf8(&write(&policies)).unwrap(),
            "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><SignedIdentifiers>\
            <SignedIdentifier><Id>readers</Id><AccessPolicy><Start>2026-10-05T00:00:00.0000000Z</Start>\
            <Expiry>2026-10-06T00:00:00.0000000Z</Expiry><Permission>rp</Permission></AccessPolicy></SignedIdentifier>\
            <SignedIdentifier><Id>bare</Id></SignedIdentifier>\
            <SignedIdentifier><Id>&lt;&amp;&gt;</Id><AccessPolicy><Expiry>2026-10-06T00:00:00.1234567Z</Expiry></AccessPolicy></SignedIdentifier>\
            </SignedIdentifiers>"
        );
        assert!(write(&[]).ends_with(b"?><SignedIdentifiers />"));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(policies in prop::collection::vec(any_policy(), 0..=5)) {
            let mut policies = policies;
            policies.sort_by(|a, b| a.id.cmp(&b.id));
            policies.dedup_by(|a, b| a.id == b.id);
            prop_assert_eq!(read(&write(&policies)), Ok(policies));
        }

        #[test]
        fn no_body_panics(body in any::<Vec<u8>>(), inner in "(<SignedIdentifier>|<Id>|a|</Id>|<Start>|</SignedIdentifier>|<!--|]]>){0,8}") {
            let _ = read(&body);
            let _ = read(identifiers(&inner).as_bytes());
        }
    }

    fn any_policy() -> impl Strategy<Value = StoredAccessPolicy> {
        let id = prop::collection::vec(any::<char>(), 1..=32)
            .prop_map(|id| id.into_iter().filter(|c| is_legal(*c)).collect::<String>())
            .prop_filter("an id is not empty", |id| !id.is_empty());
        let time =
            || prop::option::of((0..=Timestamp::NEVER.ticks()).prop_map(Timestamp::from_ticks));
        let permissions = prop::option::of((1..16_u8).prop_map(Permissions::from_bits));
        (id, time(), time(), permissions).prop_map(|(id, start, expiry, permissions)| {
            StoredAccessPolicy {
                id: id.into(),
                start,
                expiry,
                permissions,
            }
        })
    }
}
