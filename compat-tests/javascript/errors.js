// What a refusal looks like from the outside, stated once.

import assert from "node:assert/strict";

import { isRestError } from "@azure/storage-queue";

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
  AuthorizationServiceMismatch: [
    403,
    "This request is not authorized to perform this operation using this service.",
  ],
  EmptyMetadataKey: [400, "The key for one of the metadata key-value pairs is empty."],
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
  MetadataTooLarge: [
    400,
    "The size of the specified metadata exceeds the maximum size permitted.",
  ],
  MissingRequiredQueryParameter: [
    400,
    "A required query parameter was not specified for this request.",
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
export async function refused(code, operation, details = {}, text = undefined) {
  const [status, usualText] = ERRORS[code];
  let error;
  await assert.rejects(operation, (reason) => {
    error = reason;
    return true;
  });
  assert.ok(isRestError(error), error);
  assert.deepEqual([error.statusCode, error.code], [status, code], error.details?.message);
  assert.equal(error.response.headers.get("x-ms-error-code"), code);
  assert.equal(error.details.errorCode, code);
  const message = error.details.message;
  assert.ok(message.startsWith(`${text ?? usualText}\nRequestId:`), message);
  const given = error.details.additionalProperties;
  for (const [name, value] of Object.entries(details)) {
    assert.equal(given[name], value, `${name} in ${JSON.stringify(given)}`);
  }
  return error;
}
