// User delegation keys, and the signatures made with them.

import assert from "node:assert/strict";

import { codeOf, failed, refused } from "../errors.js";
import { account, nameOf, needsTokens, newQueue, service } from "../fixtures.js";
import { getOne, peek, put, remove, texts, update } from "../messages.js";
import { inHours, queueBy } from "../sas.js";
import { scenario } from "../scenario.js";
import { QueueClient, QueueSASPermissions, generateQueueSASQueryParameters } from "../sdk.js";
import { Credential, OBJECT, TENANT, USER, byToken, token } from "../tokens.js";

const key = (client = byToken()) => client.getUserDelegationKey(inHours(-0.1), inHours(1));

/** The query of a user delegation SAS. */
async function delegationSas(queue, permissions, options = {}) {
  return generateQueueSASQueryParameters(
    {
      queueName: nameOf(queue),
      permissions: QueueSASPermissions.parse(permissions),
      expiresOn: inHours(0.5),
      ...options,
    },
    await key(),
    account.name,
  ).toString();
}

scenario("S210 a delegation key is handed out", needsTokens, async () => {
  const [from, to] = [inHours(-0.1), inHours(1)];
  const handedOut = await byToken().getUserDelegationKey(from, to);
  assert.equal(handedOut.signedObjectId, OBJECT);
  assert.equal(handedOut.signedTenantId, TENANT);
  assert.equal(handedOut.signedService, "q");
  const wholeSeconds = (date) => Math.floor(date.getTime() / 1000);
  assert.equal(wholeSeconds(handedOut.signedStartsOn), wholeSeconds(from));
  assert.equal(wholeSeconds(handedOut.signedExpiresOn), wholeSeconds(to));
  assert.equal(Buffer.from(handedOut.value, "base64").length, 32);
});

scenario("S211 a signature of the delegation key opens its queue", needsTokens, async (t) => {
  const queue = await newQueue(t);
  const having = async (permissions) => queueBy(queue, await delegationSas(queue, permissions));
  await put(await having("a"), "text");
  assert.deepEqual(texts(await peek(await having("r"))), ["text"]);
  const processing = await having("p");
  const received = await getOne(processing);
  const { popReceipt } = await update(await having("u"), received, "new", 30);
  await remove(processing, { ...received, popReceipt });
});

scenario("S211 and what it does not permit is refused", needsTokens, async (t) => {
  const queue = await newQueue(t);
  const reading = queueBy(queue, await delegationSas(queue, "rup"));
  await refused("AuthorizationPermissionMismatch", reading.sendMessage("text"));
});

scenario("S211 a signature for one user is his alone", needsTokens, async (t) => {
  const queue = await newQueue(t);
  const sas = await delegationSas(queue, "r", { delegatedUserObjectId: USER });
  const by = (credential) =>
    new QueueClient(`${queue.url}?${sas}`, credential, { retryOptions: { maxTries: 1 } });
  await refused("AuthenticationFailed", by(undefined).peekMessages());
  await refused("AuthenticationFailed", by(new Credential()).peekMessages());
  const own = by(new Credential(token({ oid: USER })));
  assert.equal((await own.peekMessages())._response.status, 200);
});

scenario("S212 a delegation key is asked for by tokens alone", async () => {
  const error = await failed(key(service));
  assert.equal(error.statusCode, 403);
  assert.ok(
    ["AuthenticationFailed", "AuthorizationFailure"].includes(codeOf(error)),
    error.message,
  );
});
