//! TLS 1.2 and 1.3: the certificate that the command line names, and handshakes with it.

mod elliptic;
mod error;
mod identity;
mod pem;
mod pkcs12;
mod source;

use std::io;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::sign::SingleCertAndKey;
use tokio_rustls::server::TlsStream;

pub use error::CertificateError;
pub(crate) use identity::{Identity, parsed};
use pem::is_pem;
pub use source::{CertificateSource, Password};

/// The server's side of TLS, ready for connections.
#[derive(Clone)]
pub struct Tls(TlsAcceptor);

impl Tls {
    /// Reads a certificate and its key, and sees that they belong together.
    pub fn load(source: &CertificateSource) -> Result<Self, CertificateError> {
        let identity = source.read()?;
        identity.warn_if_out_of_date();
        let key = SingleCertAndKey::from(identity.into_certified_key());
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            // 1.2 and 1.3: rustls has no older one. Node's defaults are the same.
            .with_safe_default_protocol_versions()
            .map_err(CertificateError::Tls)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(key));
        // A client that offers HTTP/2 too is told that it is not spoken here.
        config.alpn_protocols = ["http/1.1", "http/1.0"].map(Into::into).into();
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    /// Shakes hands with a client.
    pub(crate) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.0.accept(stream).await
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls")
    }
}

#[cfg(test)]
mod tests;
