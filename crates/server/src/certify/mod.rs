//! `queuerite cert`: a certificate for HTTPS on one's own machine.
//!
//! Clients do not believe a server that vouches for itself, so there is an authority too, made on
//! the spot and kept beside the certificate. Whoever trusts it once goes on to trust every
//! certificate that is made there later.
//!
//! What was made goes to stdout, with the commands to use and to trust it. The exit code is 0, 1
//! if something is in the way or fails, and 2 for a command line that cannot be followed.

mod advice;
mod arguments;
mod authority;
mod folder;
mod leaf;
mod name;

use std::path::PathBuf;
use std::process::ExitCode;

use crate::console::{complain, say};
use crate::tls::Password;
use authority::Authority;
use folder::{Folder, FolderError};
use name::Name;

pub(crate) use arguments::{Asked, parse};

/// What certificate is to be made, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Certification {
    directory: PathBuf,
    /// Besides those that every certificate has.
    names: Vec<Name>,
    /// Of the PKCS#12 file.
    password: Password,
    /// Whether to replace what is not ours.
    force: bool,
}

impl Certification {
    /// Does it, and tells on stdout what was made.
    pub fn run(&self) -> ExitCode {
        match self.make() {
            Ok(report) => {
                say(report);
                ExitCode::SUCCESS
            }
            Err(error) => {
                complain(&format!("queuerite: {error}"));
                ExitCode::FAILURE
            }
        }
    }

    fn make(&self) -> Result<String, FolderError> {
        let folder = Folder::new(&self.directory);
        let kept = match folder.authority() {
            Err(_) if self.force => None,
            kept => kept?,
        };
        if !self.force {
            folder.refuse_strangers(kept.as_ref(), &self.password)?;
        }
        let is_kept = kept.is_some();
        let authority = kept.map_or_else(Authority::make, Ok)?;
        let mut names = Name::usual();
        for name in &self.names {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        let leaf = authority.certify(&names)?;
        folder.write(&authority, is_kept, &leaf, &self.password)?;
        Ok(advice::report(
            &folder,
            &authority,
            is_kept,
            &leaf,
            &names,
            &self.password,
        ))
    }
}
