//! Starting the servers that are compared, each on a core of its own.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use queuerite_testkit::{ACCOUNT, Client, Process, Request, Trust, run_command};
use rustls::ClientConfig;
use tempfile::TempDir;

use crate::bench::BenchError;
use crate::drive::{Length, Pace, drive};
use crate::plan::{Server, Setup};
use crate::request::Requester;
use crate::script::{Script, Workload};

/// Where the programs are.
#[derive(Clone, Debug)]
pub struct Programs {
    /// This server.
    pub queuerite: PathBuf,
    /// This load generator, which has the floor in it.
    pub load: PathBuf,
    /// `main.js` of Azurite's queue service, if there is one.
    pub azurite: Option<PathBuf>,
    /// The core on which servers run, if they are to stay on one.
    pub core: Option<usize>,
    /// Where they keep their data.
    pub folder: PathBuf,
}

impl Programs {
    /// The script of Azurite's queue service under this folder.
    pub fn azurite_in(folder: &Path) -> Option<PathBuf> {
        let package = ["node_modules/azurite", "."].map(|package| folder.join(package));
        let scripts = package.map(|package| package.join("dist/src/queue/main.js"));
        scripts.into_iter().find(|script| script.is_file())
    }

    /// The version of Azurite.
    pub fn azurite_version(&self) -> Option<String> {
        let package = self.azurite.as_ref()?.ancestors().nth(4)?;
        let text = std::fs::read_to_string(package.join("package.json")).ok()?;
        let json: serde_json::Value = serde_json::from_str(&text).ok()?;
        Some(json.get("version")?.as_str()?.to_owned())
    }

    /// Whether there is such a server here.
    pub fn have(&self, server: Server) -> bool {
        server != Server::Azurite || self.azurite.is_some()
    }

    fn command(&self, setup: &Setup, location: &Path) -> Command {
        let mut words: Vec<OsString> = Vec::new();
        if let Some(core) = self.core {
            words.extend(["taskset".into(), "-c".into(), core.to_string().into()]);
        }
        match (setup.server, &self.azurite) {
            (Server::Floor, _) => {
                words.extend([self.load.clone().into(), "floor".into()]);
                let found = setup.workload.messages_found().to_string();
                words.extend(["--messages".into(), found.into()]);
                words.extend(["--bytes".into(), setup.bytes.to_string().into()]);
            }
            (Server::Azurite, Some(script)) => {
                words.extend(["node".into(), script.into()]);
                let flags = ["--skipApiVersionCheck", "--silent", "--disableTelemetry"];
                words.extend(flags.map(Into::into));
            }
            _ => {
                words.extend([self.queuerite.clone().into(), "--silent".into()]);
                words.extend(match setup.server {
                    Server::Memory => vec!["--inMemoryPersistence".into()],
                    other => vec!["--durability".into(), other.name().into()],
                });
            }
        }
        if setup.server != Server::Floor {
            words.extend(["--queuePort".into(), "0".into()]);
        }
        if !matches!(setup.server, Server::Floor | Server::Memory) {
            words.extend(["--location".into(), location.into()]);
        }
        if setup.tls {
            let certificates = certificates_of(location);
            words.extend(["--cert".into(), certificates.join("cert.pem").into()]);
            words.extend(["--key".into(), certificates.join("key.pem").into()]);
        }
        let mut words = words.into_iter();
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).current_dir(location);
        command
    }

    fn certify(&self, location: &Path) -> io::Result<Trust> {
        let folder = certificates_of(location);
        let mut command = Command::new(&self.queuerite);
        let made = run_command(command.arg("cert").arg("--directory").arg(&folder));
        if !made.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&made.stderr)));
        }
        Ok(Trust::of(&folder.join("ca.pem")))
    }
}

fn certificates_of(location: &Path) -> PathBuf {
    location.join("certs")
}

/// A server that runs, with what a setup wants to be in it. It ends when dropped, and what it kept
/// is deleted.
#[derive(Debug)]
pub(crate) struct Started {
    process: Process,
    trust: Option<Trust>,
    tls: Option<Arc<ClientConfig>>,
    _location: TempDir,
}

impl Started {
    pub(crate) fn new(programs: &Programs, setup: &Setup) -> Result<Self, BenchError> {
        let location = tempfile::tempdir_in(&programs.folder)?;
        let trust = if setup.tls {
            Some(programs.certify(location.path())?)
        } else {
            None
        };
        let process = Process::start_command(&mut programs.command(setup, location.path()));
        let tls = trust.as_ref().map(Trust::config);
        let started = Self {
            process,
            trust,
            tls,
            _location: location,
        };
        started.create_queues(setup)?;
        started.fill(setup)?;
        Ok(started)
    }

    /// Ends the server, and tells how it ended and what it wrote on stderr.
    pub(crate) fn last_words(self) -> String {
        let ended = self.process.asked_to_end();
        format!("{}; {:?}", ended.status, ended.stderr)
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    pub(crate) const fn address(&self) -> std::net::SocketAddr {
        self.process.address
    }

    pub(crate) const fn tls(&self) -> Option<&Arc<ClientConfig>> {
        self.tls.as_ref()
    }

    fn create_queues(&self, setup: &Setup) -> Result<(), BenchError> {
        let mut client = match &self.trust {
            Some(trust) => Client::new(self.address()).over_tls(trust),
            None => self.process.client(),
        };
        let queues = (0..setup.queues).map(queue_name);
        for queue in queues.chain([BACKLOG.to_owned()]) {
            let create = Request::new("PUT", format!("/{ACCOUNT}/{queue}")).signed("2021-12-02");
            let answer = client.send(&create)?;
            if !matches!(answer.status, 201 | 204) {
                let what = format!("a queue was created with {}", answer.status);
                return Err(io::Error::other(what).into());
            }
        }
        Ok(())
    }

    fn fill(&self, setup: &Setup) -> Result<(), BenchError> {
        if setup.server == Server::Floor {
            return Ok(());
        }
        let requester = requester(self.address(), setup);
        let fill = |scripts, messages| {
            let length = Length::Requests(messages);
            let tls = self.tls.as_ref();
            drive(
                self.address(),
                tls,
                scripts,
                Pace::Closed,
                length,
                &mut || {},
            )
        };
        if setup.depth > 0 {
            let scripts = scripts(Workload::Put, FILLERS, setup, &requester);
            fill(scripts, setup.depth)?;
        }
        if setup.backlog > 0 {
            let script =
                |n| Script::new(Workload::Put, requester.clone(), [BACKLOG], setup.bytes, n);
            fill((0..FILLERS).map(script).collect(), setup.backlog)?;
        }
        Ok(())
    }
}

/// How many connections fill queues.
const FILLERS: usize = 64;

const BACKLOG: &str = "backlog";

fn queue_name(number: usize) -> String {
    format!("load-{number}")
}

pub(crate) fn requester(address: std::net::SocketAddr, setup: &Setup) -> Requester {
    let key = queuerite_testkit::KEY;
    Requester::new(address, ACCOUNT, key, setup.credential)
}

/// As many clients, among whom the queues are shared out.
pub(crate) fn scripts(
    workload: Workload,
    clients: usize,
    setup: &Setup,
    requester: &Requester,
) -> Vec<Script> {
    let of_client = |client: usize| {
        let first = client % setup.queues.max(1);
        let queues = (first..setup.queues.max(1)).step_by(clients.max(1));
        let requester = requester.clone();
        Script::new(
            workload,
            requester,
            queues.map(queue_name),
            setup.bytes,
            client,
        )
    };
    (0..clients).map(of_client).collect()
}
