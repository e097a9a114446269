//! Bearer tokens: JSON web tokens that say who somebody is, for which service, and how long.
//!
//! Signatures of tokens are **not** verified: whoever can write JSON can write a token. It is
//! what Azurite calls `--oauth basic`, good for seeing that a client sends a token, and the right
//! one. REST page "Authorize with Microsoft Entra ID".

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use queuerite_model::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Number;
use zeroize::Zeroizing;

use super::{Circumstances, is_guid, refused};
use crate::{Head, WireError};

/// A token as a client sent it, of the form of one and not yet read. Redacted in debug output
/// and wiped when dropped.
#[derive(Clone)]
pub struct Token(Zeroizing<String>);

impl Token {
    /// Takes what has the form of a JSON web token: header, claims, and a signature that may be
    /// empty.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        let parts: Vec<_> = text.split('.').collect();
        let [header, claims, signature] = parts.as_slice() else {
            return None;
        };
        let is_legal = |part: &str| part.bytes().all(legal);
        let has_form = !header.is_empty()
            && !claims.is_empty()
            && [header, claims, signature]
                .iter()
                .all(|part| is_legal(part));
        (has_form && text.len() <= TOKEN_BYTES_MAX).then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// Header and claims, read; `None` if they are not the objects that they should be.
    fn read(&self) -> Option<Claims> {
        let mut parts = self.0.split('.');
        let _: Header = decoded(parts.next()?)?;
        decoded(parts.next()?)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(redacted)")
    }
}

/// Whoever a token that was accepted speaks of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TokenHolder {
    /// `oid`: the object id of the user or the application.
    pub object_id: Option<String>,
    /// `tid`, or else the tenant of the issuer.
    pub tenant_id: String,
}

/// Decides whether a token is believed: it came by HTTPS, can be read, is in force, and is by an
/// issuer and for an audience that count here.
pub(super) fn verify(
    token: &Token,
    head: &Head,
    circumstances: &Circumstances,
) -> Result<TokenHolder, WireError> {
    if !head.version.has_bearer_tokens() {
        return Err(refused(TOO_EARLY));
    }
    if !circumstances.takes_tokens {
        return Err(refused(NOT_TAKEN));
    }
    if !circumstances.is_https {
        return Err(refused(NOT_BY_HTTP));
    }
    let claims = token.read().ok_or(WireError::MalformedAuthorization)?;
    let issuer = claims.iss.as_deref().and_then(tenant_of_issuer);
    let tenant_id = claims.tid.as_deref().or(issuer).unwrap_or_default();
    let invalid = |detail| WireError::InvalidToken {
        detail,
        tenant: is_guid(tenant_id).then(|| tenant_id.to_owned()),
    };
    claims.check_lifetime(circumstances.now).map_err(invalid)?;
    if issuer.is_none() {
        return Err(invalid(OTHER_ISSUER));
    }
    let account = head.resource.account.as_str();
    if !claims
        .audiences()
        .any(|audience| is_audience(audience, account))
    {
        return Err(invalid(OTHER_AUDIENCE));
    }
    Ok(TokenHolder {
        tenant_id: tenant_id.to_owned(),
        object_id: claims.oid,
    })
}

/// What a token says of itself. Its algorithm does not matter, for no signature is verified; but
/// it must be a word.
#[derive(Deserialize)]
struct Header {
    #[serde(rename = "alg")]
    _alg: Option<String>,
}

/// The claims that are looked at; others are ignored. One that is there twice is an error, and
/// so is one that is not of its type.
#[derive(Deserialize)]
struct Claims {
    iss: Option<String>,
    aud: Option<Audience>,
    nbf: Option<Number>,
    iat: Option<Number>,
    exp: Option<Number>,
    oid: Option<String>,
    tid: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Claims {
    /// A token holds from `nbf` on and until just before `exp`, as RFC 7519 has it, to the
    /// second and without an allowance for clocks that differ.
    fn check_lifetime(&self, now: Timestamp) -> Result<(), &'static str> {
        let (Some(not_before), Some(issued), Some(expiry)) = (
            self.nbf.as_ref().and_then(seconds),
            self.iat.as_ref().and_then(seconds),
            self.exp.as_ref().and_then(seconds),
        ) else {
            return Err(NO_LIFETIME);
        };
        if now < not_before || now < issued {
            return Err(NOT_YET_VALID);
        }
        if now >= expiry {
            return Err(EXPIRED);
        }
        Ok(())
    }

