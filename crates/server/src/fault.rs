//! Every error -> the answer that a client gets.
//!
//! The matches have no wildcard: a new error does not compile until someone decides what
//! clients see of it.

use std::borrow::Cow;

use queuerite_engine::EngineError;
use queuerite_model::limits::MESSAGE_TEXT_BYTES_MAX;
use queuerite_wire::{
    HeadError, RESOURCE_NAME_LENGTH_TEXT, ServiceVersion, StorageErrorCode, WireError,
};

use crate::authorize::AuthorizationError;
use crate::memory::Exhausted;
use crate::request_body::BodyError;
use crate::service::ServiceError;

/// An error as it is answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// The code, and with it the status.
    pub code: StorageErrorCode,
    /// The text, usually the code's own.
    pub text: Cow<'static, str>,
    /// Elements of the error document after `Message`, in order.
    pub details: Vec<(&'static str, String)>,
    /// Whether the service's front end would answer, which has another `Server` and does not
    /// know the version yet.
    pub is_front_end: bool,
    /// A further header.
    pub header: Option<(&'static str, Cow<'static, str>)>,
}

impl Fault {
    /// An error with its usual text and nothing to add.
    pub fn new(code: StorageErrorCode) -> Self {
        Self {
            code,
            text: Cow::Borrowed(code.text()),
            details: Vec::new(),
            is_front_end: false,
            header: None,
        }
    }

    /// With an element after `Message`.
    #[must_use]
    pub fn with(mut self, element: &'static str, text: impl Into<String>) -> Self {
        self.details.push((element, text.into()));
        self
    }

    /// What a client is told whose request has a head that cannot be read.
    pub fn of_head(error: &HeadError) -> Self {
        let version = error.version.unwrap_or(ServiceVersion::NEWEST);
        Self::of_request(error.error.clone(), version)
    }

