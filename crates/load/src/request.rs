//! Requests as an SDK sends them, made and signed as cheaply as can be.

use std::io::Write as _;
use std::net::SocketAddr;
use std::time::SystemTime;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use queuerite_testkit::{encoded, http_date, sign};
use sha2::Sha256;

/// Who asks: an account, and how it proves who it is.
#[derive(Clone, Debug)]
pub struct Requester {
    account: String,
    host: String,
    proof: Proof,
    date: String,
}

#[derive(Clone, Debug)]
enum Proof {
    /// A signature over each request. The state of the HMAC after its key is kept.
    SharedKey(Box<Hmac<Sha256>>),
    /// The parameters of an account SAS, which permit everything.
    Sas(String),
}

/// Which credential requests carry.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Credential {
    /// `SharedKey`, which signs each request.
    SharedKey,
    /// An account SAS, which is the same for all.
    Sas,
}

/// A request, but for what all have in common.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The method.
    pub method: &'a str,
    /// What follows the account in the path.
    pub path: &'a str,
    /// Parameters in the order of their names, unescaped.
    pub query: &'a [(&'a str, &'a str)],
    /// The body; `None` for a method that has none.
    pub body: Option<&'a [u8]>,
}

impl Requester {
    /// The owner of an account's key, on the server at this address. Dates are not renewed, so it
    /// is good for fifteen minutes.
    ///
    /// # Panics
    ///
    /// If the key is not base64.
    pub fn new(address: SocketAddr, account: &str, key: &str, credential: Credential) -> Self {
        let proof = match credential {
            Credential::SharedKey => Proof::SharedKey(Box::new(keyed(key))),
            Credential::Sas => Proof::Sas(account_sas(account, key)),
        };
        Self {
            account: account.into(),
            host: address.to_string(),
            proof,
            date: http_date(SystemTime::now()),
        }
    }

    /// Appends the bytes of a request.
    pub fn write(&self, request: &Request<'_>, out: &mut Vec<u8>) {
        let account = &self.account;
        let _ = write!(out, "{} /{account}{}", request.method, request.path);
        let mut separator = '?';
        for (name, value) in request.query {
            let _ = write!(out, "{separator}{name}={}", encoded(value));
            separator = '&';
        }
        if let Proof::Sas(parameters) = &self.proof {
            let _ = write!(out, "{separator}{parameters}");
        }
        let _ = write!(out, " HTTP/1.1\r\nHost: {}\r\n{COMMON}", self.host);
        let _ = write!(out, "x-ms-date: {}\r\n", self.date);
        let mut length = String::new();
        if let Some(body) = request.body {
            length = body.len().to_string();
            let _ = write!(out, "Content-Type: {XML}\r\nContent-Length: {length}\r\n");
        }
        if let Proof::SharedKey(mac) = &self.proof {
            let content_type = request.body.map_or("", |_| XML);
            let length = if length == "0" { "" } else { &length };
            let mut mac = Writer((**mac).clone());
            let _ = write!(
                mac,
                "{}\n\n\n{length}\n\n{content_type}\n\n\n\n\n\n\n",
                request.method
            );
            let _ = writeln!(mac, "x-ms-client-request-id:{CLIENT_REQUEST_ID}");
            let _ = writeln!(mac, "x-ms-date:{}\nx-ms-version:{VERSION}", self.date);
            let _ = write!(mac, "/{account}/{account}{}", request.path);
            for (name, value) in request.query {
                let _ = write!(mac, "\n{name}:{value}");
            }
            let signature = BASE64_STANDARD.encode(mac.0.finalize().into_bytes());
            let _ = write!(out, "Authorization: SharedKey {account}:{signature}\r\n");
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(request.body.unwrap_or_default());
    }
}

#[expect(
    clippy::unwrap_used,
    reason = "a key that is none is a mistake in the call"
)]
fn keyed(key: &str) -> Hmac<Sha256> {
    let key = BASE64_STANDARD.decode(key).unwrap();
    Hmac::new_from_slice(&key).unwrap()
}

struct Writer(Hmac<Sha256>);

impl std::io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The parameters of a signature that permits everything in the Queue service.
fn account_sas(account: &str, key: &str) -> String {
    let signed = [
        account, "rwdlacup", "q", "sco", "", EXPIRY, "", "", VERSION, "", "",
    ];
    let signature = encoded(&sign(key, &signed.join("\n")));
    let expiry = encoded(EXPIRY);
    format!("sv={VERSION}&ss=q&srt=sco&sp=rwdlacup&se={expiry}&sig={signature}")
}

/// Long enough for any run.
const EXPIRY: &str = "2099-01-01T00:00:00Z";

/// A version that every server here knows.
const VERSION: &str = "2021-12-02";
const XML: &str = "application/xml";
const CLIENT_REQUEST_ID: &str = "6f1c9a52-33e4-4e0c-9d6b-7f4f3f0b2a11";

/// What SDKs send with every request.
const COMMON: &str = "Accept: application/xml\r\n\
    User-Agent: azsdk-load/1.0 (Linux)\r\n\
    x-ms-client-request-id: 6f1c9a52-33e4-4e0c-9d6b-7f4f3f0b2a11\r\n\
    x-ms-version: 2021-12-02\r\n";

#[cfg(test)]
mod tests {
    use queuerite_testkit::{ACCOUNT, KEY};

    use super::*;

    /// The test kit's client signs in a way of its own, so the two check each other.
    #[test]
    fn a_signature_is_what_the_test_kit_makes_of_the_same_request() {
        let address = SocketAddr::from(([127, 0, 0, 1], 10001));
        let requester = Requester::new(address, ACCOUNT, KEY, Credential::SharedKey);
        let path = "/orders/messages/some-id";
        let bodies: [Option<&[u8]>; 3] = [None, Some(b""), Some(b"<QueueMessage/>")];
        for body in bodies {
            let method = if body.is_some() { "PUT" } else { "DELETE" };
            let mut ours = Vec::new();
            let request = Request {
                method,
                path,
                query: &[("popreceipt", "a+b/c="), ("visibilitytimeout", "30")],
                body,
            };
            requester.write(&request, &mut ours);
            let ours = String::from_utf8(ours).unwrap();

            let target = ours.split(' ').nth(1).unwrap();
            let mut theirs = queuerite_testkit::Request::new(method, target)
                .header("x-ms-client-request-id", CLIENT_REQUEST_ID)
                .header("x-ms-version", VERSION)
                .header("x-ms-date", requester.date.as_str())
                .body(body.unwrap_or_default());
            if body.is_some() {
                theirs = theirs.header("Content-Type", XML);
            }
            let theirs = theirs.signed_by(ACCOUNT, KEY);
            let (name, value) = theirs.headers.last().unwrap();
            assert!(ours.contains(&format!("{name}: {value}\r\n")), "{ours}");
        }
    }

    #[test]
    fn what_is_sent_and_what_is_signed_name_the_same_version_and_id() {
        assert!(COMMON.contains(&format!("x-ms-version: {VERSION}\r\n")));
        assert!(COMMON.contains(&format!("x-ms-client-request-id: {CLIENT_REQUEST_ID}\r\n")));
    }
}
