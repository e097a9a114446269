// The order in which messages come.

import assert from "node:assert/strict";

import { newQueue } from "../fixtures.js";
import { get, getOne, numbered, put, texts } from "../messages.js";
import { scenario } from "../scenario.js";
import { eventually } from "../waiting.js";

scenario("S150 first in, first out", async (t) => {
  const queue = await newQueue(t);
  await put(queue, ...numbered(10));
  const received = [];
  for (let time = 0; time < 10; time += 1) {
    received.push(...texts(await get(queue)));
  }
  assert.deepEqual(received, numbered(10));
});

scenario("S151 a batch is in order", async (t) => {
  const queue = await newQueue(t);
  await put(queue, ...numbered(10));
  assert.deepEqual(texts(await get(queue, { numberOfMessages: 10 })), numbered(10));
});

scenario("S152 what was hidden comes when it is visible", async (t) => {
  const queue = await newQueue(t);
  await queue.sendMessage("A", { visibilityTimeout: 3 });
  await put(queue, "B");
  assert.equal((await getOne(queue)).messageText, "B");
  assert.equal((await eventually(() => getOne(queue))).messageText, "A");
});
