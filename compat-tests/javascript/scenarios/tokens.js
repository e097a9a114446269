// Token credentials.

import assert from "node:assert/strict";

import { codeOf, refused } from "../errors.js";
import { missingQueue, nameOf, needsHttp, needsTokens } from "../fixtures.js";
import { count, getOne, put, remove } from "../messages.js";
import { scenario } from "../scenario.js";
import { RestError, isOldest } from "../sdk.js";
import { Credential, EXPIRED, TENANT, byToken, token } from "../tokens.js";

scenario("S215 a token opens everything", needsTokens, async (t) => {
  const credential = new Credential();
  const queue = byToken(credential).getQueueClient(nameOf(missingQueue(t)));
  assert.equal((await queue.create())._response.status, 201);
  await put(queue, "text");
  await remove(queue, await getOne(queue));
  assert.equal(await count(queue), 0);
  await queue.setAccessPolicy([]);
  assert.deepEqual((await queue.getAccessPolicy()).signedIdentifiers, []);
  assert.equal((await queue.delete())._response.status, 204);
  assert.deepEqual(credential.asked[0].scopes, ["https://storage.azure.com/.default"]);
});

for (const [what, claims] of [
  ["another audience", { aud: "https://vault.azure.net" }],
  ["another issuer", { iss: "https://accounts.example.com/" }],
]) {
  scenario(`S216 a token for ${what} opens nothing`, needsTokens, () =>
    refused("InvalidAuthenticationInfo", byToken(new Credential(token(claims))).getProperties()),
  );
}

scenario("S217 an expired token opens nothing", needsTokens, () =>
  refused("InvalidAuthenticationInfo", byToken(new Credential(token(EXPIRED))).getProperties()),
);

// The challenge of the service tells whose token is wanted; 12.0.0 does not listen to it.
if (!isOldest) {
  scenario("S217 an expired token is exchanged for a better one", needsTokens, async () => {
    const credential = new Credential(token(EXPIRED), token());
    assert.equal((await byToken(credential).getProperties())._response.status, 200);
    assert.equal(credential.asked.length, 2);
    assert.equal(credential.asked[1].tenantId, TENANT);
  });
}

// Newer versions of the SDK refuse by themselves.
scenario("S218 a token does not go over HTTP", needsHttp, async () => {
  await assert.rejects(byToken().getProperties(), (error) => {
    if (error instanceof RestError) {
      assert.deepEqual([error.statusCode, codeOf(error)], [403, "AuthenticationFailed"]);
    } else {
      assert.match(error.message, /not permitted for non-TLS protected/);
    }
    return true;
  });
});
