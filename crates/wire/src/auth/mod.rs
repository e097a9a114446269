//! Credentials: what a request carries to be believed, and whether it is.
//!
//! A file for each scheme builds what the client should have signed, from the canonical pieces
//! that the schemes share; the signature itself is compared in one place.

mod canonical;
mod delegation;
mod grant;
mod sas;
mod shared_key;
mod signature;
mod token;

use std::borrow::Cow;
use std::net::IpAddr;

use http::{HeaderMap, HeaderValue, header};
use queuerite_model::Timestamp;
use queuerite_model::limits::SIGNED_DATE_SKEW_SECONDS_MAX;

use self::canonical::Reading;
pub use self::delegation::UserDelegationKey;
pub use self::grant::{AccountSasGrant, Grant, QueueSasGrant, Requirement};
pub use self::sas::check_time;
pub use self::signature::{AccountKeys, Signature};
pub use self::token::{Token, TokenHolder};
use crate::headers::{self, X_MS_DATE};
use crate::query::Plus;
use crate::{Head, Query, StorageService, WireError, parse_rfc1123};

/// What a request carries to be believed. REST page "Authorize requests to Azure Storage".
#[derive(Clone, Debug)]
pub enum Credential {
    /// `Authorization: SharedKey account:signature`
    SharedKey {
        /// Whose key the client says it used.
        account: String,
        /// What it made with that key.
        signature: Signature,
    },
    /// `Authorization: SharedKeyLite account:signature`
    SharedKeyLite {
        /// Whose key the client says it used.
        account: String,
        /// What it made with that key.
        signature: Signature,
    },
    /// `Authorization: Bearer token`, with something of the form of a token.
    Bearer(Token),
    /// A shared access signature in the query. One that is for a certain user comes together
    /// with that user's token.
    Sas(Option<Token>),
    /// Nothing.
    Anonymous,
}

impl Credential {
    /// Finds the credential of a request. A header counts before a shared access signature, and
    /// must be one that can be read; only a token is no more than a part of a signature that is
    /// for one user.
    pub fn read(headers: &HeaderMap, query: &Query) -> Result<Self, WireError> {
        let has_signature = query.get("sig").is_some();
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let credential = match (values.next(), values.next()) {
            (Some(value), None) => Self::parse(value).ok_or(WireError::MalformedAuthorization)?,
            (Some(_), Some(_)) => return Err(WireError::MalformedAuthorization),
            (None, _) if has_signature => Self::Sas(None),
            (None, _) => Self::Anonymous,
        };
        Ok(match credential {
            Self::Bearer(token) if has_signature && sas::is_for_a_user(query) => {
                Self::Sas(Some(token))
            }
            credential => credential,
        })
    }

    fn parse(value: &HeaderValue) -> Option<Self> {
        let (scheme, rest) = value.to_str().ok()?.trim().split_once(' ')?;
        let rest = rest.trim_start();
        if rest.bytes().any(|byte| byte.is_ascii_whitespace()) {
            return None;
        }
        if scheme.eq_ignore_ascii_case("bearer") {
            return Token::parse(rest).map(Self::Bearer);
        }
        let (account, signature) = rest.split_once(':')?;
        if account.is_empty() || signature.is_empty() {
            return None;
        }
        let account = account.to_owned();
        let signature = Signature::from_base64(signature);
        if scheme.eq_ignore_ascii_case("sharedkey") {
            Some(Self::SharedKey { account, signature })
        } else if scheme.eq_ignore_ascii_case("sharedkeylite") {
            Some(Self::SharedKeyLite { account, signature })
        } else {
            None
        }
    }
}

/// How the header of a request is signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Scheme {
    /// With an account key, over the whole head.
    SharedKey,
    /// With an account key, over less of the head.
    SharedKeyLite,
}

/// Proof that a credential was accepted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    /// What was signed, for the debug log; empty for a token.
    pub string_to_sign: String,
    /// What it permits.
    pub grant: Grant,
    /// What a plus sign in the query means to whoever signed.
    plus: Plus,
}

