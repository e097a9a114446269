//! The `UserDelegationKey` that Get User Delegation Key answers with. REST page of that name.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;

use super::writer::Writer;
use crate::UserDelegationKey;

/// Writes a key.
pub(crate) fn write(key: &UserDelegationKey) -> Bytes {
    Writer::document(|writer| {
        writer.element("UserDelegationKey", |writer| {
            writer.leaf("SignedOid", &key.signed_object_id);
            writer.leaf("SignedTid", &key.signed_tenant_id);
            writer.leaf("SignedStart", &key.signed_start);
            writer.leaf("SignedExpiry", &key.signed_expiry);
            writer.leaf("SignedService", UserDelegationKey::SIGNED_SERVICE);
            writer.leaf("SignedVersion", &key.signed_version);
            if let Some(tenant) = &key.signed_delegated_user_tenant_id {
                writer.leaf("SignedDelegatedUserTid", tenant);
            }
            writer.leaf("Value", STANDARD.encode(*key.value));
        });
    })
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    /// The answer that the reference shows.
    #[test]
    fn a_key_is_written_as_documented() {
        let mut value = [0; 32];
        for (at, byte) in (0..).zip(&mut value) {
            *byte = at;
        }
        let mut key = UserDelegationKey {
            signed_object_id: "11111111-1111-1111-1111-111111111111".into(),
            signed_tenant_id: "22222222-2222-2222-2222-222222222222".into(),
            signed_start: "2026-10-05T00:00:00Z".into(),
            signed_expiry: "2026-10-06T00:00:00Z".into(),
            signed_version: "2026-04-06".into(),
            signed_delegated_user_tenant_id: None,
            value: Zeroizing::new(value),
        };
        let start = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><UserDelegationKey>\
            <SignedOid>11111111-1111-1111-1111-111111111111</SignedOid>\
            <SignedTid>22222222-2222-2222-2222-222222222222</SignedTid>\
            <SignedStart>2026-10-05T00:00:00Z</SignedStart>\
            <SignedExpiry>2026-10-06T00:00:00Z</SignedExpiry>\
            <SignedService>q</SignedService><SignedVersion>2026-04-06</SignedVersion>";
        let end = "<Value>AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=</Value></UserDelegationKey>";
        assert_eq!(write(&key), format!("{start}{end}"));
        key.signed_delegated_user_tenant_id = Some("33333333-3333-3333-3333-333333333333".into());
        let tenant = "<SignedDelegatedUserTid>33333333-3333-3333-3333-333333333333\
            </SignedDelegatedUserTid>";
        assert_eq!(write(&key), format!("{start}{tenant}{end}"));
    }
}
