//! Who may come in: account names and their keys.
//!
//! They come from `AZURITE_ACCOUNTS`, written `name:key1[:key2];name2:key1[:key2];…`, or from a
//! file of the same text if the variable says `@/path/of/the/file`; newlines separate as `;` does.
//! Azurite falls back to its default account when it cannot read the variable, and the user is
//! left with an unexplained 403. Here a mistake in it keeps the server from starting.
//!
//! No text of the variable is ever repeated but what is certainly an account's name.

use std::collections::HashMap;
use std::collections::hash_map::{Entry, RandomState};
use std::fs::File;
use std::hash::BuildHasher;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::{fmt, mem};

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use queuerite_model::account::AccountNameError;
use queuerite_model::{AccountKey, AccountName};
use queuerite_wire::AccountKeys;
use thiserror::Error;

/// The account that is served when none is named, as everywhere in Azure's emulators.
pub const ACCOUNT_NAME_DEFAULT: &str = "devstoreaccount1";

/// The key of [`ACCOUNT_NAME_DEFAULT`]. It is published, and no secret.
pub const ACCOUNT_KEY_DEFAULT: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// Most bytes of a file of accounts.
pub const ACCOUNTS_FILE_BYTES_MAX: u64 = 1024 * 1024;

/// The accounts in force, shared by all who ask and replaced as a whole.
pub struct Accounts {
    source: AccountsSource,
    hasher: RandomState,
    state: RwLock<State>,
}

struct State {
    current: Arc<AccountTable>,
    /// What the file was when it was last read in full, to tell whether it has changed.
    fingerprint: Option<u64>,
    /// The latest re-read failed, and the log says so.
    is_failing: bool,
}

impl Accounts {
    /// Reads the accounts for the first time.
    pub fn open(source: AccountsSource) -> Result<Self, AccountsError> {
        let hasher = RandomState::new();
        let (current, fingerprint) = match &source {
            AccountsSource::Fixed(table) => (Arc::clone(table), None),
            AccountsSource::File(path) => {
                let text = read(path)?;
                let table = AccountTable::parse(&text)?;
                (Arc::new(table), Some(hasher.hash_one(&text)))
            }
        };
        Ok(Self {
            source,
            hasher,
            state: RwLock::new(State {
                current,
                fingerprint,
                is_failing: false,
            }),
        })
    }

    /// The accounts as they are now.
    pub fn current(&self) -> Arc<AccountTable> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&state.current)
    }

    /// Whether there is anything to re-read.
    pub fn is_reloadable(&self) -> bool {
        matches!(self.source, AccountsSource::File(_))
    }

    /// Reads the file again, if there is one. If that fails the accounts stay as they are, and
    /// the first failure in a row is logged. It blocks for as long as the file system does.
    pub fn reload(&self) {
        let AccountsSource::File(path) = &self.source else {
            return;
        };
        let known = self
            .state
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .fingerprint;
        // Read and parsed with the lock released: nobody waits for a disk.
        let result = read(path).and_then(|text| {
            let fingerprint = Some(self.hasher.hash_one(&text));
            if fingerprint == known {
                return Ok(None);
            }
            Ok(Some((Arc::new(AccountTable::parse(&text)?), fingerprint)))
        });
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        match result {
            Ok(changed) => {
                if mem::take(&mut state.is_failing) {
                    tracing::info!("the accounts can be read again");
                }
                if let Some((table, fingerprint)) = changed {
                    tracing::info!(accounts = table.len(), "the accounts have changed");
                    state.current = table;
                    state.fingerprint = fingerprint;
                }
            }
            Err(error) => {
                if !mem::replace(&mut state.is_failing, true) {
                    tracing::warn!("the accounts stay as they were: {error}");
                }
            }
        }
    }
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Accounts").field(&self.current()).finish()
    }
}

/// Where accounts come from.
#[derive(Clone, Debug)]
pub enum AccountsSource {
    /// The environment, which does not change.
    Fixed(Arc<AccountTable>),
    /// A file, read again from time to time.
    File(PathBuf),
}

