//! The floor: hyper by itself, which reads each request and answers a constant.
//!
//! Nothing that speaks HTTP with the same library on the same machine can be faster than this.

use std::convert::Infallible;
use std::io;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, DATE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// Serves on a free port, which it prints in the way of a queue service, until it is killed.
pub fn serve() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        say(&format!(
            "Queue service successfully listens on http://{}",
            listener.local_addr()?
        ));
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::spawn(async move {
                let io = TokioIo::new(stream);
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(io, service_fn(answer));
                // A client that goes away is no news.
                let _ = connection.await;
            });
        }
    })
}

async fn answer(mut request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    while let Some(Ok(_)) = request.body_mut().frame().await {}
    let mut response = Response::new(Full::new(Bytes::from_static(BODY)));
    *response.status_mut() = StatusCode::CREATED;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    headers.insert(
        DATE,
        HeaderValue::from_static("Tue, 24 Nov 2026 19:00:00 GMT"),
    );
    for (name, value) in [
        ("server", "Windows-Azure-Queue/1.0 Microsoft-HTTPAPI/2.0"),
        ("x-ms-request-id", "a7f2b1a0-0003-0011-2233-445566778899"),
        ("x-ms-version", "2021-12-02"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

/// As long as the answer to a Put Message.
const BODY: &[u8] = b"\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?><QueueMessagesList>\
<QueueMessage><MessageId>3d1f8c1e-7c7e-4b8f-9d53-08de2b6b9f11</MessageId>\
<InsertionTime>Tue, 24 Nov 2026 19:00:00 GMT</InsertionTime>\
<ExpirationTime>Fri, 31 Dec 9999 23:59:59 GMT</ExpirationTime>\
<PopReceipt>AgAAAAMAAAAAAAAAqzFYd5ZV3QE=</PopReceipt>\
<TimeNextVisible>Tue, 24 Nov 2026 19:00:00 GMT</TimeNextVisible>\
</QueueMessage></QueueMessagesList>";

#[expect(
    clippy::print_stdout,
    reason = "whoever started this waits for the line"
)]
fn say(line: &str) {
    println!("{line}");
}
