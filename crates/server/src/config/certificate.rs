//! `--cert`, `--key` and `--pwd`: which of them go together.

use std::path::PathBuf;

use super::UsageError;
use super::arguments::Arguments;
use crate::tls::{CertificateSource, Password};

/// Where the certificate is, if there is to be one.
///
/// As in Azurite, PEM wins where everything is given. Azurite serves plain HTTP where it finds
/// neither kind complete; here an option that guards something is never ignored.
pub(super) fn source(arguments: &mut Arguments) -> Result<Option<CertificateSource>, UsageError> {
    let (cert, key, pwd) = (
        arguments.cert.take(),
        arguments.key.take(),
        arguments.pwd.take(),
    );
    let file = |option: &str, file: Option<PathBuf>| match file {
        Some(file) if file.as_os_str().is_empty() => {
            Err(UsageError::new(format!("{option} needs a value")))
        }
        file => Ok(file),
    };
    match (file("--cert", cert)?, file("--key", key)?, pwd) {
        (None, None, None) => Ok(None),
        (None, Some(_), _) => Err(UsageError::new(
            "--key needs --cert, the certificate it is of",
        )),
        (None, None, Some(_)) => Err(UsageError::new(
            "--pwd needs --cert, the file that it opens",
        )),
        (Some(certificate), Some(key), _) => Ok(Some(CertificateSource::Pem { certificate, key })),
        (Some(file), None, Some(password)) => Ok(Some(CertificateSource::Pkcs12 {
            file,
            password: Password::new(password),
        })),
        (Some(file), None, None) => Ok(Some(CertificateSource::Alone(file))),
    }
}
