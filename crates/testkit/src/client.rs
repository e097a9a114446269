//! Raw HTTP with signatures of its own: what SDKs hide can be sent and seen.
//!
//! The string-to-sign is built here once more, from the documentation and not from the server's
//! code, so that a mistake in one of the two shows.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use rustls::ProtocolVersion;
use sha2::Sha256;

use crate::tls::{Stream, Trust};

/// The account that every emulator knows.
pub const ACCOUNT: &str = "devstoreaccount1";
/// Its key, which is no secret.
pub const KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// One connection to a server. It stays open from request to request.
#[derive(Debug)]
pub struct Client {
    address: SocketAddr,
    trust: Option<Trust>,
    stream: Option<BufReader<Stream>>,
}

impl Client {
    /// A client of the server at this address.
    pub const fn new(address: SocketAddr) -> Self {
        Self {
            address,
            trust: None,
            stream: None,
        }
    }

    /// One that speaks TLS, and with whom it trusts only.
    #[must_use]
    pub fn over_tls(mut self, trust: &Trust) -> Self {
        self.trust = Some(trust.clone());
        self
    }

    /// The address of the server.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends a request and reads its answer.
    pub fn send(&mut self, request: &Request) -> std::io::Result<Response> {
        let head_only = request.method == "HEAD";
        self.exchange(&request.to_bytes(self.address), head_only)
    }

    /// Sends bytes as they are and reads one answer.
    pub fn exchange(&mut self, bytes: &[u8], head_only: bool) -> std::io::Result<Response> {
        self.write(bytes)?;
        self.read(head_only)
    }

    /// Sends bytes as they are, on a new connection if there is none.
    pub fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        let stream = if let Some(stream) = &mut self.stream {
            stream
        } else {
            let stream = Stream::open(self.address, self.trust.as_ref())?;
            self.stream.insert(BufReader::new(stream))
        };
        let written = stream.get_mut().write_all(bytes);
        let flushed = written.and_then(|()| stream.get_mut().flush());
        flushed.inspect_err(|_| self.stream = None)
    }

    /// Reads an answer. A connection that is at its end is let go.
    pub fn read(&mut self, head_only: bool) -> std::io::Result<Response> {
        let stream = self
            .stream
            .as_mut()
            .ok_or(std::io::ErrorKind::NotConnected)?;
        let response = Response::read(stream, head_only);
        let is_over = match &response {
            Ok(response) => response.header("connection") == Some("close"),
            Err(_) => true,
        };
        if is_over {
            self.stream = None;
        }
        response
    }

    /// Says that nothing more will come. What the server has to say to that can still be read.
    pub fn finish(&mut self) -> std::io::Result<()> {
        match &mut self.stream {
            Some(stream) => stream.get_mut().finish(),
            None => Ok(()),
        }
    }

    /// Whether the connection of the last answer is kept for the next request.
    pub const fn is_connected(&self) -> bool {
        self.stream.is_some()
    }

    /// The version of TLS that was agreed on, once there was a request.
    pub fn tls_version(&self) -> Option<ProtocolVersion> {
        match self.stream.as_ref()?.get_ref() {
            Stream::Plain(_) => None,
            Stream::Tls(stream) => stream.conn.protocol_version(),
        }
    }

    /// Whether the server has closed the connection, after whatever it still sent. It waits
    /// for that. A TLS connection has to be closed by TLS's own farewell.
    pub fn is_closed(&mut self) -> bool {
        let Some(stream) = &mut self.stream else {
            return true;
        };
        let is_closed = match stream.read_to_end(&mut Vec::new()) {
            Ok(_) => true,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        };
        if is_closed {
            self.stream = None;
        }
        is_closed
    }
}

pub(crate) fn connect(address: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(ANSWER_TIME_MAX))?;
    Ok(stream)
}

/// A server that has not answered by then never will.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);

