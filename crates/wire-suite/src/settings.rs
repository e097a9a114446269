//! What the runner says in its variables.

use std::env;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::Duration;

use queuerite_testkit::{Client, Trust};

/// Which server is meant, and what is wanted of a run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the server is.
    pub endpoint: Endpoint,
    /// The account.
    pub account: String,
    /// Its key.
    pub key: String,
    /// What the queues of this run begin with, `c<run>-`.
    pub prefix: String,
    /// How long what takes its time may take.
    pub patience: Duration,
    /// The numbers of the scenarios to run, such as `S300`; none means all.
    pub scenarios: Vec<String>,
    /// The directory for the report.
    pub reports: PathBuf,
    /// The file for the recording.
    pub record: Option<PathBuf>,
}

impl Settings {
    /// Reads the variables. There are no settings if other columns are wanted.
    pub fn from_environment() -> Result<Option<Self>, String> {
        Self::from_variables(|name| env::var(name).ok().filter(|value| !value.is_empty()))
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, String> {
        let list = |name| -> Vec<String> {
            let text: String = variable(name).unwrap_or_default();
            let items = text.split(',').map(|item| item.trim().to_owned());
            items.filter(|item| !item.is_empty()).collect()
        };
        let columns = list("COMPAT_COLUMNS");
        if !columns.is_empty() && !columns.iter().any(|column| column == COLUMN) {
            return Ok(None);
        }
        let needed = |name| variable(name).ok_or_else(|| format!("{name} is not set"));
        let authority = variable("COMPAT_CA").map(PathBuf::from);
        let patience = match variable("COMPAT_PATIENCE").as_deref() {
            None | Some("short") => PATIENCE_SHORT,
            Some("cloud") => PATIENCE_CLOUD,
            Some(other) => return Err(format!("COMPAT_PATIENCE is {other:?}")),
        };
        Ok(Some(Self {
            endpoint: Endpoint::parse(&needed("COMPAT_ENDPOINT")?, authority.as_deref())?,
            account: needed("COMPAT_ACCOUNT")?,
            key: needed("COMPAT_KEY")?,
            prefix: format!("c{}-", needed("COMPAT_RUN")?),
            patience,
            scenarios: list("COMPAT_SCENARIOS"),
            reports: needed("COMPAT_REPORTS")?.into(),
            record: variable("COMPAT_RECORD").map(PathBuf::from),
        }))
    }
}

/// The only column of this suite.
pub const COLUMN: &str = "wire";
/// A local server does at once what it is asked for.
const PATIENCE_SHORT: Duration = Duration::from_secs(2);
/// Policies and properties of the cloud may need 30 seconds.
const PATIENCE_CLOUD: Duration = Duration::from_secs(45);

/// A URL, in path style or in host style.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The whole URL, without a slash at its end.
    pub url: String,
    /// Host and port as the URL has them.
    pub authority: String,
    /// The path, `/account` in path style and empty in host style.
    pub path: String,
    host: String,
    port: u16,
    trust: Option<Trust>,
}

