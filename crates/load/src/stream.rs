//! A connection that never waits, with or without TLS.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use mio::event::Source;
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

/// The two kinds.
#[derive(Debug)]
pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Stream {
    pub(crate) fn connect(
        address: SocketAddr,
        tls: Option<&Arc<ClientConfig>>,
    ) -> io::Result<Self> {
        // Connected before it stops waiting, so that no event is needed for that.
        let stream = std::net::TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let stream = TcpStream::from_std(stream);
        let Some(tls) = tls else {
            return Ok(Self::Plain(stream));
        };
        let name = ServerName::IpAddress(address.ip().into());
        let connection = ClientConnection::new(Arc::clone(tls), name).map_err(io::Error::other)?;
        Ok(Self::Tls(Box::new(StreamOwned::new(connection, stream))))
    }

    pub(crate) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let interest = Interest::READABLE | Interest::WRITABLE;
        match self {
            Self::Plain(stream) => stream.register(registry, token, interest),
            Self::Tls(stream) => stream.sock.register(registry, token, interest),
        }
    }

    /// Writes as much of `bytes` as can be, and says how much that was.
    pub(crate) fn write_some(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut written = 0;
        while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
            let more = match self {
                Self::Plain(stream) => stream.write(rest),
                Self::Tls(stream) => stream.write(rest),
            };
            match more {
                Ok(more) => written += more,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        if let Self::Tls(stream) = self
            && let Err(error) = stream.flush()
            && error.kind() != ErrorKind::WouldBlock
        {
            return Err(error);
        }
        Ok(written)
    }

    /// Appends what has arrived.
    pub(crate) fn read_into(&mut self, buffer: &mut Vec<u8>) -> io::Result<()> {
        let mut piece = [0; 16 * 1024];
        loop {
            let read = match self {
                Self::Plain(stream) => stream.read(&mut piece),
                Self::Tls(stream) => stream.read(&mut piece),
            };
            match read {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(length) => {
                    buffer.extend_from_slice(piece.get(..length).unwrap_or_default());
                    if length < piece.len() && matches!(self, Self::Plain(_)) {
                        // The socket is empty; edge-triggered events tell of what comes.
                        return Ok(());
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }
}
