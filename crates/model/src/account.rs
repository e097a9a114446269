//! Who: an account's name and its secret keys.

use std::borrow::Borrow;
use std::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

/// The name of a storage account.
///
/// The cloud allows 3 to 24 lower-case letters and digits. Emulators have always been looser,
/// and connection strings in use rely on it, so any name that can stand in a URL's first
/// segment without ambiguity is accepted: letters, digits, `-` and `_`, 1 to 63 characters, not
/// beginning with `_` (reserved for the server's own paths) and not ending in `-secondary`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AccountName(Box<str>);

impl AccountName {
    /// Reads an account name.
    pub fn parse(text: &str) -> Result<Self, AccountNameError> {
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if text.is_empty() || text.len() > 63 {
            return Err(AccountNameError::Length);
        }
        if !text.chars().all(legal) || text.starts_with('_') {
            return Err(AccountNameError::Characters);
        }
        if text.ends_with("-secondary") {
            return Err(AccountNameError::Secondary);
        }
        Ok(Self(text.into()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names compare and hash as their texts do, so a map by name can be searched by any text.
impl Borrow<str> for AccountName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// Why a text is not an account name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum AccountNameError {
    /// Empty, or over 63 characters.
    #[error("an account name has 1 to 63 characters")]
    Length,
    /// A character that cannot stand in an account name, or a leading underscore.
    #[error(
        "an account name consists of letters, digits, '-' and '_', and does not begin with '_'"
    )]
    Characters,
    /// The suffix that names the secondary endpoint.
    #[error("an account name cannot end in '-secondary', which names its secondary endpoint")]
    Secondary,
}

/// A secret key of an account, decoded. Redacted in debug output and wiped when dropped.
///
/// It has no equality: signatures are compared, in constant time, and keys never are.
#[derive(Clone)]
pub struct AccountKey(Zeroizing<Vec<u8>>);

impl AccountKey {
    /// Takes the decoded bytes of a key.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The secret bytes, for keying a MAC and nothing else.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccountKey(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_names_are_account_names() {
        for name in ["devstoreaccount1", "a", "contoso-2", "My_Account"] {
            assert_eq!(AccountName::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn names_that_would_be_ambiguous_in_a_url_are_refused() {
        assert_eq!(AccountName::parse(""), Err(AccountNameError::Length));
        assert_eq!(AccountName::parse("a b"), Err(AccountNameError::Characters));
        assert_eq!(
            AccountName::parse("_queuerite"),
            Err(AccountNameError::Characters)
        );
        assert_eq!(
            AccountName::parse("a-secondary"),
            Err(AccountNameError::Secondary)
        );
    }

    #[test]
    fn a_key_does_not_show_itself() {
        let key = AccountKey::new(b"secret".to_vec());
        assert_eq!(format!("{key:?}"), "AccountKey(redacted)");
    }
}
