//! The server's certificate.

use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};
use queuerite_model::Timestamp;
use rcgen::KeyPair;

use super::FolderError;
use super::authority::Authority;

/// A certificate for the server, and its key.
pub(super) struct Leaf {
    pub(super) certificate: rcgen::Certificate,
    pub(super) key: KeyPair,
    pub(super) expires: Timestamp,
}

impl Leaf {
    /// The certificate and whoever signed it, in PEM.
    pub(super) fn chain_pem(&self, authority: &Authority) -> String {
        self.certificate.pem() + &authority.pem
    }

    /// All of it in PKCS#12, as OpenSSL 3, Windows and Java write it today.
    pub(super) fn pkcs12(
        &self,
        authority: &Authority,
        password: &str,
    ) -> Result<Vec<u8>, FolderError> {
        let write = || {
            let key = PrivateKey::from_der(self.key.serialized_der())?;
            let chain = [
                Certificate::from_der(self.certificate.der())?,
                Certificate::from_der(&authority.certificate)?,
            ];
            let chain = PrivateKeyChain::new("1", key, chain);
            let mut store = KeyStore::new();
            store.add_entry("queuerite", KeyStoreEntry::PrivateKeyChain(chain));
            store.writer(password).write()
        };
        write().map_err(FolderError::Pkcs12)
    }
}