    /// What a client that was not understood or believed is told. The version matters to
    /// one that sent no credential.
    pub fn of_request(error: WireError, version: ServiceVersion) -> Self {
        use StorageErrorCode as Code;
        match error {
            WireError::UnsupportedVersion { value } => Self::new(Code::InvalidHeaderValue)
                .with("HeaderName", "x-ms-version")
                .with("HeaderValue", value),
            WireError::MissingVersion => {
                Self::new(Code::MissingRequiredHeader).with("HeaderName", "x-ms-version")
            }
            WireError::OperationNeedsBearerToken
            | WireError::QueueSasOnService { tells_reason: true } => {
                Self::new(Code::AuthorizationFailure)
            }
            WireError::QueueSasOnService {
                tells_reason: false,
            } => Self::new(Code::ResourceNotFound),
            WireError::MalformedAuthorization => Self {
                is_front_end: true,
                ..Self::new(Code::InvalidAuthenticationInfo)
            },
            WireError::NoCredential if version.challenges_anonymous() => {
                Self::new(Code::NoAuthenticationInformation).challenging(NO_TENANT)
            }
            WireError::InvalidToken { detail, tenant } => Self {
                is_front_end: true,
                ..Self::new(Code::InvalidBearerToken)
            }
            .challenging(tenant.as_deref().unwrap_or(NO_TENANT))
            .with("AuthenticationErrorDetail", detail),
            WireError::NoCredential | WireError::UnknownAccount => {
                Self::new(Code::ResourceNotFound)
            }
            WireError::AuthenticationFailed { detail } => Self::unbelieved(detail),
            WireError::ServiceMismatch => Self {
                is_front_end: true,
                ..Self::new(Code::AuthorizationServiceMismatch)
            },
            WireError::ProtocolMismatch => Self::new(Code::AuthorizationProtocolMismatch),
            WireError::SourceAddressMismatch { address } => {
                let code = Code::AuthorizationSourceIpMismatch;
                let text = code
                    .text()
                    .replace("{SourceIP}", &address.to_string())
                    .into();
                Self {
                    text,
                    ..Self::new(code)
                }
            }
            WireError::UndecodableUrl => Self::new(Code::RequestUrlFailedToParse),
            WireError::UnknownResource => Self::new(Code::InvalidUri),
            WireError::QueueNameLength => Self {
                text: RESOURCE_NAME_LENGTH_TEXT.into(),
                ..Self::new(Code::OutOfRangeInput)
            },
            WireError::QueueNameCharacters => Self::new(Code::InvalidResourceName),
            WireError::UnknownVerb => Self::new(Code::InvalidHttpVerb),
            WireError::UnsupportedVerb { allowed } => Self {
                header: Some(("allow", allowed.into())),
                ..Self::new(Code::UnsupportedHttpVerb)
            },
            WireError::InvalidQueryParameter {
                name,
                value,
                reason,
            } => Self::invalid_query_parameter(name, value, reason),
            WireError::OutOfRangeQueryParameter {
                name,
                value,
                minimum,
                maximum,
            } => Self::new(Code::OutOfRangeQueryParameterValue)
                .with("QueryParameterName", name)
                .with("QueryParameterValue", value)
                .with("MinimumAllowed", minimum.to_string())
                .with("MaximumAllowed", maximum.to_string()),
            WireError::MissingQueryParameter { name } => {
                Self::new(Code::MissingRequiredQueryParameter).with("QueryParameterName", name)
            }
            WireError::MarkerOutOfRange => Self::new(Code::OutOfRangeInput),
            WireError::InvalidHeader { name, value } => Self::new(Code::InvalidHeaderValue)
                .with("HeaderName", name)
                .with("HeaderValue", value),
            WireError::MissingContentLength => Self::new(Code::MissingContentLengthHeader),
            WireError::InvalidMd5 => Self::new(Code::InvalidMd5),
            WireError::Md5Mismatch {
                specified,
                calculated,
            } => Self::new(Code::Md5Mismatch)
                .with("UserSpecifiedMd5", specified)
                .with("ServerCalculatedMd5", calculated),
            WireError::InvalidMetadata => Self::new(Code::InvalidMetadata),
            WireError::EmptyMetadataKey { value } => {
                Self::new(Code::EmptyMetadataKey).with("MetadataValue", value)
            }
            WireError::MetadataTooLarge => Self::new(Code::MetadataTooLarge),
            WireError::BodyTooLarge { limit } => {
                Self::new(Code::RequestBodyTooLarge).with("MaxLimit", limit.to_string())
            }
            WireError::InvalidXml {
                line,
                position,
                reason,
            } => Self::new(Code::InvalidXmlDocument)
                .with("LineNumber", line.to_string())
                .with("LinePosition", position.to_string())
                .with("Reason", reason),
            WireError::InvalidXmlNode {
                name,
                value,
                reason,
            } => Self::new(Code::InvalidXmlNodeValue)
                .with("XmlNodeName", name)
                .with("XmlNodeValue", value)
                .with("Reason", reason),
        }
    }

    /// What a client is told whose body could not be read.
    pub(crate) fn of_body(error: BodyError, version: ServiceVersion) -> Self {
        match error {
            BodyError::TooLong => {
                let limit = MESSAGE_TEXT_BYTES_MAX;
                Self::of_request(WireError::BodyTooLarge { limit }, version)
            }
            BodyError::TooSlow => Self::new(StorageErrorCode::OperationTimedOut),
            // If it still listens.
            BodyError::Broken => {
                let (name, value) = ("Content-Length".into(), String::new());
                Self::of_request(WireError::InvalidHeader { name, value }, version)
            }
            BodyError::NoMemory => Self::of_memory(Exhausted),
        }
    }

    /// What a client is told for whose request or answer there is no memory.
    pub(crate) fn of_memory(_: Exhausted) -> Self {
        Self::new(StorageErrorCode::ServerBusy)
    }

