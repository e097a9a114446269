//! The one table of error codes.
//!
//! Elsewhere there are no status numbers and no message texts. Where the documentation and the
//! recorded answers of the service disagree, the text here is the recorded one.

use http::StatusCode;

macro_rules! storage_error_codes {
    ($($(#[$doc:meta])* $variant:ident $name:literal $status:ident $text:literal)*) => {
        /// An error code of the service: the `Code` of an error document and the
        /// `x-ms-error-code` of its answer, with its HTTP status and its text.
        /// REST pages "Common REST API error codes" and "Queue service error codes".
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum StorageErrorCode {
            $($(#[$doc])* $variant,)*
        }

        impl StorageErrorCode {
            /// Every code, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The code as it is written on the wire.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The HTTP status; never a success.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)* }
            }

            /// The text that clients read; also the reason phrase of the answer.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

storage_error_codes! {
    /// A signature, key or date was not accepted.
    AuthenticationFailed "AuthenticationFailed" FORBIDDEN
        "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature."
    /// The credential never permits this operation.
    AuthorizationFailure "AuthorizationFailure" FORBIDDEN
        "This request is not authorized to perform this operation."
    /// The credential lacks the permission.
    AuthorizationPermissionMismatch "AuthorizationPermissionMismatch" FORBIDDEN
        "This request is not authorized to perform this operation using this permission."
    /// The credential requires HTTPS.
    AuthorizationProtocolMismatch "AuthorizationProtocolMismatch" FORBIDDEN
        "This request is not authorized to perform this operation using this protocol."
    /// The credential is for other kinds of resources.
    AuthorizationResourceTypeMismatch "AuthorizationResourceTypeMismatch" FORBIDDEN
        "This request is not authorized to perform this operation using this resource type."
    /// The credential is for other services.
    AuthorizationServiceMismatch "AuthorizationServiceMismatch" FORBIDDEN
        "This request is not authorized to perform this operation using this service."
    /// The credential is for other source addresses.
    AuthorizationSourceIpMismatch "AuthorizationSourceIPMismatch" FORBIDDEN
        "This request is not authorized to perform this operation using this source IP {SourceIP}."
    /// No CORS rule permits what a preflight asks.
    CorsPreflightFailure "CorsPreflightFailure" FORBIDDEN
        "CORS not enabled or no matching rule found for this request."
    /// A header `x-ms-meta-` without a name.
    EmptyMetadataKey "EmptyMetadataKey" BAD_REQUEST
        "The key for one of the metadata key-value pairs is empty."
    /// The `sv` of a signature is older than what it is used for.
    FeatureVersionMismatch "FeatureVersionMismatch" CONFLICT
        "The feature used by this request requires a newer signed version."
    /// A write to the secondary endpoint.
    InsufficientAccountPermissions "InsufficientAccountPermissions" FORBIDDEN
        "Write operations are not allowed."
    /// The disk is nearly full: what grows is refused, what shrinks is not. Not a code of the
    /// service, whose disks are not ours to fill.
    InsufficientStorage "InsufficientStorage" INSUFFICIENT_STORAGE
        "The disk that keeps the queues is nearly full. Messages can be received and deleted, but none can be added."
    /// The server's own fault.
    InternalError "InternalError" INTERNAL_SERVER_ERROR
        "The server encountered an internal error. Please retry the request."
    /// An `Authorization` header that cannot be read.
    InvalidAuthenticationInfo "InvalidAuthenticationInfo" BAD_REQUEST
        "Authentication information is not given in the correct format. Check the value of Authorization header."
    /// A bearer token that was read and refused. The same code as the 400, with another status.
    InvalidBearerToken "InvalidAuthenticationInfo" UNAUTHORIZED
        "Server failed to authenticate the request. Please refer to the information in the www-authenticate header."
    /// A header whose value cannot be read.
    InvalidHeaderValue "InvalidHeaderValue" BAD_REQUEST
        "The value for one of the HTTP headers is not in the correct format."
    /// A method that HTTP does not know.
    InvalidHttpVerb "InvalidHttpVerb" BAD_REQUEST
        "The HTTP verb specified was not recognized by the server."
    /// A `Content-MD5` that is no MD5.
    InvalidMd5 "InvalidMd5" BAD_REQUEST
        "The MD5 value specified in the request is invalid. The MD5 value must be 128 bits and Base64-encoded."
    /// A metadata name that is no identifier.
    InvalidMetadata "InvalidMetadata" BAD_REQUEST
        "The metadata specified is invalid. It has characters that are not permitted."
    /// A query parameter whose value cannot be read.
    InvalidQueryParameterValue "InvalidQueryParameterValue" BAD_REQUEST
        "Value for one of the query parameters specified in the request URI is invalid."
    /// A queue name with characters that it cannot have. The service spells it so.
    InvalidResourceName "InvalidResourceName" BAD_REQUEST
        "The specifed resource name contains invalid characters."
    /// A path that names nothing.
    InvalidUri "InvalidUri" BAD_REQUEST
        "The requested URI does not represent any resource on the server."
    /// A body that is not the document it should be.
    InvalidXmlDocument "InvalidXmlDocument" BAD_REQUEST
        "XML specified is not syntactically valid."
    /// An element whose text cannot be read.
    InvalidXmlNodeValue "InvalidXmlNodeValue" BAD_REQUEST
        "The value provided for one of the XML nodes in the request body was not in the correct format."
    /// The body is not what its `Content-MD5` says.
    Md5Mismatch "Md5Mismatch" BAD_REQUEST
        "The MD5 value specified in the request did not match the MD5 value calculated by the server."
    /// The in-memory store is full. Not a code of the service but of its emulator.
    MemoryExtentStoreAtSizeLimit "MemoryExtentStoreAtSizeLimit" CONFLICT
        "Cannot add an extent chunk to the in-memory store. Its size limit will be exceeded."
    /// No such message, or an old pop receipt.
    MessageNotFound "MessageNotFound" NOT_FOUND
        "The specified message does not exist."
    /// Over 8 KiB of metadata.
    MetadataTooLarge "MetadataTooLarge" BAD_REQUEST
        "The size of the specified metadata exceeds the maximum size permitted."
    /// PUT or POST without a length.
    MissingContentLengthHeader "MissingContentLengthHeader" LENGTH_REQUIRED
        "The Content-Length header was not specified."
    /// A header that must be there.
    MissingRequiredHeader "MissingRequiredHeader" BAD_REQUEST
        "An HTTP header that's mandatory for this request is not specified."
    /// A query parameter that must be there.
    MissingRequiredQueryParameter "MissingRequiredQueryParameter" BAD_REQUEST
        "A required query parameter was not specified for this request."
    /// An element that must be there.
    MissingRequiredXmlNode "MissingRequiredXmlNode" BAD_REQUEST
        "A required XML node was not specified in the request body."
    /// No credential at all, from version 2019-12-12 on.
    NoAuthenticationInformation "NoAuthenticationInformation" UNAUTHORIZED
        "Server failed to authenticate the request. Please refer to the information in the www-authenticate header."
    /// What was asked is not part of this server.
    NotImplemented "NotImplemented" NOT_IMPLEMENTED
        "The requested operation is not implemented on the specified resource."
    /// The server did not finish in time.
    OperationTimedOut "OperationTimedOut" INTERNAL_SERVER_ERROR
        "The operation could not be completed within the permitted time."
    /// A queue name that is too short or too long, by its own text; or a marker that names nothing.
    OutOfRangeInput "OutOfRangeInput" BAD_REQUEST
        "One of the request inputs is out of range."
    /// A number outside its range.
    OutOfRangeQueryParameterValue "OutOfRangeQueryParameterValue" BAD_REQUEST
        "One of the query parameters specified in the request URI is outside the permissible range."
    /// Create Queue on a queue with other metadata.
    QueueAlreadyExists "QueueAlreadyExists" CONFLICT
        "The specified queue already exists."
    /// Create Queue while the name is still taken.
    QueueBeingDeleted "QueueBeingDeleted" CONFLICT
        "The specified queue is being deleted."
    /// No such queue.
    QueueNotFound "QueueNotFound" NOT_FOUND
        "The specified queue does not exist."
    /// A body or a message text over its limit.
    RequestBodyTooLarge "RequestBodyTooLarge" PAYLOAD_TOO_LARGE
        "The request body is too large and exceeds the maximum permissible limit."
    /// A request line that cannot be decoded.
    RequestUrlFailedToParse "RequestUrlFailedToParse" BAD_REQUEST
        "The url in the request could not be parsed."
    /// No such account; or no credential, before version 2019-12-12.
    ResourceNotFound "ResourceNotFound" NOT_FOUND
        "The specified resource does not exist."
    /// More requests than can wait.
    ServerBusy "ServerBusy" SERVICE_UNAVAILABLE
        "The server is currently unable to receive requests. Please retry your request."
    /// A method that the resource does not have.
    UnsupportedHttpVerb "UnsupportedHttpVerb" METHOD_NOT_ALLOWED
        "The resource doesn't support the specified HTTP verb."
    /// An element that queues do not have.
    UnsupportedXmlNode "UnsupportedXmlNode" BAD_REQUEST
        "One of the XML nodes specified in the request body is not supported."
}

/// The text of [`StorageErrorCode::OutOfRangeInput`] where it speaks of a queue's name.
pub const RESOURCE_NAME_LENGTH_TEXT: &str =
    "The specified resource name length is not within the permissible limits.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_an_error_and_reads_as_a_reason_phrase() {
        for code in StorageErrorCode::ALL {
            assert!(
                code.status().is_client_error() || code.status().is_server_error(),
                "{code:?}"
            );
            let printable = |b: u8| (b' '..=b'~').contains(&b);
            assert!(code.text().bytes().all(printable), "{code:?}");
        }
    }
}
