//! Accepting connections, speaking HTTP on them, and stopping.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, header};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use queuerite_model::limits::REQUEST_BODY_BYTES_MAX;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_io_timeout::TimeoutWriter;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::answer_body::AnswerBody;
use crate::config::Scheme;
use crate::handle::Connection;
use crate::limits::{HEAD_BYTES_MAX, HEADERS_MAX, Limits, STOP_TIME_MAX};
use crate::refusal_page::TOO_MANY_CONNECTIONS;
use crate::spelling::{Spelled, Spellings};
use crate::tls::Tls;

/// How long the rest of a body is waited for that nobody wants.
const UNWANTED_TIME_MAX: Duration = Duration::from_secs(5);
/// How much is read after the last answer on a connection.
const UNWANTED_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Whatever answers the requests of a connection.
pub(crate) trait Answer: Send + Sync + 'static {
    /// Answers one request. Of the body it reads as much as it wants.
    fn answer(
        &self,
        request: Request<&mut Incoming>,
        connection: &Connection,
    ) -> impl Future<Output = http::Response<AnswerBody>> + Send;
}

/// Whatever speaks on connections.
pub(crate) trait Speak: Send + Sync + 'static {
    /// Speaks on a connection until it ends.
    fn speak(
        self: Arc<Self>,
        stream: TcpStream,
        remote: SocketAddr,
        terms: Terms,
    ) -> impl Future<Output = ()> + Send;
}

/// HTTP, whose requests somebody answers.
#[derive(Debug)]
pub(crate) struct Http<A>(pub(crate) Arc<A>);

impl<A: Answer> Speak for Http<A> {
    async fn speak(self: Arc<Self>, stream: TcpStream, remote: SocketAddr, terms: Terms) {
        speak(stream, remote, Arc::clone(&self.0), terms).await;
    }
}

/// What holds for every connection of a service.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    /// How long a connection may idle.
    pub(crate) keep_alive: Duration,
    /// What else a client may have.
    pub(crate) limits: Limits,
    /// What TLS is spoken with, if it is.
    pub(crate) tls: Option<Tls>,
    /// Tells that the server stops.
    pub(crate) stop: CancellationToken,
}

/// Serves until told to stop; returns when every connection has ended, or when those that are
/// left have had their time.
pub(crate) async fn serve(listener: TcpListener, speaker: Arc<impl Speak>, terms: Terms) {
    let mut connections = JoinSet::new();
    let places = Arc::new(Semaphore::new(terms.limits.connections));
    let mut is_full = false;
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, remote)) => {
                    if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
                        is_full = false;
                        let speak = Arc::clone(&speaker).speak(stream, remote, terms.clone());
                        connections.spawn(async move {
                            speak.await;
                            drop(place);
                        });
                    } else {
                        turn_away(&stream, &mut is_full, terms.limits.connections);
                    }
                }
                Err(error) => {
                    // Usually too many open files: wait for some to be closed.
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_RETRY).await;
                }
            },
            Some(_) = connections.join_next() => {}
            () = terms.stop.cancelled() => break,
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

/// Tells a client to come back later, without waiting for it.
fn turn_away(stream: &TcpStream, is_full: &mut bool, connections_max: usize) {
    if !std::mem::replace(is_full, true) {
        tracing::warn!("there are {connections_max} connections: more are turned away");
    }
    // The buffer of a new socket has room for it. If not, it is just closed.
    let _ = stream.try_write(TOO_MANY_CONNECTIONS);
}

/// Speaks HTTP on a connection, through TLS if that is spoken here.
async fn speak(stream: TcpStream, remote: SocketAddr, answer: Arc<impl Answer>, terms: Terms) {
    // Answers are small and clients wait for each; without this some would wait 40 ms longer.
    let _ = stream.set_nodelay(true);
    let connection = |scheme| Connection {
        remote,
        scheme,
        lacks_tls: scheme == Scheme::Http && terms.tls.is_some(),
        spellings: Arc::new(Spellings::default()),
    };
    // Without TLS a port that speaks it still tells of its health, which is no secret, and what
    // is missing.
    let tls = match &terms.tls {
        Some(tls) if begins_with_tls(&stream, &terms).await => tls,
        _ => return speak_http(stream, connection(Scheme::Http), answer, &terms).await,
    };
    if let Some(stream) = shake_hands(stream, remote, tls, &terms).await {
        // Boxed, so that a connection without TLS does not take as much memory.
        Box::pin(speak_http(
            stream,
            connection(Scheme::Https),
            answer,
            &terms,
        ))
        .await;
    }
}

/// Whether a client seems to want TLS. One that says nothing gets no other chance to.
async fn begins_with_tls(stream: &TcpStream, terms: &Terms) -> bool {
    let mut first = [HANDSHAKE];
    let peeked = tokio::time::timeout(terms.limits.handshake_time, stream.peek(&mut first));
    tokio::select! {
        _ = peeked => {}
        () = terms.stop.cancelled() => {}
    }
    // Methods of HTTP begin with a letter. What is neither fails at its handshake.
    !first.iter().all(u8::is_ascii_uppercase)
}

