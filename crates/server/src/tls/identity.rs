//! A certificate and its key.

use std::path::Path;
use std::sync::Arc;

use queuerite_wire::iso8601_seven;
use tokio_rustls::rustls::crypto::ring::sign::any_supported_type;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::{CertifiedKey, SigningKey};
use x509_parser::certificate::X509Certificate;
use x509_parser::error::X509Error;

use super::CertificateError;
use super::elliptic::completed;

/// Who the server is: a certificate with its chain, and the key that belongs to it.
pub(crate) struct Identity {
    /// The server's own certificate first.
    pub(crate) chain: Vec<CertificateDer<'static>>,
    key: Arc<dyn SigningKey>,
}

impl Identity {
    /// Sees that the key belongs to one of the certificates, and puts that one first. An archive
    /// keeps them in any order, and so do files that were made of archives.
    ///
    /// A certificate is not judged beyond that: whether it is of an old version, or for another
    /// name, is between it and the clients.
    pub(super) fn new(
        certificate_path: &Path,
        mut chain: Vec<CertificateDer<'static>>,
        key_path: &Path,
        key: &PrivateKeyDer<'_>,
    ) -> Result<Self, CertificateError> {
        let complete = |certificate| supported_key(&completed(key, certificate)?);
        let found = supported_key(key).or_else(|| chain.iter().find_map(complete));
        let key = found.ok_or_else(|| CertificateError::UnsupportedKey {
            path: key_path.to_owned(),
        })?;
        let public = key.public_key().unwrap_or_else(|| Vec::new().into());
        let mut own = None;
        for (position, certificate) in chain.iter().enumerate() {
            let certificate = parsed(certificate).map_err(|_| CertificateError::Malformed {
                path: certificate_path.to_owned(),
                reason: "a certificate in it cannot be read".to_owned(),
            })?;
            if own.is_none() && certificate.public_key().raw == &*public {
                own = Some(position);
            }
        }
        let own = own.ok_or_else(|| CertificateError::Mismatch {
            certificate: certificate_path.to_owned(),
            key: key_path.to_owned(),
        })?;
        if let Some(upto) = chain.get_mut(..=own) {
            upto.rotate_right(1);
        }
        Ok(Self { chain, key })
    }

    /// Tells whoever starts the server what every client will only hint at.
    pub(super) fn warn_if_out_of_date(&self) {
        let Some(Ok(own)) = self.chain.first().map(|own| parsed(own)) else {
            return;
        };
        let now = crate::ambient::wall_clock();
        let at = |time: x509_parser::time::ASN1Time| {
            queuerite_model::Timestamp::from_unix(time.timestamp(), 0)
        };
        let (begin, end) = (at(own.validity().not_before), at(own.validity().not_after));
        if now > end {
            tracing::warn!("the certificate has expired on {}", iso8601_seven(end));
        } else if now < begin {
            tracing::warn!(
                "the certificate is not valid before {}",
                iso8601_seven(begin)
            );
        }
    }

    pub(super) fn into_certified_key(self) -> CertifiedKey {
        CertifiedKey::new(self.chain, self.key)
    }
}

/// The key, if TLS can sign with it.
fn supported_key(key: &PrivateKeyDer<'_>) -> Option<Arc<dyn SigningKey>> {
    any_supported_type(key).ok()
}

/// A certificate, taken apart.
pub(crate) fn parsed<'a>(
    certificate: &'a CertificateDer<'_>,
) -> Result<X509Certificate<'a>, x509_parser::nom::Err<X509Error>> {
    x509_parser::parse_x509_certificate(certificate).map(|(_, certificate)| certificate)
}
