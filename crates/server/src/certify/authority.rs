//! The authority: a key that certificates are signed with, and the certificate that is trusted.

use queuerite_model::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use tokio_rustls::rustls::pki_types::CertificateDer;
use x509_parser::time::ASN1Time;

use super::FolderError;
use super::leaf::Leaf;
use super::name::Name;
use crate::ambient::{random_bytes, wall_clock};
use crate::tls::{Identity, parsed};

/// An authority that can sign.
pub(super) struct Authority {
    pub(super) certificate: CertificateDer<'static>,
    /// The certificate, as its file holds it.
    pub(super) pem: String,
    /// As the tools of systems list it.
    pub(super) name: String,
    pub(super) expires: Timestamp,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// Makes one that nobody trusts yet.
    pub(super) fn make() -> Result<Self, FolderError> {
        let key = KeyPair::generate()?;
        // Two of the same name would be taken for each other by whoever trusts both.
        let [a, b, c, d, ..] = random_bytes();
        let name = format!("queuerite local authority {a:02x}{b:02x}{c:02x}{d:02x}");
        let begin = begin();
        let expires = begin.plus_seconds(AUTHORITY_DAYS * SECONDS_PER_DAY);
        let params = params(&name, (begin, expires), |params| {
            params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        })?;
        let certificate = params.self_signed(&key)?;
        Ok(Self {
            certificate: certificate.der().clone(),
            pem: certificate.pem(),
            name,
            expires,
            issuer: Issuer::new(params, key),
        })
    }

    /// One that was made before.
    pub(super) fn of(identity: &Identity, pem: String, key: &str) -> Result<Self, &'static str> {
        let unreadable = "it cannot be read";
        let certificate = identity.chain.first().ok_or(unreadable)?.clone();
        let (name, expires) = {
            let parsed = parsed(&certificate).map_err(|_| unreadable)?;
            if !parsed.is_ca() {
                return Err("it is no authority");
            }
            let expires = Timestamp::from_unix(parsed.validity().not_after.timestamp(), 0);
            if expires < wall_clock() {
                return Err("it has expired");
            }
            let name = parsed.subject().iter_common_name().next();
            let name = name.and_then(|name| name.as_str().ok()).unwrap_or_default();
            (name.to_owned(), expires)
        };
        let key = KeyPair::from_pem(key).map_err(|_| "its key cannot be used")?;
        let issuer = Issuer::from_ca_cert_der(&certificate, key);
        Ok(Self {
            issuer: issuer.map_err(|_| unreadable)?,
            certificate,
            pem,
            name,
            expires,
        })
    }

    /// The key, as its file holds it.
    pub(super) fn key_pem(&self) -> String {
        self.issuer.key().serialize_pem()
    }

    /// Makes a certificate for these names, with a key of its own.
    pub(super) fn certify(&self, names: &[Name]) -> Result<Leaf, FolderError> {
        let key = KeyPair::generate()?;
        let begin = begin();
        let expires = begin
            .plus_seconds(LEAF_DAYS * SECONDS_PER_DAY)
            .min(self.expires);
        let names = names.iter().map(|name| match name {
            Name::Dns(name) => name.as_str().try_into().map(SanType::DnsName),
            Name::Ip(address) => Ok(SanType::IpAddress(*address)),
        });
        let names = names.collect::<Result<_, _>>()?;
        let params = params("queuerite", (begin, expires), |params| {
            params.subject_alt_names = names;
            params.use_authority_key_identifier_extension = true;
            params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        })?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Leaf {
            certificate,
            key,
            expires,
        })
    }

    /// Whether it has signed this.
    pub(super) fn has_signed(&self, identity: &Identity) -> bool {
        let parse = |certificate: Option<&CertificateDer<'static>>| {
            let (own, key) = (parsed(certificate?).ok()?, parsed(&self.certificate).ok()?);
            own.verify_signature(Some(key.public_key())).ok()
        };
        parse(identity.chain.first()).is_some()
    }
}

/// When what is made now begins to be good. The clocks of containers and virtual machines may be
/// a little behind.
fn begin() -> Timestamp {
    let now = wall_clock().unix_seconds();
    Timestamp::from_unix(now.saturating_sub(CLOCK_SECONDS_BEHIND_MAX), 0)
}

fn params(
    name: &str,
    (begin, end): (Timestamp, Timestamp),
    rest: impl FnOnce(&mut CertificateParams),
) -> Result<CertificateParams, FolderError> {
    let date = |time: Timestamp| {
        let time = ASN1Time::from_timestamp(time.unix_seconds());
        time.map(|time| time.to_datetime())
            .map_err(|_| FolderError::Clock)
    };
    let mut params = CertificateParams::default();
    params.not_before = date(begin)?;
    params.not_after = date(end)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    rest(&mut params);
    Ok(params)
}

/// How long the authority is good for.
const AUTHORITY_DAYS: u64 = 3650;
/// How long the server's certificate is good for. macOS refuses one of more than 825 days.
const LEAF_DAYS: u64 = 820;
const SECONDS_PER_DAY: u64 = 24 * 60 * 60;
const CLOCK_SECONDS_BEHIND_MAX: i64 = 60 * 60;

#[cfg(test)]
mod tests {
    use x509_parser::extensions::GeneralName;

    use super::*;

    #[test]
    fn a_certificate_is_for_its_names_and_not_longer_than_macos_accepts() {
        let authority = Authority::make().unwrap();
        let names = [
            Name::Dns("queues.example".into()),
            Name::Dns("*.queue.localhost".into()),
            Name::Ip([10, 0, 0, 7].into()),
        ];
        let leaf = authority.certify(&names).unwrap();
        let own = parsed(leaf.certificate.der()).unwrap();
        let ca = parsed(&authority.certificate).unwrap();
        own.verify_signature(Some(ca.public_key())).unwrap();
        assert_eq!(own.issuer(), ca.subject());
        assert!(ca.is_ca() && !own.is_ca());

        let found = own.subject_alternative_name().unwrap().unwrap();
        assert_eq!(
            found.value.general_names,
            [
                GeneralName::DNSName("queues.example"),
                GeneralName::DNSName("*.queue.localhost"),
                GeneralName::IPAddress(&[10, 0, 0, 7]),
            ]
        );
        let usage = own.extended_key_usage().unwrap().unwrap();
        assert!(usage.value.server_auth);

        let life = |certificate: &x509_parser::certificate::X509Certificate<'_>| {
            let validity = certificate.validity();
            validity.not_after.timestamp() - validity.not_before.timestamp()
        };
        assert!(life(&own) < 825 * 86_400, "{}", life(&own));
        assert!(own.validity().is_valid() && ca.validity().is_valid());
    }

    #[test]
    fn no_two_authorities_are_the_same() {
        let [one, other] = [Authority::make(), Authority::make()].map(Result::unwrap);
        assert_ne!(one.name, other.name);
        assert_ne!(one.key_pem(), other.key_pem());
    }
}