/// A request, written line by line.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: String,
    /// Path and query, as they go on the request line.
    pub target: String,
    /// The headers, in order and spelling.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// A request without headers.
    pub fn new(method: &str, target: impl Into<String>) -> Self {
        let (method, target) = (method.into(), target.into());
        Self {
            method,
            target,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// With a header more.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// With a body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// With the headers of a request by `SharedKey` at this version, on the default account.
    #[must_use]
    pub fn signed(self, version: &str) -> Self {
        self.header("x-ms-version", version).signed_by(ACCOUNT, KEY)
    }

    /// With a date, a length where one is due, and a signature over what is there so far.
    #[must_use]
    pub fn signed_by(self, account: &str, key: &str) -> Self {
        let request = self.dated_and_framed();
        let signature = sign(key, &request.string_to_sign(account));
        request.header("Authorization", format!("SharedKey {account}:{signature}"))
    }

    /// As [`signed_by`](Self::signed_by), by `SharedKeyLite`.
    #[must_use]
    pub fn signed_lite_by(self, account: &str, key: &str) -> Self {
        let request = self.dated_and_framed();
        let signature = sign(key, &request.string_to_sign_lite(account));
        request.header(
            "Authorization",
            format!("SharedKeyLite {account}:{signature}"),
        )
    }

    /// With a date, and a length where one is due.
    #[must_use]
    pub fn dated_and_framed(mut self) -> Self {
        if !self.has("x-ms-date") && !self.has("date") {
            self = self.header("x-ms-date", http_date(SystemTime::now()));
        }
        let has_framing = self.has("content-length") || self.has("transfer-encoding");
        if matches!(self.method.as_str(), "PUT" | "POST") && !has_framing {
            let length = self.body.len().to_string();
            self = self.header("Content-Length", length);
        }
        self
    }

    /// The bytes that go on the wire.
    pub fn to_bytes(&self, address: SocketAddr) -> Vec<u8> {
        let mut bytes = format!("{} {} HTTP/1.1\r\n", self.method, self.target).into_bytes();
        if !self.has("host") {
            bytes.extend(format!("Host: {address}\r\n").bytes());
        }
        for (name, value) in &self.headers {
            bytes.extend(format!("{name}: {value}\r\n").bytes());
        }
        bytes.extend(b"\r\n");
        bytes.extend(&self.body);
        bytes
    }

    fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// The first header of this name.
    pub fn value(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// REST page "Authorize with Shared Key", for version 2015-02-21 and later unless the
    /// request's own version says otherwise.
    pub fn string_to_sign(&self, account: &str) -> String {
        let value = |name| self.value(name).unwrap_or_default();
        let version = value("x-ms-version");
        let is_old = !version.is_empty() && version < "2015-02-21";
        let length = if value("content-length") == "0" && !is_old {
            ""
        } else {
            value("content-length")
        };
        let date = if self.has("x-ms-date") {
            ""
        } else {
            value("date")
        };
        let standard = [
            self.method.as_str(),
            value("content-encoding"),
            value("content-language"),
            length,
            value("content-md5"),
            value("content-type"),
            date,
            value("if-modified-since"),
            value("if-match"),
            value("if-none-match"),
            value("if-unmodified-since"),
            value("range"),
        ];
        let mut text = standard.join("\n") + "\n" + &self.canonical_headers();

        let (path, query) = self.target.split_once('?').unwrap_or((&self.target, ""));
        let mut pairs: Vec<_> = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (decoded(name).to_lowercase(), decoded(value)))
            .collect();
        pairs.sort();
        write!(text, "/{account}{path}").unwrap();
        for (name, value) in pairs {
            write!(text, "\n{name}:{value}").unwrap();
        }
        text
    }

    /// The same page, for `SharedKeyLite`.
    pub fn string_to_sign_lite(&self, account: &str) -> String {
        let value = |name| self.value(name).unwrap_or_default();
        let date = if self.has("x-ms-date") {
            ""
        } else {
            value("date")
        };
        let standard = [
            self.method.as_str(),
            value("content-md5"),
            value("content-type"),
            date,
        ];
        let mut text = standard.join("\n") + "\n" + &self.canonical_headers();

        let (path, query) = self.target.split_once('?').unwrap_or((&self.target, ""));
        write!(text, "/{account}{path}").unwrap();
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        if let Some((_, comp)) = pairs.find(|(name, _)| name.eq_ignore_ascii_case("comp")) {
            write!(text, "?comp={}", decoded(comp)).unwrap();
        }
        text
    }

    /// A line for each header of the service's own, sorted by bytes. What is repeated is joined.
    fn canonical_headers(&self) -> String {
        let version = self.value("x-ms-version").unwrap_or_default();
        let mut own = BTreeMap::<String, Vec<&str>>::new();
        for (name, value) in &self.headers {
            let (name, value) = (name.to_lowercase(), value.trim());
            if name.starts_with("x-ms-") && (!value.is_empty() || version >= "2016-05-31") {
                own.entry(name).or_default().push(value);
            }
        }
        let mut text = String::new();
        for (name, values) in own {
            writeln!(text, "{name}:{}", values.join(",")).unwrap();
        }
        text
    }
}

/// An answer, with its headers in order and spelling.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The reason phrase.
    pub reason: String,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body, unchunked.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The body as text, without its byte-order mark.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body)
            .trim_start_matches('\u{feff}')
            .to_owned()
    }

    /// The text of the first element of this name in the body.
    pub fn element(&self, name: &str) -> Option<String> {
        let text = self.text();
        let (_, after) = text.split_once(&format!("<{name}>"))?;
        after
            .split_once(&format!("</{name}>"))
            .map(|(value, _)| value.to_owned())
    }

    fn read(stream: &mut impl BufRead, head_only: bool) -> std::io::Result<Self> {
        let status_line = line(stream)?;
        let mut words = status_line.splitn(3, ' ');
        let status = words.nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or_else(|| invalid(format!("status line {status_line:?}")))?;
        let reason = words.next().unwrap_or_default().to_owned();
        let mut headers = Vec::new();
        loop {
            let line = line(stream)?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').ok_or_else(|| invalid(line.clone()))?;
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
        let mut response = Self {
            status,
            reason,
            headers,
            body: Vec::new(),
        };
        if status == 100 {
            return Self::read(stream, head_only);
        }
        if head_only || status == 204 {
            return Ok(response);
        }
        if response.header("transfer-encoding") == Some("chunked") {
            loop {
                let size = usize::from_str_radix(&line(stream)?, 16)
                    .map_err(|e| invalid(e.to_string()))?;
                let mut chunk = vec![0; size + 2];
                stream.read_exact(&mut chunk)?;
                if size == 0 {
                    break;
                }
                response.body.extend(&chunk[..size]);
            }
        } else if let Some(length) = response.header("content-length") {
            response.body = vec![0; length.parse().map_err(|_| invalid(length.into()))?];
            stream.read_exact(&mut response.body)?;
        }
        Ok(response)
    }
}

/// The base64 of the HMAC-SHA256 of `text` under a base64 key.
pub fn sign(key: &str, text: &str) -> String {
    let key = BASE64_STANDARD.decode(key).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(text.as_bytes());
    BASE64_STANDARD.encode(mac.finalize().into_bytes())
}

/// A time as HTTP writes it.
pub fn http_date(time: SystemTime) -> String {
    let seconds = time
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let date = chrono::DateTime::from_timestamp(seconds.cast_signed(), 0).unwrap_or_default();
    date.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// A text as it stands in a query: everything but letters and digits escaped.
pub fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}

fn line(stream: &mut impl BufRead) -> std::io::Result<String> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn invalid(what: String) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidData, what)
}
