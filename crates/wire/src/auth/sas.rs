//! Shared access signatures: of the account, of one queue, and of one queue by somebody to whom
//! the account has given a key.
//!
//! REST pages "Create an account SAS", "Create a service SAS" and "Create a user delegation SAS".

use std::net::{IpAddr, Ipv4Addr};

use queuerite_model::limits::{POLICY_ID_CHARACTERS_MAX, USER_DELEGATION_KEY_SECONDS_MAX};
use queuerite_model::{Permissions, Timestamp};

use super::delegation::{KeyPurpose, UserDelegationKey};
use super::grant::{AccountSasGrant, Grant, QueueSasGrant};
use super::{AccountKeys, Circumstances, Signature, Token, Verified, refused, token};
use crate::query::Plus;
use crate::{Head, Query, ServiceVersion, WireError, parse_iso8601, rfc1123};

/// Whether the query has a signature that is for a user alone, or for those of a tenant: these
/// come with a token.
pub(super) fn is_for_a_user(query: &Query) -> bool {
    [USER, USERS_TENANT]
        .iter()
        .any(|name| query.get(name).is_some_and(|value| !value.is_empty()))
}

/// Decides whether a shared access signature is believed: first its signature, then where, when
/// and by whom it is used.
pub(super) fn verify(
    head: &Head,
    keys: &AccountKeys,
    token: Option<&Token>,
    circumstances: &Circumstances,
) -> Result<Verified, WireError> {
    // A client that does not escape the plus signs of its signature or its times means them.
    let believe = |plus| {
        let fields = Fields { head, plus };
        let signed = fields.string_to_sign(circumstances)?;
        let signature = Signature::from_base64(fields.required("sig")?);
        let fits = match fields.kind()? {
            Kind::Account | Kind::Queue => keys.signed(&signed, &signature),
            Kind::UserDelegation => {
                let purpose = fields.key_purpose()?.text();
                keys.delegated_signed(&purpose, &signed, &signature)
            }
        };
        if !fits {
            let detail = format!("Signature did not match. String to sign used was {signed}");
            return Err(refused(if signature.is_empty() {
                MALFORMED.into()
            } else {
                detail
            }));
        }
        Ok((fields, signed))
    };
    let (fields, signed) =
        believe(Plus::Space).or_else(|error| believe(Plus::Literal).map_err(|_| error))?;
    Ok(Verified {
        string_to_sign: signed,
        grant: fields.grant(token, circumstances)?,
        plus: fields.plus,
    })
}

/// Refuses what is used before its start, or at or after its expiry. There is no allowance for
/// clocks that differ.
pub fn check_time(
    start: Option<Timestamp>,
    expiry: Timestamp,
    now: Timestamp,
) -> Result<(), WireError> {
    if start.is_none_or(|start| start <= now) && now < expiry {
        return Ok(());
    }
    let start = start.map(rfc1123).unwrap_or_default();
    let (expiry, now) = (rfc1123(expiry), rfc1123(now));
    Err(refused(format!(
        "Signature not valid in the specified time frame: \
         Start [{start}] - Expiry [{expiry}] - Current [{now}]"
    )))
}

/// What a signature is of, which says how it is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Account,
    Queue,
    UserDelegation,
}

/// The parameters of a signature, read as they were signed: decoded, and otherwise as sent. Of
/// several values the first is signed, and the first is meant.
struct Fields<'a> {
    head: &'a Head,
    plus: Plus,
}