impl AccountsSource {
    /// Reads the value of `AZURITE_ACCOUNTS`. Unset or blank it stands for the default account.
    pub fn from_variable(value: Option<&str>) -> Result<Self, AccountsError> {
        let value = unquoted(value.unwrap_or_default());
        if value.is_empty() {
            return Ok(Self::Fixed(Arc::new(AccountTable::parse(&format!(
                "{ACCOUNT_NAME_DEFAULT}:{ACCOUNT_KEY_DEFAULT}"
            ))?)));
        }
        if let Some(path) = value.strip_prefix('@') {
            return Ok(Self::File(PathBuf::from(unquoted(path))));
        }
        Ok(Self::Fixed(Arc::new(AccountTable::parse(value)?)))
    }
}

/// Account names and their keys.
#[derive(Clone, Debug)]
pub struct AccountTable(HashMap<AccountName, AccountKeys>);

impl AccountTable {
    /// The keys of an account, one or two.
    pub fn keys(&self, name: &AccountName) -> Option<&AccountKeys> {
        self.0.get(name)
    }

    /// Whether there is an account of this name, which need not be a possible one.
    pub fn serves(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The names of all accounts, in no order.
    pub fn names(&self) -> impl Iterator<Item = &AccountName> {
        self.0.keys()
    }

    /// How many accounts there are, at least one.
    #[expect(clippy::len_without_is_empty, reason = "it never is")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    fn parse(text: &str) -> Result<Self, AccountsError> {
        let mut table = HashMap::new();
        let items = unquoted(text)
            .split([';', '\n'])
            .map(unquoted)
            .filter(|item| !item.is_empty());
        for (index, item) in items.enumerate() {
            let (name, keys) = account(item).map_err(|mistake| AccountsError::Item {
                position: index + 1,
                account: name_to_show(item),
                mistake,
            })?;
            match table.entry(name) {
                Entry::Vacant(vacant) => vacant.insert(AccountKeys::new(&keys)),
                Entry::Occupied(_) => {
                    return Err(AccountsError::Item {
                        position: index + 1,
                        account: name_to_show(item),
                        mistake: Mistake::Repeated,
                    });
                }
            };
        }
        if table.is_empty() {
            return Err(AccountsError::Empty);
        }
        Ok(Self(table))
    }
}

/// Why the accounts cannot be had. Displays as one line, without keys.
#[derive(Debug, Error)]
pub enum AccountsError {
    /// One of the items is wrong.
    #[error("AZURITE_ACCOUNTS, item {position}{account}: {mistake}")]
    Item {
        /// Counted from one, empty items left out.
        position: usize,
        /// The account's name, where it is certain to be one.
        account: Shown,
        /// What is wrong with it.
        mistake: Mistake,
    },
    /// There are only separators.
    #[error("AZURITE_ACCOUNTS names no account; leave it unset for {ACCOUNT_NAME_DEFAULT}")]
    Empty,
    /// The file cannot be read.
    #[error("AZURITE_ACCOUNTS: cannot read {}: {error}", path.display())]
    Unreadable {
        /// The file, as the variable names it.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

/// What can be wrong with an item of `AZURITE_ACCOUNTS`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum Mistake {
    /// Too few or too many colons.
    #[error("it has {0} part(s) between colons, not two or three as name:key or name:key:key")]
    Parts(usize),
    /// The first part is no account name.
    #[error("{0}")]
    Name(#[from] AccountNameError),
    /// A key that nobody could sign with.
    #[error("key {0} is empty")]
    EmptyKey(usize),
    /// A key that cannot be decoded.
    #[error("key {0} is not base64")]
    Key(usize),
    /// The account was there already.
    #[error("the account is named a second time")]
    Repeated,
}

/// The name of an account in an error: ` (name)`, or nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shown(Option<AccountName>);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(name) => write!(f, " ({name})"),
            None => Ok(()),
        }
    }
}

