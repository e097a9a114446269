//! The names and addresses that a certificate is for.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A name or an address by which clients know the server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Name {
    /// A host name; its first label may be `*`.
    Dns(String),
    /// An address.
    Ip(IpAddr),
}

impl Name {
    /// Those of every certificate: this machine as it sees itself, as its containers see it, and
    /// the host names that carry an account.
    pub(super) fn usual() -> Vec<Self> {
        vec![
            Self::Dns("localhost".to_owned()),
            Self::Ip(Ipv4Addr::LOCALHOST.into()),
            Self::Ip(Ipv6Addr::LOCALHOST.into()),
            Self::Dns("host.docker.internal".to_owned()),
            // Named beside the pattern that covers it, for clients that do not take patterns.
            Self::Dns("devstoreaccount1.queue.localhost".to_owned()),
            Self::Dns("*.queue.localhost".to_owned()),
        ]
    }

    /// Reads a name; says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']'));
        if let Ok(address) = bare.unwrap_or(text).parse() {
            return Ok(Self::Ip(address));
        }
        if text.contains("://") || text.contains('/') {
            return Err("a name or an address is expected, not a URL");
        }
        if text.contains(':') {
            return Err("a name or an address is expected, without a port");
        }
        if !text.is_ascii() {
            return Err("a name is written in ASCII; others have a form that begins with xn--");
        }
        let host = text.strip_suffix('.').unwrap_or(text);
        let labels = host.strip_prefix("*.").unwrap_or(host);
        let is_pattern = labels.len() < host.len();
        if is_pattern && !labels.contains('.') {
            return Err("no client accepts a pattern for all names of a top-level domain");
        }
        if host.len() > NAME_BYTES_MAX || !labels.split('.').all(is_label) {
            return Err("a host name is expected, such as queues.example, or an address");
        }
        let numeric = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
        if labels.rsplit('.').next().is_some_and(numeric) {
            return Err("this looks like an address and is none");
        }
        Ok(Self::Dns(host.to_ascii_lowercase()))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => f.write_str(name),
            Self::Ip(address) => address.fmt(f),
        }
    }
}

/// The underscore is no letter of host names, but services of container networks have it.
fn is_label(label: &str) -> bool {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=LABEL_BYTES_MAX).contains(&label.len())
        && label.bytes().all(is_legal)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

const NAME_BYTES_MAX: usize = 253;
const LABEL_BYTES_MAX: usize = 63;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_told_apart() {
        for (text, expected) in [
            ("queues", Name::Dns("queues".into())),
            ("Queues.Example.", Name::Dns("queues.example".into())),
            ("my_service", Name::Dns("my_service".into())),
            ("*.queues.example", Name::Dns("*.queues.example".into())),
            ("10.0.0.7", Name::Ip([10, 0, 0, 7].into())),
            ("::1", Name::Ip(Ipv6Addr::LOCALHOST.into())),
            ("[::1]", Name::Ip(Ipv6Addr::LOCALHOST.into())),
        ] {
            assert_eq!(Name::parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused_with_its_reason() {
        let long_label = "x".repeat(64);
        let long_name = ["x"; 128].join(".");
        for (text, reason) in [
            ("", "a host name is expected"),
            ("two words", "a host name is expected"),
            ("a..b", "a host name is expected"),
            ("-a", "a host name is expected"),
            ("a-", "a host name is expected"),
            ("a.*.b", "a host name is expected"),
            ("*", "a host name is expected"),
            (&long_label, "a host name is expected"),
            (&long_name, "a host name is expected"),
            ("*.localhost", "no client accepts"),
            ("https://localhost", "not a URL"),
            ("localhost/x", "not a URL"),
            ("localhost:10001", "without a port"),
            ("[::1]:10001", "without a port"),
            ("grüße.example", "xn--"),
            ("10.0.0.256", "looks like an address"),
            ("10.0", "looks like an address"),
        ] {
            let error = Name::parse(text).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn the_usual_names_are_names() {
        for name in Name::usual() {
            assert_eq!(Name::parse(&name.to_string()), Ok(name));
        }
    }
}
