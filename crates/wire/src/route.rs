//! One table: method x path x `comp` x `restype` -> operation.

use http::Method;

use crate::{Head, OperationKind, ResourcePath, WireError};

/// The operation that method, path and selectors name. A selector that names nothing is
/// reported before a method that the resource does not have.
pub(crate) fn route(head: &Head) -> Result<OperationKind, WireError> {
    if !is_known(&head.method) {
        return Err(WireError::UnknownVerb);
    }
    let selected = head
        .query
        .get("comp")
        .unwrap_or_default()
        .to_ascii_lowercase();
    let version = head.version;
    let methods: Methods = match (&head.resource.path, selected.as_str()) {
        (ResourcePath::Service, "list") => &[("GET", OperationKind::ListQueues)],
        (ResourcePath::Service, "properties" | "stats" | "userdelegationkey")
            if !head.query.is("restype", "service") =>
        {
            return Err(invalid_selector(head, "restype"));
        }
        (ResourcePath::Service, "properties") => &[
            ("GET", OperationKind::GetServiceProperties),
            ("PUT", OperationKind::SetServiceProperties),
        ],
        (ResourcePath::Service, "stats") if version.has_service_stats() => {
            &[("GET", OperationKind::GetServiceStats)]
        }
        (ResourcePath::Service, "userdelegationkey") if version.has_user_delegation_key() => {
            &[("POST", OperationKind::GetUserDelegationKey)]
        }
        (ResourcePath::Queue { .. }, "") if reads(&head.method) => {
            return Err(invalid_selector(head, "comp"));
        }
        (ResourcePath::Queue { .. }, "") => &[
            ("PUT", OperationKind::CreateQueue),
            ("DELETE", OperationKind::DeleteQueue),
        ],
        (ResourcePath::Queue { .. }, "metadata") => &[
            ("GET", OperationKind::GetQueueMetadata),
            ("HEAD", OperationKind::GetQueueMetadata),
            ("PUT", OperationKind::SetQueueMetadata),
        ],
        (ResourcePath::Queue { .. }, "acl") if version.has_acl() => &[
            ("GET", OperationKind::GetQueueAcl),
            ("HEAD", OperationKind::GetQueueAcl),
            ("PUT", OperationKind::SetQueueAcl),
        ],
        (ResourcePath::Messages { .. }, "") if head.query.is("peekonly", "true") => &[
            ("GET", OperationKind::PeekMessages),
            ("POST", OperationKind::PutMessage),
            ("DELETE", OperationKind::ClearMessages),
        ],
        (ResourcePath::Messages { .. }, "") => &[
            ("GET", OperationKind::GetMessages),
            ("POST", OperationKind::PutMessage),
            ("DELETE", OperationKind::ClearMessages),
        ],
        (ResourcePath::Message { .. }, "") => &[
            ("PUT", OperationKind::UpdateMessage),
            ("DELETE", OperationKind::DeleteMessage),
        ],
        _ => return Err(invalid_selector(head, "comp")),
    };
    methods
        .iter()
        .find(|(method, _)| *method == head.method.as_str())
        .map(|(_, route)| *route)
        .ok_or_else(|| WireError::UnsupportedVerb {
            allowed: allowed(methods),
        })
}

type Methods = &'static [(&'static str, OperationKind)];