fn account(item: &str) -> Result<(AccountName, Vec<AccountKey>), Mistake> {
    let mut parts = item.split(':').map(str::trim);
    let count = item.split(':').count();
    let (Some(name), 2 | 3) = (parts.next(), count) else {
        return Err(Mistake::Parts(count));
    };
    let name = AccountName::parse(name)?;
    let keys = parts.zip(1..).map(|(key, number)| {
        if key.is_empty() {
            return Err(Mistake::EmptyKey(number));
        }
        let bytes = BASE64.decode(key).map_err(|_| Mistake::Key(number))?;
        Ok(AccountKey::new(bytes))
    });
    Ok((name, keys.collect::<Result<_, _>>()?))
}

/// The name in an item, if it can be shown: where somebody put a key first, or only a key, the
/// key is longer than the names of the cloud are.
fn name_to_show(item: &str) -> Shown {
    let name = item.split_once(':').map(|(name, _)| name.trim());
    Shown(
        name.filter(|name| name.len() <= SHOWN_CHARACTERS_MAX)
            .and_then(|name| AccountName::parse(name).ok()),
    )
}

/// The text without white space around it, and without one pair of quotes, which shells and
/// Compose files leave behind. Quotes that also occur inside belong to the items.
fn unquoted(text: &str) -> &str {
    let text = text.trim();
    ['"', '\'']
        .into_iter()
        .find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
        .filter(|inside| !inside.contains(['"', '\'']))
        .map_or(text, str::trim)
}

fn read(path: &Path) -> Result<String, AccountsError> {
    let unreadable = |error| AccountsError::Unreadable {
        path: path.to_owned(),
        error,
    };
    let mut text = String::new();
    File::open(path)
        .map_err(unreadable)?
        .take(ACCOUNTS_FILE_BYTES_MAX + 1)
        .read_to_string(&mut text)
        .map_err(unreadable)?;
    if text.len() as u64 > ACCOUNTS_FILE_BYTES_MAX {
        return Err(unreadable(io::Error::other(
            "the file is longer than 1 MiB",
        )));
    }
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}

