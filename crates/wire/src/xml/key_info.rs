//! The `KeyInfo` that Get User Delegation Key takes. REST page of that name.

use queuerite_model::Timestamp;
use queuerite_model::limits::USER_DELEGATION_KEY_SECONDS_MAX;

use super::{
    invalid,
    reader::{Document, Element},
};
use crate::auth::is_guid;
use crate::{ServiceVersion, WireError, parse_iso8601};

/// For when a user delegation key is asked, and for whom.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyInfo {
    /// From when it shall hold; from now on if absent.
    pub start: Option<Timestamp>,
    /// Until when it shall hold.
    pub expiry: Timestamp,
    /// The tenant of the users that its signatures are for.
    pub delegated_user_tenant_id: Option<String>,
}

/// Reads a request for a key. At `now` its times must be within seven days, and so must one be
/// of the other.
pub(crate) fn read(
    body: &[u8],
    version: ServiceVersion,
    now: Timestamp,
) -> Result<KeyInfo, WireError> {
    let document = Document::parse(body)?;
    let root = document.root("KeyInfo")?;
    let [start, expiry, tenant] = if version.delegates_to_users_of_tenants() {
        root.fields([START, EXPIRY, TENANT])?
    } else {
        let [start, expiry] = root.fields([START, EXPIRY])?;
        [start, expiry, None]
    };
    let started = start.map(|start| time(START, start)).transpose()?;
    if let Some(element) = start
        && started.is_some_and(|start| !is_within(start.min(now), start.max(now)))
    {
        return Err(refused(START, element, NOT_WITHIN)?);
    }
    let element = expiry.ok_or_else(invalid)?;
    let expiry = time(EXPIRY, element)?;
    let start = started.unwrap_or(now);
    if expiry <= start || expiry <= now {
        return Err(refused(EXPIRY, element, OVER)?);
    }
    if !is_within(now, expiry) || !is_within(start, expiry) {
        return Err(refused(EXPIRY, element, NOT_WITHIN)?);
    }
    let delegated_user_tenant_id = match tenant {
        Some(tenant) if is_guid(tenant.value()?) => Some(tenant.value()?.to_owned()),
        Some(tenant) => return Err(refused(TENANT, tenant, NO_GUID)?),
        None => None,
    };
    Ok(KeyInfo {
        start: started,
        expiry,
        delegated_user_tenant_id,
    })
}

/// A time to the second; what is within it is cut off, for the answer has no place for it.
fn time(name: &'static str, element: &Element<'_>) -> Result<Timestamp, WireError> {
    match parse_iso8601(element.value()?) {
        Some(time) => Ok(Timestamp::from_unix(time.unix_seconds(), 0)),
        None => Err(refused(name, element, NO_TIME)?),
    }
}

/// Whether the one is at most seven days after the other.
fn is_within(earlier: Timestamp, later: Timestamp) -> bool {
    later <= earlier.plus_seconds(USER_DELEGATION_KEY_SECONDS_MAX)
}

fn refused(
    name: &'static str,
    element: &Element<'_>,
    reason: &'static str,
) -> Result<WireError, WireError> {
    Ok(WireError::InvalidXmlNode {
        name,
        value: element.value()?.to_owned(),
        reason,
    })
}

const START: &str = "Start";
const EXPIRY: &str = "Expiry";
const TENANT: &str = "DelegatedUserTid";

const NO_TIME: &str = "A time is expected, such as 2026-10-05T12:00:00Z.";
const NOT_WITHIN: &str = "A user delegation key holds for at most seven days, beginning and \
                          ending within seven days of now.";