    fn audiences(&self) -> impl Iterator<Item = &str> {
        let (one, several) = match &self.aud {
            Some(Audience::One(audience)) => (Some(audience), None),
            Some(Audience::Several(audiences)) => (None, Some(audiences)),
            None => (None, None),
        };
        let several = several.into_iter().flatten();
        one.into_iter().chain(several).map(String::as_str)
    }
}

fn decoded<T: DeserializeOwned>(part: &str) -> Option<T> {
    let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(part).ok()?);
    // JSON is UTF-8, but serde does not look at what is passed over.
    let text = std::str::from_utf8(&bytes).ok()?;
    // serde would also take an array for a struct, its fields in order.
    text.trim_ascii_start()
        .starts_with('{')
        .then(|| serde_json::from_str(text).ok())?
}

/// Seconds since 1970, which may have a fraction; it is cut off.
fn seconds(number: &Number) -> Option<Timestamp> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "what is beyond all times saturates"
    )]
    let whole = |number: f64| number.floor() as i64;
    let seconds = number.as_i64().or_else(|| number.as_f64().map(whole))?;
    Some(Timestamp::from_unix(seconds, 0))
}

/// The tenant in an issuer of tokens of version 1, `https://sts.windows.net/<tenant>/`, or of
/// version 2, `https://login.microsoftonline.com/<tenant>/v2.0`, in any of the clouds.
fn tenant_of_issuer(issuer: &str) -> Option<&str> {
    let (host, path) = issuer.strip_prefix("https://")?.split_once('/')?;
    let path = path.strip_suffix('/').unwrap_or(path);
    let tenant = if ISSUERS_V1.contains(&host) {
        path
    } else if ISSUERS_V2.contains(&host) {
        path.strip_suffix("/v2.0")?
    } else {
        return None;
    };
    let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
    (!tenant.is_empty() && tenant.bytes().all(legal)).then_some(tenant)
}

/// Whether a token for this audience is for the queue service of this account.
fn is_audience(audience: &str, account: &str) -> bool {
    if audience == STORAGE_RESOURCE_ID {
        return true;
    }
    let bare = audience.strip_suffix('/').unwrap_or(audience);
    let of_account = |suffix: &&str| {
        bare.strip_prefix("https://")
            .and_then(|host| host.strip_suffix(*suffix))
            .is_some_and(|name| name == account)
    };
    bare == STORAGE_RESOURCE || ENDPOINT_SUFFIXES.iter().any(of_account)
}

/// Longest token, in bytes. Ours: those of the cloud have a few thousand, more with many groups.
const TOKEN_BYTES_MAX: usize = 16 * 1024;

const ISSUERS_V1: [&str; 4] = [
    "sts.windows.net",
    "sts.microsoftonline.de",
    "sts.chinacloudapi.cn",
    "sts.windows-ppe.net",
];
const ISSUERS_V2: [&str; 5] = [
    "login.microsoftonline.com",
    "login.microsoftonline.us",
    "login.partner.microsoftonline.cn",
    "login.chinacloudapi.cn",
    "login.microsoftonline.de",
];
const STORAGE_RESOURCE: &str = "https://storage.azure.com";
const STORAGE_RESOURCE_ID: &str = "e406a681-f3d4-42a8-90b6-c2b029497af1";
const ENDPOINT_SUFFIXES: [&str; 4] = [
    ".queue.core.windows.net",
    ".queue.core.chinacloudapi.cn",
    ".queue.core.usgovcloudapi.net",
    ".queue.core.cloudapi.de",
];

const TOO_EARLY: &str = "Authentication scheme Bearer is not supported in this version.";
const NOT_TAKEN: &str =
    "Bearer tokens are not accepted: the server was started without --oauth basic.";
