// What was acknowledged survives `kill -9`.

import assert from "node:assert/strict";
import { test } from "node:test";

import { eventually } from "../waiting.js";
import { ownServer, serviceClient } from "./fixtures.js";

const NOT_FOUND = { statusCode: 404, code: "MessageNotFound" };

/** A server of the test's own, its clients, and a way to kill it and start it again. */
async function start(t) {
  const server = await ownServer(t, "disk");
  const service = serviceClient(server.account);
  return {
    server,
    service,
    async queue(name, metadata) {
      await service.createQueue(name, { metadata });
      return service.getQueueClient(name);
    },
    async power() {
      await server.kill();
      await server.restart();
    },
  };
}

const get = async (queue, options) => (await queue.receiveMessages(options)).receivedMessageItems;
const count = async (queue) => (await queue.getProperties()).approximateMessagesCount;
const texts = (messages) => messages.map((message) => message.messageText);
const remove = (queue, { messageId, popReceipt }) => queue.deleteMessage(messageId, popReceipt);

test("the port stays the same", async (t) => {
  const { server, queue } = await start(t);
  const orders = await queue("orders");
  const before = server.port;
  await server.kill();
  await assert.rejects(orders.getProperties(), { name: "RestError", statusCode: undefined });
  await server.restart();
  assert.equal(server.port, before);
  await orders.getProperties();
});

test("queues with metadata and access policies", async (t) => {
  const { service, queue, power } = await start(t);
  const kept = await queue("kept", { name: "v", other: "w" });
  const policies = [
    { id: "readers", accessPolicy: { permissions: "r", expiresOn: new Date("2030-01-01") } },
    { id: "bare", accessPolicy: {} },
  ];
  await kept.setAccessPolicy(policies);
  await (await queue("changed")).setMetadata({ set: "later" });
  await (await queue("deleted")).delete();
  await power();
  const listed = {};
  for await (const found of service.listQueues({ includeMetadata: true })) {
    listed[found.name] = { ...found.metadata };
  }
  assert.deepEqual(listed, { changed: { set: "later" }, kept: { name: "v", other: "w" } });
  const { signedIdentifiers } = await kept.getAccessPolicy();
  assert.deepEqual(signedIdentifiers, [policies[0], { id: "bare", accessPolicy: undefined }]);
});

test("service properties", async (t) => {
  const { service, power } = await start(t);
  const hourMetrics = {
    version: "1.0",
    enabled: true,
    includeAPIs: true,
    retentionPolicy: { enabled: true, days: 7 },
  };
  const cors = [
    {
      allowedOrigins: "https://kept.example",
      allowedMethods: "GET",
      allowedHeaders: "",
      exposedHeaders: "",
      maxAgeInSeconds: 5,
    },
  ];
  await service.setProperties({ hourMetrics, cors });
  await power();
  const properties = await service.getProperties();
  assert.deepEqual(properties.hourMetrics, hourMetrics);
  assert.deepEqual(properties.cors, cors);
});

test("messages in their order and to the letter", async (t) => {
  const { queue, power } = await start(t);
  const messages = await queue("messages");
  const written = ["<&>\"']]>", "  spaces  ", "tab\tand\nnewline", "😀", "", "a".repeat(65536)];
  const sent = [];
  for (const text of written) {
    sent.push(await messages.sendMessage(text));
  }
  await power();
  const received = await get(messages, { numberOfMessages: 32 });
  assert.deepEqual(texts(received), written);
  const known = ({ messageId, insertedOn, expiresOn }) => ({ messageId, insertedOn, expiresOn });
  assert.deepEqual(received.map(known), sent.map(known));
  assert.ok(received.every((message) => message.dequeueCount === 1));
});

test("deleted and cleared messages stay away", async (t) => {
  const { queue, power } = await start(t);
  const [some, none] = [await queue("some"), await queue("none")];
  for (let number = 0; number < 10; number += 1) {
    await some.sendMessage(`message ${number}`);
    await none.sendMessage("gone");
  }
  for (const message of await get(some, { numberOfMessages: 4 })) {
    await remove(some, message);
  }
  await none.clearMessages();
  await power();
  assert.equal(await count(none), 0);
  const left = texts(await get(some, { numberOfMessages: 32 }));
  assert.deepEqual(
    left,
    [4, 5, 6, 7, 8, 9].map((number) => `message ${number}`),
  );
});

