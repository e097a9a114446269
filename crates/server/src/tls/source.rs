//! Where the certificate and its key are.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::{CertificateError, Identity, is_pem, pem, pkcs12};

/// The files that hold the certificate and its key, as the command line names them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CertificateSource {
    /// The certificate, with its chain, and its key, both in PEM.
    Pem {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key; may be the same.
        key: PathBuf,
    },
    /// Both in PKCS#12.
    Pkcs12 {
        /// The file.
        file: PathBuf,
        /// What it was encrypted with.
        password: Password,
    },
    /// A file of either kind that needs nothing beside it: PEM with a key in it, or PKCS#12
    /// under the empty password.
    Alone(PathBuf),
}

/// A password. It is a text, though it may look like a number: `0123` is not 123.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// A password, as it was given.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The password in plain text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

impl CertificateSource {
    /// Reads the files, and sees that the key belongs to the certificate.
    pub(crate) fn read(&self) -> Result<Identity, CertificateError> {
        match self {
            Self::Pem { certificate, key } => {
                let chain = pem::certificates(certificate, &bytes_of(certificate)?)?;
                let key_found = pem::key(key, &bytes_of(key)?)?;
                Identity::new(certificate, chain, key, &key_found)
            }
            Self::Pkcs12 { file, password } => {
                let bytes = bytes_of(file)?;
                if is_pem(&bytes) {
                    return Err(CertificateError::PemWithPassword { path: file.clone() });
                }
                pkcs12::read(file, &bytes, password.as_str())
            }
            Self::Alone(file) => {
                let bytes = bytes_of(file)?;
                if is_pem(&bytes) {
                    let chain = pem::certificates(file, &bytes)?;
                    let key = pem::key(file, &bytes).map_err(|error| match error {
                        CertificateError::NoKey { path, .. } => CertificateError::NeedsKey { path },
                        error => error,
                    })?;
                    return Identity::new(file, chain, file, &key);
                }
                pkcs12::read(file, &bytes, "").map_err(|error| match error {
                    CertificateError::WrongPassword { path } => {
                        CertificateError::NeedsPassword { path }
                    }
                    error => error,
                })
            }
        }
    }
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, CertificateError> {
    let read = || {
        let mut bytes = Vec::new();
        let mut file = File::open(path)?.take(CERTIFICATE_FILE_BYTES_MAX + 1);
        if file.read_to_end(&mut bytes)? as u64 > CERTIFICATE_FILE_BYTES_MAX {
            let reason = "it is too large for a certificate";
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
        }
        Ok(bytes)
    };
    read().map_err(|error| CertificateError::Unreadable {
        path: path.to_owned(),
        error,
    })
}

/// No certificate comes with so long a chain.
const CERTIFICATE_FILE_BYTES_MAX: u64 = 1024 * 1024;
