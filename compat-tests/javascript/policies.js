// Stored access policies, set and read in the same way with all versions of the SDK.

import { altering, body } from "./raw.js";
import { isOldest } from "./sdk.js";

/** A policy as the SDK wants it. */
export const policy = (id, accessPolicy = {}) => ({ id, accessPolicy });

/** Sets them, and returns the answer. */
export function setPolicies(queue, policies) {
  const isComplete = ({ accessPolicy }) => accessPolicy.startsOn && accessPolicy.expiresOn;
  if (isOldest && !policies.every(isComplete)) {
    // It cannot leave a time out; the document can.
    return altering(queue, body(document(policies))).setAccessPolicy([]);
  }
  return queue.setAccessPolicy(policies);
}

/** The policies of a queue, without what is not in them. */
export async function policiesOf(queue) {
  const { signedIdentifiers } = await queue.getAccessPolicy();
  return signedIdentifiers.map(({ id, accessPolicy }) => policy(id, given(accessPolicy)));
}

function given({ startsOn, expiresOn, permissions } = {}) {
  // A time that is missing is an invalid one in 12.0.0.
  const isTime = (time) => time && !Number.isNaN(time.getTime());
  return {
    ...(isTime(startsOn) && { startsOn }),
    ...(isTime(expiresOn) && { expiresOn }),
    ...(permissions && { permissions }),
  };
}

function document(policies) {
  const escape = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const element = (name, value) => (value === undefined ? "" : `<${name}>${value}</${name}>`);
  const identifiers = policies.map(({ id, accessPolicy: { startsOn, expiresOn, permissions } }) => {
    const parts =
      element("Start", startsOn?.toISOString()) +
      element("Expiry", expiresOn?.toISOString()) +
      element("Permission", permissions);
    return element("SignedIdentifier", element("Id", escape(id)) + element("AccessPolicy", parts));
  });
  return element("SignedIdentifiers", identifiers.join(""));
}