impl<'a> Fields<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        self.head
            .query
            .read_with(self.plus)
            .find_map(|(other, value)| (other == name).then_some(value))
    }

    /// As it is signed: nothing, if it is absent.
    fn signed(&self, name: &str) -> &'a str {
        self.get(name).unwrap_or_default()
    }

    fn required(&self, name: &str) -> Result<&'a str, WireError> {
        self.get(name)
            .filter(|value| !value.is_empty())
            .ok_or_else(malformed)
    }

    /// One parameter of another kind is enough to make the whole another kind, for those of a
    /// kind are signed by that kind alone.
    fn kind(&self) -> Result<Kind, WireError> {
        let has = |names: &[&str]| names.iter().any(|name| self.get(name).is_some());
        match (has(&["ss", "srt"]), has(DELEGATION)) {
            (false, false) => Ok(Kind::Queue),
            (true, false) => Ok(Kind::Account),
            (false, true) if self.signed("si").is_empty() => Ok(Kind::UserDelegation),
            (_, true) => Err(malformed()),
        }
    }

    /// The signed version. Only the form of 2012-02-12 has none.
    fn version(&self, circumstances: &Circumstances) -> Result<Option<ServiceVersion>, WireError> {
        let Some(text) = self.get("sv") else {
            return Ok(None);
        };
        ServiceVersion::parse(text)
            .filter(|version| {
                version.is_released()
                    || circumstances.any_version
                    || (!circumstances.strict && *version > ServiceVersion::NEWEST)
            })
            .map(Some)
            .ok_or_else(malformed)
    }

    fn string_to_sign(&self, circumstances: &Circumstances) -> Result<String, WireError> {
        let version = self.version(circumstances)?;
        match self.kind()? {
            Kind::Account => self.account_string_to_sign(version.ok_or_else(malformed)?),
            Kind::Queue => self.queue_string_to_sign(version),
            Kind::UserDelegation => {
                self.user_delegation_string_to_sign(version.ok_or_else(malformed)?)
            }
        }
    }

    /// Every line ends in a newline, the last one too.
    fn account_string_to_sign(&self, version: ServiceVersion) -> Result<String, WireError> {
        if !version.has_account_sas() {
            return Err(malformed());
        }
        let mut lines = vec![self.head.resource.account.as_str()];
        lines.extend(
            ["sp", "ss", "srt", "st", "se", "sip", "spr", "sv"].map(|name| self.signed(name)),
        );
        if version.signs_encryption_scope() {
            lines.push(self.signed("ses"));
        } else if self.get("ses").is_some() {
            return Err(malformed());
        }
        Ok(lines.iter().flat_map(|line| [*line, "\n"]).collect())
    }

    /// Lines are separated by newlines; the last one does not end in one.
    fn queue_string_to_sign(&self, version: Option<ServiceVersion>) -> Result<String, WireError> {
        let resource = self.canonicalized_resource(version)?;
        let mut lines = vec![
            self.signed("sp"),
            self.signed("st"),
            self.signed("se"),
            &resource,
            self.signed("si"),
        ];
        match version {
            None => {}
            Some(version) if version.has_account_sas() => {
                lines.extend(["sip", "spr", "sv"].map(|name| self.signed(name)));
            }
            Some(_) => lines.push(self.signed("sv")),
        }
        Ok(lines.join("\n"))
    }

    /// Lines as those of a queue, with the fields of the key among them.
    fn user_delegation_string_to_sign(&self, version: ServiceVersion) -> Result<String, WireError> {
        if !version.has_user_delegation_sas() {
            return Err(refused(DELEGATION_TOO_EARLY));
        }
        if self.get(USERS_TENANT).is_some() && !version.delegates_to_users_of_tenants() {
            return Err(malformed());
        }
        let resource = self.canonicalized_resource(Some(version))?;
        let mut lines = ["sp", "st", "se"].map(|name| self.signed(name)).to_vec();
        lines.push(&resource);
        lines.extend(DELEGATION.iter().map(|name| self.signed(name)));
        lines.extend(["sip", "spr", "sv"].map(|name| self.signed(name)));
        Ok(lines.join("\n"))
    }

    /// What the key is for that signed.
    fn key_purpose(&self) -> Result<KeyPurpose<'_>, WireError> {
        let purpose = KeyPurpose {
            account: &self.head.resource.account,
            object_id: self.required("skoid")?,
            tenant_id: self.required("sktid")?,
            start: self.required("skt")?,
            expiry: self.required("ske")?,
            service: self.required("sks")?,
            version: self.required("skv")?,
            delegated_tenant_id: self.signed(USERS_TENANT),
        };
        if purpose.service == UserDelegationKey::SIGNED_SERVICE {
            Ok(purpose)
        } else {
            Err(malformed())
        }
    }

    /// What a queue's signature calls the queue. The account stands in it once, in path style
    /// too, and never with `-secondary`.
    fn canonicalized_resource(&self, version: Option<ServiceVersion>) -> Result<String, WireError> {
        let account = &self.head.resource.account;
        // A queue's signature opens nothing that is not a queue's, whether it is right or not: the
        // service has no name that could have been signed.
        let queue = self.head.resource.path.queue();
        let tells_reason = version.is_some_and(ServiceVersion::has_account_sas);
        let queue = queue.ok_or(WireError::QueueSasOnService { tells_reason })?;
        if version.is_some_and(ServiceVersion::signs_service_of_queue) {
            Ok(format!("/queue/{account}/{queue}"))
        } else {
            Ok(format!("/{account}/{queue}"))
        }
    }

    /// What the signature permits, here and now, and to whoever has the token.
    fn grant(
        &self,
        token: Option<&Token>,
        circumstances: &Circumstances,
    ) -> Result<Grant, WireError> {
        let tells_reason = self
            .version(circumstances)?
            .is_some_and(ServiceVersion::has_account_sas);
        let start = self.time("st")?;
        let expiry = self.time("se")?;
        let kind = self.kind()?;
        let grant = if kind == Kind::Account {
            let expiry = expiry.ok_or_else(malformed)?;
            check_time(start, expiry, circumstances.now)?;
            let permissions = self.letters("sp", ACCOUNT_PERMISSIONS)?;
            let resource_types = self.letters("srt", RESOURCE_TYPES)?;
            self.letters("ss", SERVICES)?;
            Grant::AccountSas(AccountSasGrant {
                resource_types,
                permissions,
            })
        } else {
            Grant::QueueSas(self.queue_grant(start, expiry, tells_reason, circumstances.now)?)
        };
        if kind == Kind::UserDelegation {
            self.check_key_time(circumstances.now)?;
            self.check_user(token, circumstances)?;
        }
        if tells_reason {
            self.check_source(circumstances)?;
            self.check_protocol(circumstances)?;
        }
        if kind == Kind::Account && !self.signed("ss").contains(circumstances.service.letter()) {
            return Err(WireError::ServiceMismatch);
        }
        Ok(grant)
    }

    /// The key holds for a time of its own, and not for longer than a key may.
    fn check_key_time(&self, now: Timestamp) -> Result<(), WireError> {
        let start = self.time("skt")?.ok_or_else(malformed)?;
        let expiry = self.time("ske")?.ok_or_else(malformed)?;
        if expiry > start.plus_seconds(USER_DELEGATION_KEY_SECONDS_MAX) {
            return Err(refused(KEY_TOO_LONG));
        }
        check_time(Some(start), expiry, now)
    }

    /// A signature that is for one user, or for those of a tenant, is good only with a token of
    /// such a user.
    fn check_user(
        &self,
        token: Option<&Token>,
        circumstances: &Circumstances,
    ) -> Result<(), WireError> {
        let (user, tenant) = (self.signed(USER), self.signed(USERS_TENANT));
        if user.is_empty() && tenant.is_empty() {
            return Ok(());
        }
        let token = token.ok_or_else(|| refused(NO_TOKEN))?;
        let holder = token::verify(token, self.head, circumstances)?;
        let holder_id = holder.object_id.as_deref().unwrap_or_default();
        let tenant = if tenant.is_empty() {
            self.signed("sktid")
        } else {
            tenant
        };
        let is_user = user.is_empty() || user.eq_ignore_ascii_case(holder_id);
        if is_user && tenant.eq_ignore_ascii_case(&holder.tenant_id) {
            Ok(())
        } else {
            Err(refused(OTHER_USER))
        }
    }

    /// Without a policy all fields must be here; with one, what is not here must be there.
    fn queue_grant(
        &self,
        start: Option<Timestamp>,
        expiry: Option<Timestamp>,
        tells_reason: bool,
        now: Timestamp,
    ) -> Result<QueueSasGrant, WireError> {
        let policy_id = self.get("si").filter(|id| !id.is_empty());
        if policy_id.is_some_and(|id| id.encode_utf16().count() > POLICY_ID_CHARACTERS_MAX) {
            return Err(malformed());
        }
        let permissions = match self.get("sp").filter(|letters| !letters.is_empty()) {
            Some(letters) => Some(Permissions::parse(letters).ok_or_else(malformed)?),
            None => None,
        };
        if policy_id.is_none() {
            let expiry = expiry
                .filter(|_| permissions.is_some())
                .ok_or_else(malformed)?;
            check_time(start, expiry, now)?;
        }
        let policy_id = policy_id.map(str::to_owned);
        Ok(QueueSasGrant {
            policy_id,
            permissions,
            start,
            expiry,
            tells_reason,
        })
    }

    fn time(&self, name: &str) -> Result<Option<Timestamp>, WireError> {
        match self.get(name).filter(|time| !time.is_empty()) {
            Some(time) => parse_iso8601(time).map(Some).ok_or_else(malformed),
            None => Ok(None),
        }
    }

    fn letters(&self, name: &str, allowed: &str) -> Result<String, WireError> {
        let letters = self.required(name)?;
        if letters.chars().all(|letter| allowed.contains(letter)) {
            Ok(letters.to_owned())
        } else {
            Err(malformed())
        }
    }

    /// `sip`: one IPv4 address, or the first and the last of a range.
    fn check_source(&self, circumstances: &Circumstances) -> Result<(), WireError> {
        let Some(range) = self.get("sip").filter(|range| !range.is_empty()) else {
            return Ok(());
        };
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let bounds = first
            .parse::<Ipv4Addr>()
            .ok()
            .zip(last.parse::<Ipv4Addr>().ok());
        let (first, last) = bounds.ok_or_else(malformed)?;
        let source = circumstances.source.to_canonical();
        let is_within = matches!(source, IpAddr::V4(source) if (first..=last).contains(&source));
        if is_within || circumstances.any_source {
            Ok(())
        } else {
            Err(WireError::SourceAddressMismatch { address: source })
        }
    }

    /// `spr`: `https`, or `https,http`, which is also what it means to leave it out.
    fn check_protocol(&self, circumstances: &Circumstances) -> Result<(), WireError> {
        match self.get("spr") {
            None | Some("" | "https,http") => Ok(()),
            Some("https") if circumstances.is_https => Ok(()),
            Some("https") => Err(WireError::ProtocolMismatch),
            Some(_) => Err(malformed()),
        }
    }
}

