//! An answer, and what is to be seen of it.

use chrono::{DateTime, NaiveDateTime, Utc};
use queuerite_testkit::Response;
use quick_xml::Reader;
use quick_xml::events::Event;

use crate::outcome::{Outcome, Stop, equal, fail, hold};

/// What every body begins with.
pub const PROLOGUE: &str = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>";

/// An answer to a request at a version.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What came.
    pub response: Response,
    /// The request's `x-ms-version`, if it had one.
    pub version: Option<String>,
    /// The request's method and target, for whoever reads a failure.
    pub request: String,
    /// Whether a body could have come.
    pub is_head: bool,
}

impl Answer {
    /// The first header of this name, if there is one.
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.response.header(name)
    }

    /// The first header of this name.
    pub fn header(&self, name: &str) -> Outcome<&str> {
        let value = self.optional(name);
        value.ok_or_else(|| Stop::Failed(format!("{}: no header {name}", self.request)))
    }

    /// Fails unless the header has this value.
    pub fn has_header(&self, name: &str, value: &str) -> Outcome {
        equal(
            &format!("{}: {name}", self.request),
            self.header(name)?,
            value,
        )
    }

    /// Fails if there is a header of this name.
    pub fn has_no_header(&self, name: &str) -> Outcome {
        equal(
            &format!("{}: {name}", self.request),
            self.optional(name),
            None::<&str>,
        )
    }

    /// Fails unless the status and its phrase are these, and the answer is one of the service.
    pub fn succeeded(self, status: u16) -> Outcome<Self> {
        self.has_status(status)?;
        let phrase = match status {
            200 => "OK",
            201 => "Created",
            202 => "Accepted",
            204 => "No Content",
            _ => return fail(format!("{status} is no success")),
        };
        equal(
            &format!("{}: the reason phrase", self.request),
            &*self.response.reason,
            phrase,
        )?;
        self.has_no_header("x-ms-error-code")?;
        Ok(self)
    }

    /// Fails unless this is the error of this code in all its parts: status, reason phrase,
    /// header and body.
    pub fn refused(self, code: &str) -> Outcome<Self> {
        let known = ERRORS.iter().find(|(name, ..)| *name == code);
        let (_, status, text) = known.ok_or_else(|| Stop::Failed(format!("no code {code}")))?;
        self.refused_with(*status, code, text)
    }

    /// As [`refused`](Self::refused), for a code that has more than one status or text.
    pub fn refused_with(self, status: u16, code: &str, text: &str) -> Outcome<Self> {
        self.has_status(status)?;
        let request = &self.request;
        equal(
            &format!("{request}: the reason phrase"),
            &*self.response.reason,
            text,
        )?;
        let is_told = self
            .version
            .as_deref()
            .is_none_or(|version| version >= "2017-07-29");
        if is_told || self.optional("x-ms-error-code").is_some() {
            self.has_header("x-ms-error-code", code)?;
        }
        let id = self.header("x-ms-request-id")?;
        if self.is_head {
            return Ok(self);
        }
        self.has_header("content-type", "application/xml")?;
        let start =
            format!("{PROLOGUE}<Error><Code>{code}</Code><Message>{text}\nRequestId:{id}\nTime:");
        let body = self.body()?;
        let Some((time, _)) = body
            .strip_prefix(&start)
            .and_then(|rest| rest.split_once("</Message>"))
        else {
            return fail(format!(
                "{request}: the body is {body:?}, not {start:?} and so on"
            ));
        };
        hold(is_precise_time(time), || {
            format!("{request}: the time is {time:?}")
        })?;
        Ok(self)
    }

    /// Fails unless this is the status.
    pub fn has_status(&self, status: u16) -> Outcome {
        if self.response.status == status {
            return Ok(());
        }
        let Response {
            status: actual,
            reason,
            ..
        } = &self.response;
        let (request, body) = (&self.request, self.response.text());
        fail(format!(
            "{request}: the status is {actual} {reason:?}, not {status}\n{body}"
        ))
    }

    /// The body as it came, with its byte-order mark.
    pub fn body(&self) -> Outcome<String> {
        let body = String::from_utf8(self.response.body.clone());
        body.map_err(|_| Stop::Failed(format!("{}: the body is not UTF-8", self.request)))
    }

    /// Fails unless the body is empty and nothing says what it is.
    pub fn has_no_body(&self) -> Outcome {
        equal(&format!("{}: the body", self.request), self.body()?, "")?;
        self.has_no_header("content-type")
    }

    /// Fails unless the body is exactly this, after its prologue.
    pub fn has_document(&self, document: &str) -> Outcome {
        let expected = format!("{PROLOGUE}{document}");
        equal(
            &format!("{}: the body", self.request),
            self.body()?,
            expected,
        )
    }

    /// The names of all elements of the body, in its order.
    pub fn elements(&self) -> Outcome<Vec<String>> {
        let text = self.response.text();
        let mut reader = Reader::from_str(&text);
        let mut names = Vec::new();
        loop {
            match reader.read_event() {
                Ok(Event::Start(element) | Event::Empty(element)) => {
                    names.push(element.name().as_ref().to_owned());
                }
                Ok(Event::Eof) => return Ok(names),
                Ok(_) => {}
                Err(error) => return fail(format!("{}: {error}: {text}", self.request)),
            }
        }
    }

    /// Fails unless the body has exactly these elements, in this order.
    pub fn has_elements(&self, names: &[&str]) -> Outcome {
        equal(
            &format!("{}: the order of elements", self.request),
            self.elements()?,
            names,
        )
    }

    /// The text of the first element of this name. It may be empty.
    pub fn element(&self, name: &str) -> Outcome<String> {
        if self.response.text().contains(&format!("<{name} />")) {
            return Ok(String::new());
        }
        let text = self.response.element(name);
        let text = text.ok_or_else(|| {
            Stop::Failed(format!(
                "{}: no {name} in {}",
                self.request,
                self.response.text()
            ))
        })?;
        let text = quick_xml::escape::unescape(&text);
        text.map(Into::into)
            .map_err(|error| Stop::Failed(format!("{name}: {error}")))
    }

    /// Fails unless the first element of this name has this text.
    pub fn has_element(&self, name: &str, text: &str) -> Outcome {
        equal(
            &format!("{}: {name}", self.request),
            self.element(name)?,
            text,
        )
    }

    /// The time in the first element of this name.
    pub fn time(&self, name: &str) -> Outcome<DateTime<Utc>> {
        http_time(&self.element(name)?)
    }
}

