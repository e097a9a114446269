//! What is expected of answers, stated once.

use std::fmt::Debug;

use azure_core::Result;
use azure_core::error::ErrorKind;
use azure_core::http::RawResponse;
use azure_core::time::{Duration, OffsetDateTime};

/// The status of each code and the text that the service sends with it, its own spelling included.
const REFUSALS: &[(&str, u16, &str)] = &[
    (
        "AuthenticationFailed",
        403,
        "Server failed to authenticate the request. Make sure the value of Authorization header is \
         formed correctly including the signature.",
    ),
    (
        "AuthorizationFailure",
        403,
        "This request is not authorized to perform this operation.",
    ),
    (
        "AuthorizationPermissionMismatch",
        403,
        "This request is not authorized to perform this operation using this permission.",
    ),
    (
        "AuthorizationProtocolMismatch",
        403,
        "This request is not authorized to perform this operation using this protocol.",
    ),
    (
        "AuthorizationResourceTypeMismatch",
        403,
        "This request is not authorized to perform this operation using this resource type.",
    ),
    (
        "AuthorizationServiceMismatch",
        403,
        "This request is not authorized to perform this operation using this service.",
    ),
    (
        "AuthorizationSourceIPMismatch",
        403,
        "This request is not authorized to perform this operation using this source IP ",
    ),
    (
        "InsufficientAccountPermissions",
        403,
        "Write operations are not allowed.",
    ),
    (
        "InvalidAuthenticationInfo",
        401,
        "Server failed to authenticate the request. Please refer to the information in the \
         www-authenticate header.",
    ),
    (
        "InvalidMetadata",
        400,
        "The metadata specified is invalid. It has characters that are not permitted.",
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
        "MessageNotFound",
        404,
        "The specified message does not exist.",
    ),
    (
        "MetadataTooLarge",
        400,
        "The size of the specified metadata exceeds the maximum size permitted.",
    ),
    (
        "NoAuthenticationInformation",
        401,
        "Server failed to authenticate the request. Please refer to the information in the \
         www-authenticate header.",
    ),
    (
        "OutOfRangeInput",
        400,
        "The specified resource name length is not within the permissible limits.",
    ),
    (
        "OutOfRangeQueryParameterValue",
        400,
        "One of the query parameters specified in the request URI is outside the permissible range.",
    ),
    (
        "QueueAlreadyExists",
        409,
        "The specified queue already exists.",
    ),
    ("QueueNotFound", 404, "The specified queue does not exist."),
    (
        "RequestBodyTooLarge",
        413,
        "The request body is too large and exceeds the maximum permissible limit.",
    ),
];

/// Expects a refusal by the service with this code, its status and its text. Gives the raw answer.
#[track_caller]
pub fn refused<T: Debug>(result: Result<T>, code: &str) -> RawResponse {
    let (_, _, text) = REFUSALS.iter().find(|refusal| refusal.0 == code).unwrap();
    refused_with(result, code, text)
}

#[track_caller]
pub fn refused_with<T: Debug>(result: Result<T>, code: &str, text: &str) -> RawResponse {
    let (_, expected, _) = REFUSALS.iter().find(|refusal| refusal.0 == code).unwrap();
    let (status, told, answer) = refusal(result);
    let body = body(&answer);
    assert_eq!((status, told.as_str()), (*expected, code), "{body}");
    assert_eq!(header(&answer, "x-ms-error-code"), code);
    for beginning in [format!("<Code>{code}</Code>"), format!("<Message>{text}")] {
        assert!(body.contains(&beginning), "want {beginning}, got {body}");
    }
    answer
}

/// The status, the code and the raw answer of a refusal by the service.
#[track_caller]
pub fn refusal<T: Debug>(result: Result<T>) -> (u16, String, RawResponse) {
    let error = result.expect_err("want a refusal");
    match error.kind() {
        ErrorKind::HttpResponse {
            status,
            error_code: Some(code),
            raw_response: Some(answer),
        } => (u16::from(*status), code.clone(), (**answer).clone()),
        _ => panic!("want a refusal by the service, got {error:?}"),
    }
}

/// Whether an error of the service has this code.
pub fn has_code(error: &azure_core::Error, code: &str) -> bool {
    matches!(error.kind(), ErrorKind::HttpResponse { error_code: Some(told), .. } if told == code)
}

pub fn body(answer: &RawResponse) -> String {
    String::from_utf8_lossy(answer.body()).into_owned()
}

#[track_caller]
pub fn header<'a>(answer: &'a RawResponse, name: &'static str) -> &'a str {
    answer.headers().get_str(&name.into()).unwrap()
}

/// Expects an instant so many seconds after another. Both are cut to seconds, so one may be missing.
#[track_caller]
pub fn about(got: Option<OffsetDateTime>, since: OffsetDateTime, seconds: i64) {
    let off = got.unwrap() - since - Duration::seconds(seconds);
    assert!(
        off.abs() <= Duration::seconds(2),
        "{got:?} is not {seconds} s after {since}"
    );
}
