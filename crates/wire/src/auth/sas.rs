//! Shared access signatures: of the account, and of one queue.
//!
//! REST pages "Create an account SAS" and "Create a service SAS".

use std::net::{IpAddr, Ipv4Addr};

use queuerite_model::limits::POLICY_ID_CHARACTERS_MAX;
use queuerite_model::{AccountName, Permissions, Timestamp};

use super::grant::{AccountSasGrant, Grant, QueueSasGrant};
use super::{AccountKeys, Circumstances, Signature, Verified, refused};
use crate::query::Plus;
use crate::{Head, ServiceVersion, WireError, parse_iso8601, rfc1123};

/// Decides whether a shared access signature is believed: first its signature, then where and
/// when it is used.
pub(super) fn verify(
    head: &Head,
    keys: &AccountKeys,
    circumstances: &Circumstances,
) -> Result<Verified, WireError> {
    // A client that does not escape the plus signs of its signature or its times means them.
    let believe = |plus| {
        let fields = Fields { head, plus };
        let signed = fields.string_to_sign(circumstances)?;
        let signature = Signature::from_base64(fields.required("sig")?);
        if !keys.signed(&signed, &signature) {
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
        grant: fields.grant(circumstances)?,
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

/// The parameters of a signature, read as they were signed: decoded, and otherwise as sent.
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

    fn is_of_account(&self) -> bool {
        self.get("ss").is_some() || self.get("srt").is_some()
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
        if self.get("skoid").is_some() {
            return Err(refused(DELEGATION_UNSUPPORTED));
        }
        let version = self.version(circumstances)?;
        if self.is_of_account() {
            let version = version.ok_or_else(malformed)?;
            return self.account_string_to_sign(version);
        }
        self.queue_string_to_sign(version)
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
        let account = &self.head.resource.account;
        // A queue's signature opens nothing that is not a queue's.
        let queue = self
            .head
            .resource
            .path
            .queue()
            .ok_or_else(|| refused(NO_QUEUE))?;
        let resource = canonicalized_resource(account, queue, version);
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

    /// What the signature permits, here and now.
    fn grant(&self, circumstances: &Circumstances) -> Result<Grant, WireError> {
        let tells_reason = self
            .version(circumstances)?
            .is_some_and(ServiceVersion::has_account_sas);
        let start = self.time("st")?;
        let expiry = self.time("se")?;
        let grant = if self.is_of_account() {
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
        if tells_reason {
            self.check_source(circumstances)?;
            self.check_protocol(circumstances)?;
        }
        if self.is_of_account() && !self.signed("ss").contains('q') {
            return Err(WireError::ServiceMismatch);
        }
        Ok(grant)
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

/// What a queue's signature calls the queue. The account stands in it once, in path style too,
/// and never with `-secondary`.
fn canonicalized_resource(
    account: &AccountName,
    queue: &str,
    version: Option<ServiceVersion>,
) -> String {
    if version.is_some_and(ServiceVersion::signs_service_of_queue) {
        format!("/queue/{account}/{queue}")
    } else {
        format!("/{account}/{queue}")
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

const NO_QUEUE: &str = "a queue's signature cannot be used on the service";
const DELEGATION_UNSUPPORTED: &str =
    "user delegation signatures are not supported by this version of the server";

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use http::{HeaderMap, Method, Uri};
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use queuerite_model::AccountKey;

    use super::*;
    use crate::HeadOptions;

    const KEY: &str =
        "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
    const ACCOUNT_SAS: &str =
        "sp=rl&ss=q&srt=sco&st=2026-10-05T00:00:00Z&se=2026-10-06T00:00:00Z&spr=https,http";
    const QUEUE_SAS: &str = "sp=raup&st=2026-10-05T00:00:00Z&se=2026-10-06T00:00:00Z";

    fn noon() -> Circumstances {
        Circumstances {
            now: parse_iso8601("2026-10-05T12:00:00Z").unwrap(),
            source: IpAddr::from([127, 0, 0, 1]),
            is_https: false,
            strict: false,
            any_version: false,
            any_source: false,
        }
    }

    fn keys() -> AccountKeys {
        AccountKeys::new(&[AccountKey::new(STANDARD.decode(KEY).unwrap())])
    }

    fn check(path: &str, query: &str, circumstances: &Circumstances) -> Result<Grant, WireError> {
        let uri: Uri = format!("/devstoreaccount1{path}?{query}").parse().unwrap();
        let options = HeadOptions {
            strict: false,
            any_version: false,
            host_style: true,
        };
        let accounts = |name: &str| name == "devstoreaccount1";
        let head = Head::parse(&Method::GET, &uri, &HeaderMap::new(), options, &accounts).unwrap();
        verify(&head, &keys(), circumstances).map(|verified| verified.grant)
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
        use hmac::{Hmac, KeyInit, Mac};
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&STANDARD.decode(KEY).unwrap()).unwrap();
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
        detail(check("/", &good, &noon()), NO_QUEUE);
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
}
