//! Which account, queue or message a URL names. REST page "Addressing Queue Service resources".

use std::net::Ipv4Addr;

use queuerite_model::{AccountName, QueueName, QueueNameError};

use crate::WireError;
use crate::query::percent_decoded;

/// What the host and the path of a request name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resource {
    /// The account, which is served here.
    pub account: AccountName,
    /// Whether the secondary endpoint was addressed.
    pub is_secondary: bool,
    /// Where the account was named.
    pub style: Style,
    /// What is meant within the account.
    pub path: ResourcePath,
}

/// Where a URL names its account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// In the first label of the host: `http://account.queue.core.windows.net/`.
    Host,
    /// In the first segment of the path: `http://127.0.0.1:10001/account`.
    Path,
}

/// What is named within an account. The segments are decoded and not yet judged: a bad queue
/// name is reported after a bad signature.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ResourcePath {
    /// `/`
    Service,
    /// `/queue`
    Queue {
        /// What should be the name of a queue.
        queue: String,
    },
    /// `/queue/messages`
    Messages {
        /// What should be the name of a queue.
        queue: String,
    },
    /// `/queue/messages/message`
    Message {
        /// What should be the name of a queue.
        queue: String,
        /// What should be the id of a message.
        message: String,
    },
    /// A shape that no resource has. Who is not believed does not learn even that.
    Unknown,
}

/// How URLs may name their account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Addressing {
    /// Whether the host may; the path always may.
    pub host_style: bool,
}

impl Resource {
    /// Finds what a request names, given its `Host`, its path as it was sent, and which account
    /// names are served.
    ///
    /// The host names the account only if its first label is that of an account. So containers
    /// and clusters may call this server what they like, which would otherwise read as the
    /// account `my` of `my.queues.local`.
    pub fn locate(
        host: Option<&str>,
        raw_path: &str,
        accounts: &dyn Fn(&str) -> bool,
        addressing: Addressing,
    ) -> Result<Self, WireError> {
        let mut segments = segments(raw_path)?;
        let in_host = host
            .filter(|_| addressing.host_style)
            .and_then(|host| account_of_host(host, accounts));
        if let Some((account, is_secondary)) = in_host {
            return Ok(Self {
                account,
                is_secondary,
                style: Style::Host,
                path: ResourcePath::of(segments)?,
            });
        }

        let first = segments.next().ok_or(WireError::UnknownAccount)?;
        let (account, is_secondary) = account_of_segment(&percent_decoded(first)?, accounts)?;
        // Clients that derive the secondary's address write the account once more behind it.
        if is_secondary && segments.clone().next() == Some(account.as_str()) {
            segments.next();
        }
        Ok(Self {
            account,
            is_secondary,
            style: Style::Path,
            path: ResourcePath::of(segments)?,
        })
    }

    /// The base address of the account as the client wrote it, ending in a slash: the
    /// `ServiceEndpoint` of List Queues. `host` is the `Host` of the request, with its port.
    pub fn service_endpoint(&self, scheme: &str, host: &str) -> String {
        let Self { account, .. } = self;
        match (self.style, self.is_secondary) {
            (Style::Host, _) => format!("{scheme}://{host}/"),
            (Style::Path, false) => format!("{scheme}://{host}/{account}/"),
            (Style::Path, true) => format!("{scheme}://{host}/{account}{SECONDARY}/"),
        }
    }
}

impl ResourcePath {
    /// What should be the name of a queue, if one is named.
    pub(crate) fn queue(&self) -> Option<&str> {
        match self {
            Self::Service | Self::Unknown => None,
            Self::Queue { queue } | Self::Messages { queue } | Self::Message { queue, .. } => {
                Some(queue)
            }
        }
    }

    /// The queue, if one is named and its name is a possible one; an error too if the path has
    /// the shape of nothing.
    pub fn queue_name(&self) -> Result<Option<QueueName>, WireError> {
        match self {
            Self::Service => Ok(None),
            Self::Unknown => Err(WireError::UnknownResource),
            Self::Queue { queue } | Self::Messages { queue } | Self::Message { queue, .. } => {
                queue_name(queue).map(Some)
            }
        }
    }

