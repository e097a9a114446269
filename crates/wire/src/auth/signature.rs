//! Signatures and the keys that make them: HMAC-SHA256, compared in constant time.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use queuerite_model::AccountKey;
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

/// A signature as a client sent it, which need not be a possible one. Redacted in debug output
/// and wiped when dropped.
#[derive(Clone)]
pub struct Signature {
    text: Zeroizing<String>,
    /// Empty if the text is no base64; no signature has that length.
    bytes: Zeroizing<Vec<u8>>,
}

impl Signature {
    /// Takes the base64 text of a signature.
    pub fn from_base64(text: &str) -> Self {
        Self {
            text: Zeroizing::new(text.to_owned()),
            bytes: Zeroizing::new(STANDARD.decode(text).unwrap_or_default()),
        }
    }

    /// Whether it is no signature at all: empty, or no base64.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The text as it was sent, for telling the client what it sent and nothing else.
    pub(crate) fn as_sent(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(redacted)")
    }
}

/// The keys of one account, ready to check signatures. Redacted in debug output.
#[derive(Clone)]
pub struct AccountKeys(Vec<SigningKey>);

impl AccountKeys {
    /// Prepares the keys of an account; do it once.
    pub fn new<'a>(keys: impl IntoIterator<Item = &'a AccountKey>) -> Self {
        let keys = keys.into_iter();
        Self(keys.map(|key| SigningKey::new(key.expose())).collect())
    }

    /// Whether one of the keys made this signature of the text. Every key is tried, so that the
    /// time taken does not tell which.
    pub(crate) fn signed(&self, text: &str, signature: &Signature) -> bool {
        self.0
            .iter()
            .fold(Choice::from(0), |any, key| {
                any | key.signed(text, signature)
            })
            .into()
    }

    /// Whether this signature of the text was made with a key that was derived from one of the
    /// keys. Every key is tried here too.
    pub(crate) fn delegated_signed(
        &self,
        purpose: &str,
        text: &str,
        signature: &Signature,
    ) -> bool {
        self.0
            .iter()
            .fold(Choice::from(0), |any, key| {
                any | SigningKey::new(&*key.mac(purpose)).signed(text, signature)
            })
            .into()
    }

    /// A key for this purpose, derived from the first of the keys.
    pub(crate) fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        self.0
            .first()
            .map(|key| key.mac(purpose))
            .unwrap_or_default()
    }
}

impl fmt::Debug for AccountKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountKeys({} redacted)", self.0.len())
    }
}

/// An account key that has already been mixed into its HMAC; a clone of that starts each
/// signature.
#[derive(Clone)]
struct SigningKey(Hmac<Sha256>);

impl SigningKey {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    fn new(key: &[u8]) -> Self {
        Self(Hmac::new_from_slice(key).expect("HMAC takes keys of any length"))
    }

    fn signed(&self, text: &str, signature: &Signature) -> Choice {
        self.mac(text).ct_eq(signature.bytes.as_slice())
    }

    fn mac(&self, text: &str) -> Zeroizing<[u8; 32]> {
        let mut mac = self.0.clone();
        mac.update(text.as_bytes());
        Zeroizing::new(mac.finalize().into_bytes().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 4231, test case 2.
    const KEY: &[u8] = b"Jefe";
    const TEXT: &str = "what do ya want for nothing?";
    const SIGNATURE: &str = "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=";

    fn keys(keys: &[&[u8]]) -> AccountKeys {
        let keys: Vec<_> = keys
            .iter()
            .map(|key| AccountKey::new(key.to_vec()))
            .collect();
        AccountKeys::new(&keys)
    }

    #[test]
    fn either_key_of_an_account_fits() {
        let signature = Signature::from_base64(SIGNATURE);
        assert!(keys(&[KEY, b"other"]).signed(TEXT, &signature));
        assert!(keys(&[b"other", KEY]).signed(TEXT, &signature));
        assert!(!keys(&[b"other", b""]).signed(TEXT, &signature));
        assert!(!keys(&[]).signed(TEXT, &signature));
        assert!(!keys(&[KEY]).signed("what do ya want", &signature));
    }

    #[test]
    fn what_is_no_signature_fits_nothing() {
        for text in ["", "garbage", "W9zBRr9gdU5q", &SIGNATURE.replace('=', "")] {
            let signature = Signature::from_base64(text);
            assert!(!keys(&[KEY]).signed(TEXT, &signature), "{text:?}");
            assert_eq!(signature.as_sent(), text);
        }
    }

    #[test]
    fn neither_signatures_nor_keys_show_themselves() {
        let signature = Signature::from_base64(SIGNATURE);
        assert_eq!(format!("{signature:?}"), "Signature(redacted)");
        assert_eq!(format!("{:?}", keys(&[KEY])), "AccountKeys(1 redacted)");
    }
}
