// Shared access signatures: of the account, of a queue, and by stored access policy.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import {
  AccountSASPermissions,
  AccountSASServices,
  QueueClient,
  QueueSASPermissions,
  QueueServiceClient,
  SASProtocol,
  generateAccountSASQueryParameters,
} from "@azure/storage-queue";

import { refused } from "./errors.js";
import { WITHOUT_RETRIES, account, missingQueue, newQueue, uniqueName } from "./fixtures.js";

const HOUR = 60 * 60 * 1000;
const inHours = (hours) => new Date(Date.now() + hours * HOUR);

/** A service client that has an account SAS and nothing else. */
function byAccountSas(resourceTypes, permissions, options = {}) {
  const sas = generateAccountSASQueryParameters(
    {
      services: AccountSASServices.parse("q").toString(),
      resourceTypes,
      permissions: AccountSASPermissions.parse(permissions),
      expiresOn: inHours(1),
      ...options,
    },
    account.credential,
  );
  return new QueueServiceClient(`${account.endpoint}?${sas}`, undefined, { ...WITHOUT_RETRIES });
}

/** A queue client that has a queue SAS and nothing else. */
function byQueueSas(queue, permissions, options = {}) {
  const granted = permissions && {
    permissions: QueueSASPermissions.parse(permissions),
    expiresOn: inHours(1),
  };
  const url = queue.generateSasUrl({ ...granted, ...options });
  return new QueueClient(url, undefined, { ...WITHOUT_RETRIES });
}

async function put(queue, text = "text") {
  await queue.sendMessage(text);
  return queue;
}

const peeked = async (queue) => (await queue.peekMessages()).peekedMessageItems[0].messageText;

describe("account SAS", () => {
  test("service operations", async (t) => {
    const queue = await newQueue(t);
    assert.ok((await byAccountSas("s", "r").getProperties()).cors);
    const listed = [];
    for await (const found of byAccountSas("s", "l").listQueues({ prefix: queue.name })) {
      listed.push(found.name);
    }
    assert.deepEqual(listed, [queue.name]);
  });

  test("queue operations", async () => {
    const name = uniqueName();
    await byAccountSas("c", "c").createQueue(name);
    await byAccountSas("c", "w").getQueueClient(name).setMetadata({ a: "1" });
    const properties = await byAccountSas("c", "r").getQueueClient(name).getProperties();
    assert.deepEqual(properties.metadata, { a: "1" });
    await byAccountSas("c", "d").deleteQueue(name);
  });

  test("message operations", async (t) => {
    const { name } = await newQueue(t);
    const having = (permissions) => byAccountSas("o", permissions).getQueueClient(name);
    await having("a").sendMessage("text");
    assert.equal(await peeked(having("r")), "text");
    const [received] = (await having("p").receiveMessages()).receivedMessageItems;
    const { messageId, popReceipt } = received;
    const updated = await having("u").updateMessage(messageId, popReceipt, "new", 30);
    await having("p").deleteMessage(messageId, updated.popReceipt);
    await having("d").clearMessages();
  });

  test("access policies are out of reach", async (t) => {
    const queue = byAccountSas("sco", "rwdlcaup").getQueueClient((await newQueue(t)).name);
    await refused("AuthorizationFailure", queue.getAccessPolicy());
    await refused("AuthorizationFailure", queue.setAccessPolicy([]));
  });

  for (const [name, permissions, operation] of [
    ["get metadata", "wdlcaup", (queue) => queue.getProperties()],
    ["set metadata", "rdlaup", (queue) => queue.setMetadata({ a: "1" })],
    ["delete", "rwlcaup", (queue) => queue.delete()],
    ["put", "rwdlcup", (queue) => queue.sendMessage("text")],
    ["get", "rwdlcau", (queue) => queue.receiveMessages()],
    ["peek", "wdlcaup", (queue) => queue.peekMessages()],
    ["clear", "rwlcaup", (queue) => queue.clearMessages()],
  ]) {
    test(`a missing permission: ${name}`, async (t) => {
      const queue = byAccountSas("sco", permissions).getQueueClient((await newQueue(t)).name);
      await refused("AuthorizationPermissionMismatch", operation(queue));
    });
  }

  for (const [resourceTypes, operation] of [
    ["co", (service) => service.getProperties()],
    ["so", (service, name) => service.getQueueClient(name).getProperties()],
    ["sc", (service, name) => service.getQueueClient(name).peekMessages()],
  ]) {
    test(`a missing resource type: only ${resourceTypes}`, async (t) => {
      const { name } = await newQueue(t);
      const limited = byAccountSas(resourceTypes, "rwdlcaup");
      await refused("AuthorizationResourceTypeMismatch", operation(limited, name));
    });
  }

  test("for another service", async () => {
    const blobs = byAccountSas("s", "r", { services: "b" });
    await refused("AuthorizationServiceMismatch", blobs.getProperties());
  });

  const secure = { skip: account.endpoint.startsWith("https:") && "this endpoint speaks https" };
  test("https only", secure, async () => {
    const httpsOnly = byAccountSas("s", "r", { protocol: SASProtocol.Https });
    await refused("AuthorizationProtocolMismatch", httpsOnly.getProperties());
  });

  test("it is enough for a connection string", async (t) => {
    const queue = await newQueue(t);
    const url = new URL(byAccountSas("sco", "ra").url);
    const bySas = new QueueClient(
      `QueueEndpoint=${account.endpoint};SharedAccessSignature=${url.search.slice(1)}`,
      queue.name,
    );
    await bySas.sendMessage("text");
    assert.equal(await peeked(bySas), "text");
  });
});