    fn of<'a>(segments: impl Iterator<Item = &'a str>) -> Result<Self, WireError> {
        let segments: Vec<String> = segments.map(percent_decoded).collect::<Result<_, _>>()?;
        if segments.iter().any(String::is_empty) {
            return Ok(Self::Unknown);
        }
        let mut segments = segments.into_iter();
        let parts = [(); 4].map(|()| segments.next());
        match parts {
            [None, ..] => Ok(Self::Service),
            [Some(queue), None, ..] => Ok(Self::Queue { queue }),
            [Some(queue), Some(word), None, _] if word == MESSAGES => Ok(Self::Messages { queue }),
            [Some(queue), Some(word), Some(message), None] if word == MESSAGES => {
                Ok(Self::Message { queue, message })
            }
            _ => Ok(Self::Unknown),
        }
    }
}

/// Reads a decoded segment as the name of a queue.
pub fn queue_name(text: &str) -> Result<QueueName, WireError> {
    QueueName::parse(text).map_err(|error| match error {
        QueueNameError::Length => WireError::QueueNameLength,
        QueueNameError::Characters => WireError::QueueNameCharacters,
    })
}

/// The segments of a path, still encoded: an escaped slash is part of a name. One slash at the
/// end names nothing.
fn segments(raw_path: &str) -> Result<impl Iterator<Item = &str> + Clone, WireError> {
    let path = match raw_path.strip_prefix('/') {
        Some(path) => path,
        None if raw_path.is_empty() => "",
        None => return Err(WireError::UnknownResource),
    };
    let count = path.strip_suffix('/').unwrap_or(path).split('/').count();
    let count = if path.is_empty() { 0 } else { count };
    Ok(path.split('/').take(count))
}

/// The account that a host names, and whether its secondary is meant.
fn account_of_host(host: &str, accounts: &dyn Fn(&str) -> bool) -> Option<(AccountName, bool)> {
    // Of an IPv6 literal this leaves a bracket, which is no label.
    let (name, _port) = host.split_once(':').unwrap_or((host, ""));
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.parse::<Ipv4Addr>().is_ok() {
        return None;
    }
    let (label, _domain) = name.split_once('.')?;
    // Hosts compare without regard to case. Account names do not, but are nearly always lower.
    let known = |label: &str| {
        [label, &label.to_ascii_lowercase()]
            .into_iter()
            .find_map(|name| known_account(name, accounts))
    };
    HOST_SUFFIXES.iter().find_map(|(suffix, is_secondary)| {
        let (account, rest) = label.split_at_checked(label.len().checked_sub(suffix.len())?)?;
        let fits = rest.eq_ignore_ascii_case(suffix);
        Some((known(account).filter(|_| fits)?, *is_secondary))
    })
}

/// The account that the first segment of a path names, and whether its secondary is meant.
fn account_of_segment(
    segment: &str,
    accounts: &dyn Fn(&str) -> bool,
) -> Result<(AccountName, bool), WireError> {
    let primary = || Some((known_account(segment, accounts)?, false));
    let secondary = || {
        let account = segment.strip_suffix(SECONDARY)?;
        Some((known_account(account, accounts)?, true))
    };
    primary()
        .or_else(secondary)
        .ok_or(WireError::UnknownAccount)
}

fn known_account(name: &str, accounts: &dyn Fn(&str) -> bool) -> Option<AccountName> {
    let account = AccountName::parse(name).ok()?;
    accounts(name).then_some(account)
}

const MESSAGES: &str = "messages";

/// What follows an account's name where its secondary is meant.
pub(crate) const SECONDARY: &str = "-secondary";

