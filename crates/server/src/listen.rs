//! Accepting connections, speaking HTTP on them, and stopping.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::handle::Connection;
use crate::spelling::{Spelled, Spellings};

/// Longest head of a request, in bytes: the request line and all headers.
pub const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Most headers of a request.
pub const HEADERS_MAX: usize = 200;
/// How long requests under way may take once the server is told to stop.
pub const STOP_TIME_MAX: Duration = Duration::from_secs(5);

/// Whatever answers the requests of a connection.
pub(crate) trait Answer: Send + Sync + 'static {
    /// Answers one request.
    fn answer(
        &self,
        request: Request<Incoming>,
        connection: &Connection,
    ) -> impl Future<Output = http::Response<Full<Bytes>>> + Send;
}

/// Serves until told to stop; returns when every connection has ended, or when those that are
/// left have had their time.
pub(crate) async fn serve(
    listener: TcpListener,
    answer: Arc<impl Answer>,
    keep_alive: Duration,
    stop: CancellationToken,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, remote)) => {
                    let connection = speak_http(stream, remote, Arc::clone(&answer), keep_alive, stop.clone());
                    connections.spawn(connection);
                }
                Err(error) => {
                    // Usually too many open files: wait for some to be closed.
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_RETRY).await;
                }
            },
            Some(_) = connections.join_next() => {}
            () = stop.cancelled() => break,
        }
    }
    drop(listener);
    let all_ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(STOP_TIME_MAX, all_ended)
        .await
        .is_err()
    {
        tracing::warn!(
            connections = connections.len(),
            "closing connections that did not end in time"
        );
    }
}

const ACCEPT_RETRY: Duration = Duration::from_millis(50);

async fn speak_http(
    stream: TcpStream,
    remote: SocketAddr,
    answer: Arc<impl Answer>,
    keep_alive: Duration,
    stop: CancellationToken,
) {
    // Answers are small and clients wait for each; without this some would wait 40 ms longer.
    let _ = stream.set_nodelay(true);
    let connection = Arc::new(Connection {
        remote,
        spellings: Arc::new(Spellings::default()),
    });
    let io = TokioIo::new(Spelled::new(stream, Arc::clone(&connection.spellings)));
    let service = service_fn(move |request| {
        let (answer, connection) = (Arc::clone(&answer), Arc::clone(&connection));
        async move { Ok::<_, Infallible>(answer.answer(request, &connection).await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        // The time for the next head includes the wait for its first byte: it is the keep-alive.
        .header_read_timeout(keep_alive)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .pipeline_flush(true);
    let mut connection = pin!(http.serve_connection(io, service));
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, %remote, "the connection ended early");
    }
}

/// Opens a listening socket on the first address of `host` that can be had.
pub(crate) async fn bind(host: &str, port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((host, port)).await
}
