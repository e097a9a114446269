//! The head of a request: what can be said before its credential is believed and its body read.

use std::fmt;

use http::{HeaderMap, Method, Uri, header};

use crate::headers::{self, X_MS_VERSION};
use crate::{Addressing, Credential, Query, Resource, ServiceVersion, WireError};

/// What a request is about, and which version rules it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Head {
    /// The method, which need not be one that is known.
    pub method: Method,
    /// The version that rules the request and that its answer names.
    pub version: ServiceVersion,
    /// What the URL names.
    pub resource: Resource,
    /// The query, decoded.
    pub query: Query,
    /// The path exactly as it was sent, which is how it is signed.
    pub raw_path: String,
    /// The host with its port, as it was sent.
    pub host: Option<String>,
    /// The client request id, if it is one that answers repeat.
    pub client_request_id: Option<String>,
}

/// How indulgently a head is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeadOptions {
    /// Whether to require a version and refuse those not yet known, as the cloud does.
    pub strict: bool,
    /// Whether any date will do for a version.
    pub any_version: bool,
    /// Whether the host may name the account.
    pub host_style: bool,
}

impl Head {
    /// Reads a head: first its version, then what it names. The names of queues are not judged
    /// yet, nor is the credential looked at; but the account must be one that is served, for
    /// its keys decide about the credential.
    pub fn parse(
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        options: HeadOptions,
        accounts: &dyn Fn(&str) -> bool,
    ) -> Result<Self, HeadError> {
        let client_request_id = headers::client_request_id(headers);
        let query = Query::parse(uri.query());
        let signed = query.as_ref().ok().filter(|query| is_sas(headers, query));
        let version = match signed {
            Some(query) => version_of_sas(headers, query, options),
            // A browser that asks for leave names no version.
            None if *method == Method::OPTIONS => version(
                headers,
                HeadOptions {
                    strict: false,
                    ..options
                },
            ),
            None => version(headers, options),
        };
        let version = version.map_err(|error| HeadError {
            error,
            version: None,
            client_request_id: client_request_id.clone(),
        })?;
        let fail = |error| HeadError {
            error,
            version: Some(version),
            client_request_id: client_request_id.clone(),
        };

        let host = host(uri, headers);
        let addressing = Addressing {
            host_style: options.host_style,
        };
        let resource = Resource::locate(host.as_deref(), uri.path(), accounts, addressing);
        let resource = resource.map_err(fail)?;
        let query = query.map_err(fail)?;
        Ok(Self {
            method: method.clone(),
            version,
            resource,
            query,
            raw_path: uri.path().to_owned(),
            host,
            client_request_id,
        })
    }
}

/// Why a head could not be read, and what is known of it nevertheless: the answer's shape
/// depends on it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeadError {
    /// What was wrong.
    pub error: WireError,
    /// The version that rules the answer. There is none if the version itself is what was
    /// wrong: then the answer is of the newest shape, and names no version.
    pub version: Option<ServiceVersion>,
    /// The client request id, if it is one that answers repeat.
    pub client_request_id: Option<String>,
}

impl fmt::Display for HeadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for HeadError {}

/// Whether the credential of the request is a shared access signature.
fn is_sas(headers: &HeaderMap, query: &Query) -> bool {
    query.get("sig").is_some() && matches!(Credential::read(headers, query), Ok(Credential::Sas(_)))
}

/// The version that rules a request with a shared access signature. Until 2013-08-15 the signed
/// version rules; later `api-version` does, or else the header, or else the signed version.
/// REST page "Versioning for the Azure Storage services".
fn version_of_sas(
    headers: &HeaderMap,
    query: &Query,
    options: HeadOptions,
) -> Result<ServiceVersion, WireError> {
    // Whoever signed nothing readable is refused later, for the signature.
    let signed = query.get("sv").map_or(
        Some(ServiceVersion::SAS_WITHOUT_VERSION),
        ServiceVersion::parse,
    );
    if let Some(signed) = signed.filter(|signed| !signed.has_api_version()) {
        return Ok(signed);
    }
    if let Some(text) = query.get("api-version") {
        return ServiceVersion::parse(text)
            .filter(|version| is_served(*version, options))
            .ok_or_else(|| WireError::UnsupportedVersion {
                value: text.to_owned(),
            });
    }
    if headers.contains_key(X_MS_VERSION) {
        return version(headers, options);
    }
    Ok(signed.unwrap_or(ServiceVersion::NEWEST))
}