fn reads(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// The methods that HTTP and its extensions register; others are not recognized at all.
fn is_known(method: &Method) -> bool {
    const EXTENSIONS: [&str; 4] = ["MERGE", "LINK", "UNLINK", "PROPFIND"];
    let standard = [
        Method::GET,
        Method::HEAD,
        Method::PUT,
        Method::POST,
        Method::DELETE,
        Method::OPTIONS,
        Method::PATCH,
        Method::TRACE,
        Method::CONNECT,
    ];
    standard.contains(method) || EXTENSIONS.contains(&method.as_str())
}

fn invalid_selector(head: &Head, name: &'static str) -> WireError {
    let value = head.query.get(name).unwrap_or_default().to_owned();
    WireError::InvalidQueryParameter {
        name,
        value,
        reason: "",
    }
}

/// What the `Allow` header lists.
fn allowed(methods: Methods) -> &'static str {
    let names: Vec<_> = methods.iter().map(|(name, _)| *name).collect();
    match names.as_slice() {
        ["GET"] => "GET",
        ["POST"] => "POST",
        ["GET", "PUT"] => "GET, PUT",
        ["GET", "HEAD", "PUT"] => "GET, HEAD, PUT",
        ["GET", "POST", "DELETE"] => "GET, POST, DELETE",
        _ => "PUT, DELETE",
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, Uri};

    use super::*;
    use crate::HeadOptions;

    const OPTIONS: HeadOptions = HeadOptions {
        strict: true,
        any_version: false,
        host_style: true,
    };

    #[expect(clippy::needless_pass_by_value, reason = "so each case is one line")]
    #[track_caller]
    fn check(version: &'static str, line: &str, expected: Result<OperationKind, WireError>) {
        let (method, target) = line.split_once(' ').unwrap();
        let method: Method = method.parse().unwrap();
        let uri: Uri = format!("/acct{target}").parse().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("x-ms-version", HeaderValue::from_static(version));
        let accounts = |name: &str| name == "acct";
        let head = Head::parse(&method, &uri, &headers, OPTIONS, &accounts).unwrap();
        assert_eq!(route(&head), expected, "{version} {line}");
    }

    #[track_caller]
    fn check_newest(line: &str, expected: Result<OperationKind, WireError>) {
        check("2026-10-06", line, expected);
    }

    #[track_caller]
    fn check_selector(version: &'static str, line: &str, name: &'static str, value: &str) {
        let error = WireError::InvalidQueryParameter {
            name,
            value: value.into(),
            reason: "",
        };
        check(version, line, Err(error));
    }

    #[test]
    fn every_operation_has_its_place() {
        for (line, expected) in [
            ("GET ?comp=list", OperationKind::ListQueues),
            ("GET /?comp=list", OperationKind::ListQueues),
            (
                "GET ?restype=service&comp=properties",
                OperationKind::GetServiceProperties,
            ),
            (
                "PUT ?restype=service&comp=properties",
                OperationKind::SetServiceProperties,
            ),
            (
                "GET ?restype=service&comp=stats",
                OperationKind::GetServiceStats,
            ),
            (
                "POST ?restype=service&comp=userdelegationkey",
                OperationKind::GetUserDelegationKey,
            ),
            ("PUT /q", OperationKind::CreateQueue),
            ("PUT /q/", OperationKind::CreateQueue),
            ("DELETE /q", OperationKind::DeleteQueue),
            ("GET /q?comp=metadata", OperationKind::GetQueueMetadata),
            ("HEAD /q?comp=metadata", OperationKind::GetQueueMetadata),
            ("PUT /q?comp=metadata", OperationKind::SetQueueMetadata),
            ("GET /q?comp=acl", OperationKind::GetQueueAcl),
            ("HEAD /q?comp=acl", OperationKind::GetQueueAcl),
            ("PUT /q?comp=acl", OperationKind::SetQueueAcl),
            ("POST /q/messages", OperationKind::PutMessage),
            ("POST /q/messages?peekonly=true", OperationKind::PutMessage),
            ("GET /q/messages", OperationKind::GetMessages),
            ("GET /q/messages?peekonly=false", OperationKind::GetMessages),
            ("GET /q/messages?peekonly=", OperationKind::GetMessages),
            ("GET /q/messages?peekonly=true", OperationKind::PeekMessages),
            ("DELETE /q/messages", OperationKind::ClearMessages),
            (
                "DELETE /q/messages?peekonly=true",
                OperationKind::ClearMessages,
            ),
            ("PUT /q/messages/id", OperationKind::UpdateMessage),
            ("DELETE /q/messages/id", OperationKind::DeleteMessage),
        ] {
            check_newest(line, Ok(expected));
        }
    }

    #[test]
    fn selectors_compare_without_regard_to_case() {
        for (line, expected) in [
            ("GET ?COMP=List", OperationKind::ListQueues),
            (
                "GET ?ResType=SERVICE&Comp=Properties",
                OperationKind::GetServiceProperties,
            ),
            ("GET /q?comp=METADATA", OperationKind::GetQueueMetadata),
            ("GET /q/messages?PeekOnly=True", OperationKind::PeekMessages),
        ] {
            check_newest(line, Ok(expected));
        }
    }

    #[test]
    fn a_method_that_a_resource_lacks_is_answered_with_those_it_has() {
        for (line, allowed) in [
            ("POST ?comp=list", "GET"),
            ("HEAD ?comp=list", "GET"),
            ("DELETE ?restype=service&comp=properties", "GET, PUT"),
            ("PUT ?restype=service&comp=stats", "GET"),
            ("GET ?restype=service&comp=userdelegationkey", "POST"),
            ("POST /q", "PUT, DELETE"),
            ("DELETE /q?comp=metadata", "GET, HEAD, PUT"),
            ("PATCH /q?comp=acl", "GET, HEAD, PUT"),
            ("PUT /q/messages", "GET, POST, DELETE"),
            ("HEAD /q/messages?peekonly=true", "GET, POST, DELETE"),
            ("MERGE /q/messages/id", "PUT, DELETE"),
            ("GET /q/messages/id", "PUT, DELETE"),
        ] {
            check_newest(line, Err(WireError::UnsupportedVerb { allowed }));
        }
    }

    #[test]
    fn a_method_of_nobody_is_reported_first() {
        for line in ["FROB ?comp=list", "get /q?comp=x", "FROB /q"] {
            check_newest(line, Err(WireError::UnknownVerb));
        }
    }

    #[test]
    fn a_selector_that_names_nothing_is_reported() {
        const NEWEST: &str = "2026-10-06";
        for (line, name, value) in [
            ("GET ", "comp", ""),
            ("GET ?comp=", "comp", ""),
            ("GET ?comp=Blobs", "comp", "Blobs"),
            ("GET ?comp=properties", "restype", ""),
            ("GET ?comp=properties&restype=account", "restype", "account"),
            ("POST /q?comp=lease", "comp", "lease"),
            ("GET /q", "comp", ""),
            ("HEAD /q", "comp", ""),
            ("GET /q/messages?comp=list", "comp", "list"),
            ("PUT /q/messages/id?comp=metadata", "comp", "metadata"),
            ("GET /q?comp=lease&comp=metadata", "comp", "lease"),
        ] {
            check_selector(NEWEST, line, name, value);
        }
    }

    #[test]
    fn operations_appear_with_their_versions() {
        for line in ["GET /q?comp=acl", "PUT /q?comp=acl"] {
            check_selector("2011-08-18", line, "comp", "acl");
        }
        check(
            "2012-02-12",
            "GET /q?comp=acl",
            Ok(OperationKind::GetQueueAcl),
        );
        let stats = "GET ?restype=service&comp=stats";
        check_selector("2012-02-12", stats, "comp", "stats");
        check("2013-08-15", stats, Ok(OperationKind::GetServiceStats));
        let key = "POST ?restype=service&comp=userdelegationkey";
        check_selector("2025-11-05", key, "comp", "userdelegationkey");
        check("2026-02-06", key, Ok(OperationKind::GetUserDelegationKey));
    }
}
