//! Where the connections of a service go that another server has.

use http::Uri;
use http::uri::Scheme;

use super::{Dialect, Endpoint, UsageError};

/// The server that a flag or else a variable names. A variable that is empty names none, and is
/// of no concern to a command without companions.
pub(super) fn proxy(
    dialect: Dialect,
    flag: &str,
    given: Option<String>,
    variable: &str,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<Endpoint>, UsageError> {
    let has_companions = dialect == Dialect::Azurite;
    if given.is_some() && !has_companions {
        let command = dialect.command();
        let line = format!("{flag} is for the command azurite: {command} has no such port");
        return Err(UsageError::new(line));
    }
    let (name, url) = match given {
        Some(url) => (flag, Some(url)),
        None => (variable, env(variable).filter(|url| !url.is_empty())),
    };
    let url = url.filter(|_| has_companions);
    url.map(|url| target(name, &url)).transpose()
}

fn target(name: &str, url: &str) -> Result<Endpoint, UsageError> {
    let wrong = |what: &str| UsageError::new(format!("{name} '{url}': {what}"));
    let uri = url.parse().ok().filter(|uri: &Uri| uri.scheme().is_some());
    let uri = uri.ok_or_else(|| wrong("a URL is expected, such as http://127.0.0.1:20000"))?;
    if uri.scheme() != Some(&Scheme::HTTP) {
        return Err(wrong(
            "connections are forwarded as they are, to an http:// URL alone",
        ));
    }
    if !matches!(
        uri.path_and_query().map_or("/", |path| path.as_str()),
        "/" | ""
    ) {
        return Err(wrong("it may have a host and a port, and no path"));
    }
    let host = uri.host().unwrap_or_default();
    if host.is_empty()
        || uri
            .authority()
            .is_some_and(|whole| whole.as_str().contains('@'))
    {
        return Err(wrong("it must have a host, and no user"));
    }
    match uri.port_u16() {
        Some(0) => Err(wrong("no server has the port 0")),
        port => Ok(Endpoint::new(host, port.unwrap_or(80))),
    }
}
