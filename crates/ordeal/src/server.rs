//! A server's process, started by its command line and ended by a signal.

use std::fs::{self, File, OpenOptions};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A command line with places to be filled in, such as `{location}` and `{port}`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Template(Vec<String>);

impl Template {
    /// The command line of these words, whatever places it has.
    pub const fn of(words: Vec<String>) -> Self {
        Self(words)
    }

    /// Reads the command line of a server: words between spaces.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::with_places(text, &["{location}", "{port}"])
    }

    /// Reads the command line of a compaction.
    pub fn parse_on_location(text: &str) -> Result<Self, String> {
        Self::with_places(text, &["{location}"])
    }

    /// Reads the command line of an export or an import.
    pub fn parse_with_file(text: &str) -> Result<Self, String> {
        Self::with_places(text, &["{location}", "{file}"])
    }

    fn with_places(text: &str, places: &[&str]) -> Result<Self, String> {
        for place in places {
            if !text.contains(place) {
                return Err(format!("the command line has no {place}: {text}"));
            }
        }
        Ok(Self(text.split_whitespace().map(Into::into).collect()))
    }

    fn command(&self, location: &Path, port: u16, file: &Path) -> Command {
        let mut words = self.0.iter().map(|word| {
            word.replace("{location}", &location.to_string_lossy())
                .replace("{port}", &port.to_string())
                .replace("{file}", &file.to_string_lossy())
        });
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words);
        command
    }
}

/// A server in a process group of its own, which is killed when this is dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Where it listens, or will.
    pub address: SocketAddr,
}

impl Server {
    /// Starts a server on a location without waiting for it. What it writes goes to `log`, and
    /// its process id into a file beside it, for whoever cleans up after us.
    pub fn spawn(template: &Template, location: &Path, port: u16, log: &Path) -> Self {
        Self::spawn_command(template, location, port, Path::new(""), log)
    }

    /// Starts a command that is no server, likewise.
    pub(crate) fn run(template: &Template, location: &Path, file: &Path, log: &Path) -> Self {
        Self::spawn_command(template, location, 0, file, log)
    }

    fn spawn_command(
        template: &Template,
        location: &Path,
        port: u16,
        file: &Path,
        log: &Path,
    ) -> Self {
        fs::create_dir_all(location).unwrap();
        let pid_file = log.with_extension("pid");
        let log = OpenOptions::new().create(true).append(true).open(log);
        let log: File = log.unwrap();
        let child = template
            .command(location, port, file)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {template:?}: {error}"));
        fs::write(pid_file, child.id().to_string()).unwrap();
        Self {
            child,
            address: (Ipv4Addr::LOCALHOST, port).into(),
        }
    }

    /// Starts a server on a location and waits until it listens. If it ends instead, or never
    /// listens, this is how. If somebody else took the port meanwhile, it gets another.
    pub fn start(
        template: &Template,
        location: &Path,
        port: u16,
        log: &Path,
    ) -> Result<Self, String> {
        let started = Self::start_once(template, location, port, log);
        match started {
            Err(_) if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_err() => {
                Self::start_once(template, location, free_port(), log)
            }
            _ => started,
        }
    }

    fn start_once(
        template: &Template,
        location: &Path,
        port: u16,
        log: &Path,
    ) -> Result<Self, String> {
        let mut server = Self::spawn(template, location, port, log);
        let start = Instant::now();
        while !server.listens() {
            if let Some(status) = server.child.try_wait().unwrap() {
                return Err(format!("it ended with {status}:\n{}", tail(log)));
            }
            if start.elapsed() > START_TIME_MAX {
                return Err(format!("it does not listen:\n{}", tail(log)));
            }
            thread::sleep(Duration::from_millis(2));
        }
        Ok(server)
    }

    /// Whether its port answers, and it is this server that does. While nobody listens, a
    /// connection may meet itself; and while a server takes its time to start, another program
    /// may be given the port.
    fn listens(&self) -> bool {
        TcpStream::connect(self.address).is_ok() && is_of_group(self.address, self.child.id())
    }

    /// Ends it at once, as a crash would.
    pub fn kill(mut self) {
        self.end();
    }

    /// Sends it a signal by name, such as `TERM`, and waits until it has ended. If it does not
    /// it is killed, and there is no status.
    pub fn end_by(self, signal: &str) -> Option<ExitStatus> {
        self.signal(signal);
        self.wait(END_TIME_MAX)
    }

