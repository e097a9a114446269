// Create Queue, Delete Queue, and the names a queue may have.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { QueueClient } from "@azure/storage-queue";

import { refused } from "./errors.js";
import {
  account,
  missingQueue,
  newQueue,
  ours,
  ownServer,
  service,
  serviceClient,
  uniqueName,
} from "./fixtures.js";

// Well-formed, and of no message.
const STRANGE_ID = "00000000-0000-0000-0000-000000000000";
const STRANGE_RECEIPT = "AgAAAAMAAAAAAAAAkFnBcDn20wE=";

async function names(queues) {
  const names = [];
  for await (const queue of queues) {
    names.push(queue.name);
  }
  return names;
}

const count = async (queue) => (await queue.getProperties()).approximateMessagesCount;

describe("create", () => {
  test("a new queue is empty", async (t) => {
    const queue = await newQueue(t);
    const properties = await queue.getProperties();
    assert.equal(properties.metadata, undefined);
    assert.equal(properties.approximateMessagesCount, 0);
    assert.deepEqual((await queue.getAccessPolicy()).signedIdentifiers, []);
    assert.deepEqual((await queue.receiveMessages()).receivedMessageItems, []);
    assert.deepEqual((await queue.peekMessages()).peekedMessageItems, []);
  });

  test("the answer is 201 and has no body", async (t) => {
    const queue = missingQueue();
    t.after(() => queue.delete());
    const { _response: response } = await queue.create();
    assert.equal(response.status, 201);
    assert.equal(response.bodyAsText ?? "", "");
  });

  test("metadata may be given at once", async (t) => {
    const queue = await newQueue(t, { mykey: "value", other: "2" });
    assert.deepEqual((await queue.getProperties()).metadata, { mykey: "value", other: "2" });
  });

  for (const metadata of [undefined, { a: "1", b: "2" }]) {
    test(`the same queue again is no content: ${JSON.stringify(metadata)}`, async (t) => {
      const queue = await newQueue(t, metadata);
      assert.equal((await queue.create({ metadata }))._response.status, 204);
    });
  }

  for (const [first, second] of [
    [undefined, { a: "1" }],
    [{ a: "1" }, undefined],
    [{ a: "1" }, { a: "2" }],
    [{ a: "1" }, { b: "1" }],
    [{ a: "1" }, { a: "1", b: "2" }],
    [{ a: "value" }, { a: "VALUE" }],
  ]) {
    const change = `${JSON.stringify(first)}, ${JSON.stringify(second)}`;
    test(`other metadata is a conflict: ${change}`, async (t) => {
      const queue = await newQueue(t, first);
      await refused("QueueAlreadyExists", queue.create({ metadata: second }));
      assert.deepEqual((await queue.getProperties()).metadata, first);
    });
  }

  test("creating again keeps the messages", async (t) => {
    const queue = await newQueue(t);
    await queue.sendMessage("still here");
    await queue.create();
    assert.equal((await queue.peekMessages()).peekedMessageItems[0].messageText, "still here");
  });

  test("createIfNotExists tells whether it did", async (t) => {
    const queue = missingQueue();
    t.after(() => queue.delete());
    assert.equal((await queue.createIfNotExists()).succeeded, true);
    assert.equal((await queue.createIfNotExists()).succeeded, false);
    const other = await queue.createIfNotExists({ metadata: { a: "1" } });
    assert.deepEqual([other.succeeded, other.errorCode], [false, "QueueAlreadyExists"]);
    assert.equal((await queue.getProperties()).metadata, undefined);
  });

  test("the service client creates and deletes too", async () => {
    const name = uniqueName();
    await service.createQueue(name, { metadata: { by: "service" } });
    const queue = service.getQueueClient(name);
    assert.deepEqual((await queue.getProperties()).metadata, { by: "service" });
    await service.deleteQueue(name);
    await refused("QueueNotFound", queue.getProperties());
  });
});