/// As clients decode their half of the key: padding may be missing, nothing else may.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The length of the cloud's longest account names.
const SHOWN_CHARACTERS_MAX: usize = 24;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const KEY: &str = "c2VjcmV0LWtleS1udW1iZXItb25lLWZvci10aGUtdGVzdHM=";
    const OTHER_KEY: &str = "YW5vdGhlciBrZXkgdGhhdCBpcyBhbHNvIHNlY3JldA==";

    fn table(value: &str) -> Arc<AccountTable> {
        match AccountsSource::from_variable(Some(value)).unwrap() {
            AccountsSource::Fixed(table) => table,
            AccountsSource::File(path) => panic!("a file: {}", path.display()),
        }
    }

    /// The accounts as `name` and number of keys, in the order of their names. Keys do not let
    /// themselves be looked at, but their debug output tells how many there are.
    fn accounts(value: &str) -> Vec<(String, usize)> {
        summary(&table(value))
    }

    fn summary(table: &AccountTable) -> Vec<(String, usize)> {
        let mut accounts: Vec<_> = table
            .names()
            .map(|name| {
                let shown = format!("{:?}", table.keys(name).unwrap());
                let digits = shown.chars().filter(char::is_ascii_digit);
                (
                    name.to_string(),
                    digits.collect::<String>().parse().unwrap(),
                )
            })
            .collect();
        accounts.sort();
        accounts
    }

    fn error(value: &str) -> String {
        AccountsSource::from_variable(Some(value))
            .unwrap_err()
            .to_string()
    }

    fn one(name: &str) -> Vec<(String, usize)> {
        vec![(name.to_owned(), 1)]
    }

    #[test]
    fn unset_or_blank_means_the_well_known_account() {
        assert_eq!(accounts(""), one(ACCOUNT_NAME_DEFAULT));
        assert_eq!(accounts("  \n"), one(ACCOUNT_NAME_DEFAULT));
        assert_eq!(accounts("\"\""), one(ACCOUNT_NAME_DEFAULT));
        let AccountsSource::Fixed(table) = AccountsSource::from_variable(None).unwrap() else {
            panic!("not fixed");
        };
        assert_eq!(summary(&table), one(ACCOUNT_NAME_DEFAULT));
        let (_, keys) = account(&format!("a:{ACCOUNT_KEY_DEFAULT}")).unwrap();
        assert_eq!(keys[0].expose().len(), 64);
    }

    #[test]
    fn an_account_has_one_key_or_two() {
        let value = format!("a:{KEY};b:{KEY}:{OTHER_KEY}");
        assert_eq!(accounts(&value), [("a".to_owned(), 1), ("b".to_owned(), 2)]);
        let (_, keys) = account(&format!("b:{KEY}:{OTHER_KEY}")).unwrap();
        assert_eq!(keys[0].expose(), b"secret-key-number-one-for-the-tests");
        assert_eq!(keys[1].expose(), b"another key that is also secret");
    }

    #[test]
    fn named_accounts_replace_the_default_one() {
        let table = table(&format!("a:{KEY}"));
        assert!(table.serves("a"));
        for name in [ACCOUNT_NAME_DEFAULT, "A", "", "a b"] {
            assert!(!table.serves(name), "{name:?}");
        }
    }

    #[test]
    fn white_space_and_empty_items_are_tolerated() {
        let both = [("a".to_owned(), 1), ("b".to_owned(), 1)];
        assert_eq!(accounts(&format!("a:{KEY};b:{KEY};")), both);
        assert_eq!(accounts(&format!("  a:{KEY} ; b:{KEY} ;; ")), both);
        assert_eq!(accounts(&format!("a : {KEY}\r\nb: {KEY}\r\n")), both);
    }

    #[test]
    fn one_pair_of_quotes_is_taken_off() {
        assert_eq!(accounts(&format!("\"a:{KEY}\"")), one("a"));
        assert_eq!(accounts(&format!(" 'a:{KEY}' ")), one("a"));
        assert_eq!(accounts(&format!("\"a:{KEY};\"")), one("a"));
        let both = [("a".to_owned(), 1), ("b".to_owned(), 1)];
        assert_eq!(accounts(&format!("\"a:{KEY}\";\"b:{KEY}\"")), both);
        assert_eq!(accounts(&format!("'a:{KEY}' ; b:{KEY}")), both);
    }

    #[test]
    fn a_key_without_its_padding_is_a_key() {
        assert_eq!(
            accounts(&format!("a:{}", KEY.trim_end_matches('='))),
            one("a")
        );
        assert_eq!(accounts("a:key1:key2"), [("a".to_owned(), 2)]);
    }

    #[test]
    fn mistakes_are_named_by_position_and_account() {
        for (value, expected) in [
            (
                format!("a:{KEY};nokey"),
                "AZURITE_ACCOUNTS, item 2: it has 1 part(s) between colons, not two or three \
                 as name:key or name:key:key",
            ),
            (
                format!("many:{KEY}:{KEY}:{KEY}"),
                "AZURITE_ACCOUNTS, item 1 (many): it has 4 part(s) between colons, not two or \
                 three as name:key or name:key:key",
            ),
            (
                format!(";;a:{KEY};;b:{KEY}!"),
                "AZURITE_ACCOUNTS, item 2 (b): key 1 is not base64",
            ),
            (
                format!("b:{KEY}:secret?"),
                "AZURITE_ACCOUNTS, item 1 (b): key 2 is not base64",
            ),
            (
                "b:".to_owned(),
                "AZURITE_ACCOUNTS, item 1 (b): key 1 is empty",
            ),
            (
                format!("b:{KEY}:"),
                "AZURITE_ACCOUNTS, item 1 (b): key 2 is empty",
            ),
            (
                format!("a b:{KEY}"),
                "AZURITE_ACCOUNTS, item 1: an account name consists of letters, digits, '-' and \
                 '_', and does not begin with '_'",
            ),
            (
                format!(":{KEY}"),
                "AZURITE_ACCOUNTS, item 1: an account name has 1 to 63 characters",
            ),
            (
                format!("a:{KEY};a:{OTHER_KEY}"),
                "AZURITE_ACCOUNTS, item 2 (a): the account is named a second time",
            ),
            (
                ";".to_owned(),
                "AZURITE_ACCOUNTS names no account; leave it unset for devstoreaccount1",
            ),
        ] {
            assert_eq!(error(&value), expected);
        }
    }

    #[test]
    fn no_mistake_shows_a_key() {
        let letters = "kQpZtLwXrNmBvCsDfGhJkLqWeRtYuIoP"; // could pass for an account's name
        for value in [
            KEY.to_owned(),
            format!("{KEY}:a"),
            format!("{KEY};a:{KEY}"),
            format!("a:{KEY}:{OTHER_KEY}:{letters}"),
            format!("a:{KEY}*"),
            format!("a:*{KEY}:{OTHER_KEY}"),
            format!("\"a:{KEY}"),
            format!("a:'{KEY}'"),
            format!("a={KEY}"),
            format!("{letters}:not-base64!"),
            letters.to_owned(),
            format!("AccountName=a;AccountKey={KEY}"),
            format!("a:{KEY};a:{KEY}"),
        ] {
            let error = AccountsSource::from_variable(Some(&value)).unwrap_err();
            for text in [error.to_string(), format!("{error:?}")] {
                for key in [KEY, OTHER_KEY, letters] {
                    assert!(!text.contains(key.split_at(12).0), "{text}");
                }
                assert!(!text.contains('\n'), "{text}");
            }
        }
    }

    #[test]
    fn debug_output_shows_no_key() {
        let source = AccountsSource::from_variable(Some(&format!("a:{KEY}"))).unwrap();
        assert!(!format!("{source:?}").contains("c2Vj"));
        let accounts = Accounts::open(source).unwrap();
        assert!(!format!("{accounts:?}").contains("secret"));
    }

    #[test]
    fn a_file_is_read_again_and_a_mistake_in_it_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("accounts");
        fs::write(&file, format!("\u{feff}a:{KEY}\nb:{KEY}\n")).unwrap();
        let source = AccountsSource::from_variable(Some(&format!("@{}", file.display()))).unwrap();
        let accounts = Accounts::open(source).unwrap();
        assert!(accounts.is_reloadable());
        let both = [("a".to_owned(), 1), ("b".to_owned(), 1)];
        assert_eq!(summary(&accounts.current()), both);
        let before = accounts.current();

        accounts.reload();
        assert!(Arc::ptr_eq(&before, &accounts.current()), "nothing changed");

        for mistake in ["", "a", "a:!"] {
            fs::write(&file, mistake).unwrap();
            accounts.reload();
            assert_eq!(summary(&accounts.current()), both, "{mistake:?}");
        }
        fs::remove_file(&file).unwrap();
        accounts.reload();
        assert_eq!(summary(&accounts.current()), both);

        fs::write(&file, format!("c:{KEY}")).unwrap();
        accounts.reload();
        assert_eq!(summary(&accounts.current()), one("c"));
        assert_eq!(
            summary(&before),
            both,
            "who asked earlier keeps what was true"
        );
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let source = AccountsSource::from_variable(Some("@/nowhere/accounts")).unwrap();
        let error = Accounts::open(source).unwrap_err().to_string();
        assert!(
            error.starts_with("AZURITE_ACCOUNTS: cannot read /nowhere/accounts: "),
            "{error}"
        );
    }

    #[test]
    fn a_file_beyond_the_limit_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("accounts");
        fs::write(&file, vec![b';'; 1024 * 1024 + 1]).unwrap();
        let error = Accounts::open(AccountsSource::File(file))
            .unwrap_err()
            .to_string();
        assert!(error.ends_with("the file is longer than 1 MiB"), "{error}");
    }
}