/// What may follow an account's name in the first label of a host, and whether it means the
/// secondary. An account may itself be called so, and then comes first.
const HOST_SUFFIXES: [(&str, bool); 6] = [
    ("", false),
    (SECONDARY, true),
    ("-secondary-ipv6", true),
    ("-secondary-dualstack", true),
    ("-ipv6", false),
    ("-dualstack", false),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ADDRESSING: Addressing = Addressing { host_style: true };

    fn is_account(name: &str) -> bool {
        ["devstoreaccount1", "acct", "127", "a-ipv6", "Mixed"].contains(&name)
    }

    fn locate(host: &str, path: &str) -> Result<Resource, WireError> {
        Resource::locate(Some(host), path, &is_account, ADDRESSING)
    }

    #[track_caller]
    fn check_account(host: &str, path: &str, account: &str, is_secondary: bool, style: Style) {
        let resource = locate(host, path).unwrap();
        assert_eq!(resource.account.as_str(), account, "{host} {path}");
        assert_eq!(resource.is_secondary, is_secondary, "{host} {path}");
        assert_eq!(resource.style, style, "{host} {path}");
        let queue = ResourcePath::Queue { queue: "q".into() };
        assert_eq!(resource.path, queue, "{host} {path}");
    }

    #[track_caller]
    fn refused(host: &str, path: &str, error: WireError) {
        assert_eq!(locate(host, path), Err(error), "{host} {path}");
    }

    #[test]
    fn the_first_label_of_a_host_may_be_an_account() {
        for (host, account, is_secondary) in [
            ("acct.queue.core.windows.net", "acct", false),
            ("acct.queue.core.windows.net:443", "acct", false),
            ("acct-secondary.queue.core.windows.net", "acct", true),
            ("acct.z07.queue.storage.azure.net", "acct", false),
            ("acct-secondary.z07.queue.storage.azure.net", "acct", true),
            ("acct-ipv6.queue.core.windows.net", "acct", false),
            ("acct-dualstack.queue.core.windows.net", "acct", false),
            ("acct-secondary-ipv6.queue.core.windows.net", "acct", true),
            (
                "acct-secondary-dualstack.queue.core.windows.net",
                "acct",
                true,
            ),
            ("acct.queue.core.usgovcloudapi.net", "acct", false),
            ("acct.queue.core.chinacloudapi.cn", "acct", false),
            ("acct.queue.core.cloudapi.de", "acct", false),
            (
                "devstoreaccount1.queue.localhost",
                "devstoreaccount1",
                false,
            ),
            (
                "devstoreaccount1.localhost:10001",
                "devstoreaccount1",
                false,
            ),
            (
                "devstoreaccount1-secondary.queue.core.localhost",
                "devstoreaccount1",
                true,
            ),
            ("DEVSTOREACCOUNT1.localhost", "devstoreaccount1", false),
            ("Acct-Secondary.localhost", "acct", true),
            ("a-ipv6.localhost", "a-ipv6", false),
            ("Mixed.localhost", "Mixed", false),
            ("acct.localhost.", "acct", false),
        ] {
            check_account(host, "/q", account, is_secondary, Style::Host);
        }
    }

    #[test]
    fn any_other_host_leaves_the_account_to_the_path() {
        for host in [
            "127.0.0.1:10001",
            "127.0.0.1",
            "127.0.0.1.",
            "localhost",
            "localhost:10001",
            "azurite",
            "devstoreaccount1",
            "devstoreaccount1:10001",
            "devstoreaccount1.",
            "[::1]",
            "[::1]:10001",
            "[::ffff:127.0.0.1]:10001",
            "host.docker.internal",
            "gateway.docker.internal:10001",
            "my.azurite.local",
            "queues.default.svc.cluster.local",
            "999.999.999.999",
            ".localhost",
            "",
            ":",
            "é.localhost",
        ] {
            for (path, is_secondary) in [
                ("/devstoreaccount1/q", false),
                ("/devstoreaccount1-secondary/q", true),
                ("/devstoreaccount1-secondary/devstoreaccount1/q", true),
                ("/%64evstoreaccount1/q", false),
            ] {
                check_account(host, path, "devstoreaccount1", is_secondary, Style::Path);
            }
        }
    }

    #[test]
    fn without_a_host_or_host_style_the_path_names_the_account() {
        let path = "/acct/q";
        let none = Resource::locate(None, path, &is_account, ADDRESSING).unwrap();
        assert_eq!(none.style, Style::Path);
        let addressing = Addressing { host_style: false };
        let host = Some("acct.queue.localhost");
        let off = Resource::locate(host, path, &is_account, addressing).unwrap();
        assert_eq!(off, none);
    }

    #[test]
    fn an_account_that_is_not_served_is_refused() {
        for path in [
            "",
            "/",
            "//",
            "/nobody",
            "/nobody-secondary/q",
            "/Acct",
            "/acct-ipv6/q",
        ] {
            refused("localhost", path, WireError::UnknownAccount);
        }
        refused("nobody.localhost", "/q", WireError::UnknownAccount);
        refused("mixed.localhost", "/q", WireError::UnknownAccount);
    }

    #[test]
    fn the_account_is_repeated_only_behind_a_secondary() {
        let resource = locate("localhost", "/acct/acct").unwrap();
        let queue = "acct".into();
        assert_eq!(resource.path, ResourcePath::Queue { queue });
        let resource = locate("localhost", "/acct-secondary/acct").unwrap();
        assert_eq!(resource.path, ResourcePath::Service);
    }

    #[test]
    fn the_rest_of_the_path_has_four_shapes() {
        let queue = |queue: &str| queue.to_owned();
        for (path, expected) in [
            ("", ResourcePath::Service),
            ("/", ResourcePath::Service),
            ("/q", ResourcePath::Queue { queue: queue("q") }),
            ("/q/", ResourcePath::Queue { queue: queue("q") }),
            (
                "/messages",
                ResourcePath::Queue {
                    queue: queue("messages"),
                },
            ),
            ("/..", ResourcePath::Queue { queue: queue("..") }),
            (
                "/a%2Fb",
                ResourcePath::Queue {
                    queue: queue("a/b"),
                },
            ),
            (
                "/%E5%95%8A",
                ResourcePath::Queue {
                    queue: queue("啊")
                },
            ),
            ("/q/messages", ResourcePath::Messages { queue: queue("q") }),
            ("/q/messages/", ResourcePath::Messages { queue: queue("q") }),
            (
                "/q/messages/1",
                ResourcePath::Message {
                    queue: queue("q"),
                    message: "1".into(),
                },
            ),
            (
                "/q/messages/%2F+/",
                ResourcePath::Message {
                    queue: queue("q"),
                    message: "/+".into(),
                },
            ),
        ] {
            let in_path = locate("localhost", &format!("/acct{path}")).unwrap();
            assert_eq!(in_path.path, expected, "{path}");
            let in_host = locate("acct.localhost", path).unwrap();
            assert_eq!(in_host.path, expected, "{path}");
        }
    }

    #[test]
    fn any_other_shape_is_no_resource() {
        for path in [
            "//",
            "//q",
            "/q//",
            "/q//messages",
            "/q/message",
            "/q/Messages",
            "/q/messages//",
            "/q/messages/1/2",
            "/q/messages/1//",
            "/q%2Fmessages/1",
        ] {
            for (host, path) in [
                ("localhost", &format!("/acct{path}")),
                ("acct.localhost", &path.to_string()),
            ] {
                let shape = locate(host, path).unwrap().path;
                assert_eq!(shape, ResourcePath::Unknown, "{host} {path}");
                assert_eq!(shape.queue_name(), Err(WireError::UnknownResource));
            }
        }
        refused("acct.localhost", "*", WireError::UnknownResource);
        refused("localhost", "acct/q", WireError::UnknownResource);
        refused("localhost", "/acct/%zz", WireError::UndecodableUrl);
        refused("localhost", "/acct/%ff", WireError::UndecodableUrl);
    }

    #[test]
    fn queue_names_are_judged_on_request() {
        let name = |path| locate("acct.localhost", path).unwrap().path.queue_name();
        assert_eq!(name("/"), Ok(None));
        assert_eq!(name("/ab"), Err(WireError::QueueNameLength));
        assert_eq!(name("/../messages"), Err(WireError::QueueNameLength));
        assert_eq!(name("/a_b/messages/1"), Err(WireError::QueueNameCharacters));
        let orders = name("/orders/messages").unwrap().unwrap();
        assert_eq!(orders.as_str(), "orders");
    }

    #[test]
    fn the_service_endpoint_is_the_base_of_the_account() {
        for (host, path, expected) in [
            ("127.0.0.1:10001", "/acct/q", "http://127.0.0.1:10001/acct/"),
            (
                "[::1]:10001",
                "/acct-secondary",
                "http://[::1]:10001/acct-secondary/",
            ),
            ("acct.queue.localhost", "/q", "http://acct.queue.localhost/"),
        ] {
            let resource = locate(host, path).unwrap();
            assert_eq!(resource.service_endpoint("http", host), expected);
        }
    }

    proptest! {
        #[test]
        fn no_host_or_path_panics(host in ".{0,20}", path in "[/%a-c0-9é.-]{0,20}|.{0,20}") {
            let _ = locate(&host, &path);
            let _ = locate(&host, &format!("/acct-secondary{path}"));
            let _ = locate(&format!("acct.{host}"), &path);
        }
    }
}