fn malformed() -> WireError {
    refused(MALFORMED)
}

const MALFORMED: &str = "Signature fields not well formed.";

/// Letters of `sp` that an account SAS may have, for this and other services.
const ACCOUNT_PERMISSIONS: &str = "rwdxylacuptfi";
const RESOURCE_TYPES: &str = "sco";
const SERVICES: &str = "bqtf";

const DELEGATION_TOO_EARLY: &str =
    "User delegation signatures of queues begin with the signed version 2025-07-05.";
const KEY_TOO_LONG: &str = "A user delegation key holds for at most seven days.";
const NO_TOKEN: &str =
    "The signature is for a user: it must come with a bearer token of that user.";
const OTHER_USER: &str = "The signature is for a user other than that of the bearer token.";

/// The parameters that only a user delegation SAS has, in the order in which they are signed.
const DELEGATION: &[&str] = &[
    "skoid",
    "sktid",
    "skt",
    "ske",
    "sks",
    "skv",
    USERS_TENANT,
    USER,
];
/// The only user who may use the signature.
const USER: &str = "sduoid";
/// The tenant of the users who may.
const USERS_TENANT: &str = "skdutid";

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use http::{HeaderMap, Method, Uri};
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use queuerite_model::AccountKey;

    use super::*;
    use crate::HeadOptions;
    use crate::StorageService;

    const KEY: &str =
        "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
    const ACCOUNT_SAS: &str =
        "sp=rl&ss=q&srt=sco&st=2026-10-05T00:00:00Z&se=2026-10-06T00:00:00Z&spr=https,http";
    const QUEUE_SAS: &str = "sp=raup&st=2026-10-05T00:00:00Z&se=2026-10-06T00:00:00Z";

    fn noon() -> Circumstances {
        Circumstances {
            service: StorageService::Queue,
            now: parse_iso8601("2026-10-05T12:00:00Z").unwrap(),
            source: IpAddr::from([127, 0, 0, 1]),
            is_https: false,
            takes_tokens: false,
            strict: false,
            any_version: false,
            any_source: false,
        }
    }

    fn keys() -> AccountKeys {
        AccountKeys::new(&[AccountKey::new(STANDARD.decode(KEY).unwrap())])
    }

    fn check(path: &str, query: &str, circumstances: &Circumstances) -> Result<Grant, WireError> {
        check_with(path, query, None, circumstances)
    }

    fn check_with(
        path: &str,
        query: &str,
        token: Option<&Token>,
        circumstances: &Circumstances,
    ) -> Result<Grant, WireError> {
        let uri: Uri = format!("/devstoreaccount1{path}?{query}").parse().unwrap();
        let options = HeadOptions {
            strict: false,
            any_version: false,
            host_style: true,
        };
        let accounts = |name: &str| name == "devstoreaccount1";
        let head = Head::parse(&Method::GET, &uri, &HeaderMap::new(), options, &accounts).unwrap();
        verify(&head, &keys(), token, circumstances).map(|verified| verified.grant)
    }

    /// Signs the fields as the server would and checks the rest.
    fn check_signed(
        path: &str,
        query: &str,
        circumstances: &Circumstances,
    ) -> Result<Grant, WireError> {
        let unsigned = check(path, &format!("{query}&sig=AAAA"), circumstances).unwrap_err();
        let WireError::AuthenticationFailed { detail } = &unsigned else {
            return Err(unsigned);
        };
        let Some((_, text)) = detail.split_once("String to sign used was ") else {
            return Err(unsigned);
        };
        check(path, &format!("{query}&sig={}", sign(text)), circumstances)
    }

    /// The signature that the fields need.
    fn signature_of(path: &str, query: &str) -> String {
        let unsigned = check(path, &format!("{query}&sig=AAAA"), &noon()).unwrap_err();
        let WireError::AuthenticationFailed { detail } = &unsigned else {
            panic!("{unsigned:?}");
        };
        let (_, text) = detail.split_once("String to sign used was ").unwrap();
        sign(text)
    }

    fn sign(text: &str) -> String {
        sign_with(&STANDARD.decode(KEY).unwrap(), text)
    }

    fn sign_with(key: &[u8], text: &str) -> String {
        use hmac::{Hmac, KeyInit, Mac};
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
        mac.update(text.as_bytes());
        encoded(&STANDARD.encode(mac.finalize().into_bytes()))
    }

    fn encoded(text: &str) -> String {
        utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
    }

    #[track_caller]
    fn detail(result: Result<Grant, WireError>, expected: &str) {
        match result {
            Err(WireError::AuthenticationFailed { detail }) => {
                assert!(detail.starts_with(expected), "{detail}");
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_worked_examples_of_an_account_sas_are_believed() {
        for (version, signature) in [
            ("2018-03-28", "z24+voEVk40mZf4ZmXAndp5aL7CxLDVv39+92uB0u2I="),
            ("2019-12-12", "hTCqXkRDvOoJh+Gmf94tzOfrzYtP7uHAaaNCfKNH4hE="),
            ("2020-12-06", "mGj7c1j0eYrZoBIqH2p3MkY+HXqNUQUY65lJXIrmB98="),
            ("2026-04-06", "xhrdsio9B1zhAHfg4zMG1bMWWQkr7oXq8CPTHK/rHyQ="),
        ] {
            for signature in [encoded(signature), signature.to_owned()] {
                let query = format!("{ACCOUNT_SAS}&sv={version}&sig={signature}");
                let grant = AccountSasGrant {
                    resource_types: "sco".into(),
                    permissions: "rl".into(),
                };
                assert_eq!(
                    check("/", &query, &noon()),
                    Ok(Grant::AccountSas(grant)),
                    "{version}"
                );
            }
        }
    }

    #[test]
    fn the_worked_examples_of_a_queue_sas_are_believed() {
        for (version, protocol, signature) in [
            (
                "2014-02-14",
                "",
                "pzOJXlGEa0uXE6O62VNxGaL08syVJmv0TK1vosTRFbw=",
            ),
            (
                "2015-02-21",
                "",
                "stxiVPHgBt0EXngYAOM3BHN1TH54uMxnE1dxuTxiS1Y=",
            ),
            (
                "2018-03-28",
                "&spr=https,http",
                "BkSM1+GSXjpSzS5uiNQ4x9pPJS1eX8mOgUM2TkkFp0w=",
            ),
            (
                "2026-04-06",
                "&spr=https,http",
                "PTr1tW3afmuH7SC9xR5Wd0oYBBRHu/AL+28JH4E3Dks=",
            ),
        ] {
            let query = format!(
                "{QUEUE_SAS}{protocol}&sv={version}&sig={}",
                encoded(signature)
            );
            let Ok(Grant::QueueSas(grant)) = check("/orders/messages", &query, &noon()) else {
                panic!("{version}");
            };
            assert_eq!(grant.permissions, Permissions::parse("raup"), "{version}");
            assert_eq!(grant.tells_reason, version >= "2015-04-05");
        }
        let signature = encoded("Sxk8fz1XMklaUnzzj8MiqQJ/PcREWcPDL+AEb3sO9L4=");
        let by_policy = check(
            "/orders",
            &format!("si=readers&sv=2026-04-06&sig={signature}"),
            &noon(),
        );
        let Ok(Grant::QueueSas(grant)) = by_policy else {
            panic!("{by_policy:?}")
        };
        assert_eq!(
            (grant.policy_id.as_deref(), grant.permissions, grant.expiry),
            (Some("readers"), None, None)
        );
    }

    #[test]
    fn the_form_without_a_version_is_that_of_2012() {
        assert!(check_signed("/orders", QUEUE_SAS, &noon()).is_ok());
        assert!(check_signed("/orders", &format!("{QUEUE_SAS}&sv=2012-02-12"), &noon()).is_ok());
    }

    #[test]
    fn any_field_that_was_tampered_with_spoils_the_signature() {
        let signature = encoded("PTr1tW3afmuH7SC9xR5Wd0oYBBRHu/AL+28JH4E3Dks=");
        let good = format!("{QUEUE_SAS}&spr=https,http&sv=2026-04-06&sig={signature}");
        assert!(check("/orders", &good, &noon()).is_ok());
        for (from, to) in [
            ("sp=raup", "sp=rau"),
            ("se=2026-10-06", "se=2027-10-06"),
            ("st=2026-10-05", "st=2026-10-04"),
            ("spr=https,http", "spr=https"),
            ("sv=2026-04-06", "sv=2026-02-06"),
            ("sig=", "sip=127.0.0.1&sig="),
            ("sig=", "si=policy&sig="),
        ] {
            let tampered = good.replacen(from, to, 1);
            detail(
                check("/orders", &tampered, &noon()),
                "Signature did not match.",
            );
        }
        detail(check("/others", &good, &noon()), "Signature did not match.");
        let on_service = check("/", &good, &noon());
        let tells_reason = true;
        assert_eq!(
            on_service,
            Err(WireError::QueueSasOnService { tells_reason })
        );
    }

    #[test]
    fn a_signature_holds_from_its_start_until_just_before_its_expiry() {
        let at = |time: &str| Circumstances {
            now: parse_iso8601(time).unwrap(),
            ..noon()
        };
        for query in [
            format!("{ACCOUNT_SAS}&sv=2026-04-06"),
            format!("{QUEUE_SAS}&sv=2026-04-06"),
        ] {
            assert!(check_signed("/orders", &query, &at("2026-10-05T00:00:00Z")).is_ok());
            assert!(check_signed("/orders", &query, &at("2026-10-05T23:59:59.9999999Z")).is_ok());
            let early = check_signed("/orders", &query, &at("2026-10-04T23:59:59.9999999Z"));
            detail(
                early,
                "Signature not valid in the specified time frame: Start [Mon, 05 Oct 2026 00:00:00 GMT]",
            );
            let late = check_signed("/orders", &query, &at("2026-10-06T00:00:00Z"));
            detail(late, "Signature not valid in the specified time frame");
        }
    }

    #[test]
    fn times_may_be_spelled_in_every_documented_way() {
        for expiry in [
            "2026-10-06",
            "2026-10-05T13:00Z",
            "2026-10-05T12:00:01Z",
            "2026-10-05T12:00:00.1Z",
            "2026-10-05T14:30%2B02:00",
        ] {
            let query = format!("sp=r&se={expiry}&sv=2026-04-06");
            assert!(check_signed("/orders", &query, &noon()).is_ok(), "{expiry}");
        }
        for expiry in ["", "tomorrow", "2026-13-01", "20261006"] {
            let query = format!("sp=r&se={expiry}&sv=2026-04-06");
            detail(check_signed("/orders", &query, &noon()), MALFORMED);
        }
    }

    #[test]
    fn an_account_sas_is_for_its_services_addresses_and_protocol() {
        let with = |fields: &str| {
            let query = format!("sp=r&srt=s&se=2026-10-06&sv=2026-04-06&{fields}");
            check_signed("/", &query, &noon())
        };
        assert_eq!(with("ss=bt"), Err(WireError::ServiceMismatch));
        assert!(with("ss=bqt&sip=127.0.0.1").is_ok());
        assert!(with("ss=q&sip=126.0.0.0-127.0.0.1").is_ok());
        let address = IpAddr::from([127, 0, 0, 1]);
        assert_eq!(
            with("ss=q&sip=10.0.0.1"),
            Err(WireError::SourceAddressMismatch { address })
        );
        assert_eq!(with("ss=q&spr=https"), Err(WireError::ProtocolMismatch));
        detail(with("ss=q&spr=http"), MALFORMED);
        detail(with("ss=q&sip=localhost"), MALFORMED);
        detail(with("ss=x"), MALFORMED);
        let secure = Circumstances {
            is_https: true,
            ..noon()
        };
        let query = "sp=r&ss=q&srt=s&se=2026-10-06&sv=2026-04-06&spr=https";
        assert!(check_signed("/", query, &secure).is_ok());
        let loose = Circumstances {
            any_source: true,
            ..noon()
        };
        let query = "sp=r&ss=q&srt=s&se=2026-10-06&sv=2026-04-06&sip=10.0.0.1";
        assert!(check_signed("/", query, &loose).is_ok());
    }

    /// The first of several values is signed, and it is the one that counts.
    #[test]
    fn a_parameter_that_is_sent_twice_gives_no_more_than_it_signs() {
        let narrow = "sp=r&se=2026-10-06&sv=2026-04-06";
        let broad = "sp=raup&se=2099-01-01&sv=2026-04-06&sip=127.0.0.1&spr=https,http";
        let both = format!("{narrow}&{broad}");
        let Ok(Grant::QueueSas(grant)) = check_signed("/orders", narrow, &noon()) else {
            panic!("refused");
        };
        assert_eq!(grant.permissions, Permissions::parse("r"));
        // With the narrow signature, the broad values behind it change nothing but what it
        // leaves out, which is signed too.
        let signature = signature_of("/orders", narrow);
        detail(
            check("/orders", &format!("{both}&sig={signature}"), &noon()),
            "Signature did not match.",
        );
        let twice =
            format!("{narrow}&sp=raup&se=2099-01-01&SE=2099-01-01&sig={signature}&sig=AAAA");
        assert_eq!(
            check("/orders", &twice, &noon()),
            Ok(Grant::QueueSas(grant))
        );
        let swapped = format!("sp=raup&{narrow}&sig={signature}");
        detail(
            check("/orders", &swapped, &noon()),
            "Signature did not match.",
        );
    }

    #[test]
    fn an_encryption_scope_is_signed_since_2020() {
        let query = "sp=r&ss=q&srt=s&se=2026-10-06&ses=scope";
        assert!(check_signed("/", &format!("{query}&sv=2020-12-06"), &noon()).is_ok());
        detail(
            check_signed("/", &format!("{query}&sv=2020-10-02"), &noon()),
            MALFORMED,
        );
    }

    #[test]
    fn a_version_that_was_never_released_signs_nothing() {
        for version in ["zzz", "2015-04-04", "2020-01-01", "2013-08-15&ss=q&srt=s"] {
            detail(
                check_signed("/orders", &format!("{QUEUE_SAS}&sv={version}"), &noon()),
                MALFORMED,
            );
        }
        let newer = format!("{QUEUE_SAS}&sv=2099-01-01");
        assert!(check_signed("/orders", &newer, &noon()).is_ok());
        let strict = Circumstances {
            strict: true,
            ..noon()
        };
        detail(check_signed("/orders", &newer, &strict), MALFORMED);
    }

    #[test]
    fn without_a_policy_a_queue_sas_says_everything_itself() {
        for fields in ["sp=r", "se=2026-10-06", "sp=rwdl&se=2026-10-06"] {
            detail(
                check_signed("/orders", &format!("{fields}&sv=2026-04-06"), &noon()),
                MALFORMED,
            );
        }
    }

    const OBJECT: &str = "11111111-1111-1111-1111-111111111111";
    const TENANT: &str = "22222222-2222-2222-2222-222222222222";
    const USER_ID: &str = "33333333-3333-3333-3333-333333333333";
    const USERS: &str = "44444444-4444-4444-4444-444444444444";

    /// A signature by the key that its own fields name, exchanged as told.
    fn delegated(exchanged: &[(&str, &str)]) -> String {
        delegated_by(&keys(), exchanged)
    }

    fn delegated_by(keys: &AccountKeys, exchanged: &[(&str, &str)]) -> String {
        let usual = [
            ("sp", "rp"),
            ("st", "2026-10-05T00:00:00Z"),
            ("se", "2026-10-06T00:00:00Z"),
            ("skoid", OBJECT),
            ("sktid", TENANT),
            ("skt", "2026-10-05T00:00:00Z"),
            ("ske", "2026-10-07T00:00:00Z"),
            ("sks", "q"),
            ("skv", "2026-04-06"),
            ("skdutid", ""),
            ("sduoid", ""),
            ("sip", ""),
            ("spr", ""),
            ("sv", "2026-04-06"),
        ];
        let value = |name: &str| {
            let all = exchanged.iter().chain(&usual);
            let (_, value) = all.copied().find(|(other, _)| *other == name).unwrap();
            value
        };
        let account = queuerite_model::AccountName::parse("devstoreaccount1").unwrap();
        let purpose = KeyPurpose {
            account: &account,
            object_id: value("skoid"),
            tenant_id: value("sktid"),
            start: value("skt"),
            expiry: value("ske"),
            service: value("sks"),
            version: value("skv"),
            delegated_tenant_id: value("skdutid"),
        };
        let mut lines: Vec<_> = usual.iter().map(|(name, _)| value(name)).collect();
        lines.insert(3, "/queue/devstoreaccount1/orders");
        let signature = sign_with(&*keys.derive(&purpose.text()), &lines.join("\n"));
        let fields = usual.iter().map(|(name, _)| (*name, value(name)));
        let fields: Vec<_> = fields
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        format!("{}&sig={signature}", fields.join("&"))
    }

    fn by_https() -> Circumstances {
        Circumstances {
            is_https: true,
            takes_tokens: true,
            ..noon()
        }
    }

    fn token(object_id: &str, tenant_id: &str) -> Token {
        use base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let now = noon().now.unix_seconds();
        let claims = format!(
            "{{\"iss\":\"https://sts.windows.net/{tenant_id}/\",\"aud\":\"https://storage.azure.com\",\
             \"nbf\":{now},\"iat\":{now},\"exp\":{},\"oid\":\"{object_id}\",\"tid\":\"{tenant_id}\"}}",
            now + 60
        );
        Token::parse(&format!("e30.{}.", URL_SAFE_NO_PAD.encode(claims))).unwrap()
    }

    /// The vector names its key, which is none that the server would derive; so what it would
    /// have signed is signed with that.
    #[test]
    fn the_worked_example_of_a_user_delegation_sas_is_signed_as_it_says() {
        let query = format!(
            "sp=rp&st=2026-10-05T00:00:00Z&se=2026-10-05T12:00:00Z&skoid={OBJECT}&sktid={TENANT}&\
             skt=2026-10-05T00:00:00Z&ske=2026-10-06T00:00:00Z&sks=q&skv=2026-04-06&spr=https&\
             sv=2026-04-06&sr=q&sig=AAAA"
        );
        let unsigned = check("/orders/messages", &query, &noon()).unwrap_err();
        let WireError::AuthenticationFailed { detail } = unsigned else {
            panic!("{unsigned:?}");
        };
        let (_, text) = detail.split_once("String to sign used was ").unwrap();
        assert_eq!(text.lines().count(), 15);
        let value = STANDARD
            .decode("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
            .unwrap();
        assert_eq!(
            sign_with(&value, text),
            encoded("BNFnDZka9P0wutrKCxaFpsWIsCuaUwB+t48SNR+QdXg=")
        );
    }

    #[test]
    fn a_user_delegation_sas_is_that_of_a_queue_by_another_key() {
        let grant = Grant::QueueSas(QueueSasGrant {
            policy_id: None,
            permissions: Permissions::parse("rp"),
            start: parse_iso8601("2026-10-05"),
            expiry: parse_iso8601("2026-10-06"),
            tells_reason: true,
        });
        assert_eq!(
            check("/orders", &delegated(&[]), &noon()),
            Ok(grant.clone())
        );
        assert_eq!(
            check("/orders/messages/x", &delegated(&[]), &noon()),
            Ok(grant)
        );
        // The account key itself did not sign.
        let by_account = "sp=r&se=2026-10-06&sv=2026-04-06";
        let signature = signature_of("/orders", by_account);
        let query = format!("{by_account}&sig={signature}&skoid={OBJECT}");
        detail(check("/orders", &query, &noon()), MALFORMED);
        detail(
            check("/others", &delegated(&[]), &noon()),
            "Signature did not match.",
        );
        let on_service = check("/", &delegated(&[]), &noon());
        let tells_reason = true;
        assert_eq!(
            on_service,
            Err(WireError::QueueSasOnService { tells_reason })
        );
    }

    #[test]
    fn either_account_key_derives_keys_and_a_third_does_not() {
        let key = |text: &str| AccountKey::new(text.as_bytes().to_vec());
        let check = |keys: &[&str]| {
            let signed = delegated_by(&AccountKeys::new(&[key("one")]), &[]);
            let uri: Uri = format!("/devstoreaccount1/orders?{signed}")
                .parse()
                .unwrap();
            let options = HeadOptions {
                strict: false,
                any_version: false,
                host_style: true,
            };
            let head = Head::parse(&Method::GET, &uri, &HeaderMap::new(), options, &|name| {
                name == "devstoreaccount1"
            })
            .unwrap();
            let keys: Vec<_> = keys.iter().map(|text| key(text)).collect();
            verify(&head, &AccountKeys::new(&keys), None, &noon()).is_ok()
        };
        assert!(check(&["one"]));
        assert!(check(&["one", "two"]));
        assert!(check(&["two", "one"]));
        assert!(!check(&["two", "three"]));
    }

    #[test]
    fn every_field_of_a_user_delegation_sas_is_signed() {
        let good = delegated(&[("sip", "127.0.0.1"), ("spr", "https,http")]);
        assert!(check("/orders", &good, &noon()).is_ok());
        for (name, value) in [
            ("sp", "r"),
            ("st", "2026-10-04"),
            ("se", "2026-10-08"),
            ("skoid", USER_ID),
            ("sktid", USERS),
            ("skt", "2026-10-04"),
            ("ske", "2026-10-08"),
            ("skv", "2026-06-06"),
            ("sip", "126.0.0.0-127.0.0.1"),
            ("spr", "https"),
            ("sv", "2026-06-06"),
        ] {
            // In front, where it is the value that counts.
            let changed = format!("{name}={value}&{good}");
            detail(
                check("/orders", &changed, &noon()),
                "Signature did not match.",
            );
            // Behind, it is nothing.
            let behind = format!("{good}&{name}={value}");
            assert!(check("/orders", &behind, &noon()).is_ok(), "{name}");
        }
        for added in [format!("skdutid={USERS}"), format!("sduoid={USER_ID}")] {
            let query = format!("{good}&{added}");
            detail(
                check("/orders", &query, &noon()),
                "Signature did not match.",
            );
        }
        for added in ["ss=q", "srt=o", "si=policy", "sks=b", "sks="] {
            let query = format!("{added}&{good}");
            detail(check("/orders", &query, &noon()), MALFORMED);
        }
    }

    #[test]
    fn a_user_delegation_sas_says_everything_itself_and_begins_with_2025_07_05() {
        for name in ["sp", "se", "skoid", "sktid", "skt", "ske", "skv", "sks"] {
            detail(
                check("/orders", &delegated(&[(name, "")]), &noon()),
                MALFORMED,
            );
        }
        for name in ["st", "sip", "spr"] {
            assert!(check("/orders", &delegated(&[(name, "")]), &noon()).is_ok());
        }
        for (name, value) in [
            ("skt", "soon"),
            ("ske", "2026-10-07T00:00"),
            ("sp", "rw"),
            ("sks", "b"),
        ] {
            detail(
                check("/orders", &delegated(&[(name, value)]), &noon()),
                MALFORMED,
            );
        }
        let at = |version| check("/orders", &delegated(&[("sv", version)]), &noon());
        detail(at("2025-05-05"), DELEGATION_TOO_EARLY);
        detail(at("2025-07-06"), MALFORMED);
        assert!(at("2025-07-05").is_ok());
        let tenant = |version| {
            let query = delegated(&[("sv", version), ("skdutid", USERS)]);
            check_with("/orders", &query, Some(&token("x", USERS)), &by_https())
        };
        detail(tenant("2026-02-06"), MALFORMED);
        assert!(tenant("2026-04-06").is_ok());
    }

    /// Each of the four times that a signature may have, at its edge and a second beside it.
    #[test]
    fn the_times_of_a_user_delegation_sas_and_of_its_key_both_count_to_the_second() {
        let at = |time: &str| Circumstances {
            now: parse_iso8601(time).unwrap(),
            ..noon()
        };
        let begins = |name: &'static str, value| {
            let query = delegated(&[(name, value)]);
            let early = check("/orders", &query, &at("2026-10-05T09:59:59.9999999Z"));
            detail(early, "Signature not valid in the specified time frame");
            assert!(
                check("/orders", &query, &at("2026-10-05T10:00:00Z")).is_ok(),
                "{name} {value}"
            );
        };
        let ends = |name: &'static str, value| {
            let query = delegated(&[(name, value)]);
            let last = at("2026-10-05T09:59:59.9999999Z");
            assert!(check("/orders", &query, &last).is_ok(), "{name} {value}");
            let late = check("/orders", &query, &at("2026-10-05T10:00:00Z"));
            detail(late, "Signature not valid in the specified time frame");
        };
        for spelling in TEN_O_CLOCK {
            begins("st", spelling);
            begins("skt", spelling);
            ends("se", spelling);
            ends("ske", spelling);
        }
        let (before, midnight) = (at("2026-10-04T23:59:59Z"), at("2026-10-05T00:00:00Z"));
        for name in ["st", "skt"] {
            let query = delegated(&[(name, "2026-10-05"), ("st", ""), ("skt", "2026-10-04")]);
            assert!(check("/orders", &query, &before).is_err(), "{name}");
            assert!(check("/orders", &query, &midnight).is_ok(), "{name}");
        }
        for name in ["se", "ske"] {
            let query = delegated(&[(name, "2026-10-05"), ("st", ""), ("skt", "2026-10-01")]);
            assert!(check("/orders", &query, &before).is_ok(), "{name}");
            assert!(check("/orders", &query, &midnight).is_err(), "{name}");
        }
    }

    #[test]
    fn the_times_of_other_signatures_count_to_the_second_too() {
        let at = |time: &str| Circumstances {
            now: parse_iso8601(time).unwrap(),
            ..noon()
        };
        for rest in ["sp=r&sv=2026-04-06", "sp=r&ss=q&srt=sco&sv=2026-04-06"] {
            for spelling in TEN_O_CLOCK {
                let spelling = encoded(spelling);
                let query = format!("{rest}&st={spelling}&se=2026-10-06");
                let early = check_signed("/orders", &query, &at("2026-10-05T09:59:59Z"));
                detail(early, "Signature not valid in the specified time frame");
                assert!(check_signed("/orders", &query, &at("2026-10-05T10:00:00Z")).is_ok());
                let query = format!("{rest}&se={spelling}");
                let last = at("2026-10-05T09:59:59Z");
                assert!(check_signed("/orders", &query, &last).is_ok());
                let late = check_signed("/orders", &query, &at("2026-10-05T10:00:00Z"));
                detail(late, "Signature not valid in the specified time frame");
            }
        }
    }

    /// One instant in every spelling that a signature may have it.
    const TEN_O_CLOCK: [&str; 15] = [
        "2026-10-05T10:00Z",
        "2026-10-05T10:00:00Z",
        "2026-10-05T10:00:00.0Z",
        "2026-10-05T10:00:00.00Z",
        "2026-10-05T10:00:00.000Z",
        "2026-10-05T10:00:00.0000Z",
        "2026-10-05T10:00:00.00000Z",
        "2026-10-05T10:00:00.000000Z",
        "2026-10-05T10:00:00.0000000Z",
        "2026-10-05T12:00+02:00",
        "2026-10-05T12:00:00+02:00",
        "2026-10-05T12:00:00.0000000+02:00",
        "2026-10-05T04:30-05:30",
        "2026-10-06T09:59+23:59",
        "2026-10-04T10:01:00-23:59",
    ];

    #[test]
    fn a_key_of_more_than_seven_days_is_none() {
        let check = |expiry| {
            let query = delegated(&[("skt", "2026-10-01T00:00:00Z"), ("ske", expiry)]);
            check("/orders", &query, &noon())
        };
        assert!(check("2026-10-08T00:00:00Z").is_ok());
        detail(check("2026-10-08T00:00:01Z"), KEY_TOO_LONG);
    }

    #[test]
    fn a_signature_for_a_user_comes_with_that_users_token() {
        let check = |fields: &[(&str, &str)], token: Option<Token>| {
            let query = delegated(fields);
            check_with("/orders", &query, token.as_ref(), &by_https())
        };
        let user = [("sduoid", USER_ID)];
        detail(check(&user, None), NO_TOKEN);
        assert!(check(&user, Some(token(USER_ID, TENANT))).is_ok());
        detail(check(&user, Some(token(OBJECT, TENANT))), OTHER_USER);
        detail(check(&user, Some(token(USER_ID, USERS))), OTHER_USER);

        let both = [("sduoid", USER_ID), ("skdutid", USERS)];
        assert!(check(&both, Some(token(USER_ID, USERS))).is_ok());
        detail(check(&both, Some(token(USER_ID, TENANT))), OTHER_USER);
        detail(check(&both, Some(token(OBJECT, USERS))), OTHER_USER);
        detail(check(&both, None), NO_TOKEN);

        let tenant = [("skdutid", USERS)];
        assert!(check(&tenant, Some(token("anybody", USERS))).is_ok());
        detail(check(&tenant, Some(token("anybody", TENANT))), OTHER_USER);
        detail(check(&tenant, None), NO_TOKEN);
    }

    /// The token is judged as any, and only when the signature fits.
    #[test]
    fn the_token_of_such_a_user_must_be_good_itself() {
        let query = delegated(&[("sduoid", USER_ID)]);
        let good = token(USER_ID, TENANT);
        let by_http = Circumstances {
            is_https: false,
            ..by_https()
        };
        detail(
            check_with("/orders", &query, Some(&good), &by_http),
            "Authentication scheme Bearer is not allowed with HTTP.",
        );
        detail(
            check_with("/orders", &query, Some(&good), &noon()),
            "Bearer tokens are not accepted",
        );
        let late = Circumstances {
            now: noon().now.plus_seconds(60),
            ..by_https()
        };
        let expired = check_with("/orders", &query, Some(&good), &late);
        assert!(matches!(expired, Err(WireError::InvalidToken { .. })));
        detail(
            check_with("/others", &query, Some(&good), &late),
            "Signature did not match.",
        );
    }
}
