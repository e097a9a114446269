//! Certificates and keys in PKCS#12, also called PFX.

use std::path::Path;

use p12_keystore::Pkcs12Archive;
use p12_keystore::error::Error;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use super::{CertificateError, Identity};

/// Opens an archive, and takes from it the key that has a certificate there.
pub(super) fn read(
    path: &Path,
    bytes: &[u8],
    password: &str,
) -> Result<Identity, CertificateError> {
    let archive = Pkcs12Archive::from_pkcs12(bytes, password);
    let archive = archive.map_err(|error| explain(path, &error))?;
    if archive.certs.is_empty() {
        return Err(CertificateError::NoCertificate {
            path: path.to_owned(),
            form: "",
        });
    }
    let chain: Vec<_> = archive
        .certs
        .iter()
        .map(|bag| CertificateDer::from(bag.cert.as_der().to_vec()))
        .collect();
    let mut found = Err(CertificateError::NoKey {
        path: path.to_owned(),
        form: "",
    });
    for bag in archive.keys {
        let key = PrivatePkcs8KeyDer::from(bag.key.as_der().to_vec());
        found = Identity::new(path, chain.clone(), path, &key.into());
        if found.is_ok() {
            break;
        }
    }
    found
}

fn explain(path: &Path, error: &Error) -> CertificateError {
    let path = path.to_owned();
    match error {
        // The first guards the whole archive; where it is missing, what was decrypted by a wrong
        // password makes no sense.
        Error::MacError(_) | Error::UnpadError | Error::Pkcs5Error(_) => {
            CertificateError::WrongPassword { path }
        }
        Error::UnsupportedEncryptionScheme | Error::UnsupportedMacAlgorithm => {
            CertificateError::UnsupportedEncryption { path }
        }
        Error::DerError(_) | Error::X509Error(_) => CertificateError::Malformed {
            path,
            reason: "it is neither PEM nor PKCS#12".to_owned(),
        },
        error => CertificateError::Malformed {
            path,
            reason: error.to_string(),
        },
    }
}