impl Verified {
    /// The head as the client means it: what was signed is what is read.
    pub fn head<'a>(&self, head: &'a Head) -> Cow<'a, Head> {
        if self.plus == Plus::default() {
            return Cow::Borrowed(head);
        }
        let query = head.query.clone().ruled_by(self.plus);
        Cow::Owned(Head {
            query,
            ..head.clone()
        })
    }
}

/// Where and when a request arrives, and how much of that matters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a circumstance of its own"
)]
pub struct Circumstances {
    /// The service that it came to.
    pub service: StorageService,
    /// The time.
    pub now: Timestamp,
    /// The address that it came from.
    pub source: IpAddr,
    /// Whether it came over TLS.
    pub is_https: bool,
    /// Whether bearer tokens are taken, their signatures unverified.
    pub takes_tokens: bool,
    /// Answer as the cloud: requests must have been signed within fifteen minutes of `now`, and
    /// versions be known.
    pub strict: bool,
    /// Whether any date will do for a version.
    pub any_version: bool,
    /// Whether any address may use a signature that names some.
    pub any_source: bool,
}

/// Decides whether a request is believed, given the keys of the account that it addresses.
///
/// Unless circumstances are `strict`, the date of a request may be old, misspelled or missing, as
/// a local server's clients are suspended and their containers' clocks drift.
pub fn verify(
    head: &Head,
    headers: &HeaderMap,
    credential: &Credential,
    keys: &AccountKeys,
    circumstances: &Circumstances,
) -> Result<Verified, WireError> {
    let (scheme, account, signature) = match credential {
        Credential::SharedKey { account, signature } => (Scheme::SharedKey, account, signature),
        Credential::SharedKeyLite { account, signature } => {
            (Scheme::SharedKeyLite, account, signature)
        }
        Credential::Bearer(token) => {
            return Ok(Verified {
                string_to_sign: String::new(),
                grant: Grant::Token(token::verify(token, head, circumstances)?),
                plus: Plus::default(),
            });
        }
        Credential::Sas(token) => {
            return sas::verify(head, keys, token.as_ref(), circumstances);
        }
        Credential::Anonymous => return Err(WireError::NoCredential),
    };
    if account != head.resource.account.as_str() {
        return Err(refused(OTHER_ACCOUNT));
    }
    if circumstances.strict {
        check_date(headers, circumstances.now)?;
    }

    // Most requests fit the first reading. Of the others only those are tried that make a
    // difference to this request.
    let mut tried: Vec<String> = Vec::new();
    for reading in Reading::all() {
        let string_to_sign =
            shared_key::string_to_sign(scheme, circumstances.service, head, headers, reading)?;
        if tried.contains(&string_to_sign) {
            continue;
        }
        if keys.signed(&string_to_sign, signature) {
            return Ok(Verified {
                string_to_sign,
                grant: Grant::Everything,
                plus: reading.plus(),
            });
        }
        tried.push(string_to_sign);
    }
    let string_to_sign = tried.first().map(String::as_str).unwrap_or_default();
    let sent = signature.as_sent();
    Err(refused(format!(
        "The MAC signature found in the HTTP request '{sent}' is not the same as any computed \
         signature. Server used following string to sign: '{string_to_sign}'."
    )))
}

/// Refuses a date that is missing, cannot be read, or is too far from `now` in either direction.
/// `x-ms-date` decides if there is one, and `Date` otherwise.
fn check_date(headers: &HeaderMap, now: Timestamp) -> Result<(), WireError> {
    let date = headers::joined(headers, &X_MS_DATE)
        .or_else(|| headers::joined(headers, &header::DATE))
        .unwrap_or_default();
    let is_recent = parse_rfc1123(&date).is_some_and(|date| {
        let (earlier, later) = (date.min(now), date.max(now));
        later <= earlier.plus_seconds(SIGNED_DATE_SKEW_SECONDS_MAX)
    });
    if is_recent {
        return Ok(());
    }
    Err(refused(format!("Request date header too old: '{date}'")))
}

/// Whether the text is a GUID, as object and tenant ids are.
pub(crate) fn is_guid(text: &str) -> bool {
    let fits = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.bytes().enumerate().all(fits)
}

