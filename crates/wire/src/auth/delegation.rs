//! User delegation keys: keys with which somebody who came with a token may sign for others.
//!
//! No such key is kept. It is derived from a key of the account and from what it is for, all of
//! which a signature made with it repeats; so it outlives a restart, and ends with the account
//! key that it comes from.
//!
//! REST pages "Get User Delegation Key" and "Create a user delegation SAS".

use std::fmt;

use queuerite_model::{AccountName, Timestamp};
use zeroize::Zeroizing;

use super::{AccountKeys, TokenHolder, is_guid, refused};
use crate::{KeyInfo, ServiceVersion, WireError, iso8601_seconds};

/// What a user delegation key is for, as signatures repeat it: word for word.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeyPurpose<'a> {
    pub(super) account: &'a AccountName,
    pub(super) object_id: &'a str,
    pub(super) tenant_id: &'a str,
    pub(super) start: &'a str,
    pub(super) expiry: &'a str,
    pub(super) service: &'a str,
    pub(super) version: &'a str,
    /// The tenant of the users that signatures are for; empty if it is nobody's in particular.
    pub(super) delegated_tenant_id: &'a str,
}

impl KeyPurpose<'_> {
    /// The text from which the key is derived. Each field comes with its length, so that no two
    /// purposes have one text; and the first line is none that a string-to-sign can have, so
    /// that a key which is given out is never a signature of something else.
    pub(super) fn text(&self) -> Zeroizing<String> {
        let fields = [
            self.account.as_str(),
            self.object_id,
            self.tenant_id,
            self.start,
            self.expiry,
            self.service,
            self.version,
            self.delegated_tenant_id,
        ];
        let mut text = LABEL.to_owned();
        for field in fields {
            text.extend([&field.len().to_string(), ":", field, "\n"]);
        }
        Zeroizing::new(text)
    }
}

/// A user delegation key and what it is for: the answer of Get User Delegation Key. The key
/// itself is redacted in debug output and wiped when dropped.
#[derive(Clone)]
pub struct UserDelegationKey {
    /// Whose rights it delegates.
    pub signed_object_id: String,
    /// The tenant of that user.
    pub signed_tenant_id: String,
    /// From when it holds.
    pub signed_start: String,
    /// Until when it holds.
    pub signed_expiry: String,
    /// The version at which it was asked for.
    pub signed_version: String,
    /// The tenant of the users that its signatures are for, if one was named.
    pub signed_delegated_user_tenant_id: Option<String>,
    pub(crate) value: Zeroizing<[u8; 32]>,
}

impl UserDelegationKey {
    /// The service that it is for: queues.
    pub const SIGNED_SERVICE: &str = "q";

    /// Makes the key that the holder of a token asks for.
    pub fn issue(
        info: &KeyInfo,
        holder: &TokenHolder,
        account: &AccountName,
        keys: &AccountKeys,
        version: ServiceVersion,
        now: Timestamp,
    ) -> Result<Self, WireError> {
        let object_id = holder.object_id.as_deref().filter(|id| is_guid(id));
        let tenant_id = Some(&*holder.tenant_id).filter(|id| is_guid(id));
        let (Some(object_id), Some(tenant_id)) = (object_id, tenant_id) else {
            return Err(refused(NOBODY));
        };
        let signed_start = iso8601_seconds(info.start.unwrap_or(now));
        let signed_expiry = iso8601_seconds(info.expiry);
        let signed_version = version.to_string();
        let purpose = KeyPurpose {
            account,
            object_id,
            tenant_id,
            start: &signed_start,
            expiry: &signed_expiry,
            service: Self::SIGNED_SERVICE,
            version: &signed_version,
            delegated_tenant_id: info.delegated_user_tenant_id.as_deref().unwrap_or_default(),
        };
        let value = keys.derive(&purpose.text());
        Ok(Self {
            signed_object_id: object_id.to_owned(),
            signed_tenant_id: tenant_id.to_owned(),
            signed_start,
            signed_expiry,
            signed_version,
            signed_delegated_user_tenant_id: info.delegated_user_tenant_id.clone(),
            value,
        })
    }
}

impl fmt::Debug for UserDelegationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserDelegationKey")
            .field("signed_object_id", &self.signed_object_id)
            .field("signed_start", &self.signed_start)
            .field("signed_expiry", &self.signed_expiry)
            .finish_non_exhaustive()
    }
}

const LABEL: &str = "queuerite: user delegation key, form 1\n";
const NOBODY: &str =
    "A user delegation key is somebody's: the token must have oid and tid, both GUIDs.";