/// What a TLS record begins with that shakes hands.
const HANDSHAKE: u8 = 22;

/// A connection on which both sides speak TLS. Whoever speaks something else, such as plain
/// HTTP, or cannot make up their mind, is let go.
pub(crate) async fn shake_hands(
    stream: TcpStream,
    remote: SocketAddr,
    tls: &Tls,
    terms: &Terms,
) -> Option<TlsStream<TcpStream>> {
    let handshake = tokio::time::timeout(terms.limits.handshake_time, tls.accept(stream));
    let shaken = tokio::select! {
        shaken = handshake => shaken,
        () = terms.stop.cancelled() => return None,
    };
    match shaken {
        Ok(Ok(stream)) => return Some(stream),
        Ok(Err(error)) => tracing::debug!(%error, %remote, "the TLS handshake failed"),
        Err(_) => tracing::debug!(%remote, "the TLS handshake took too long"),
    }
    None
}

async fn speak_http(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    connection: Connection,
    answer: Arc<impl Answer>,
    terms: &Terms,
) {
    let Terms {
        keep_alive,
        limits,
        stop,
        ..
    } = terms;
    let remote = connection.remote;
    let connection = Arc::new(connection);
    let is_sending = Arc::new(AtomicBool::new(false));
    let result = {
        let mut io = TimeoutWriter::new(&mut stream);
        io.set_timeout(Some(limits.stall_time));
        let io = pin!(io);
        let spellings = Arc::clone(&connection.spellings);
        let io = TokioIo::new(Spelled::new(io, spellings, limits.head_time));
        let service = service_fn(|request| {
            let (answer, connection) = (Arc::clone(&answer), Arc::clone(&connection));
            let is_sending = Arc::clone(&is_sending);
            async move {
                let (response, is_at_end) = answer_one(&*answer, request, &connection).await;
                is_sending.store(!is_at_end, Ordering::Relaxed);
                Ok::<_, Infallible>(response)
            }
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            // The time for the next head includes the wait for its first byte: it is the
            // keep-alive.
            .header_read_timeout(*keep_alive)
            .max_buf_size(HEAD_BYTES_MAX)
            .max_header_size(HEAD_BYTES_MAX)
            // Not `pipeline_flush`: it holds an answer back while any bytes of the next request
            // wait, also when the rest of them comes only after the answer.
            .max_headers(HEADERS_MAX);
        let mut connection = pin!(http.serve_connection(io, service));
        tokio::select! {
            result = connection.as_mut() => result,
            () = stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        }
    };
    if let Err(error) = &result {
        tracing::debug!(%error, %remote, "the connection ended early");
    }
    if result.is_err() || is_sending.load(Ordering::Relaxed) {
        tokio::select! {
            () = read_out(stream) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// Answers a request, and says whether its body was read to the end. If not, the client is
/// told that the connection ends.
async fn answer_one(
    answer: &impl Answer,
    request: Request<Incoming>,
    connection: &Connection,
) -> (http::Response<AnswerBody>, bool) {
    let asks_first = request.headers().contains_key(header::EXPECT);
    let (parts, mut body) = request.into_parts();
    let request = Request::from_parts(parts, &mut body);
    let mut response = answer.answer(request, connection).await;
    // A client that asks whether to send is told not to, by the answer. Any other has sent its
    // body, or will: a small one is passed over for the sake of the connection.
    let is_at_end = body.is_end_stream()
        || !asks_first
            && tokio::time::timeout(UNWANTED_TIME_MAX, pass_over(&mut body))
                .await
                .unwrap_or(false);
    if !is_at_end {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    (response, is_at_end)
}

/// Reads a body to its end, unless it is longer than any should be.
async fn pass_over(body: &mut Incoming) -> bool {
    let mut left = REQUEST_BODY_BYTES_MAX as u64;
    while body.size_hint().lower() <= left {
        match body.frame().await {
            Some(Ok(frame)) => {
                let length = frame.data_ref().map_or(0, Bytes::len) as u64;
                let Some(rest) = left.checked_sub(length) else {
                    return false;
                };
                left = rest;
            }
            Some(Err(_)) => return false,
            None => return true,
        }
    }
    false
}

/// Reads what a client still sends, so that it gets to read its answer: a socket that is closed
/// with bytes unread resets the connection, and the answer is lost with it.
pub(crate) async fn read_out(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let _ = stream.shutdown().await;
    let mut unwanted = stream.take(UNWANTED_BYTES_MAX);
    let mut nowhere = tokio::io::sink();
    let all_read = tokio::io::copy(&mut unwanted, &mut nowhere);
    let _ = tokio::time::timeout(UNWANTED_TIME_MAX, all_read).await;
}

/// Opens a listening socket on the first address of `host` that can be had.
pub(crate) async fn bind(host: &str, port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((host, port)).await
}
