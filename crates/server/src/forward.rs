//! What forwards the blob or the table port to a real server of that service.
//!
//! Bytes are passed on untouched in both directions, whatever they mean: requests stay signed as
//! they were, and bodies of any length stream. Only TLS ends here, if it is spoken at all.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::config::{Endpoint, Service};
use crate::listen::{Speak, Terms, read_out, shake_hands};

/// A port of a service that is served elsewhere.
#[derive(Debug)]
pub(crate) struct Forward {
    pub(crate) service: Service,
    pub(crate) target: Endpoint,
}

impl Speak for Forward {
    async fn speak(self: Arc<Self>, stream: TcpStream, remote: SocketAddr, terms: Terms) {
        let Some(tls) = &terms.tls else {
            return self.pass_on(stream, &terms).await;
        };
        if let Some(stream) = shake_hands(stream, remote, tls, &terms).await {
            Box::pin(self.pass_on(stream, &terms)).await;
        }
    }
}

impl Forward {
    async fn pass_on(&self, mut client: impl AsyncRead + AsyncWrite + Unpin, terms: &Terms) {
        let Endpoint { host, port } = &self.target;
        let connect = TcpStream::connect((host.as_str(), *port));
        let connected = match tokio::time::timeout(terms.limits.handshake_time, connect).await {
            Ok(connected) => connected,
            Err(elapsed) => Err(elapsed.into()),
        };
        match connected {
            Ok(mut target) => {
                let _ = target.set_nodelay(true);
                tokio::select! {
                    // Whichever side fails, both learn it by the end of their connection.
                    _ = tokio::io::copy_bidirectional(&mut client, &mut target) => {}
                    () = terms.stop.cancelled() => {}
                }
            }
            Err(error) => {
                let service = self.service;
                tracing::warn!(%error, "the {service} proxy cannot reach {host}:{port}");
                let _ = client.write_all(self.unreachable().as_bytes()).await;
                tokio::select! {
                    () = read_out(client) => {}
                    () = terms.stop.cancelled() => {}
                }
            }
        }
    }

    /// What a client is told in place of an answer of the target.
    fn unreachable(&self) -> String {
        let Endpoint { host, port } = &self.target;
        let service = self.service;
        let body = format!(
            "queuerite forwards this port to the {service} service at {host}:{port}, which cannot \
             be reached.\n"
        );
        format!(
            "HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\ncontent-type: text/plain\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        )
    }
}
