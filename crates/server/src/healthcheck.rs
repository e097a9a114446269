//! `queuerite healthcheck`: whether the server on this machine carries out commands, as an exit
//! code. An image without a shell has nothing else to ask with.

use std::ffi::OsString;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpStream, ToSocketAddrs};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use crate::config::{Config, Endpoint, Parsed, UsageError};
use crate::console::complain;

/// A question to the server at this endpoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HealthCheck(Endpoint);

impl HealthCheck {
    /// Reads the words after `queuerite healthcheck`: flags of the server. Without any, they are
    /// those of the container's first process, if that is a server; so the health check of an
    /// image fits whatever command its container runs.
    pub(crate) fn parse(
        words: &[OsString],
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Parsed, UsageError> {
        let flags_of_server = || {
            let words = command_line_of_first_process()?;
            match Config::from_arguments(words.into_iter(), env) {
                Ok(Parsed::Run(config)) => Some(config),
                _ => None,
            }
        };
        let first = words.is_empty().then(flags_of_server).flatten();
        let config = if let Some(config) = first {
            config
        } else {
            let name = OsString::from("azurite");
            let all = std::iter::once(&name).chain(words).cloned();
            match Config::from_arguments(all, env)? {
                Parsed::Run(config) => config,
                other => return Ok(other),
            }
        };
        if config.queue.port == 0 {
            return Err(UsageError::new(
                "the port of the server is not known: it chose one itself",
            ));
        }
        Ok(Parsed::CheckHealth(Self(config.queue)))
    }

    /// Asks, and says on stderr why not if the answer is no.
    pub fn run(&self) -> ExitCode {
        let Endpoint { host, port } = &self.0;
        match self.ask() {
            Ok(status) if status.contains(" 200 ") => ExitCode::SUCCESS,
            Ok(status) => {
                complain(&format!("queuerite: not ready: {}", status.trim()));
                ExitCode::FAILURE
            }
            Err(error) => {
                complain(&format!("queuerite: no answer from {host}:{port}: {error}"));
                ExitCode::FAILURE
            }
        }
    }

    /// The status line of the answer. A server that speaks TLS answers this one question without.
    fn ask(&self) -> io::Result<String> {
        let Endpoint { host, port } = &self.0;
        let mut addresses = (host.as_str(), *port).to_socket_addrs()?;
        let mut address = addresses.next().ok_or(io::ErrorKind::NotFound)?;
        // Where it listens on all addresses, one is as good as another.
        match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        let mut stream = TcpStream::connect_timeout(&address, ANSWER_TIME_MAX)?;
        stream.set_read_timeout(Some(ANSWER_TIME_MAX))?;
        stream.write_all(
            b"GET /_queuerite/ready HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
        )?;
        let mut status = String::new();
        BufReader::new(stream).read_line(&mut status)?;
        Ok(status)
    }
}

/// A server that has not answered by then is not well.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(2);

/// The command line of the first process that one can see, if that is this program.
fn command_line_of_first_process() -> Option<Vec<OsString>> {
    let line = fs::read("/proc/1/cmdline").ok()?;
    let line = String::from_utf8(line).ok()?;
    let words: Vec<OsString> = line.split_terminator('\0').map(Into::into).collect();
    let program = Path::new(words.first()?).file_name()?.to_str()?;
    matches!(program, "queuerite" | "azurite-queue" | "azurite").then_some(words)
}
