//! The real binary, started on a port of its own and waited for by its line.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};

use crate::Client;

/// A server in a process of its own. It is killed when dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// The lines up to and including the queue service's ready line.
    pub lines: Vec<String>,
    /// Where the queue service listens.
    pub address: SocketAddr,
}

impl Process {
    /// Starts `program` and waits until its queue service says that it listens. Panics with
    /// what it wrote if it ends instead.
    pub fn start<S: AsRef<OsStr>>(
        program: impl AsRef<OsStr>,
        arguments: impl IntoIterator<Item = S>,
    ) -> Self {
        Self::start_command(Command::new(program).args(arguments))
    }

    /// As [`start`](Self::start), for a command that needs more than arguments.
    pub fn start_command(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut lines = Vec::new();
        let address = loop {
            let mut line = String::new();
            if stdout.read_line(&mut line).unwrap() == 0 {
                let mut errors = String::new();
                child
                    .stderr
                    .take()
                    .unwrap()
                    .read_to_string(&mut errors)
                    .unwrap();
                panic!("the server ended: {:?}\n{lines:?}\n{errors}", child.wait());
            }
            let line = line.trim_end().to_owned();
            lines.push(line.clone());
            let is_ready = line.contains("Queue service successfully listens on http://")
                || line.contains("Queue service is successfully listening at http://");
            if let Some((_, address)) = line.split_once("http://").filter(|_| is_ready) {
                break parse_address(address);
            }
        };
        Self {
            child,
            stdout,
            lines,
            address,
        }
    }

    /// Starts a persistent server on a location, with a free port.
    pub fn on_location(program: impl AsRef<OsStr>, location: &Path) -> Self {
        let arguments = ["--silent", "--queuePort", "0", "--location"].map(OsStr::new);
        Self::start(program, arguments.into_iter().chain([location.as_os_str()]))
    }

    /// A client of this server.
    pub fn client(&self) -> Client {
        Client::new(self.address)
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends the process at once, as a crash would.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends a signal by name, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(self.id().to_string())
            .status();
        assert!(status.unwrap().success());
    }

    /// Asks the process to end and waits until it has. What it still wrote on stdout comes along.
    pub fn terminate(mut self) -> (ExitStatus, Vec<String>) {
        self.signal("TERM");
        let rest = self.stdout.by_ref().lines().map(Result::unwrap).collect();
        (self.child.wait().unwrap(), rest)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command that is expected to end by itself.
pub fn run<S: AsRef<OsStr>>(
    program: impl AsRef<OsStr>,
    arguments: impl IntoIterator<Item = S>,
) -> Output {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// Reads an address as Azurite prints it: IPv6 has no brackets.
fn parse_address(text: &str) -> SocketAddr {
    let (host, port) = text.rsplit_once(':').unwrap();
    SocketAddr::new(host.parse().unwrap(), port.parse().unwrap())
}
