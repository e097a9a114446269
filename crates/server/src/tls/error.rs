//! What can be wrong with a certificate, its key or their files.

use std::io;
use std::path::PathBuf;

use thiserror::Error;
use tokio_rustls::rustls;

/// Why there can be no TLS. Displays as one line that names the file.
#[derive(Debug, Error)]
pub enum CertificateError {
    /// The system does not give the file.
    #[error("cannot read {}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The file is none of a certificate.
    #[error("{} holds no certificate{form}", path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
        /// In what form one was looked for, where there are several.
        form: &'static str,
    },
    /// The file is none of a key.
    #[error("{} holds no private key{form}", path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
        /// In what form one was looked for, where there are several.
        form: &'static str,
    },
    /// A certificate was given without a key.
    #[error("--cert {} holds a certificate without its key; give the key with --key", path.display())]
    NeedsKey {
        /// The file.
        path: PathBuf,
    },
    /// A PKCS#12 file was given without a password, and has one.
    #[error("--cert {} does not open without a password; give it with --pwd", path.display())]
    NeedsPassword {
        /// The file.
        path: PathBuf,
    },
    /// A PKCS#12 file has another password.
    #[error("--pwd is not the password of {}", path.display())]
    WrongPassword {
        /// The file.
        path: PathBuf,
    },
    /// A PEM file was given with a password, which PEM does not have.
    #[error("--cert {} is PEM, which takes its key from --key; --pwd is for PKCS#12", path.display())]
    PemWithPassword {
        /// The file.
        path: PathBuf,
    },
    /// The key in a PEM file is encrypted.
    #[error("the key in {} is encrypted; 'openssl pkey -in FILE -out FILE' writes it plain", path.display())]
    EncryptedKey {
        /// The file.
        path: PathBuf,
    },
    /// The key has an algorithm or a size that TLS here cannot use.
    #[error(
        "the key in {} cannot be used; RSA of 2048 to 8192 bits, ECDSA on P-256 or P-384, and \
         Ed25519 can", path.display()
    )]
    UnsupportedKey {
        /// The file.
        path: PathBuf,
    },
    /// The key is that of another certificate.
    #[error("the key in {} does not belong to the certificate in {}", key.display(), certificate.display())]
    Mismatch {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
    /// A PKCS#12 file is packed in a way that is not known here.
    #[error(
        "{} is encrypted in a way that is not known here; 'openssl pkcs12 -in FILE -nodes' writes \
         it as PEM, which --cert takes", path.display()
    )]
    UnsupportedEncryption {
        /// The file.
        path: PathBuf,
    },
    /// The file is damaged, or something else.
    #[error("{} is malformed: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// TLS itself does not come up.
    #[error("TLS cannot be set up: {0}")]
    Tls(rustls::Error),
}
