//! Keys of elliptic curves that come without their public half, as Java writes them.
//!
//! ring does not compute it. The certificate tells it, and ring sees whether the halves fit.

use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivateSec1KeyDer};
use x509_parser::der_parser::der::parse_der;

use super::parsed;

/// The key, with the public half that a certificate tells.
pub(super) fn completed(
    key: &PrivateKeyDer<'_>,
    certificate: &CertificateDer<'_>,
) -> Option<PrivateKeyDer<'static>> {
    let certificate = parsed(certificate).ok()?;
    let public = &certificate.public_key().subject_public_key.data;
    // RFC 5958: the third element is the key itself, as RFC 5915 has it; there the second is the
    // private half.
    let private = match key {
        PrivateKeyDer::Sec1(key) => bytes_of_element(key.secret_sec1_der(), 1)?,
        PrivateKeyDer::Pkcs8(key) => {
            let key = bytes_of_element(key.secret_pkcs8_der(), 2)?;
            bytes_of_element(&key, 1)?
        }
        _ => return None,
    };
    let no_unused_bits = [0].as_slice();
    let public = element(BIT_STRING, &[no_unused_bits, public])?;
    let parts = [
        element(INTEGER, &[&[1]])?,
        element(OCTET_STRING, &[&private])?,
        element(PUBLIC_KEY, &[&public])?,
    ];
    let key = element(SEQUENCE, &parts.each_ref().map(Vec::as_slice))?;
    Some(PrivateSec1KeyDer::from(key).into())
}

/// The content of an element of a sequence in DER.
fn bytes_of_element(sequence: &[u8], position: usize) -> Option<Vec<u8>> {
    let (_, sequence) = parse_der(sequence).ok()?;
    let element = sequence.as_sequence().ok()?.get(position)?;
    element.as_slice().ok().map(Into::into)
}

/// An element in DER. Those of a key are short.
fn element(tag: u8, content: &[&[u8]]) -> Option<Vec<u8>> {
    let content = content.concat();
    let length = u8::try_from(content.len()).ok()?;
    let head = match length {
        0..128 => vec![tag, length],
        _ => vec![tag, LENGTH_OF_ONE_BYTE, length],
    };
    Some([head, content].concat())
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;
const PUBLIC_KEY: u8 = 0xa1;
const LENGTH_OF_ONE_BYTE: u8 = 0x81;
