//! The floor: hyper by itself, which reads each request and answers a constant.
//!
//! Nothing that speaks HTTP with the same library on the same machine can be faster than this. An
//! answer has the status and about the length of the real one, but nobody has signed for it,
//! looked anything up or kept anything.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, DATE, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// What a GET is answered with.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// So many messages.
    pub messages: usize,
    /// The length of the text of each.
    pub text_bytes: usize,
}

/// Serves on a free port, which it prints in the way of a queue service, until it is killed.
pub fn serve(found: Found) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    let answers = Arc::new(Answers::new(found));
    runtime.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        say(&format!(
            "Queue service successfully listens on http://{}",
            listener.local_addr()?
        ));
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let answers = Arc::clone(&answers);
            tokio::spawn(async move {
                let answer = |request| answers.answer(request);
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service_fn(answer));
                // A client that goes away is no news.
                let _ = connection.await;
            });
        }
    })
}

/// The bodies, made once.
struct Answers {
    put: Bytes,
    get: Bytes,
}

impl Answers {
    fn new(found: Found) -> Self {
        let text = "x".repeat(found.text_bytes);
        let more = format!("<DequeueCount>1</DequeueCount><MessageText>{text}</MessageText>");
        Self {
            put: list_of(&format!("<QueueMessage>{MESSAGE}</QueueMessage>")),
            get: list_of(
                &format!("<QueueMessage>{MESSAGE}{more}</QueueMessage>").repeat(found.messages),
            ),
        }
    }

    async fn answer(
        &self,
        mut request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, Infallible> {
        while let Some(Ok(_)) = request.body_mut().frame().await {}
        let (status, body) = match *request.method() {
            Method::POST => (StatusCode::CREATED, self.put.clone()),
            Method::GET => (StatusCode::OK, self.get.clone()),
            _ => (StatusCode::NO_CONTENT, Bytes::new()),
        };
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = status;
        for (name, value) in HEADERS {
            let value = HeaderValue::from_static(value);
            response.headers_mut().insert(name, value);
        }
        Ok(response)
    }
}

fn list_of(messages: &str) -> Bytes {
    let start = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><QueueMessagesList>";
    format!("{start}{messages}</QueueMessagesList>").into()
}

/// As long as those of the service.
const HEADERS: [(HeaderName, &str); 5] = [
    (CONTENT_TYPE, "application/xml"),
    (DATE, "Tue, 24 Nov 2026 19:00:00 GMT"),
    (
        HeaderName::from_static("server"),
        "Windows-Azure-Queue/1.0 Microsoft-HTTPAPI/2.0",
    ),
    (
        HeaderName::from_static("x-ms-request-id"),
        "a7f2b1a0-0003-0011-2233-445566778899",
    ),
    (HeaderName::from_static("x-ms-version"), "2021-12-02"),
];

/// A message as a put tells it.
const MESSAGE: &str = "<MessageId>3d1f8c1e-7c7e-4b8f-9d53-08de2b6b9f11</MessageId>\
<InsertionTime>Tue, 24 Nov 2026 19:00:00 GMT</InsertionTime>\
<ExpirationTime>Fri, 31 Dec 9999 23:59:59 GMT</ExpirationTime>\
<PopReceipt>AgAAAAMAAAAAAAAAqzFYd5ZV3QE=</PopReceipt>\
<TimeNextVisible>Tue, 24 Nov 2026 19:00:00 GMT</TimeNextVisible>";

#[expect(
    clippy::print_stdout,
    reason = "whoever started this waits for the line"
)]
fn say(line: &str) {
    println!("{line}");
}