    /// What a client is told whose credential does not permit its command.
    pub fn of_authorization(error: AuthorizationError) -> Self {
        use StorageErrorCode as Code;
        match error {
            AuthorizationError::SecondaryIsReadOnly => {
                Self::new(Code::InsufficientAccountPermissions)
            }
            AuthorizationError::ResourceTypeMismatch => {
                Self::new(Code::AuthorizationResourceTypeMismatch)
            }
            AuthorizationError::PermissionMismatch => {
                Self::new(Code::AuthorizationPermissionMismatch)
            }
            AuthorizationError::OutOfReach => Self::new(Code::AuthorizationFailure),
            AuthorizationError::NothingThere => Self::new(Code::ResourceNotFound),
            AuthorizationError::Unbelieved { detail } => Self::unbelieved(detail),
        }
    }

    /// What a client is told whose command could not be carried out. `visibility_timeout` is
    /// the value that it sent, for the one error that repeats it.
    pub fn of_service(error: ServiceError, visibility_timeout: &str) -> Self {
        use StorageErrorCode as Code;
        match error {
            ServiceError::Engine(error) => match error {
                EngineError::QueueNotFound => Self::new(Code::QueueNotFound),
                EngineError::QueueAlreadyExists => Self::new(Code::QueueAlreadyExists),
                EngineError::QueueBeingDeleted => Self::new(Code::QueueBeingDeleted),
                EngineError::MessageNotFound => Self::new(Code::MessageNotFound),
                EngineError::VisibilityBeyondExpiration => {
                    Self::invalid_query_parameter("visibilitytimeout", visibility_timeout, "")
                }
            },
            ServiceError::Unauthorized(error) => Self::of_authorization(error),
            ServiceError::Busy => Self::new(Code::ServerBusy),
            ServiceError::Full { limit } => Self {
                text: format!(
                    "Cannot add an extent chunk to the in-memory store. \
                     Size limit of {limit} bytes will be exceeded"
                )
                .into(),
                ..Self::new(Code::MemoryExtentStoreAtSizeLimit)
            },
            ServiceError::NoSpace => Self::new(Code::InsufficientStorage),
            ServiceError::Unreadable | ServiceError::Failed => Self::new(Code::InternalError),
        }
    }

    /// What a browser is told whose preflight lacks a header.
    pub fn of_preflight_header(name: &'static str) -> Self {
        let text = "A required CORS header is not present.".into();
        Self {
            text,
            ..Self::new(StorageErrorCode::InvalidHeaderValue)
        }
        .with(
            "MessageDetails",
            format!("Invalid required CORS header {name}"),
        )
    }

    /// What a browser is told that no rule lets in.
    pub fn of_preflight() -> Self {
        Self::new(StorageErrorCode::CorsPreflightFailure)
            .with("MessageDetails", "No CORS rules matches this request")
    }

    /// Tells where tokens come from, and for what they must be.
    fn challenging(mut self, tenant: &str) -> Self {
        let challenge = format!(
            "Bearer authorization_uri=https://login.microsoftonline.com/{tenant}/oauth2/authorize \
             resource_id=https://storage.azure.com"
        );
        self.header = Some(("www-authenticate", challenge.into()));
        self
    }

    /// The front end refuses what it does not believe, and says what it expected.
    fn unbelieved(detail: String) -> Self {
        Self {
            is_front_end: true,
            ..Self::new(StorageErrorCode::AuthenticationFailed)
        }
        .with("AuthenticationErrorDetail", detail)
    }

    fn invalid_query_parameter(name: &str, value: impl Into<String>, reason: &str) -> Self {
        Self::new(StorageErrorCode::InvalidQueryParameterValue)
            .with("QueryParameterName", name)
            .with("QueryParameterValue", value)
            .with("Reason", reason)
    }
}

/// The tenant in the challenge to a client that has not said its own. It is nobody's, for this
/// server issues no tokens; but it has the form that SDKs look for before they go on.
const NO_TENANT: &str = "00000000-0000-0000-0000-000000000000";