const NOT_BY_HTTP: &str = "Authentication scheme Bearer is not allowed with HTTP.";
const NO_LIFETIME: &str = "Lifetime validation failed. The token lacks nbf, iat or exp.";
const NOT_YET_VALID: &str = "Lifetime validation failed. The token is not yet valid.";
const EXPIRED: &str = "Lifetime validation failed. The token is expired.";
const OTHER_ISSUER: &str = "Issuer validation failed. Issuer did not match.";
const OTHER_AUDIENCE: &str = "Audience validation failed. Audience did not match.";

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use http::{HeaderMap, HeaderValue, Method, Uri};
    use proptest::prelude::*;

    use super::*;
    use crate::HeadOptions;
    use crate::StorageService;

    const NOW: i64 = 1_791_201_600;
    const TENANT: &str = "22222222-2222-2222-2222-222222222222";
    const OTHER: &str = "33333333-3333-3333-3333-333333333333";

    fn head(version: &'static str) -> Head {
        let mut headers = HeaderMap::new();
        headers.insert("x-ms-version", HeaderValue::from_static(version));
        let options = HeadOptions {
            strict: false,
            any_version: false,
            host_style: false,
        };
        let uri = Uri::from_static("/acct?comp=list");
        Head::parse(&Method::GET, &uri, &headers, options, &|name| {
            name == "acct"
        })
        .unwrap()
    }

    fn at(now: Timestamp) -> Circumstances {
        Circumstances {
            service: StorageService::Queue,
            now,
            source: IpAddr::from([127, 0, 0, 1]),
            is_https: true,
            takes_tokens: true,
            strict: false,
            any_version: false,
            any_source: false,
        }
    }

    fn encoded(json: &str) -> String {
        URL_SAFE_NO_PAD.encode(json)
    }

    fn check_at(now: Timestamp, claims: &str) -> Result<TokenHolder, WireError> {
        let text = format!("{}.{}.", encoded(r#"{"alg":"none"}"#), encoded(claims));
        verify(&Token::parse(&text).unwrap(), &head("2026-04-06"), &at(now))
    }

    fn check(claims: &str) -> Result<TokenHolder, WireError> {
        check_at(Timestamp::from_unix(NOW, 0), claims)
    }

    /// Claims that are accepted, one of them exchanged; left out if `value` is empty.
    fn with(name: &str, value: &str) -> String {
        let all = [
            ("iss", format!("\"https://sts.windows.net/{TENANT}/\"")),
            ("aud", "\"https://storage.azure.com\"".to_owned()),
            ("nbf", (NOW - 60).to_string()),
            ("iat", (NOW - 60).to_string()),
            ("exp", (NOW + 60).to_string()),
            ("oid", "\"me\"".to_owned()),
            ("tid", format!("\"{TENANT}\"")),
        ];
        let claims: Vec<_> = all
            .iter()
            .map(|(other, usual)| (*other, if *other == name { value } else { usual }))
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("\"{name}\":{value}"))
            .collect();
        format!("{{{}}}", claims.join(","))
    }

    #[track_caller]
    fn invalid(result: Result<TokenHolder, WireError>, expected: &str) {
        match result {
            Err(WireError::InvalidToken { detail, tenant }) => {
                assert_eq!(detail, expected);
                assert_eq!(tenant.as_deref(), Some(TENANT));
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_token_tells_its_holder() {
        let holder = TokenHolder {
            object_id: Some("me".into()),
            tenant_id: TENANT.into(),
        };
        assert_eq!(check(&with("", "")), Ok(holder.clone()));
        // The issuer knows the tenant too.
        assert_eq!(check(&with("tid", "")), Ok(holder));
        assert_eq!(check(&with("oid", "")).unwrap().object_id, None);
        let more = with("", "").replacen('{', r#"{"roles":["x"],"EXP":0,"x":{"exp":0},"#, 1);
        assert!(check(&more).is_ok());
    }

    #[test]
    fn a_token_holds_from_its_start_until_just_before_its_expiry_to_the_second() {
        let claims =
            with("iat", &NOW.to_string()).replace(&(NOW - 60).to_string(), &(NOW - 30).to_string());
        for (second, nanoseconds, detail) in [
            (NOW - 1, 999_999_900, NOT_YET_VALID),
            (NOW, 0, ""),
            (NOW + 59, 999_999_900, ""),
            (NOW + 60, 0, EXPIRED),
        ] {
            let result = check_at(Timestamp::from_unix(second, nanoseconds), &claims);
            if detail.is_empty() {
                assert!(result.is_ok(), "{second}");
            } else {
                invalid(result, detail);
            }
        }
        let later = (NOW + 1).to_string();
        for name in ["nbf", "iat"] {
            invalid(check(&with(name, &later)), NOT_YET_VALID);
            assert!(check(&with(name, &NOW.to_string())).is_ok());
        }
        invalid(check(&with("exp", &NOW.to_string())), EXPIRED);
        assert!(check(&with("exp", &later)).is_ok());
        for name in ["nbf", "iat", "exp"] {
            invalid(check(&with(name, "")), NO_LIFETIME);
            invalid(check(&with(name, "null")), NO_LIFETIME);
        }
    }

    #[test]
    fn a_time_may_have_a_fraction_and_be_beyond_all_times() {
        assert!(check(&with("nbf", &format!("{NOW}.9"))).is_ok());
        invalid(check(&with("exp", &format!("{NOW}.9"))), EXPIRED);
        assert!(check(&with("exp", &format!("{}.0", NOW + 1))).is_ok());
        for endless in ["1e300", "18446744073709551615", "9223372036854775807"] {
            assert!(check(&with("exp", endless)).is_ok(), "{endless}");
            invalid(check(&with("nbf", endless)), NOT_YET_VALID);
        }
        for past in ["-1e300", "-9223372036854775808", "0", "-0.5"] {
            assert!(check(&with("nbf", past)).is_ok(), "{past}");
            invalid(check(&with("exp", past)), EXPIRED);
        }
    }

    #[test]
    fn the_issuers_of_all_clouds_are_known_in_both_versions() {
        let issuer = |text: &str| check(&with("iss", &format!("\"{text}\"")));
        for host in ISSUERS_V1 {
            assert!(issuer(&format!("https://{host}/{TENANT}/")).is_ok());
            assert!(issuer(&format!("https://{host}/{TENANT}")).is_ok());
        }
        for host in ISSUERS_V2 {
            assert!(issuer(&format!("https://{host}/{TENANT}/v2.0")).is_ok());
            invalid(issuer(&format!("https://{host}/{TENANT}/")), OTHER_ISSUER);
        }
        for text in [
            "",
            "https://sts.windows.net",
            "https://sts.windows.net/",
            "https://sts.windows.net//",
            "http://sts.windows.net/t/",
            "https://sts.windows.net.evil/t/",
            "https://sts.windows.net@evil/t/",
            "https://evil/sts.windows.net/t/",
            "https://sts.windows.net/t/v2.0",
            "https://STS.windows.net/t/",
            "https://login.microsoftonline.com/v2.0",
            "https://login.microsoftonline.com//v2.0",
            "https://login.microsoftonline.com/a/b/v2.0",
            " https://sts.windows.net/t/",
        ] {
            invalid(issuer(text), OTHER_ISSUER);
        }
        invalid(check(&with("iss", "")), OTHER_ISSUER);
    }

    #[test]
    fn the_audience_is_storage_or_the_queue_service_of_the_account() {
        let audience = |json: &str| check(&with("aud", json));
        for good in [
            "https://storage.azure.com",
            "https://storage.azure.com/",
            "e406a681-f3d4-42a8-90b6-c2b029497af1",
            "https://acct.queue.core.windows.net",
            "https://acct.queue.core.windows.net/",
            "https://acct.queue.core.chinacloudapi.cn",
            "https://acct.queue.core.usgovcloudapi.net/",
            "https://acct.queue.core.cloudapi.de",
        ] {
            assert!(audience(&format!("\"{good}\"")).is_ok(), "{good}");
            assert!(audience(&format!("[\"x\",\"{good}\"]")).is_ok(), "{good}");
        }
        for bad in [
            "",
            "https://storage.azure.com//",
            "http://storage.azure.com",
            "https://storage.azure.com.evil",
            "https://Storage.azure.com",
            "https://management.azure.com",
            "e406a681-f3d4-42a8-90b6-c2b029497af1/",
            "https://other.queue.core.windows.net",
            "https://acct.blob.core.windows.net",
            "https://x.acct.queue.core.windows.net",
            "https://.queue.core.windows.net",
        ] {
            invalid(audience(&format!("\"{bad}\"")), OTHER_AUDIENCE);
            invalid(audience(&format!("[\"{bad}\"]")), OTHER_AUDIENCE);
        }
        for none in ["", "null", "[]"] {
            invalid(audience(none), OTHER_AUDIENCE);
        }
    }

    #[test]
    fn what_is_no_token_inside_is_malformed() {
        let malformed = |header: &str, claims: &str| {
            let text = format!("{}.{}.c2ln", encoded(header), encoded(claims));
            let token = Token::parse(&text).unwrap();
            let now = at(Timestamp::from_unix(NOW, 0));
            let result = verify(&token, &head("2026-04-06"), &now);
            assert_eq!(result, Err(WireError::MalformedAuthorization), "{claims}");
        };
        let good = with("", "");
        for header in [
            "x",
            "[]",
            "[null]",
            "null",
            r#"{"alg":1}"#,
            r#"{"alg":"a","alg":"b"}"#,
        ] {
            malformed(header, &good);
        }
        for claims in [
            "x",
            "[]",
            "null",
            "7",
            &format!("{good}x"),
            &format!("[{good}]"),
        ] {
            malformed("{}", claims);
        }
        for (name, value) in [
            ("exp", "\"1791201660\""),
            ("nbf", "true"),
            ("iat", "{}"),
            ("iss", "7"),
            ("aud", "7"),
            ("aud", "[7]"),
            ("aud", "[[\"https://storage.azure.com\"]]"),
            ("oid", "7"),
            ("tid", "[]"),
        ] {
            malformed("{}", &with(name, value));
        }
        // Whichever of two values somebody else would take, nobody gets both.
        for again in [
            r#"{"exp":9999999999,"#,
            r#"{"aud":"x","#,
            r#"{"e\u0078p":9999999999,"#,
        ] {
            malformed("{}", &good.replacen('{', again, 1));
        }
    }

    #[test]
    fn claims_that_are_not_utf_8_are_malformed_also_where_nobody_looks() {
        let claims = with("", "").replacen('{', r#"{"x":"?","#, 1);
        assert!(check(&claims).is_ok());
        let mut claims = claims.into_bytes();
        let place = claims.iter_mut().find(|byte| **byte == b'?');
        *place.unwrap() = 0xff;
        let claims = URL_SAFE_NO_PAD.encode(claims);
        let token = Token::parse(&format!("{}.{claims}.", encoded("{}"))).unwrap();
        let result = verify(
            &token,
            &head("2026-04-06"),
            &at(Timestamp::from_unix(NOW, 0)),
        );
        assert_eq!(result, Err(WireError::MalformedAuthorization));
    }

    #[test]
    fn a_token_has_three_parts_of_base64url_and_a_greatest_length() {
        let longest = format!("a.b.{}", "c".repeat(TOKEN_BYTES_MAX - 4));
        for text in ["a.b.", "a.b.c", "-_.A0.", &longest] {
            assert!(Token::parse(text).is_some(), "{text}");
        }
        for text in [
            "",
            "a",
            "a.b",
            ".b.",
            "a..c",
            "a.b.c.d",
            "a.b.c=",
            "a.b+.c",
            "a.b.c ",
            "a.ä.c",
            &format!("{longest}c"),
        ] {
            assert!(Token::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_token_is_taken_only_where_and_how_tokens_are() {
        let text = format!("e30.{}.", encoded(&with("", "")));
        let token = Token::parse(&text).unwrap();
        let now = at(Timestamp::from_unix(NOW, 0));
        let old = verify(&token, &head("2017-07-29"), &now);
        assert_eq!(old, Err(refused(TOO_EARLY)));
        assert!(verify(&token, &head("2017-11-09"), &now).is_ok());
        let off = Circumstances {
            takes_tokens: false,
            ..now
        };
        let result = verify(&token, &head("2026-04-06"), &off);
        assert_eq!(result, Err(refused(NOT_TAKEN)));
        let by_http = Circumstances {
            is_https: false,
            ..now
        };
        let result = verify(&token, &head("2026-04-06"), &by_http);
        assert_eq!(result, Err(refused(NOT_BY_HTTP)));
    }

    #[test]
    fn only_a_tenant_that_is_a_guid_is_repeated() {
        let claims = with("tid", "\"a\\r\\nb\"").replace(TENANT, "common");
        let result = check(&claims.replace("storage", "other"));
        let Err(WireError::InvalidToken { tenant, .. }) = result else {
            panic!("{result:?}");
        };
        assert_eq!(tenant, None);
        let other = with("tid", &format!("\"{OTHER}\""));
        assert_eq!(check(&other).unwrap().tenant_id, OTHER);
    }

    #[test]
    fn a_token_does_not_show_itself() {
        let token = Token::parse("topsecret.b.c").unwrap();
        assert_eq!(format!("{token:?}"), "Token(redacted)");
    }

    proptest! {
        #[test]
        fn no_token_panics(header in any::<Vec<u8>>(), claims in any::<Vec<u8>>(), near in "[-_.A-Za-z0-9]{0,40}") {
            let text = format!("{}.{}.", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
            let now = at(Timestamp::from_unix(NOW, 0));
            for text in [text, near] {
                if let Some(token) = Token::parse(&text) {
                    prop_assert!(verify(&token, &head("2026-04-06"), &now).is_err());
                }
            }
        }
    }
}