const OVER: &str = "The expiry must be after the start, and after now.";
const NO_GUID: &str = "A tenant id is expected.";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::iso8601_seven;

    const TENANT_ID: &str = "33333333-3333-3333-3333-333333333333";

    fn now() -> Timestamp {
        parse_iso8601("2026-10-05T12:00:00.5Z").unwrap()
    }

    fn read_at(version: &str, inner: &str) -> Result<KeyInfo, WireError> {
        let body = format!("<?xml version=\"1.0\"?>\n<KeyInfo>{inner}</KeyInfo>");
        let version = ServiceVersion::parse(version).unwrap();
        read(body.as_bytes(), version, now())
    }

    fn read_newest(inner: &str) -> Result<KeyInfo, WireError> {
        read_at("2026-10-06", inner)
    }

    fn times(start: &str, expiry: &str) -> Result<(String, String), WireError> {
        let start = match start {
            "" => String::new(),
            start => format!("<Start>{start}</Start>"),
        };
        let info = read_newest(&format!("{start}<Expiry>{expiry}</Expiry>"))?;
        let start = info.start.map(iso8601_seven).unwrap_or_default();
        Ok((start, iso8601_seven(info.expiry)))
    }

    #[track_caller]
    fn refuses(result: Result<impl std::fmt::Debug, WireError>, node: &str, because: &str) {
        match result {
            Err(WireError::InvalidXmlNode { name, reason, .. }) => {
                assert_eq!((name, reason), (node, because));
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_documented_request_is_read() {
        let tenant = format!("<DelegatedUserTid>{TENANT_ID}</DelegatedUserTid>");
        let times = "<Start>2026-10-05T00:00:00Z</Start><Expiry>2026-10-06T00:00:00Z</Expiry>";
        let info = KeyInfo {
            start: parse_iso8601("2026-10-05"),
            expiry: parse_iso8601("2026-10-06").unwrap(),
            delegated_user_tenant_id: Some(TENANT_ID.into()),
        };
        assert_eq!(read_newest(&format!("{times}{tenant}")), Ok(info.clone()));
        assert_eq!(
            read_at("2026-04-06", &format!("{tenant}\n{times}")),
            Ok(info.clone())
        );
        let without = KeyInfo {
            delegated_user_tenant_id: None,
            ..info
        };
        assert_eq!(read_at("2026-02-06", times), Ok(without));
        assert_eq!(
            read_at("2026-02-06", &format!("{times}{tenant}")),
            Err(invalid())
        );
    }

    #[test]
    fn a_key_holds_for_at_most_seven_days_to_the_second() {
        for (start, expiry) in [
            ("", "2026-10-05T12:00:01Z"),
            ("", "2026-10-12T12:00:00Z"),
            ("2026-10-05T12:00:00Z", "2026-10-12T12:00:00Z"),
            ("2026-10-05T12:00:00.9Z", "2026-10-12T12:00:00.9Z"),
            ("2026-10-12T11:59:59Z", "2026-10-12T12:00:00Z"),
            ("2026-09-28T12:00:01Z", "2026-10-05T12:00:01Z"),
        ] {
            let (_, read) = times(start, expiry).unwrap_or_else(|e| panic!("{start} {expiry} {e}"));
            assert_eq!(read.get(..19), expiry.get(..19));
            assert!(read.ends_with(".0000000Z"));
        }
        for (start, expiry, node, because) in [
            ("", "2026-10-05T12:00:00Z", EXPIRY, OVER),
            ("", "2026-10-12T12:00:01Z", EXPIRY, NOT_WITHIN),
            (
                "2026-10-05T11:59:59Z",
                "2026-10-12T12:00:00Z",
                EXPIRY,
                NOT_WITHIN,
            ),
            ("2026-10-06T00:00:00Z", "2026-10-06T00:00:00Z", EXPIRY, OVER),
            ("2026-10-07T00:00:00Z", "2026-10-06T00:00:00Z", EXPIRY, OVER),
            (
                "2026-09-28T12:00:00Z",
                "2026-10-05T12:00:01Z",
                START,
                NOT_WITHIN,
            ),
            (
                "2026-10-12T12:00:01Z",
                "2026-10-12T12:00:02Z",
                START,
                NOT_WITHIN,
            ),
            ("9999-12-31", "9999-12-31", START, NOT_WITHIN),
            ("soon", "2026-10-06", START, NO_TIME),
            ("2026-10-06", "", EXPIRY, NO_TIME),
            ("2026-10-06", "2026-10-06T00:00", EXPIRY, NO_TIME),
        ] {
            refuses(times(start, expiry), node, because);
        }
    }

    #[test]
    fn what_is_no_request_for_a_key_is_refused() {
        let expiry = "<Expiry>2026-10-06T00:00:00Z</Expiry>";
        for inner in [
            "",
            "text",
            "<Start>2026-10-05T00:00:00Z</Start>",
            &format!("{expiry}{expiry}"),
            &format!("{expiry}<Other />"),
            "<Expiry><x /></Expiry>",
        ] {
            assert_eq!(read_newest(inner), Err(invalid()), "{inner}");
        }
        refuses(
            read_newest(&format!("{expiry}<DelegatedUserTid>me</DelegatedUserTid>")),
            TENANT,
            NO_GUID,
        );
        refuses(
            read_newest(&format!("{expiry}<DelegatedUserTid />")),
            TENANT,
            NO_GUID,
        );
        let version = ServiceVersion::NEWEST;
        assert_eq!(read(b"<Info />", version, now()), Err(invalid()));
        assert!(read(b"", version, now()).is_err());
        assert!(read(b"<KeyInfo>", version, now()).is_err());
    }

    proptest! {
        #[test]
        fn no_body_panics(body in any::<Vec<u8>>(), inner in "(<Start>|<Expiry>|2026-10-06|</Expiry>|</Start>|<DelegatedUserTid/>){0,6}") {
            let _ = read(&body, ServiceVersion::NEWEST, now());
            let _ = read_newest(&inner);
        }
    }
}
