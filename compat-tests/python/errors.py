"""What a refusal looks like from the outside, stated once."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from azure.core.exceptions import HttpResponseError

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
    "EmptyMetadataKey": (400, "The key for one of the metadata key-value pairs is empty."),
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


@contextmanager
def refused(code: str, text: str | None = None, **details: str):
    """Expects the block to be refused with `code`, with its status, its text and these details.

    The details are the elements that follow the message in the error document; the SDK gives
    their names in lower case.
    """
    status, usual_text = ERRORS[code]
    with pytest.raises(HttpResponseError) as caught:
        yield caught
    error = caught.value
    assert (error.status_code, error.error_code) == (status, code), error.message
    assert error.message.startswith((text or usual_text) + "\nRequestId:")
    assert error.response.headers["x-ms-error-code"] == code
    assert details.items() <= error.additional_info.items()
