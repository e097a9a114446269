//! The Azure Queue Storage REST protocol as data: bytes in, types out; types in, bytes out.
//!
//! Nothing here opens a socket, reads a clock or knows what a queue holds.

mod auth;
mod command;
mod cors;
mod date;
mod error;
mod error_code;
mod head;
pub mod headers;
mod liveness;
mod metadata;
mod operation;
mod query;
mod request_id;
mod resource;
mod response;
mod route;
mod storage_service;
mod version;
pub mod xml;

pub use auth::{
    AccountKeys, AccountSasGrant, Circumstances, Credential, Grant, QueueSasGrant, Requirement,
    Signature, Token, TokenHolder, UserDelegationKey, Verified, check_time, verify,
};
pub use command::{check_framing, parse_command, parse_key_info};
pub use cors::{Preflight, share};
pub use date::{
    Iso8601, Rfc1123, iso8601_seconds, iso8601_seven, parse_iso8601, parse_rfc1123, rfc1123,
};
pub use error::WireError;
pub use error_code::{RESOURCE_NAME_LENGTH_TEXT, StorageErrorCode};
pub use head::{Head, HeadError, HeadOptions};
pub use liveness::LivenessCall;
pub use operation::OperationKind;
pub use query::Query;
pub use request_id::RequestId;
pub use resource::{Addressing, Resource, ResourcePath, Style, queue_name};
pub use response::{
    CommonHeaders, Response, ResponseContext, SERVER, SERVER_FRONT_END, common_headers,
    error_response, respond, respond_user_delegation_key,
};
pub use storage_service::StorageService;
pub use version::ServiceVersion;
pub use xml::KeyInfo;
