"""What a refusal looks like from the outside, stated once."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError

# Well-formed, and of nothing that there is.
UNKNOWN_MESSAGE = "00000000-0000-0000-0000-000000000000"
UNKNOWN_RECEIPT = "AgAAAAMAAAAAAAAAkFnBcDn20wE="

# The code, its HTTP status, and the text the service sends with it (its own spelling included).
ERRORS = {
    "AuthenticationFailed": (
        403,
        "Server failed to authenticate the request. Make sure the value of Authorization header is "
        "formed correctly including the signature.",
    ),
    "AuthorizationFailure": (403, "This request is not authorized to perform this operation."),
    "AuthorizationPermissionMismatch": (
        403,
        "This request is not authorized to perform this operation using this permission.",
    ),
    "AuthorizationProtocolMismatch": (
        403,
        "This request is not authorized to perform this operation using this protocol.",
    ),
    "AuthorizationResourceTypeMismatch": (
        403,
        "This request is not authorized to perform this operation using this resource type.",
    ),
    "AuthorizationServiceMismatch": (
        403,
        "This request is not authorized to perform this operation using this service.",
    ),
    "EmptyMetadataKey": (400, "The key for one of the metadata key-value pairs is empty."),
    "InsufficientAccountPermissions": (403, "Write operations are not allowed."),
    "InvalidAuthenticationInfo": (
        401,
        "Server failed to authenticate the request. Please refer to the information in the "
        "www-authenticate header.",
    ),
    "InvalidMetadata": (
        400,
        "The metadata specified is invalid. It has characters that are not permitted.",
    ),
    "InvalidQueryParameterValue": (
        400,
        "Value for one of the query parameters specified in the request URI is invalid.",
    ),
    "InvalidResourceName": (400, "The specifed resource name contains invalid characters."),
    "InvalidXmlDocument": (400, "XML specified is not syntactically valid."),
    "MessageNotFound": (404, "The specified message does not exist."),
    "MetadataTooLarge": (
        400,
        "The size of the specified metadata exceeds the maximum size permitted.",
    ),
    "NoAuthenticationInformation": (
        401,
        "Server failed to authenticate the request. Please refer to the information in the "
        "www-authenticate header.",
    ),
    "OutOfRangeInput": (
        400,
        "The specified resource name length is not within the permissible limits.",
    ),
    "OutOfRangeQueryParameterValue": (
        400,
        "One of the query parameters specified in the request URI is outside the permissible "
        "range.",
    ),
    "QueueAlreadyExists": (409, "The specified queue already exists."),
    "QueueNotFound": (404, "The specified queue does not exist."),
    "RequestBodyTooLarge": (
        413,
        "The request body is too large and exceeds the maximum permissible limit.",
    ),
    "ResourceNotFound": (404, "The specified resource does not exist."),
}


def details_of(error: HttpResponseError) -> dict[str, str]:
    """The elements that follow the message; newer SDKs give their names in lower case."""
    return {name.lower(): value for name, value in error.additional_info.items()}


@contextmanager
def refused(*codes: str, text: str | None = None, **details: str):
    """Expects the block to be refused with one of these codes, its status, its text, and details.

    The details are the elements that follow the message in the error document.
    """
    with pytest.raises(HttpResponseError) as caught:
        yield caught
    error = caught.value
    assert error.error_code in codes, error.message
    status, usual_text = ERRORS[str(error.response.headers["x-ms-error-code"])]
    assert error.error_code == error.response.headers["x-ms-error-code"]
    assert error.status_code == status, error.message
    assert error.message.startswith((text or usual_text) + "\nRequestId:"), error.message
    assert details.items() <= details_of(error).items()


@contextmanager
def created_again():
    """Expects the answer to a second creation of the same queue: 204, an error to this SDK."""
    with pytest.raises(ResourceExistsError) as caught:
        yield
    assert caught.value.status_code == 204, caught.value.message