describe("time", () => {
  test("before the start", async () => {
    const early = byAccountSas("s", "r", { startsOn: inHours(1), expiresOn: inHours(2) });
    await refused("AuthenticationFailed", early.getProperties());
  });

  test("after the start", async () => {
    await byAccountSas("s", "r", { startsOn: inHours(-1) }).getProperties();
  });

  test("after the expiry", async (t) => {
    const expired = { startsOn: inHours(-2), expiresOn: inHours(-1) };
    await refused("AuthenticationFailed", byAccountSas("s", "r", expired).getProperties());
    const queue = byQueueSas(await newQueue(t), "r", expired);
    await refused("AuthenticationFailed", queue.peekMessages());
  });
});

describe("queue SAS", () => {
  test("read", async (t) => {
    const reader = byQueueSas(await put(await newQueue(t)), "r");
    assert.equal(await peeked(reader), "text");
    assert.equal((await reader.getProperties()).approximateMessagesCount, 1);
  });

  test("add", async (t) => {
    const queue = await newQueue(t);
    await put(byQueueSas(queue, "a"));
    assert.equal(await peeked(queue), "text");
  });

  test("update", async (t) => {
    const queue = await newQueue(t);
    const { messageId, popReceipt } = await queue.sendMessage("before");
    await byQueueSas(queue, "u").updateMessage(messageId, popReceipt, "after", 0);
    assert.equal(await peeked(queue), "after");
  });

  test("process", async (t) => {
    const queue = await put(await newQueue(t));
    const worker = byQueueSas(queue, "p");
    const [{ messageId, popReceipt }] = (await worker.receiveMessages()).receivedMessageItems;
    await worker.deleteMessage(messageId, popReceipt);
    assert.equal((await queue.getProperties()).approximateMessagesCount, 0);
  });

  for (const [name, permissions, operation] of [
    ["peek", "aup", (queue) => queue.peekMessages()],
    ["get metadata", "aup", (queue) => queue.getProperties()],
    ["put", "rup", (queue) => queue.sendMessage("text")],
    ["get", "rau", (queue) => queue.receiveMessages()],
  ]) {
    test(`a missing permission: ${name}`, async (t) => {
      const limited = byQueueSas(await newQueue(t), permissions);
      await refused("AuthorizationPermissionMismatch", operation(limited));
    });
  }

  for (const [name, operation] of [
    ["create", (queue) => queue.create()],
    ["delete", (queue) => queue.delete()],
    ["set metadata", (queue) => queue.setMetadata({ a: "1" })],
    ["clear", (queue) => queue.clearMessages()],
    ["get access policy", (queue) => queue.getAccessPolicy()],
    ["set access policy", (queue) => queue.setAccessPolicy([])],
  ]) {
    test(`what is out of reach: ${name}`, async (t) => {
      await refused("AuthorizationFailure", operation(byQueueSas(await newQueue(t), "raup")));
    });
  }

  test("it is for one queue only", async (t) => {
    const other = new URL(byQueueSas(missingQueue(), "raup").url).search;
    const queue = await newQueue(t);
    const wrong = new QueueClient(queue.url + other, undefined, { ...WITHOUT_RETRIES });
    await refused("AuthenticationFailed", wrong.peekMessages());
  });

  test("a changed signature is refused", async (t) => {
    const url = byQueueSas(await newQueue(t), "r").url.replace("sp=r", "sp=rp");
    const more = new QueueClient(url, undefined, { ...WITHOUT_RETRIES });
    await refused("AuthenticationFailed", more.receiveMessages());
  });
});

describe("stored access policy", () => {
  async function withPolicies(t) {
    const queue = await newQueue(t);
    await queue.setAccessPolicy([
      {
        id: "readers",
        accessPolicy: { permissions: "r", startsOn: inHours(-1), expiresOn: inHours(1) },
      },
      { id: "bare", accessPolicy: {} },
    ]);
    return put(queue);
  }

  test("it grants what it says", async (t) => {
    const byPolicy = byQueueSas(await withPolicies(t), undefined, { identifier: "readers" });
    assert.equal(await peeked(byPolicy), "text");
    await refused("AuthorizationPermissionMismatch", byPolicy.receiveMessages());
  });

  test("the signature may add what it does not say", async (t) => {
    const worker = byQueueSas(await withPolicies(t), "p", { identifier: "bare" });
    assert.equal((await worker.receiveMessages()).receivedMessageItems[0].messageText, "text");
  });

  test("but must not repeat what it says", async (t) => {
    const twice = byQueueSas(await withPolicies(t), "r", { identifier: "readers" });
    await refused("AuthenticationFailed", twice.peekMessages());
  });

  for (const identifier of ["bare", "strangers"]) {
    test(`all that is needed must be somewhere: ${identifier}`, async (t) => {
      const nothing = byQueueSas(await withPolicies(t), undefined, { identifier });
      await refused("AuthenticationFailed", nothing.peekMessages());
    });
  }

  test("a removed policy revokes its signatures", async (t) => {
    const queue = await withPolicies(t);
    const byPolicy = byQueueSas(queue, undefined, { identifier: "readers" });
    await byPolicy.peekMessages();
    await queue.setAccessPolicy([]);
    await refused("AuthenticationFailed", byPolicy.peekMessages());
  });
});
