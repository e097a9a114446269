// Token credentials over https, user delegation keys, and the signatures made with them.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import {
  QueueClient,
  QueueSASPermissions,
  QueueServiceClient,
  generateQueueSASQueryParameters,
} from "@azure/storage-queue";

import { refused } from "./errors.js";
import { WITHOUT_RETRIES, ours, secureServer, serviceClient, uniqueName } from "./fixtures.js";
import { Credential, EXPIRED, OBJECT, TENANT, USER, token } from "./tokens.js";

const MINUTE = 60 * 1000;
const inMinutes = (minutes) => new Date(Date.now() + minutes * MINUTE);

const account = ours.skip ? undefined : (await secureServer()).account;
const trusting = { ...WITHOUT_RETRIES, tlsOptions: { ca: account?.authority } };

function byToken(credential = new Credential()) {
  return new QueueServiceClient(account.endpoint, credential, trusting);
}

async function newQueue(t) {
  const queue = byToken().getQueueClient(uniqueName());
  await queue.create();
  t.after(() => queue.deleteIfExists());
  return queue;
}

/** A queue client that has a user delegation SAS, and perhaps a token. */
async function byDelegation(queue, permissions, { credential, ...more } = {}) {
  const key = await byToken().getUserDelegationKey(inMinutes(-1), inMinutes(60));
  const sas = generateQueueSASQueryParameters(
    {
      queueName: queue.name,
      permissions: QueueSASPermissions.parse(permissions),
      expiresOn: inMinutes(30),
      ...more,
    },
    key,
    account.name,
  );
  return new QueueClient(`${account.endpoint}/${queue.name}?${sas}`, credential, trusting);
}

describe("over https", ours, () => {
  test("an account key works as over http", async () => {
    const service = QueueServiceClient.fromConnectionString(account.connectionString, trusting);
    const queue = service.getQueueClient(uniqueName());
    await queue.create();
    await queue.sendMessage("text");
    assert.equal((await queue.receiveMessages()).receivedMessageItems[0].messageText, "text");
    await queue.delete();
  });

  test("an authority that is not trusted is not talked to", async () => {
    await assert.rejects(serviceClient(account).getProperties(), /certificate/);
  });
});

describe("token", ours, () => {
  test("messages", async (t) => {
    const queue = await newQueue(t);
    await queue.sendMessage("text");
    const { receivedMessageItems } = await queue.receiveMessages();
    const [{ messageId, popReceipt }] = receivedMessageItems;
    await queue.deleteMessage(messageId, popReceipt);
    assert.equal((await queue.getProperties()).approximateMessagesCount, 0);
  });

  test("stored access policies are within reach", async (t) => {
    const queue = await newQueue(t);
    const accessPolicy = { startsOn: inMinutes(-1), expiresOn: inMinutes(1), permissions: "r" };
    await queue.setAccessPolicy([{ id: "readers", accessPolicy }]);
    const { signedIdentifiers } = await queue.getAccessPolicy();
    assert.equal(signedIdentifiers[0].id, "readers");
  });

  for (const [what, claims] of [
    ["of another audience", { aud: "https://vault.azure.net" }],
    ["of another issuer", { iss: "https://accounts.example.com/" }],
    ["that is out of date", EXPIRED],
  ]) {
    test(what, () =>
      refused("InvalidAuthenticationInfo", byToken(new Credential(token(claims))).getProperties()));
  }

  test("the challenge gets a better one", async () => {
    const credential = new Credential(token(EXPIRED), token());
    assert.ok(await byToken(credential).getProperties());
    const [first, second] = credential.asked;
    assert.deepEqual(first.scopes, ["https://storage.azure.com/.default"]);
    assert.equal(second.tenantId, TENANT);
  });
});

describe("user delegation", ours, () => {
  test("a key says whose it is", async () => {
    const key = await byToken().getUserDelegationKey(inMinutes(-1), inMinutes(60));
    assert.equal(key.signedObjectId, OBJECT);
    assert.equal(key.signedTenantId, TENANT);
    assert.equal(key.signedService, "q");
  });

  test("an account key does not get one", async () => {
    const service = QueueServiceClient.fromConnectionString(account.connectionString, trusting);
    await refused("AuthorizationFailure", service.getUserDelegationKey(inMinutes(-1), inMinutes(60)));
  });

  test("each permission", async (t) => {
    const queue = await newQueue(t);
    await (await byDelegation(queue, "a")).sendMessage("text");
    const peeked = await (await byDelegation(queue, "r")).peekMessages();
    assert.equal(peeked.peekedMessageItems[0].messageText, "text");
    const processing = await byDelegation(queue, "p");
    const [message] = (await processing.receiveMessages()).receivedMessageItems;
    const updating = await byDelegation(queue, "u");
    const updated = await updating.updateMessage(message.messageId, message.popReceipt, "new", 30);
    await processing.deleteMessage(message.messageId, updated.popReceipt);
    assert.equal((await queue.getProperties()).approximateMessagesCount, 0);
  });

  test("a missing permission", async (t) => {
    const reading = await byDelegation(await newQueue(t), "rup");
    await refused("AuthorizationPermissionMismatch", reading.sendMessage("text"));
  });

  test("a signature for one user", async (t) => {
    const queue = await newQueue(t);
    const forUser = { delegatedUserObjectId: USER };
    await refused("AuthenticationFailed", (await byDelegation(queue, "r", forUser)).peekMessages());
    const another = { ...forUser, credential: new Credential() };
    await refused("AuthenticationFailed", (await byDelegation(queue, "r", another)).peekMessages());
    const own = { ...forUser, credential: new Credential(token({ oid: USER })) };
    assert.ok(await (await byDelegation(queue, "r", own)).peekMessages());
  });
});
