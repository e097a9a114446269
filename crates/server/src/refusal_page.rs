//! What is told to a client whose request is refused as HTTP, before it is a request to the
//! service: a page, as the front end of the service sends, without any header of the service.

use bytes::Bytes;
use http::StatusCode;
use queuerite_wire::Response;

/// The request can be read in two ways, so nothing that follows on its connection can be
/// trusted to be a request.
pub(crate) fn ambiguous() -> Response {
    let mut response = Response::empty(StatusCode::BAD_REQUEST);
    response.set("content-type", "text/html; charset=us-ascii");
    response.set("connection", "close");
    response.body = Bytes::from_static(AMBIGUOUS.as_bytes());
    response
}

const AMBIGUOUS: &str = "<!DOCTYPE html>\n<html><head><title>Bad Request</title></head>\n\
    <body><h2>Bad Request</h2><p>The head of the request can be read in more than one way.</p>\
    </body></html>\n";

/// The client speaks in clear where TLS is spoken.
pub(crate) fn lacks_tls() -> Response {
    let mut response = Response::empty(StatusCode::BAD_REQUEST);
    response.set("content-type", "text/plain");
    response.set("connection", "close");
    response.body = Bytes::from_static(b"This port speaks HTTPS; the request came over HTTP.\n");
    response
}

/// The server has as many connections as it may have. Written without the HTTP library, to a
/// connection that it is not given.
pub(crate) const TOO_MANY_CONNECTIONS: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    connection: close\r\ncontent-length: 0\r\n\r\n";
