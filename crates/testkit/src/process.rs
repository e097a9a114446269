//! The real binary, started on a port of its own and waited for by its line.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::Client;

/// A server in a process of its own. It is killed when dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
    /// The lines of stdout that were read, at first those up to and including the queue
    /// service's ready line.
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
        // Both are read all the time: a full pipe would hold up the server.
        let stdout = lines_of(child.stdout.take().unwrap());
        let stderr = lines_of(child.stderr.take().unwrap());
        let mut process = Self {
            child,
            stdout,
            stderr,
            lines: Vec::new(),
            address: SocketAddr::from(([0, 0, 0, 0], 0)),
        };
        process.address = loop {
            let Some(line) = process.next_line() else {
                let errors: Vec<_> = process.stderr.iter().collect();
                let (status, lines) = (process.child.wait(), &process.lines);
                panic!("the server ended: {status:?}\n{lines:?}\n{errors:?}");
            };
            let is_ready = line.contains("Queue service successfully listens on http")
                || line.contains("Queue service is successfully listening at http");
            if let Some((_, address)) = line.split_once("://").filter(|_| is_ready) {
                break parse_address(address);
            }
        };
        process
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

    /// Waits for the next line on stdout; there is none once stdout is closed.
    pub fn next_line(&mut self) -> Option<String> {
        let line = receive(&self.stdout)?;
        self.lines.push(line.clone());
        Some(line)
    }

    /// Waits for a line on stdout that contains this, and returns it.
    pub fn line_with(&mut self, what: &str) -> String {
        loop {
            match self.next_line() {
                Some(line) if line.contains(what) => return line,
                Some(_) => {}
                None => panic!("no line with {what:?} in {:#?}", self.lines),
            }
        }
    }

    /// Waits for a line on stderr that contains this, and returns it.
    pub fn error_with(&mut self, what: &str) -> String {
        let mut others = Vec::new();
        loop {
            match receive(&self.stderr) {
                Some(line) if line.contains(what) => return line,
                Some(line) => others.push(line),
                None => panic!("no line with {what:?} on stderr, but {others:#?}"),
            }
        }
    }

    /// Ends the process at once, as a crash would.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends a signal by name, such as `TERM`.
    pub fn signal(&self, name: &str) {
        signal(self.id(), name);
    }

    /// Asks the process to end and waits until it has. What it still wrote on stdout comes along.
    pub fn terminate(self) -> (ExitStatus, Vec<String>) {
        let ended = self.asked_to_end();
        (ended.status, ended.stdout)
    }

    /// As [`terminate`](Self::terminate), with all that it left behind.
    pub fn asked_to_end(self) -> Ended {
        self.signal("TERM");
        self.wait()
    }

    /// Waits until the process has ended.
    pub fn wait(mut self) -> Ended {
        let stdout = std::iter::from_fn(|| receive(&self.stdout)).collect();
        let stderr = std::iter::from_fn(|| receive(&self.stderr)).collect();
        let status = wait(&mut self.child);
        Ended {
            status,
            stdout,
            stderr,
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a process left behind.
#[derive(Debug)]
pub struct Ended {
    /// How it ended.
    pub status: ExitStatus,
    /// The lines on stdout that nobody had read.
    pub stdout: Vec<String>,
    /// The lines on stderr that nobody had read.
    pub stderr: Vec<String>,
}

/// Runs a command that is expected to end by itself.
pub fn run<S: AsRef<OsStr>>(
    program: impl AsRef<OsStr>,
    arguments: impl IntoIterator<Item = S>,
) -> Output {
    run_command(Command::new(program).args(arguments))
}

/// As [`run`], for a command that needs more than arguments. One that does not end is killed,
/// and the test with it.
pub fn run_command(command: &mut Command) -> Output {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = bytes_of(child.stdout.take().unwrap());
    let stderr = bytes_of(child.stderr.take().unwrap());
    let status = wait(&mut child);
    Output {
        status,
        stdout: stdout.join().unwrap(),
        stderr: stderr.join().unwrap(),
    }
}

/// Sends a signal by name to the process of this id.
fn signal(id: u32, name: &str) {
    let status = Command::new("kill")
        .arg(format!("-{name}"))
        .arg(id.to_string())
        .status();
    assert!(status.unwrap().success());
}

/// Waits until a child has ended; one that does not is killed.
fn wait(child: &mut Child) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if start.elapsed() > PATIENCE {
            let _ = child.kill();
            panic!("the process has not ended after {PATIENCE:?}");
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// What does not happen within this time never will.
const PATIENCE: Duration = Duration::from_mins(1);

fn receive(lines: &Receiver<String>) -> Option<String> {
    match lines.recv_timeout(PATIENCE) {
        Ok(line) => Some(line),
        Err(RecvTimeoutError::Disconnected) => None,
        Err(RecvTimeoutError::Timeout) => panic!("nothing was written for {PATIENCE:?}"),
    }
}

fn lines_of(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (send, lines) = channel();
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines() {
            let Ok(line) = line else { break };
            if send.send(line).is_err() {
                break;
            }
        }
    });
    lines
}

fn bytes_of(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).unwrap();
        bytes
    })
}

/// Reads an address as Azurite prints it: IPv6 has no brackets.
fn parse_address(text: &str) -> SocketAddr {
    let (host, port) = text.rsplit_once(':').unwrap();
    SocketAddr::new(host.parse().unwrap(), port.parse().unwrap())
}