test("a lease and its receipt", async (t) => {
  const { queue, power } = await start(t);
  const leases = await queue("leases");
  await leases.sendMessage("mine");
  await leases.sendMessage("free");
  const [mine] = await get(leases, { visibilityTimeout: 3600 });
  await power();
  assert.deepEqual(texts(await get(leases, { numberOfMessages: 32 })), ["free"]);
  const renewed = await leases.updateMessage(mine.messageId, mine.popReceipt, "mine, again", 3600);
  await power();
  await assert.rejects(remove(leases, mine), NOT_FOUND);
  await leases.deleteMessage(mine.messageId, renewed.popReceipt);
  assert.equal(await count(leases), 1);
});

test("a lease runs out while the server is down", async (t) => {
  const { queue, power } = await start(t);
  const leases = await queue("leases");
  await leases.sendMessage("again");
  await get(leases, { visibilityTimeout: 1 });
  await power();
  const again = await eventually(async () => (await get(leases))[0]);
  assert.deepEqual([again.messageText, again.dequeueCount], ["again", 2]);
});

test("an update of text and time", async (t) => {
  const { queue, power } = await start(t);
  const updates = await queue("updates");
  const now = await updates.sendMessage("before");
  const updated = await updates.updateMessage(now.messageId, now.popReceipt, "after", 0);
  const hidden = await updates.sendMessage("now");
  const later = await updates.updateMessage(hidden.messageId, hidden.popReceipt, "later", 3600);
  await power();
  assert.deepEqual(texts(await get(updates, { numberOfMessages: 32 })), ["after"]);
  await assert.rejects(updates.deleteMessage(now.messageId, updated.popReceipt), NOT_FOUND);
  await updates.deleteMessage(hidden.messageId, later.popReceipt);
});

test("time-to-live goes on", async (t) => {
  const { queue, power } = await start(t);
  const mortals = await queue("mortals");
  await mortals.sendMessage("short", { messageTimeToLive: 2 });
  await mortals.sendMessage("long", { messageTimeToLive: -1 });
  await power();
  await eventually(async () => {
    const [first] = (await mortals.peekMessages()).peekedMessageItems;
    return first.messageText === "long";
  });
  assert.deepEqual(texts(await get(mortals, { numberOfMessages: 32 })), ["long"]);
});

test("again and again", async (t) => {
  // Nothing is lost, doubled or reordered however often the server dies.
  const { queue, power } = await start(t);
  const survivor = await queue("survivor");
  const lives = [0, 1, 2, 3, 4].map((life) => `life ${life}`);
  for (const life of lives) {
    await survivor.sendMessage(life);
    await remove(survivor, await survivor.sendMessage("transient"));
    await power();
  }
  assert.deepEqual(texts(await get(survivor, { numberOfMessages: 32 })), lives);
});

test("after a graceful stop", async (t) => {
  const { server, queue } = await start(t);
  const graceful = await queue("graceful", { name: "value" });
  await graceful.sendMessage("text");
  assert.equal(await server.stop(), 0, server.output);
  await server.restart();
  assert.deepEqual((await graceful.getProperties()).metadata, { name: "value" });
  assert.deepEqual(texts(await get(graceful)), ["text"]);
});

// Eight clients put, and delete every other message, until the server is gone.
test("under load every acknowledged change is there", async (t) => {
  const { server, queue } = await start(t);
  const load = await queue("load");
  const kept = new Set();
  const uncertain = new Set();

  const work = async (worker) => {
    const mine = serviceClient(server.account).getQueueClient("load");
    for (let number = 0; ; number += 1) {
      const text = `${worker}/${number}`;
      // From here until the answer, either outcome would be right.
      uncertain.add(text);
      try {
        const sent = await mine.sendMessage(text);
        kept.add(text);
        if (number % 2) {
          kept.delete(text);
          await remove(mine, sent);
        }
      } catch (error) {
        assert.equal(error.statusCode, undefined, "the server is gone, and refuses nothing");
        return;
      }
      uncertain.delete(text);
    }
  };
  const workers = Array.from({ length: 8 }, (_, worker) => work(worker));
  await eventually(() => kept.size >= 200);
  await server.kill();
  await Promise.all(workers);
  await server.restart();

  assert.ok(Math.abs((await count(load)) - kept.size) <= 8);
  const found = [];
  for (;;) {
    const received = await get(load, { numberOfMessages: 32, visibilityTimeout: 3600 });
    if (received.length === 0) {
      break;
    }
    found.push(...texts(received));
  }
  assert.equal(new Set(found).size, found.length, "nothing twice");
  const lost = [...kept].filter((text) => !found.includes(text));
  assert.deepEqual(lost, [], "acknowledged, and lost");
  const back = found.filter((text) => !kept.has(text) && !uncertain.has(text));
  assert.deepEqual(back, [], "deleted, and back");
});
