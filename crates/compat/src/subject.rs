//! What is tested: an endpoint that is there, or a server that is started for each suite.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use queuerite_ordeal::{Server, Template, free_port};
use queuerite_testkit::{ACCOUNT, KEY, run_command};
use tempfile::TempDir;

/// An account, and how it is reached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Endpoint {
    pub(crate) url: String,
    pub(crate) secondary: Option<String>,
    pub(crate) account: String,
    pub(crate) key: String,
    /// The certificate authority to trust in addition.
    pub(crate) authority: Option<PathBuf>,
    /// Whether it takes bearer tokens that anybody may have made up.
    pub(crate) takes_tokens: bool,
}

/// How to start a server for a suite.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    /// Words with `{port}` in one of them, and as it needs them `{location}`, `{cert}` and `{key}`.
    pub(crate) command: Vec<String>,
    /// The program that makes certificates, if the server is to speak HTTPS.
    pub(crate) certifier: Option<PathBuf>,
    pub(crate) takes_tokens: bool,
}

/// A server that was started. It ends when this is dropped, and what it kept is deleted.
pub(crate) struct Started {
    pub(crate) endpoint: Endpoint,
    _server: Server,
    _folder: TempDir,
}

impl Start {
    /// Starts a server that keeps what it keeps, and its log, below `folder`.
    pub(crate) fn run(&self, folder: &Path) -> Result<Started, String> {
        let folder = tempfile::tempdir_in(folder).map_err(|error| error.to_string())?;
        let mut command = self.command.clone();
        let mut authority = None;
        if let Some(certifier) = &self.certifier {
            let certificates = folder.path().join("certificates");
            let made = run_command(
                Command::new(certifier)
                    .args(["cert", "--directory"])
                    .arg(&certificates),
            );
            if !made.status.success() {
                let errors = String::from_utf8_lossy(&made.stderr).into_owned();
                return Err(format!("no certificate was made: {errors}"));
            }
            for (place, name) in [("{cert}", "cert.pem"), ("{key}", "key.pem")] {
                let path = certificates.join(name).to_string_lossy().into_owned();
                for word in &mut command {
                    *word = word.replace(place, &path);
                }
            }
            authority = Some(certificates.join("ca.pem"));
        }
        let template = Template::of(command);
        let location = folder.path().join("location");
        fs::create_dir(&location).map_err(|error| error.to_string())?;
        let log = folder.path().join("server.log");
        let server = Server::start(&template, &location, free_port(), &log)?;
        let scheme = if authority.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://127.0.0.1:{}/{ACCOUNT}", server.address.port());
        let endpoint = Endpoint {
            secondary: Some(format!("{url}-secondary")),
            url,
            account: ACCOUNT.into(),
            key: KEY.into(),
            authority,
            takes_tokens: self.takes_tokens,
        };
        Ok(Started {
            endpoint,
            _server: server,
            _folder: folder,
        })
    }
}
