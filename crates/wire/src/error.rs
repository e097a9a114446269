//! What was wrong with a request, and where.

use thiserror::Error;

/// A request that cannot be understood or believed. It names the header, the parameter or the
/// place in the body; which code and status that becomes is the server's to say.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum WireError {
    /// `x-ms-version` is malformed, or not a version that is served.
    #[error("the service version {value:?} is not served")]
    UnsupportedVersion {
        /// As it was sent.
        value: String,
    },
    /// The signature of a queue is used on the whole service.
    #[error("a queue's signature cannot be used on the service")]
    QueueSasOnService {
        /// Whether a refusal says what is missing: since `sv` 2015-04-05.
        tells_reason: bool,
    },
    /// Only a bearer token could ask for this operation, and the request carries none.
    #[error("the operation needs a bearer token")]
    OperationNeedsBearerToken,
    /// `x-ms-version` is required and missing.
    #[error("the service version is missing")]
    MissingVersion,

    /// The `Authorization` header has no form that is known.
    #[error("the Authorization header cannot be read")]
    MalformedAuthorization,
    /// There is no credential of any kind.
    #[error("the request carries no credential")]
    NoCredential,
    /// There is a credential and it is not accepted.
    #[error("the credential is not accepted: {detail}")]
    AuthenticationFailed {
        /// The `AuthenticationErrorDetail`; tells the string-to-sign, never a key.
        detail: String,
    },
    /// There is a bearer token that can be read, and it is not accepted.
    #[error("the token is not accepted: {detail}")]
    InvalidToken {
        /// The `AuthenticationErrorDetail`.
        detail: &'static str,
        /// The tenant that the token is from, if it says one: where to get a better one.
        tenant: Option<String>,
    },
    /// The credential does not cover this service.
    #[error("the credential is for other services")]
    ServiceMismatch,
    /// The credential must not be used over plain HTTP.
    #[error("the credential requires HTTPS")]
    ProtocolMismatch,
    /// The credential must not be used from here.
    #[error("the credential is not for use from {address}")]
    SourceAddressMismatch {
        /// Where the request came from.
        address: std::net::IpAddr,
    },
    /// No account of that name is served here.
    #[error("the account is not served here")]
    UnknownAccount,

    /// A percent escape of the path or query cannot be decoded.
    #[error("the URL cannot be decoded")]
    UndecodableUrl,
    /// The path has a shape that no resource has.
    #[error("the path names no resource")]
    UnknownResource,
    /// The queue name is too short or too long.
    #[error("the queue name is too short or too long")]
    QueueNameLength,
    /// The queue name has characters that it cannot have.
    #[error("the queue name contains invalid characters")]
    QueueNameCharacters,
    /// The method is none of HTTP's.
    #[error("the method is unknown")]
    UnknownVerb,
    /// The method is not one of this resource's.
    #[error("the resource has only the methods {allowed}")]
    UnsupportedVerb {
        /// The resource's methods, as the `Allow` header lists them.
        allowed: &'static str,
    },

    /// A query parameter cannot be read, or contradicts another.
    #[error("the query parameter {name} is invalid: {reason}")]
    InvalidQueryParameter {
        /// Its name, in lower case.
        name: &'static str,
        /// Its value, decoded.
        value: String,
        /// The service's `Reason`, which may be empty.
        reason: &'static str,
    },
    /// A number in the query is outside its range.
    #[error("the query parameter {name} is not within {minimum} to {maximum}")]
    OutOfRangeQueryParameter {
        /// Its name, in lower case.
        name: &'static str,
        /// Its value, decoded.
        value: String,
        /// The least allowed.
        minimum: i64,
        /// The most allowed.
        maximum: i64,
    },
    /// A query parameter is required and missing.
    #[error("the query parameter {name} is missing")]
    MissingQueryParameter {
        /// Its name, in lower case.
        name: &'static str,
    },
    /// The marker of List Queues is none that the service gave.
    #[error("the marker is none that was given")]
    MarkerOutOfRange,

    /// A header cannot be read.
    #[error("the header {name} cannot be read")]
    InvalidHeader {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
    /// PUT or POST without `Content-Length` and not chunked.
    #[error("the length of the body is not given")]
    MissingContentLength,
    /// `Content-MD5` is not the base64 of sixteen bytes.
    #[error("the Content-MD5 header is no MD5")]
    InvalidMd5,
    /// The body is not what `Content-MD5` says.
    #[error("the body does not have the MD5 that its header says")]
    Md5Mismatch {
        /// What the header says, in base64.
        specified: String,
        /// What the body has, in base64.
        calculated: String,
    },
    /// A metadata name is no C# identifier.
    #[error("a metadata name is not an identifier")]
    InvalidMetadata,
    /// A header `x-ms-meta-` without a name.
    #[error("a metadata name is empty")]
    EmptyMetadataKey {
        /// The value that was sent with it.
        value: String,
    },
    /// Over 8 KiB of metadata.
    #[error("the metadata is too large")]
    MetadataTooLarge,

    /// The body, or the message text in it, is longer than allowed.
    #[error("the body exceeds {limit} bytes")]
    BodyTooLarge {
        /// The limit that the answer names, in bytes.
        limit: usize,
    },
    /// The body is not the document it should be.
    #[error("the document is invalid at line {line}, position {position}: {reason}")]
    InvalidXml {
        /// Line, counted from 1; 0 where no place is named.
        line: u64,
        /// Column in characters, counted from 1; 0 where no place is named.
        position: u64,
        /// The service's `Reason`, which may be empty.
        reason: String,
    },
    /// The text of an element cannot be read, or is not allowed.
    #[error("the element {name} is invalid: {reason}")]
    InvalidXmlNode {
        /// Its name.
        name: &'static str,
        /// Its text.
        value: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}