/// Reads a time as HTTP writes it, to the letter.
pub fn http_time(text: &str) -> Outcome<DateTime<Utc>> {
    let time = NaiveDateTime::parse_from_str(text, HTTP_TIME).ok();
    let time = time.filter(|time| time.format(HTTP_TIME).to_string() == text);
    let time = time.ok_or_else(|| Stop::Failed(format!("{text:?} is no time of RFC 1123")))?;
    Ok(time.and_utc())
}

const HTTP_TIME: &str = "%a, %d %b %Y %H:%M:%S GMT";

/// Whether a time has seven digits after its seconds, and a `Z`.
fn is_precise_time(text: &str) -> bool {
    let is_read = DateTime::parse_from_rfc3339(text).is_ok();
    let digits = text.split_once('.').map(|(_, fraction)| fraction.len());
    is_read && text.ends_with('Z') && digits == Some("1234567Z".len())
}

/// Code, status and text of every error that scenarios provoke, as the service words them.
const ERRORS: &[(&str, u16, &str)] = &[
    (
        "AuthenticationFailed",
        403,
        "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature.",
    ),
    (
        "AuthorizationServiceMismatch",
        403,
        "This request is not authorized to perform this operation using this service.",
    ),
    (
        "CorsPreflightFailure",
        403,
        "CORS not enabled or no matching rule found for this request.",
    ),
    (
        "EmptyMetadataKey",
        400,
        "The key for one of the metadata key-value pairs is empty.",
    ),
    (
        "InvalidAuthenticationInfo",
        400,
        "Authentication information is not given in the correct format. Check the value of Authorization header.",
    ),
    (
        "InvalidHeaderValue",
        400,
        "The value for one of the HTTP headers is not in the correct format.",
    ),
    (
        "InvalidHttpVerb",
        400,
        "The HTTP verb specified was not recognized by the server.",
    ),
    (
        "InvalidMd5",
        400,
        "The MD5 value specified in the request is invalid. The MD5 value must be 128 bits and Base64-encoded.",
    ),
    (
        "InvalidQueryParameterValue",
        400,
        "Value for one of the query parameters specified in the request URI is invalid.",
    ),
    (
        "InvalidResourceName",
        400,
        "The specifed resource name contains invalid characters.",
    ),
    (
        "InvalidXmlDocument",
        400,
        "XML specified is not syntactically valid.",
    ),
    (
        "Md5Mismatch",
        400,
        "The MD5 value specified in the request did not match the MD5 value calculated by the server.",
    ),
    (
        "MessageNotFound",
        404,
        "The specified message does not exist.",
    ),
    (
        "MissingContentLengthHeader",
        411,
        "The Content-Length header was not specified.",
    ),
    (
        "MissingRequiredQueryParameter",
        400,
        "A required query parameter was not specified for this request.",
    ),
    (
        "NoAuthenticationInformation",
        401,
        "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.",
    ),
    (
        "OutOfRangeQueryParameterValue",
        400,
        "One of the query parameters specified in the request URI is outside the permissible range.",
    ),
    ("QueueNotFound", 404, "The specified queue does not exist."),
    (
        "RequestBodyTooLarge",
        413,
        "The request body is too large and exceeds the maximum permissible limit.",
    ),
    (
        "ResourceNotFound",
        404,
        "The specified resource does not exist.",
    ),
    (
        "UnsupportedHttpVerb",
        405,
        "The resource doesn't support the specified HTTP verb.",
    ),
];