describe("delete", () => {
  test("a deleted queue is gone", async (t) => {
    const queue = await newQueue(t);
    assert.equal((await queue.delete())._response.status, 204);
    assert.deepEqual(await names(service.listQueues({ prefix: queue.name })), []);
    await refused("QueueNotFound", queue.delete());
  });

  test("deleteIfExists tells whether it did", async (t) => {
    const queue = await newQueue(t);
    assert.equal((await queue.deleteIfExists()).succeeded, true);
    const again = await queue.deleteIfExists();
    assert.deepEqual([again.succeeded, again.errorCode], [false, "QueueNotFound"]);
  });

  test("it takes its messages along", async (t) => {
    const queue = await newQueue(t);
    const { messageId, popReceipt } = await queue.sendMessage("gone");
    await queue.delete();
    await refused("QueueNotFound", queue.deleteMessage(messageId, popReceipt));
  });

  // A convenience of a local server: the cloud keeps the name for half a minute.
  test("a name is free at once and starts afresh", ours, async (t) => {
    const queue = serviceClient((await ownServer(t)).account).getQueueClient("phoenix");
    await queue.create({ metadata: { life: "first" } });
    await queue.sendMessage("from the first life");
    await queue.delete();
    await queue.create();
    assert.equal((await queue.getProperties()).metadata, undefined);
    assert.equal(await count(queue), 0);
    assert.deepEqual((await queue.receiveMessages()).receivedMessageItems, []);
  });
});

test("exists tells what there is", async (t) => {
  const queue = missingQueue();
  assert.equal(await queue.exists(), false);
  await queue.create();
  t.after(() => queue.deleteIfExists());
  assert.equal(await queue.exists(), true);
  await queue.delete();
  assert.equal(await queue.exists(), false);
});

const OPERATIONS = {
  create: (queue) => queue.create(),
  delete: (queue) => queue.delete(),
  "get metadata": (queue) => queue.getProperties(),
  "set metadata": (queue) => queue.setMetadata({ a: "1" }),
  "get access policy": (queue) => queue.getAccessPolicy(),
  "set access policy": (queue) => queue.setAccessPolicy([]),
  put: (queue) => queue.sendMessage("text"),
  get: (queue) => queue.receiveMessages(),
  peek: (queue) => queue.peekMessages(),
  clear: (queue) => queue.clearMessages(),
  update: (queue) => queue.updateMessage(STRANGE_ID, STRANGE_RECEIPT, "text", 0),
  "delete message": (queue) => queue.deleteMessage(STRANGE_ID, STRANGE_RECEIPT),
};

describe("nothing can be done with a queue that does not exist", () => {
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    if (name !== "create") {
      test(name, () => refused("QueueNotFound", operation(missingQueue())));
    }
  }
});

describe("names", () => {
  test("legal", ours, async (t) => {
    const fresh = serviceClient((await ownServer(t)).account);
    const legal = [
      "abc",
      "0123",
      "a-b-c",
      "messages",
      "9-lives",
      "q".repeat(63),
      "2" + "-x".repeat(31),
    ];
    for (const name of legal) {
      await fresh.createQueue(name);
    }
    assert.deepEqual(await names(fresh.listQueues()), [...legal].sort());
  });

  for (const [operationName, operation] of Object.entries(OPERATIONS)) {
    for (const length of [2, 64]) {
      test(`${length} characters are refused by ${operationName}`, () =>
        refused("OutOfRangeInput", operation(service.getQueueClient("q".repeat(length)))));
    }
    test(`every operation looks at the name: ${operationName}`, () =>
      refused("InvalidResourceName", operation(service.getQueueClient("Not-A-Name"))));
  }

  for (const name of [
    "Abc",
    "a_b",
    "a.b",
    "-ab",
    "ab-",
    "a--b",
    "a{}b",
    "a b",
    "a|b",
    "問題です",
    "$logs",
  ]) {
    test(`illegal characters: ${name}`, () =>
      refused("InvalidResourceName", service.createQueue(name)));
  }
});

test("a queue can be reached by its url", async (t) => {
  const queue = await newQueue(t);
  const byUrl = new QueueClient(`${account.endpoint}/${queue.name}`, account.credential);
  assert.equal(byUrl.name, queue.name);
  await byUrl.sendMessage("found");
  assert.equal((await queue.peekMessages()).peekedMessageItems[0].messageText, "found");
});

test("a queue can be reached by a connection string", async (t) => {
  const queue = await newQueue(t);
  await new QueueClient(account.connectionString, queue.name).sendMessage("found");
  assert.equal((await queue.peekMessages()).peekedMessageItems[0].messageText, "found");
});

test("other queues are left alone", async (t) => {
  const [one, other] = [await newQueue(t), await newQueue(t)];
  await one.sendMessage("one");
  await other.sendMessage("other");
  await one.clearMessages();
  assert.deepEqual([await count(one), await count(other)], [0, 1]);
});