#[cfg(test)]
mod tests {
    use queuerite_model::AccountKey;

    use super::*;
    use crate::parse_iso8601;

    const OBJECT: &str = "11111111-1111-1111-1111-111111111111";
    const TENANT: &str = "22222222-2222-2222-2222-222222222222";

    fn account() -> AccountName {
        AccountName::parse("devstoreaccount1").unwrap()
    }

    fn keys(keys: &[&str]) -> AccountKeys {
        let keys: Vec<_> = keys
            .iter()
            .map(|key| AccountKey::new(key.as_bytes().to_vec()))
            .collect();
        AccountKeys::new(&keys)
    }

    fn issue(object_id: Option<&str>, tenant_id: &str) -> Result<UserDelegationKey, WireError> {
        let at = |text| parse_iso8601(text).unwrap();
        let info = KeyInfo {
            start: None,
            expiry: at("2026-10-06T00:00:00Z"),
            delegated_user_tenant_id: None,
        };
        let holder = TokenHolder {
            object_id: object_id.map(str::to_owned),
            tenant_id: tenant_id.to_owned(),
        };
        let version = ServiceVersion::parse("2026-04-06").unwrap();
        let now = at("2026-10-05T12:00:00.9Z");
        UserDelegationKey::issue(
            &info,
            &holder,
            &account(),
            &keys(&["one", "two"]),
            version,
            now,
        )
    }

    #[test]
    fn a_key_says_what_it_is_for_and_is_the_same_every_time() {
        let key = issue(Some(OBJECT), TENANT).unwrap();
        assert_eq!(key.signed_object_id, OBJECT);
        assert_eq!(key.signed_tenant_id, TENANT);
        assert_eq!(key.signed_start, "2026-10-05T12:00:00Z");
        assert_eq!(key.signed_expiry, "2026-10-06T00:00:00Z");
        assert_eq!(key.signed_version, "2026-04-06");
        assert_eq!(key.value, issue(Some(OBJECT), TENANT).unwrap().value);
        assert!(!format!("{key:?}").contains("value"));
    }

    #[test]
    fn a_key_is_somebodys() {
        for (object, tenant) in [
            (None, TENANT),
            (Some("me"), TENANT),
            (Some(OBJECT), "common"),
        ] {
            assert_eq!(issue(object, tenant).unwrap_err(), refused(NOBODY));
        }
    }

    #[test]
    fn every_field_makes_another_key_and_none_can_pass_for_two() {
        let account = account();
        let other = AccountName::parse("other").unwrap();
        let usual = KeyPurpose {
            account: &account,
            object_id: "o",
            tenant_id: "t",
            start: "s",
            expiry: "e",
            service: "q",
            version: "v",
            delegated_tenant_id: "",
        };
        let purposes = [
            usual,
            KeyPurpose {
                account: &other,
                ..usual
            },
            KeyPurpose {
                object_id: "x",
                ..usual
            },
            KeyPurpose {
                tenant_id: "x",
                ..usual
            },
            KeyPurpose {
                start: "x",
                ..usual
            },
            KeyPurpose {
                expiry: "x",
                ..usual
            },
            KeyPurpose {
                service: "b",
                ..usual
            },
            KeyPurpose {
                version: "x",
                ..usual
            },
            KeyPurpose {
                delegated_tenant_id: "x",
                ..usual
            },
            // The same letters, cut elsewhere.
            KeyPurpose {
                object_id: "ot",
                tenant_id: "",
                ..usual
            },
            KeyPurpose {
                object_id: "o\n1:t",
                ..usual
            },
            KeyPurpose {
                object_id: "",
                tenant_id: "ot",
                ..usual
            },
            KeyPurpose {
                object_id: "o\nx",
                ..usual
            },
            KeyPurpose {
                object_id: "o",
                tenant_id: "x\nt",
                ..usual
            },
        ];
        let keys = keys(&["one"]);
        let derived: Vec<_> = purposes.iter().map(|p| keys.derive(&p.text())).collect();
        for (at, key) in derived.iter().enumerate() {
            assert!(!derived[..at].contains(key), "{at}");
        }
    }

    #[test]
    fn the_first_key_of_an_account_makes_it() {
        let text = "purpose";
        let both = keys(&["one", "two"]).derive(text);
        assert_eq!(both, keys(&["one"]).derive(text));
        assert_ne!(both, keys(&["two"]).derive(text));
    }
}
