//! One table: method x path x `comp` x `restype` -> operation.

use http::Method;

use crate::{Head, ResourcePath, WireError};

/// Which operation a request means, before its parameters are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Route {
    ListQueues,
    GetServiceProperties,
    SetServiceProperties,
    GetServiceStats,
    GetUserDelegationKey,
    CreateQueue,
    DeleteQueue,
    GetQueueMetadata,
    SetQueueMetadata,
    GetQueueAcl,
    SetQueueAcl,
    PutMessage,
    GetMessages,
    PeekMessages,
    ClearMessages,
    UpdateMessage,
    DeleteMessage,
}

/// The operation that method, path and selectors name. A selector that names nothing is
/// reported before a method that the resource does not have.
pub(crate) fn route(head: &Head) -> Result<Route, WireError> {
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
        (ResourcePath::Service, "list") => &[("GET", Route::ListQueues)],
        (ResourcePath::Service, "properties" | "stats" | "userdelegationkey")
            if !head.query.is("restype", "service") =>
        {
            return Err(invalid_selector(head, "restype"));
        }
        (ResourcePath::Service, "properties") => &[
            ("GET", Route::GetServiceProperties),
            ("PUT", Route::SetServiceProperties),
        ],
        (ResourcePath::Service, "stats") if version.has_service_stats() => {
            &[("GET", Route::GetServiceStats)]
        }
        (ResourcePath::Service, "userdelegationkey") => &[("POST", Route::GetUserDelegationKey)],
        (ResourcePath::Queue { .. }, "") if reads(&head.method) => {
            return Err(invalid_selector(head, "comp"));
        }
        (ResourcePath::Queue { .. }, "") => {
            &[("PUT", Route::CreateQueue), ("DELETE", Route::DeleteQueue)]
        }
        (ResourcePath::Queue { .. }, "metadata") => &[
            ("GET", Route::GetQueueMetadata),
            ("HEAD", Route::GetQueueMetadata),
            ("PUT", Route::SetQueueMetadata),
        ],
        (ResourcePath::Queue { .. }, "acl") if version.has_acl() => &[
            ("GET", Route::GetQueueAcl),
            ("HEAD", Route::GetQueueAcl),
            ("PUT", Route::SetQueueAcl),
        ],
        (ResourcePath::Messages { .. }, "") if head.query.is("peekonly", "true") => &[
            ("GET", Route::PeekMessages),
            ("POST", Route::PutMessage),
            ("DELETE", Route::ClearMessages),
        ],
        (ResourcePath::Messages { .. }, "") => &[
            ("GET", Route::GetMessages),
            ("POST", Route::PutMessage),
            ("DELETE", Route::ClearMessages),
        ],
        (ResourcePath::Message { .. }, "") => &[
            ("PUT", Route::UpdateMessage),
            ("DELETE", Route::DeleteMessage),
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

type Methods = &'static [(&'static str, Route)];

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
