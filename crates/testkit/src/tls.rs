//! The client's side of TLS.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, DEFAULT_VERSIONS, RootCertStore, StreamOwned,
    SupportedProtocolVersion,
};

use crate::client::connect;

/// Whom a client trusts, and whom it expects to meet.
#[derive(Clone, Debug)]
pub struct Trust {
    config: Arc<ClientConfig>,
    /// The server's address, if there is no name.
    name: Option<ServerName<'static>>,
}

impl Trust {
    /// Trusts the authorities in this PEM file, and nobody else.
    pub fn of(authority: &Path) -> Self {
        Self::at_versions(authority, DEFAULT_VERSIONS)
    }

    /// As [`of`](Self::of), at these versions of TLS only.
    pub fn at_versions(authority: &Path, versions: &[&'static SupportedProtocolVersion]) -> Self {
        let mut roots = RootCertStore::empty();
        let certificates = CertificateDer::pem_file_iter(authority).unwrap();
        // The system's file has some hundred, and not all have to please us.
        let (added, _) = roots.add_parsable_certificates(certificates.map(Result::unwrap));
        assert!(added > 0, "no authority in {}", authority.display());
        let provider = Arc::new(ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self {
            config: Arc::new(config),
            name: None,
        }
    }

    /// Offers these protocols, such as `h2`.
    #[must_use]
    pub fn offering(mut self, protocols: &[&str]) -> Self {
        let protocols = protocols.iter().map(|name| name.as_bytes().to_vec());
        Arc::make_mut(&mut self.config).alpn_protocols = protocols.collect();
        self
    }

    /// How `rustls` says the same, but for the name.
    pub fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.config)
    }

    /// Expects a server of this name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(ServerName::try_from(name.to_owned()).unwrap());
        self
    }
}

/// A connection, plain or through TLS.
#[derive(Debug)]
pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Stream {
    pub(crate) fn open(address: SocketAddr, trust: Option<&Trust>) -> io::Result<Self> {
        let stream = connect(address)?;
        let Some(Trust { config, name }) = trust else {
            return Ok(Self::Plain(stream));
        };
        let name = name.clone().unwrap_or_else(|| address.ip().into());
        let connection =
            ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
        Ok(Self::Tls(Box::new(StreamOwned::new(connection, stream))))
    }

    /// Says that nothing more will come.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        let stream = match self {
            Self::Plain(stream) => stream,
            Self::Tls(tls) => {
                tls.conn.send_close_notify();
                tls.flush()?;
                &mut tls.sock
            }
        };
        stream.shutdown(Shutdown::Write)
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}