impl Endpoint {
    /// Reads a URL. For `https` the authority is the one in this PEM file, or else one of the
    /// system's.
    pub fn parse(url: &str, authority: Option<&Path>) -> Result<Self, String> {
        let invalid = || format!("{url:?} is no endpoint");
        let url = url.trim_end_matches('/');
        let (scheme, rest) = url.split_once("://").ok_or_else(invalid)?;
        let (place, path) = match rest.split_once('/') {
            Some((place, path)) => (place, format!("/{path}")),
            None => (rest, String::new()),
        };
        let default_port = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return Err(invalid()),
        };
        // The colons of an IPv6 address stand between brackets.
        let port_at = place.rfind(':').filter(|at| place.rfind(']') < Some(*at));
        let (host, port) = match port_at.and_then(|at| place.split_at_checked(at)) {
            Some((host, port)) => (
                host,
                port.trim_start_matches(':')
                    .parse()
                    .map_err(|_| invalid())?,
            ),
            None => (place, default_port),
        };
        let host = host.trim_matches(['[', ']']).to_owned();
        let trust = match scheme {
            "https" => {
                let system = || {
                    SYSTEM_AUTHORITIES
                        .iter()
                        .map(Path::new)
                        .find(|file| file.exists())
                };
                let file = authority.or_else(system);
                let trust = Trust::of(file.ok_or("no file with the system's authorities")?);
                let is_address = host.parse::<std::net::IpAddr>().is_ok();
                Some(if is_address {
                    trust
                } else {
                    trust.named(&host)
                })
            }
            _ => None,
        };
        Ok(Self {
            url: url.to_owned(),
            authority: place.to_owned(),
            path,
            host,
            port,
            trust,
        })
    }

    /// A client of the first address of this host that takes connections.
    pub fn client(&self) -> std::io::Result<Client> {
        // Not every system knows that names under `localhost` mean itself.
        let host = match self.host.rsplit_once('.') {
            Some((_, "localhost")) => "localhost",
            _ => &self.host,
        };
        let addresses = (host, self.port).to_socket_addrs()?;
        let mut answers = addresses.map(|address| TcpStream::connect(address).map(|_| address));
        let first = answers.find(Result::is_ok);
        let address: SocketAddr =
            first.unwrap_or_else(|| Err(std::io::ErrorKind::ConnectionRefused.into()))?;
        let client = Client::new(address);
        Ok(match &self.trust {
            Some(trust) => client.over_tls(trust),
            None => client,
        })
    }
}

/// Where systems keep whom they trust.
const SYSTEM_AUTHORITIES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(name: &str) -> Option<String> {
        let value = match name {
            "COMPAT_ENDPOINT" => "http://127.0.0.1:41234/devstoreaccount1/",
            "COMPAT_ACCOUNT" => "devstoreaccount1",
            "COMPAT_KEY" => "a2V5",
            "COMPAT_RUN" => "7a",
            "COMPAT_REPORTS" => "/reports",
            "COMPAT_SCENARIOS" => "S300, S301",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn the_variables_are_read() {
        let settings = Settings::from_variables(variables).unwrap().unwrap();
        assert_eq!(
            settings.endpoint.url,
            "http://127.0.0.1:41234/devstoreaccount1"
        );
        assert_eq!(settings.prefix, "c7a-");
        assert_eq!(settings.scenarios, ["S300", "S301"]);
        assert_eq!(settings.patience, PATIENCE_SHORT);
        assert!(settings.record.is_none());
    }

    #[test]
    fn a_variable_that_is_missing_is_named() {
        let without = |name: &str| variables(name).filter(|_| name != "COMPAT_KEY");
        let error = Settings::from_variables(without).unwrap_err();
        assert_eq!(error, "COMPAT_KEY is not set");
    }

    #[test]
    fn other_columns_want_nothing_of_this_suite() {
        let with = |columns: &str| {
            let columns = columns.to_owned();
            Settings::from_variables(move |name| match name {
                "COMPAT_COLUMNS" => Some(columns.clone()),
                _ => variables(name),
            })
        };
        assert!(with("python-12.18.1").unwrap().is_none());
        assert!(with("python-12.18.1,wire").unwrap().is_some());
    }

    #[test]
    fn an_endpoint_is_read_in_either_style() {
        for (url, authority, path, host, port) in [
            (
                "http://127.0.0.1:1/acct",
                "127.0.0.1:1",
                "/acct",
                "127.0.0.1",
                1,
            ),
            (
                "http://a.queue.example",
                "a.queue.example",
                "",
                "a.queue.example",
                80,
            ),
            ("http://[::1]:2/acct/", "[::1]:2", "/acct", "::1", 2),
            ("http://[::1]/acct", "[::1]", "/acct", "::1", 80),
        ] {
            let endpoint = Endpoint::parse(url, None).unwrap();
            assert_eq!(endpoint.authority, authority);
            assert_eq!(endpoint.path, path);
            assert_eq!((endpoint.host.as_str(), endpoint.port), (host, port));
        }
        for url in ["127.0.0.1:1", "ftp://a", "http://a:x"] {
            assert!(Endpoint::parse(url, None).is_err(), "{url}");
        }
    }
}
