//! Certificates and keys in PEM.

use std::path::Path;

use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::CertificateError;

/// Whether this is PEM, of whatever.
pub(super) fn is_pem(bytes: &[u8]) -> bool {
    contains(bytes, b"-----BEGIN ")
}

/// The certificates, in the order in which they stand: the server's own first, then its chain.
pub(super) fn certificates(
    path: &Path,
    bytes: &[u8],
) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bytes).collect();
    let found = found.map_err(|error| malformed(path, &error))?;
    if found.is_empty() {
        return Err(CertificateError::NoCertificate {
            path: path.to_owned(),
            form: FORM,
        });
    }
    Ok(found)
}

/// The first key: PKCS#8, PKCS#1 or SEC1.
pub(super) fn key(path: &Path, bytes: &[u8]) -> Result<PrivateKeyDer<'static>, CertificateError> {
    let encrypted = || CertificateError::EncryptedKey {
        path: path.to_owned(),
    };
    // Of the older kind of encryption, within a key of the usual name.
    if contains(bytes, b"Proc-Type: 4,ENCRYPTED") {
        return Err(encrypted());
    }
    match PrivateKeyDer::from_pem_slice(bytes) {
        Ok(key) => Ok(key),
        Err(pem::Error::NoItemsFound) if contains(bytes, b"-----BEGIN ENCRYPTED PRIVATE KEY") => {
            Err(encrypted())
        }
        Err(pem::Error::NoItemsFound) => Err(CertificateError::NoKey {
            path: path.to_owned(),
            form: FORM,
        }),
        Err(error) => Err(malformed(path, &error)),
    }
}

fn malformed(path: &Path, error: &pem::Error) -> CertificateError {
    CertificateError::Malformed {
        path: path.to_owned(),
        reason: match error {
            pem::Error::MissingSectionEnd { .. } => "a section of it has no end".to_owned(),
            pem::Error::Base64Decode(_) => "what is between its lines is not base64".to_owned(),
            _ => "it is not PEM".to_owned(),
        },
    }
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

const FORM: &str = " in PEM";
