// Delete Message and Clear Messages.

import assert from "node:assert/strict";

import { refused } from "../errors.js";
import { newQueue } from "../fixtures.js";
import {
  STRANGE_ID,
  STRANGE_RECEIPT,
  count,
  drain,
  get,
  getOne,
  peek,
  put,
  remove,
  texts,
} from "../messages.js";
import { scenario } from "../scenario.js";
import { eventually } from "../waiting.js";

scenario("S130 a message is deleted", async (t) => {
  const queue = await newQueue(t);
  await put(queue, "text");
  assert.equal((await remove(queue, await getOne(queue)))._response.status, 204);
  assert.equal(await count(queue), 0);
});

scenario("S130 the others stay", async (t) => {
  const queue = await newQueue(t);
  await put(queue, "one", "two", "three");
  await remove(queue, await getOne(queue));
  assert.deepEqual(texts(await peek(queue, { numberOfMessages: 32 })), ["two", "three"]);
});

scenario("S131 a message is deleted once", async (t) => {
  const queue = await newQueue(t);
  await put(queue, "text");
  const received = await getOne(queue);
  await remove(queue, received);
  await refused("MessageNotFound", remove(queue, received));
});

scenario("S132 a malformed receipt deletes nothing", async (t) => {
  const queue = await newQueue(t);
  const [{ messageId }] = await put(queue, "text");
  const popReceipt = "not a receipt";
  await refused("InvalidQueryParameterValue", remove(queue, { messageId, popReceipt }), {
    QueryParameterName: "popreceipt",
    QueryParameterValue: popReceipt,
    Reason: "Invalid pop receipt format",
  });
  assert.equal((await peek(queue))[0].messageId, messageId);
});

scenario("S133 an unknown message cannot be deleted", async (t) => {
  const queue = await newQueue(t);
  const unknown = { messageId: STRANGE_ID, popReceipt: STRANGE_RECEIPT };
  await refused("MessageNotFound", remove(queue, unknown));
});

scenario("S133 a receipt belongs to its message", async (t) => {
  const queue = await newQueue(t);
  await put(queue, "one", "two");
  const one = await getOne(queue, { visibilityTimeout: 60 });
  const two = await getOne(queue);
  const mixed = { messageId: one.messageId, popReceipt: two.popReceipt };
  await refused("MessageNotFound", remove(queue, mixed));
  assert.equal(await count(queue), 2);
});

scenario("S134 a receipt outlives its timeout", async (t) => {
  const queue = await newQueue(t);
  await put(queue, "text");
  const received = await getOne(queue, { visibilityTimeout: 1 });
  await eventually(async () => (await peek(queue)).length);
  assert.equal((await remove(queue, received))._response.status, 204);
  assert.equal(await count(queue), 0);
});

scenario("S135 whoever got it last has the receipt", async (t) => {
  const queue = await newQueue(t);
  await put(queue, "text");
  const slow = await getOne(queue, { visibilityTimeout: 1 });
  const quick = await eventually(() => getOne(queue));
  await refused("MessageNotFound", remove(queue, slow));
  assert.equal((await remove(queue, quick))._response.status, 204);
});

scenario("S135 the receipt of the put ends with the first get", async (t) => {
  const queue = await newQueue(t);
  const [sent] = await put(queue, "text");
  const received = await getOne(queue);
  await refused("MessageNotFound", remove(queue, sent));
  await remove(queue, received);
});

scenario("S136 clearing removes everything", async (t) => {
  const queue = await newQueue(t);
  await put(queue, "one", "two", "three");
  const received = await getOne(queue, { visibilityTimeout: 2 });
  assert.equal((await queue.clearMessages())._response.status, 204);
  assert.equal(await count(queue), 0);
  assert.deepEqual(await get(queue), []);
  await refused("MessageNotFound", remove(queue, received));
  // What was put meanwhile comes back alone when the time of the hidden one is over.
  await queue.sendMessage("later", { visibilityTimeout: 3 });
  await eventually(async () => (await peek(queue)).length);
  assert.deepEqual(texts(await drain(queue)), ["later"]);
});

scenario("S136 clearing leaves the queue and its metadata", async (t) => {
  const queue = await newQueue(t, { kept: "yes" });
  await put(queue, "gone");
  await queue.clearMessages();
  assert.deepEqual((await queue.getProperties()).metadata, { kept: "yes" });
  await put(queue, "next");
  assert.deepEqual(texts(await get(queue)), ["next"]);
});

scenario("S137 an empty queue can be cleared", async (t) => {
  const queue = await newQueue(t);
  assert.equal((await queue.clearMessages())._response.status, 204);
});