    /// Waits for so long until it has ended. If it does not it is killed, and there is no status.
    pub(crate) fn wait(mut self, time_max: Duration) -> Option<ExitStatus> {
        let start = Instant::now();
        while start.elapsed() < time_max {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            thread::sleep(Duration::from_millis(1).min(time_max));
        }
        None
    }

    /// Stops all its threads where they are, and waits until they have stopped.
    pub fn freeze(&self) {
        self.signal("STOP");
        let tasks = format!("/proc/{}/task", self.child.id());
        let start = Instant::now();
        while !fs::read_dir(&tasks).unwrap().all(|task| {
            let stat = fs::read_to_string(task.unwrap().path().join("stat"));
            // The state comes after the name, which is in parentheses.
            stat.is_ok_and(|stat| {
                stat.rsplit(") ")
                    .next()
                    .is_some_and(|rest| rest.starts_with('T'))
            })
        }) {
            assert!(start.elapsed() < START_TIME_MAX, "it does not stop");
            thread::sleep(Duration::from_micros(200));
        }
    }

    /// To the whole group, as a server may be a command that starts others.
    pub(crate) fn signal(&self, name: &str) {
        let group = format!("-{}", self.child.id());
        let status = Command::new("kill")
            .args([&format!("-{name}"), "--", &group])
            .stderr(Stdio::null())
            .status();
        let _ = status.unwrap();
    }

    fn end(&mut self) {
        if self.child.try_wait().unwrap().is_none() {
            self.signal("KILL");
            let _ = self.child.kill();
            self.child.wait().unwrap();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// Whether a process of this group listens at a port.
fn is_of_group(address: SocketAddr, group: u32) -> bool {
    let sockets = listening_sockets(address.port());
    let is_one = |file: &PathBuf| sockets.iter().any(|socket| file == Path::new(socket));
    processes_of_group(group).iter().any(|process| {
        let files = fs::read_dir(process.join("fd")).into_iter().flatten();
        let mut files = files.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
        files.any(|file| is_one(&file))
    })
}

/// The sockets that listen at a port, as `/proc` calls the files of a process.
fn listening_sockets(port: u16) -> Vec<String> {
    let port = format!(":{port:04X}");
    let table = ["/proc/net/tcp", "/proc/net/tcp6"].map(fs::read_to_string);
    let lines = table.iter().flatten().flat_map(|table| table.lines());
    lines
        .filter_map(|line| {
            let mut fields = line.split_whitespace().skip(1);
            let (local, state) = (fields.next()?, fields.nth(1)?);
            let inode = fields.nth(5)?;
            let is_here = local.ends_with(&port) && state == LISTENS;
            is_here.then(|| format!("socket:[{inode}]"))
        })
        .collect()
}

/// The state of a listening socket in `/proc/net/tcp`.
const LISTENS: &str = "0A";

/// The directories in `/proc` of all processes of a group.
fn processes_of_group(group: u32) -> Vec<PathBuf> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let paths = processes.map(|process| process.path());
    paths
        .filter(|path| {
            let stat = fs::read_to_string(path.join("stat")).unwrap_or_default();
            group_in(&stat) == Some(group)
        })
        .collect()
}

/// The group of a process. Its name comes first, in parentheses; then state, parent and group.
fn group_in(stat: &str) -> Option<u32> {
    let (_, fields) = stat.rsplit_once(") ")?;
    fields.split(' ').nth(2)?.parse().ok()
}

/// A port that nobody has at the moment.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

const START_TIME_MAX: Duration = Duration::from_mins(1);
const END_TIME_MAX: Duration = Duration::from_secs(15);

/// The last lines of a log.
pub(crate) fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(10)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_not_taken_for_another_that_has_its_port() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let directory = std::env::temp_dir().join(format!("server-{}", std::process::id()));
        let template = Template::parse("env LOCATION={location} PORT={port} sleep 60").unwrap();
        let log = directory.join("log");
        fs::create_dir(&directory).unwrap();
        let server = Server::spawn(&template, &directory, address.port(), &log);
        assert!(!server.listens());
        let stat = fs::read_to_string("/proc/self/stat").unwrap();
        let group = group_in(&stat).unwrap();
        assert!(is_of_group(address, group));
        assert!(!is_of_group(server.address, server.child.id()));
        drop(listener);
        assert!(!is_of_group(address, group));
        fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn a_command_line_names_location_and_port() {
        assert!(Template::parse("server --location {location}").is_err());
        let template = Template::parse("server --location {location} --port {port}").unwrap();
        let command = template.command(Path::new("/a b"), 7, Path::new(""));
        let arguments: Vec<_> = command.get_args().collect();
        assert_eq!(arguments, ["--location", "/a b", "--port", "7"]);
    }
}
