//! What is ours and not the protocol's: paths under `/_queuerite/`, which no account can have.

use bytes::Bytes;
use http::request::Parts;
use http::{Method, StatusCode};
use queuerite_wire::Response;

use crate::service::QueueService;

/// Whether the path is one of ours.
pub(crate) fn is_own(path: &str) -> bool {
    path == "/_queuerite" || path.starts_with("/_queuerite/")
}

/// Health and readiness, which need no key: `health` says that the process lives, `ready` that
/// it carries out commands.
pub(crate) fn answer(parts: &Parts, service: &impl QueueService) -> Response {
    if !matches!(parts.method, Method::GET | Method::HEAD) {
        let mut response = json(
            StatusCode::METHOD_NOT_ALLOWED,
            r#"{"error":"only GET and HEAD"}"#,
        );
        response.set("allow", "GET, HEAD");
        return response;
    }
    let mut response = match parts.uri.path() {
        "/_queuerite/health" => json(StatusCode::OK, r#"{"status":"healthy"}"#),
        "/_queuerite/ready" if service.is_ready() => json(StatusCode::OK, r#"{"status":"ready"}"#),
        "/_queuerite/ready" => json(StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"failed"}"#),
        _ => json(StatusCode::NOT_FOUND, r#"{"error":"no such path"}"#),
    };
    if parts.method == Method::HEAD {
        response.body = Bytes::new();
    }
    response
}

fn json(status: StatusCode, body: &'static str) -> Response {
    let mut response = Response::empty(status);
    response.set("content-type", "application/json");
    response.set("cache-control", "no-store");
    response.body = Bytes::from_static(body.as_bytes());
    response
}
