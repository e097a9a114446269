// What a refusal looks like from the outside, stated once.

import assert from "node:assert/strict";

import { RestError } from "./sdk.js";

// The code, its HTTP status, and the text the service sends with it (its own spelling included).
export const ERRORS = {
  AuthenticationFailed: [
    403,
    "Server failed to authenticate the request. Make sure the value of Authorization header is " +
      "formed correctly including the signature.",
  ],
  AuthorizationFailure: [403, "This request is not authorized to perform this operation."],
  AuthorizationPermissionMismatch: [
    403,
    "This request is not authorized to perform this operation using this permission.",
  ],
  AuthorizationProtocolMismatch: [
    403,
    "This request is not authorized to perform this operation using this protocol.",
  ],
  AuthorizationResourceTypeMismatch: [
    403,
    "This request is not authorized to perform this operation using this resource type.",
  ],
  AuthorizationSourceIPMismatch: [
    403,
    /^This request is not authorized to perform this operation using this source IP [\d.:a-f]+\.$/,
  ],
  AuthorizationServiceMismatch: [
    403,
    "This request is not authorized to perform this operation using this service.",
  ],
  InsufficientAccountPermissions: [403, "Write operations are not allowed."],
  InvalidAuthenticationInfo: [
    401,
    "Server failed to authenticate the request. Please refer to the information in the " +
      "www-authenticate header.",
  ],
  InvalidMetadata: [
    400,
    "The metadata specified is invalid. It has characters that are not permitted.",
  ],
  InvalidQueryParameterValue: [
    400,
    "Value for one of the query parameters specified in the request URI is invalid.",
  ],
  InvalidResourceName: [400, "The specifed resource name contains invalid characters."],
  InvalidXmlDocument: [400, "XML specified is not syntactically valid."],
  MessageNotFound: [404, "The specified message does not exist."],
  MetadataTooLarge: [400, "The size of the specified metadata exceeds the maximum size permitted."],
  NoAuthenticationInformation: [
    401,
    "Server failed to authenticate the request. Please refer to the information in the " +
      "www-authenticate header.",
  ],
  OutOfRangeInput: [
    400,
    "The specified resource name length is not within the permissible limits.",
  ],
  OutOfRangeQueryParameterValue: [
    400,
    "One of the query parameters specified in the request URI is outside the permissible range.",
  ],
  QueueAlreadyExists: [409, "The specified queue already exists."],
  QueueNotFound: [404, "The specified queue does not exist."],
  RequestBodyTooLarge: [
    413,
    "The request body is too large and exceeds the maximum permissible limit.",
  ],
  ResourceNotFound: [404, "The specified resource does not exist."],
};

/**
 * Expects the operation to be refused with `code`, with its status, its text and these details,
 * and returns the error. The details are the elements that follow the message in the document.
 */
export async function refused(code, operation, details = {}, text = ERRORS[code][1]) {
  const error = await failed(operation);
  const status = ERRORS[code][0];
  assert.deepEqual(
    [error.statusCode, codeOf(error)],
    [status, code],
    error.details?.message ?? error.message,
  );
  assert.equal(error.response.headers.get("x-ms-error-code"), code);
  const [firstLine, secondLine] = error.details.message.split("\n");
  if (text instanceof RegExp) {
    assert.match(firstLine, text);
  } else {
    assert.equal(firstLine, text);
  }
  assert.match(secondLine, /^RequestId:/);
  const given = detailsOf(error);
  for (const [name, value] of Object.entries(details)) {
    assert.equal(given[name], value, `${name} in ${JSON.stringify(given)}`);
  }
  return error;
}

/** Expects the operation to fail with the SDK's own error, and returns it. */
export async function failed(operation) {
  let error;
  await assert.rejects(operation, (reason) => {
    error = reason;
    return true;
  });
  assert.ok(error instanceof RestError, error);
  return error;
}

/** The code of the service's refusal, which 12.0.0 has among the details alone. */
export function codeOf(error) {
  assert.ok(error.details, error);
  assert.ok(error.code === undefined || error.code === error.details.errorCode, error.code);
  return error.details.errorCode;
}

/** The elements that follow the message, which newer versions keep in a place of their own. */
export function detailsOf(error) {
  return error.details.additionalProperties ?? error.details;
}
