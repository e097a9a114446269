// Visibility and expiry: what happens as time passes.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import { refused } from "../errors.js";
import { newQueue } from "../fixtures.js";
import { drain, get, getOne, peek, put, remove, texts, update } from "../messages.js";
import { scenario } from "../scenario.js";
import { eventually } from "../waiting.js";

/** Seconds since `start`, which is an instant of the monotonic clock. */
const since = (start) => (performance.now() - start) / 1000;

scenario("S140 a hidden message becomes visible by itself", async (t) => {
  const queue = await newQueue(t);
  const start = performance.now();
  const sent = await queue.sendMessage("later", { visibilityTimeout: 2 });
  assert.equal(await getOne(queue), undefined);
  const received = await eventually(() => getOne(queue));
  assert.equal(received.messageId, sent.messageId);
  assert.ok(since(start) >= 2, `${since(start)}`);
});

scenario("S141 a message that was not deleted comes back", async (t) => {
  const queue = await newQueue(t);
  await put(queue, "again");
  const start = performance.now();
  const first = await getOne(queue, { visibilityTimeout: 2 });
  const second = await eventually(() => getOne(queue));
  assert.ok(since(start) >= 2, `${since(start)}`);
  assert.equal(second.messageId, first.messageId);
  assert.equal(second.dequeueCount, 2);
});

scenario("S142 an expired message is gone", async (t) => {
  const queue = await newQueue(t);
  await queue.sendMessage("short", { messageTimeToLive: 2 });
  await put(queue, "long");
  assert.deepEqual(texts(await peek(queue)), ["short"]);
  await eventually(async () => texts(await peek(queue))[0] === "long");
  assert.deepEqual(texts(await drain(queue)), ["long"]);
});

scenario("S143 an expired message cannot be deleted", async (t) => {
  const queue = await newQueue(t);
  await queue.sendMessage("short", { messageTimeToLive: 2 });
  const received = await getOne(queue, { visibilityTimeout: 60 });
  assert.equal(received.messageText, "short");
  await sleep(3000);
  await refused("MessageNotFound", remove(queue, received));
});

scenario("S144 an update moves the time of return", async (t) => {
  const queue = await newQueue(t);
  await put(queue, "text");
  const received = await getOne(queue, { visibilityTimeout: 60 });
  const start = performance.now();
  await update(queue, received, undefined, 2);
  assert.equal(await getOne(queue), undefined);
  const again = await eventually(() => getOne(queue));
  assert.ok(since(start) >= 2, `${since(start)}`);
  assert.equal(again.messageId, received.messageId);
});

scenario("S145 a lease is kept alive", async (t) => {
  // On a busy machine a renewal may be sent too late, which says nothing of the server.
  for (let time = 0; time < 5; time += 1) {
    if (await keepAlive(await newQueue(t))) {
      return;
    }
  }
  assert.fail("this machine was too busy, five times");
});

/** Renews a lease of 2 seconds each second, and tells whether it was in time with that. */
async function keepAlive(queue) {
  await put(queue, "mine");
  let renewedAt = performance.now();
  const message = await getOne(queue, { visibilityTimeout: 2 });
  let isMine = true;
  const other = (async () => {
    const stolen = [];
    while (isMine) {
      stolen.push(...(await get(queue)));
      await sleep(100);
    }
    return stolen;
  })();
  let isInTime = true;
  try {
    for (let time = 0; time < 4 && isInTime; time += 1) {
      await sleep(1000);
      const now = performance.now();
      const renewal = await update(queue, message, undefined, 2).catch((error) => error);
      isInTime = since(renewedAt) < 2;
      if (isInTime) {
        assert.ok(renewal.popReceipt, renewal);
        message.popReceipt = renewal.popReceipt;
        renewedAt = now;
      }
    }
  } finally {
    isMine = false;
  }
  const stolen = await other;
  if (isInTime) {
    assert.deepEqual(stolen, []);
    await remove(queue, message);
  }
  return isInTime;
}
