// Tokens that nobody issued: what they say is checked, who signed them is not.

import { WITHOUT_RETRIES, account } from "./fixtures.js";
import { QueueServiceClient } from "./sdk.js";

export const OBJECT = "11111111-1111-1111-1111-111111111111";
export const TENANT = "22222222-2222-2222-2222-222222222222";
export const USER = "33333333-3333-3333-3333-333333333333";

/** A token with these claims instead of the usual ones. */
export function token(claims = {}) {
  const now = Math.floor(Date.now() / 1000);
  const usual = {
    aud: "https://storage.azure.com",
    iss: `https://login.microsoftonline.com/${TENANT}/v2.0`,
    iat: now - 60,
    nbf: now - 60,
    exp: now + 3600,
    oid: OBJECT,
    tid: TENANT,
  };
  const part = (content) => Buffer.from(JSON.stringify(content)).toString("base64url");
  return `${part({ typ: "JWT", alg: "none" })}.${part({ ...usual, ...claims })}.`;
}

/** The claims of a token whose time is over. */
export const EXPIRED = { exp: Math.floor(Date.now() / 1000) - 1 };

/** What @azure/identity would be: it gives a token to whoever asks, and remembers the asking. */
export class Credential {
  #tokens;
  asked = [];

  /** Gives these tokens one after the other, and the last one ever after. */
  constructor(...tokens) {
    this.#tokens = tokens.length > 0 ? tokens : [token()];
  }

  async getToken(scopes, options) {
    this.asked.push({ scopes: [scopes].flat(), tenantId: options?.tenantId });
    const current = this.#tokens.length > 1 ? this.#tokens.shift() : this.#tokens[0];
    return { token: current, expiresOnTimestamp: Date.now() + 3600 * 1000 };
  }
}

/** A service client that has a token and nothing else. */
export function byToken(credential = new Credential()) {
  return new QueueServiceClient(account.endpoint, credential, { ...WITHOUT_RETRIES });
}
