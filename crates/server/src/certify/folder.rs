//! The folder with the files, and what may be replaced there.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::authority::Authority;
use super::leaf::Leaf;
use crate::tls::{CertificateError, CertificateSource, Password};

/// Where the files are.
pub(super) struct Folder {
    directory: PathBuf,
    pub(super) authority: PathBuf,
    pub(super) authority_key: PathBuf,
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
    pub(super) pkcs12: PathBuf,
}

impl Folder {
    pub(super) fn new(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            authority: directory.join("ca.pem"),
            authority_key: directory.join("ca-key.pem"),
            certificate: directory.join("cert.pem"),
            key: directory.join("key.pem"),
            pkcs12: directory.join("cert.pfx"),
        }
    }

    /// The authority that is there.
    pub(super) fn authority(&self) -> Result<Option<Authority>, FolderError> {
        if !exists(&self.authority) && !exists(&self.authority_key) {
            return Ok(None);
        }
        let source = CertificateSource::Pem {
            certificate: self.authority.clone(),
            key: self.authority_key.clone(),
        };
        let identity = source.read()?;
        let text = |path: &Path| fs::read_to_string(path).map_err(failed("read", path));
        let (pem, key) = (text(&self.authority)?, text(&self.authority_key)?);
        let authority = Authority::of(&identity, pem, &key);
        authority
            .map(Some)
            .map_err(|reason| FolderError::Authority {
                path: self.authority.clone(),
                reason,
            })
    }

    /// Refuses to replace what this authority has not signed: a key that somebody else made may
    /// be the only one.
    pub(super) fn refuse_strangers(
        &self,
        authority: Option<&Authority>,
        password: &Password,
    ) -> Result<(), FolderError> {
        let pem = CertificateSource::Pem {
            certificate: self.certificate.clone(),
            key: self.key.clone(),
        };
        let pkcs12 = CertificateSource::Pkcs12 {
            file: self.pkcs12.clone(),
            password: password.clone(),
        };
        let is_ours = |source: &CertificateSource| {
            let signed = |authority: &Authority| {
                let identity = source.read();
                identity.is_ok_and(|identity| authority.has_signed(&identity))
            };
            authority.is_some_and(signed)
        };
        for (source, paths) in [
            (pem, &[&self.key, &self.certificate][..]),
            (pkcs12, &[&self.pkcs12]),
        ] {
            let there = paths.iter().find(|path| exists(path));
            if let Some(path) = there.filter(|_| !is_ours(&source)) {
                return Err(FolderError::Stranger {
                    path: (*path).clone(),
                });
            }
        }
        Ok(())
    }

    /// Writes everything that is new.
    pub(super) fn write(
        &self,
        authority: &Authority,
        is_kept: bool,
        leaf: &Leaf,
        password: &Password,
    ) -> Result<(), FolderError> {
        let pkcs12 = leaf.pkcs12(authority, password.as_str())?;
        fs::create_dir_all(&self.directory).map_err(failed("create", &self.directory))?;
        if !is_kept {
            write(&self.authority_key, authority.key_pem(), Readers::Owner)?;
            write(&self.authority, &authority.pem, Readers::All)?;
        }
        write(&self.key, leaf.key.serialize_pem(), Readers::Owner)?;
        write(&self.certificate, leaf.chain_pem(authority), Readers::All)?;
        write(&self.pkcs12, pkcs12, Readers::Owner)
    }
}

/// Who may read a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Readers {
    Owner,
    All,
}

/// Writes a file beside, and puts it in place when it is whole.
fn write(path: &Path, bytes: impl AsRef<[u8]>, readers: Readers) -> Result<(), FolderError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let write = || -> io::Result<()> {
        // One that was left behind may be readable by others.
        if exists(&beside) {
            fs::remove_file(&beside)?;
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        if readers == Readers::Owner {
            owner_only(&mut options);
        }
        options.open(&beside)?.write_all(bytes.as_ref())?;
        fs::rename(&beside, path)
    };
    write().map_err(failed("write", path))
}

#[cfg(unix)]
fn owner_only(options: &mut OpenOptions) {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
}

#[cfg(not(unix))]
fn owner_only(_: &mut OpenOptions) {}

/// Whether something is there, be it a link to nothing.
fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

fn failed<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> FolderError + 'a {
    move |error| FolderError::Io {
        action,
        path: path.to_owned(),
        error,
    }
}

/// Why no certificate was made. Displays as one line.
#[derive(Debug, Error)]
pub(super) enum FolderError {
    #[error("{error}; --force makes a new authority, which has to be trusted anew")]
    AuthorityUnreadable {
        #[from]
        error: CertificateError,
    },
    #[error("the authority in {}: {reason}; --force makes a new one, which has to be trusted anew", path.display())]
    Authority { path: PathBuf, reason: &'static str },
    #[error("{} is there and was not made here; --force replaces it", path.display())]
    Stranger { path: PathBuf },
    #[error("cannot {action} {}: {error}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        error: io::Error,
    },
    #[error("the system's clock is far off")]
    Clock,
    #[error("cannot make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    #[error("cannot make a PKCS#12 file: {0}")]
    Pkcs12(p12_keystore::error::Error),
}