fn is_served(version: ServiceVersion, options: HeadOptions) -> bool {
    version.is_released()
        || options.any_version
        || (!options.strict && version > ServiceVersion::NEWEST)
}

/// The version that rules a request. One that is newer than any we know keeps its date.
fn version(headers: &HeaderMap, options: HeadOptions) -> Result<ServiceVersion, WireError> {
    let mut values = headers.get_all(X_MS_VERSION).iter();
    let Some(value) = values.next() else {
        return if options.strict {
            Err(WireError::MissingVersion)
        } else {
            Ok(ServiceVersion::NEWEST)
        };
    };
    ServiceVersion::parse(&headers::text(value))
        .filter(|_| values.all(|other| other == value))
        .filter(|version| is_served(*version, options))
        .ok_or_else(|| WireError::UnsupportedVersion {
            value: headers::joined(headers, &X_MS_VERSION)
                .unwrap_or_default()
                .into_owned(),
        })
}

/// The host that a request is for: that of its URL, if the URL is absolute, or its `Host`.
fn host(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    match uri.authority() {
        Some(authority) => {
            let authority = authority.as_str();
            let host = authority
                .rsplit_once('@')
                .map_or(authority, |(_, host)| host);
            Some(host.to_owned())
        }
        None => Some(headers::text(headers.get(header::HOST)?).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;
    use crate::ResourcePath;

    const LENIENT: HeadOptions = HeadOptions {
        strict: false,
        any_version: false,
        host_style: true,
    };
    const STRICT: HeadOptions = HeadOptions {
        strict: true,
        ..LENIENT
    };

    fn versions(values: &[&str], options: HeadOptions) -> Result<String, WireError> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(X_MS_VERSION, HeaderValue::from_str(value).unwrap());
        }
        version(&headers, options).map(|version| version.to_string())
    }

    #[track_caller]
    fn unsupported(values: &[&str], options: HeadOptions) {
        let value = values.join(",");
        let error = WireError::UnsupportedVersion { value };
        assert_eq!(versions(values, options), Err(error));
    }

    fn parse(target: &str, host: &str) -> Result<Head, HeadError> {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_str(host).unwrap());
        headers.insert(X_MS_VERSION, HeaderValue::from_static("2018-11-09"));
        headers.insert("x-ms-client-request-id", HeaderValue::from_static("7"));
        let uri: Uri = target.parse().unwrap();
        let accounts = |name: &str| name == "acct";
        Head::parse(&Method::GET, &uri, &headers, LENIENT, &accounts)
    }

    #[test]
    fn a_released_version_rules() {
        for options in [LENIENT, STRICT] {
            assert_eq!(versions(&["2021-10-04"], options).unwrap(), "2021-10-04");
            let twice = ["2021-10-04", "2021-10-04"];
            assert_eq!(versions(&twice, options).unwrap(), "2021-10-04");
        }
    }

    #[test]
    fn a_version_of_the_future_keeps_its_date_unless_strict() {
        assert_eq!(versions(&["2031-01-01"], LENIENT).unwrap(), "2031-01-01");
        unsupported(&["2031-01-01"], STRICT);
    }

    #[test]
    fn a_date_that_was_never_a_version_is_refused_unless_any_will_do() {
        unsupported(&["2021-10-05"], LENIENT);
        for options in [LENIENT, STRICT] {
            let any = HeadOptions {
                any_version: true,
                ..options
            };
            assert_eq!(versions(&["2021-10-05"], any).unwrap(), "2021-10-05");
            assert_eq!(versions(&["2031-01-01"], any).unwrap(), "2031-01-01");
            unsupported(&["latest"], any);
            unsupported(&[""], any);
            unsupported(&["2021-10-04", "2021-12-02"], any);
        }
    }

    #[test]
    fn a_missing_version_is_the_newest_unless_strict() {
        let newest = ServiceVersion::NEWEST.to_string();
        assert_eq!(versions(&[], LENIENT).unwrap(), newest);
        assert_eq!(versions(&[], STRICT), Err(WireError::MissingVersion));
    }

    #[test]
    fn a_head_is_read_whole() {
        let head = parse("/acct/q%2D1/messages?Peekonly=true", "localhost:10001").unwrap();
        assert_eq!(head.raw_path, "/acct/q%2D1/messages");
        let queue = "q-1".into();
        assert_eq!(head.resource.path, ResourcePath::Messages { queue });
        assert!(head.query.is("peekonly", "true"));
        assert_eq!(head.version.to_string(), "2018-11-09");
        assert_eq!(head.host.as_deref(), Some("localhost:10001"));
        assert_eq!(head.client_request_id.as_deref(), Some("7"));
    }

    #[test]
    fn the_host_of_an_absolute_url_comes_before_that_of_the_header() {
        let target = "http://me@acct.localhost:10001/q";
        let head = parse(target, "elsewhere").unwrap();
        assert_eq!(head.host.as_deref(), Some("acct.localhost:10001"));
        assert_eq!(head.resource.account.as_str(), "acct");
        assert_eq!(head.raw_path, "/q");
        assert_eq!(parse("http://acct.localhost", "").unwrap().raw_path, "/");
    }

    #[test]
    fn a_failure_still_knows_how_to_answer() {
        for (target, error) in [
            ("/nobody/q", WireError::UnknownAccount),
            ("/acct/q?a=%zz", WireError::UndecodableUrl),
            ("*", WireError::UnknownResource),
        ] {
            let failure = parse(target, "localhost").unwrap_err();
            assert_eq!(failure.error, error, "{target}");
            assert_eq!(failure.version.unwrap().to_string(), "2018-11-09");
            assert_eq!(failure.client_request_id.as_deref(), Some("7"));
        }
    }

    /// With a token that belongs to it a signature is still one, and says by which version.
    #[test]
    fn the_version_of_a_signature_rules_with_its_users_token_too() {
        let version = |query: &str, authorization: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(
                header::AUTHORIZATION,
                HeaderValue::from_static(authorization),
            );
            let uri: Uri = format!("/acct/q?{query}").parse().unwrap();
            let head = Head::parse(&Method::GET, &uri, &headers, LENIENT, &|name| {
                name == "acct"
            });
            head.unwrap().version.to_string()
        };
        let for_user = "sv=2025-07-05&sduoid=u&sig=a";
        assert_eq!(version(for_user, "Bearer a.b."), "2025-07-05");
        let named = format!("{for_user}&api-version=2026-02-06");
        assert_eq!(version(&named, "Bearer a.b."), "2026-02-06");
        let newest = ServiceVersion::NEWEST.to_string();
        assert_eq!(version("sv=2025-07-05&sig=a", "Bearer a.b."), newest);
        assert_eq!(version(for_user, "SharedKey a:b"), newest);
    }

    #[test]
    fn a_bad_version_is_reported_before_a_bad_url_and_rules_nothing() {
        let mut headers = HeaderMap::new();
        headers.insert(X_MS_VERSION, HeaderValue::from_static("latest"));
        let uri = Uri::from_static("/nobody");
        let failure = Head::parse(&Method::GET, &uri, &headers, LENIENT, &|_| false).unwrap_err();
        let value = "latest".into();
        assert_eq!(failure.error, WireError::UnsupportedVersion { value });
        assert_eq!(failure.version, None);
    }

    proptest! {
        #[test]
        fn no_target_panics(target in "/acct[!-~]{0,40}|[!-~]{1,40}") {
            if target.parse::<Uri>().is_ok() {
                let _ = parse(&target, "acct.localhost");
                let _ = parse(&target, "localhost");
            }
        }
    }
}