fn refused(detail: impl Into<String>) -> WireError {
    WireError::AuthenticationFailed {
        detail: detail.into(),
    }
}

const OTHER_ACCOUNT: &str =
    "the account of the Authorization header is not the account that the request addresses";

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use hmac::{KeyInit as _, Mac as _};
    use http::{HeaderName, Method, Uri};
    use proptest::prelude::*;
    use queuerite_model::AccountKey;

    use super::*;
    use crate::HeadOptions;

    const ACCOUNT: &str = "devstoreaccount1";
    const KEY: &str =
        "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
    const DATE: &str = "Mon, 05 Oct 2026 12:00:00 GMT";

    /// A request, what it should sign, and the signature.
    struct Fixture {
        head: Head,
        headers: HeaderMap,
        string_to_sign: String,
        signature: String,
    }

    impl Fixture {
        fn load(path: &str) -> Self {
            let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/signing");
            Self::parse(&fs::read_to_string(Path::new(root).join(path)).unwrap())
        }

        fn parse(text: &str) -> Self {
            let (title, rest) = text.split_once("\n--- request\n").unwrap();
            let (request, rest) = rest.split_once("\n--- string-to-sign\n").unwrap();
            let (string_to_sign, signature) = rest.split_once("\n--- signature\n").unwrap();
            let source = title.lines().nth(1).unwrap();
            let sources = [
                "composed from the documentation",
                "produced by the Python SDK",
            ];
            assert!(sources.contains(&source), "{source}");

            let (target, fields) = request.split_once('\n').unwrap();
            let (method, target) = target.split_once(' ').unwrap();
            let mut headers = HeaderMap::new();
            for field in fields.lines() {
                let (name, value) = field.split_once(':').unwrap();
                let name: HeaderName = name.parse().unwrap();
                headers.append(name, HeaderValue::from_str(value.trim()).unwrap());
            }
            let options = HeadOptions {
                strict: true,
                any_version: false,
                host_style: true,
            };
            let method: Method = method.parse().unwrap();
            let uri: Uri = target.parse().unwrap();
            let accounts = |name: &str| name == ACCOUNT;
            Self {
                head: Head::parse(&method, &uri, &headers, options, &accounts).unwrap(),
                headers,
                string_to_sign: string_to_sign.to_owned(),
                signature: signature.trim_end().to_owned(),
            }
        }

        /// Verifies the request with the given value of `Authorization`.
        fn verify(&self, authorization: &str) -> Result<Verified, WireError> {
            self.verify_at(authorization, parse_rfc1123(DATE).unwrap(), true)
        }

        fn verify_at(
            &self,
            authorization: &str,
            now: Timestamp,
            strict: bool,
        ) -> Result<Verified, WireError> {
            let mut headers = self.headers.clone();
            let authorization = HeaderValue::from_str(authorization).unwrap();
            headers.insert(header::AUTHORIZATION, authorization);
            let credential = Credential::read(&headers, &self.head.query)?;
            verify(
                &self.head,
                &headers,
                &credential,
                &keys(),
                &Circumstances { strict, ..at(now) },
            )
        }

        fn authorization(&self) -> String {
            format!("SharedKey {ACCOUNT}:{}", self.signature)
        }
    }

    fn at(now: Timestamp) -> Circumstances {
        Circumstances {
            service: StorageService::Queue,
            now,
            source: IpAddr::from([127, 0, 0, 1]),
            is_https: false,
            takes_tokens: false,
            strict: true,
            any_version: false,
            any_source: false,
        }
    }

    fn keys() -> AccountKeys {
        let key = AccountKey::new(STANDARD.decode(KEY).unwrap());
        AccountKeys::new(&[AccountKey::new(b"the other key".to_vec()), key])
    }

    fn read(authorization: &str) -> Result<Credential, WireError> {
        let mut headers = HeaderMap::new();
        let authorization = HeaderValue::from_str(authorization).unwrap();
        headers.insert(header::AUTHORIZATION, authorization);
        Credential::read(&headers, &Query::default())
    }

    #[track_caller]
    fn refused_with(result: &Result<Verified, WireError>, detail: &str) {
        assert_eq!(*result, Err(refused(detail)));
    }

    #[test]
    fn every_worked_example_is_signed_as_it_says() {
        let mut examples = 0;
        for (folder, name) in [
            ("shared-key", "SharedKey"),
            ("shared-key-lite", "SharedKeyLite"),
        ] {
            let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/signing");
            for entry in fs::read_dir(Path::new(root).join(folder)).unwrap() {
                let path = entry.unwrap().path();
                let fixture = Fixture::parse(&fs::read_to_string(&path).unwrap());
                let authorization = format!("{name} {ACCOUNT}:{}", fixture.signature);
                let verified = fixture.verify(&authorization);
                let verified = verified.map(|verified| (verified.string_to_sign, verified.grant));
                let expected = (fixture.string_to_sign, Grant::Everything);
                assert_eq!(verified, Ok(expected), "{}", path.display());
                examples += 1;
            }
        }
        assert_eq!(examples, 17);
    }

    #[test]
    fn a_wrong_signature_is_told_what_the_server_would_have_signed() {
        let fixture = Fixture::load("shared-key/put-message.txt");
        let string_to_sign = &fixture.string_to_sign;
        for signature in ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "garbage"] {
            let detail = format!(
                "The MAC signature found in the HTTP request '{signature}' is not the same as any computed signature. Server used following string to sign: '{string_to_sign}'."
            );
            let authorization = format!("SharedKey {ACCOUNT}:{signature}");
            refused_with(&fixture.verify(&authorization), &detail);
        }
    }

    #[test]
    fn of_several_readings_a_wrong_signature_is_told_the_first() {
        let fixture = Fixture::load("shared-key/metadata-culture-order.txt");
        let Err(WireError::AuthenticationFailed { detail }) =
            fixture.verify("SharedKey devstoreaccount1:AAAA")
        else {
            panic!("accepted");
        };
        assert!(detail.contains(&fixture.string_to_sign));
    }

    #[test]
    fn the_signature_of_another_scheme_or_account_does_not_fit() {
        let fixture = Fixture::load("shared-key/put-message.txt");
        let lite = format!("SharedKeyLite {ACCOUNT}:{}", fixture.signature);
        assert!(fixture.verify(&lite).is_err());
        let other = format!("SharedKey other:{}", fixture.signature);
        refused_with(&fixture.verify(&other), OTHER_ACCOUNT);
    }

    #[test]
    fn a_request_is_fresh_for_fifteen_minutes_in_either_direction() {
        let fixture = Fixture::load("shared-key/put-message.txt");
        let signed = parse_rfc1123(DATE).unwrap().unix_seconds();
        let too_old = format!("Request date header too old: '{DATE}'");
        let authorization = fixture.authorization();
        for (seconds, is_fresh) in [(900, true), (-900, true), (901, false), (-901, false)] {
            let now = Timestamp::from_unix(signed + seconds, 0);
            let result = fixture.verify_at(&authorization, now, true);
            if is_fresh {
                assert!(result.is_ok(), "{seconds}");
            } else {
                refused_with(&result, &too_old);
            }
            assert!(fixture.verify_at(&authorization, now, false).is_ok());
        }
        let now = Timestamp::from_unix(signed + 900, 100);
        refused_with(&fixture.verify_at(&authorization, now, true), &too_old);
    }

    #[test]
    fn the_date_header_counts_where_x_ms_date_is_missing() {
        let fixture = Fixture::load("shared-key/date-header.txt");
        let authorization = fixture.authorization();
        let signed = parse_rfc1123(DATE).unwrap();
        let late = signed.plus_seconds(1000);
        assert!(fixture.verify_at(&authorization, signed, true).is_ok());
        assert!(fixture.verify_at(&authorization, late, true).is_err());
    }

    #[test]
    fn x_ms_date_decides_over_the_date_header() {
        let now = parse_rfc1123(DATE).unwrap();
        let stale = "Mon, 05 Oct 2020 12:00:00 GMT";
        let mut headers = HeaderMap::new();
        headers.insert(header::DATE, HeaderValue::from_static(stale));
        assert!(check_date(&headers, now).is_err());
        headers.insert(X_MS_DATE, HeaderValue::from_static(DATE));
        assert_eq!(check_date(&headers, now), Ok(()));
    }

    #[test]
    fn a_date_that_is_missing_or_misspelled_matters_only_to_a_strict_clock() {
        for (date, detail) in [
            (None, "Request date header too old: ''"),
            (
                Some("yesterday"),
                "Request date header too old: 'yesterday'",
            ),
        ] {
            let mut fixture = Fixture::load("shared-key/put-message.txt");
            fixture.headers.remove(X_MS_DATE);
            if let Some(date) = date {
                let date = HeaderValue::from_static(date);
                fixture.headers.insert(X_MS_DATE, date);
            }
            let authorization = fixture.authorization();
            let now = Timestamp::from_unix(0, 0);
            refused_with(&fixture.verify_at(&authorization, now, true), detail);
            let Err(WireError::AuthenticationFailed { detail }) =
                fixture.verify_at(&authorization, now, false)
            else {
                panic!("the string to sign has changed, so the signature cannot fit");
            };
            assert!(detail.starts_with("The MAC signature"));
        }
    }

    /// A client that signs a plus sign as itself means the plus sign, and one that signs a space
    /// means that: what was signed is what the operation gets.
    #[test]
    fn the_reading_that_was_signed_is_the_one_that_is_read() {
        let mut fixture = Fixture::load("shared-key/put-message.txt");
        fixture.head.query = Query::parse(Some("popreceipt=a+b%2Bc")).unwrap();
        let sign = |value: &str| {
            let Err(WireError::AuthenticationFailed { detail }) =
                fixture.verify("SharedKey devstoreaccount1:AAAA")
            else {
                panic!("accepted");
            };
            let (_, text) = detail.split_once("string to sign: '").unwrap();
            let text = text.strip_suffix("'.").unwrap();
            let text = text.replace("popreceipt:a b+c", &format!("popreceipt:{value}"));
            let key = STANDARD.decode(KEY).unwrap();
            let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
            mac.update(text.as_bytes());
            STANDARD.encode(mac.finalize().into_bytes())
        };
        for value in ["a b+c", "a+b+c"] {
            let authorization = format!("SharedKey {ACCOUNT}:{}", sign(value));
            let verified = fixture.verify(&authorization).unwrap();
            let head = verified.head(&fixture.head);
            assert_eq!(head.query.get("popreceipt"), Some(value));
        }
    }

    #[test]
    fn a_standard_header_that_is_sent_twice_is_no_question_of_signatures() {
        let mut fixture = Fixture::load("shared-key/put-message.txt");
        let again = HeaderValue::from_static("application/xml");
        fixture.headers.append(header::CONTENT_TYPE, again);
        let error = WireError::InvalidHeader {
            name: "content-type".into(),
            value: "application/xml,application/xml".into(),
        };
        assert_eq!(fixture.verify(&fixture.authorization()), Err(error));
    }

    #[test]
    fn schemes_are_known_in_any_case() {
        for text in ["SharedKey a:b", "sharedkey a:b", "SHAREDKEY   a:b "] {
            let credential = read(text).unwrap();
            assert!(matches!(credential, Credential::SharedKey { account, .. } if account == "a"));
        }
        let lite = read("SharedKeyLite a:b").unwrap();
        assert!(matches!(lite, Credential::SharedKeyLite { .. }));
        for text in ["Bearer eyJ0.eyJh.c2ln", "bearer a-_.b."] {
            assert!(matches!(read(text).unwrap(), Credential::Bearer(_)));
        }
    }

    #[test]
    fn an_authorization_of_no_known_form_is_refused() {
        for text in [
            "",
            "SharedKey",
            "SharedKey ",
            "SharedKey a",
            "SharedKey a:",
            "SharedKey :b",
            "SharedKey a:b c",
            "SharedKey: a:b",
            "Basic YTpi",
            "Basic a:b",
            "Bearer",
            "Bearer garbage",
            "Bearer a.b",
            "Bearer a..c",
            "Bearer a.b.c.d",
            "Bearer a.b.c d",
            "Bearer a.ä.c",
        ] {
            assert!(
                matches!(read(text), Err(WireError::MalformedAuthorization)),
                "{text:?}"
            );
        }
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_static("SharedKey a:b");
        headers.append(header::AUTHORIZATION, value.clone());
        headers.append(header::AUTHORIZATION, value);
        let twice = Credential::read(&headers, &Query::default());
        assert!(matches!(twice, Err(WireError::MalformedAuthorization)));
    }

    #[test]
    fn a_header_counts_before_a_shared_access_signature() {
        let query = Query::parse(Some("sv=2026-04-06&Sig=abc")).unwrap();
        let mut headers = HeaderMap::new();
        let sas = Credential::read(&headers, &query).unwrap();
        assert!(matches!(sas, Credential::Sas(None)));
        let value = HeaderValue::from_static("SharedKey a:b");
        headers.insert(header::AUTHORIZATION, value);
        let header = Credential::read(&headers, &query).unwrap();
        assert!(matches!(header, Credential::SharedKey { .. }));
        let none = Credential::read(&HeaderMap::new(), &Query::default()).unwrap();
        assert!(matches!(none, Credential::Anonymous));
    }

    #[test]
    fn a_token_belongs_to_a_signature_that_is_for_a_user_and_counts_before_any_other() {
        let read = |query, value| {
            let query = Query::parse(Some(query)).unwrap();
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, HeaderValue::from_static(value));
            Credential::read(&headers, &query).unwrap()
        };
        for query in ["sig=a&sduoid=b", "skdutid=b&sig=a", "SIG=a&SDUOID=b"] {
            let with_token = read(query, "Bearer a.b.");
            assert!(matches!(with_token, Credential::Sas(Some(_))), "{query}");
            let with_key = read(query, "SharedKey a:b");
            assert!(matches!(with_key, Credential::SharedKey { .. }), "{query}");
        }
        for query in ["sig=a", "sig=a&skoid=b", "sduoid=a", "sig=a&sduoid="] {
            let token = read(query, "Bearer a.b.");
            assert!(matches!(token, Credential::Bearer(_)), "{query}");
        }
    }

    #[test]
    fn nothing_is_no_credential() {
        let fixture = Fixture::load("shared-key/put-message.txt");
        let Fixture { head, headers, .. } = &fixture;
        let now = at(Timestamp::from_unix(0, 0));
        let anonymous = verify(head, headers, &Credential::Anonymous, &keys(), &now);
        assert_eq!(anonymous, Err(WireError::NoCredential));
    }

    #[test]
    fn a_guid_has_its_dashes_in_their_places() {
        for text in [
            "11111111-2222-3333-4444-555555555555",
            "AABBCCDD-EEFF-aabb-ccdd-eeff00112233",
        ] {
            assert!(is_guid(text));
        }
        for text in [
            "",
            "11111111222233334444555555555555",
            "11111111-2222-3333-4444-55555555555",
            "11111111-2222-3333-4444-5555555555555",
            "11111111-2222-3333-4444-55555555555g",
            "{11111111-2222-3333-4444-5555555555}",
            "1111111--2222-3333-4444-555555555555",
        ] {
            assert!(!is_guid(text), "{text}");
        }
    }

    #[test]
    fn a_credential_does_not_show_its_signature() {
        let credential = read("SharedKey a:topsecret").unwrap();
        assert!(!format!("{credential:?}").contains("topsecret"));
    }

    proptest! {
        #[test]
        fn no_credential_panics(value in ".{0,60}", fields in "[ -~]{0,20}") {
            let mut fixture = Fixture::load("shared-key/metadata-culture-order.txt");
            for name in ["x-ms-meta-a-b", "x-ms-date", "content-length"] {
                let field = HeaderValue::from_str(&fields).unwrap();
                fixture.headers.insert(name, field);
            }
            for prefix in ["", "SharedKey ", "SharedKey devstoreaccount1:", "Bearer "] {
                let authorization = format!("{prefix}{value}");
                if HeaderValue::from_str(&authorization).is_ok() {
                    prop_assert!(fixture.verify(&authorization).is_err());
                }
            }
        }
    }
}
