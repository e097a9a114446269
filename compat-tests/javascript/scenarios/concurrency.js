// Many clients, one queue: while a message is leased it belongs to one of them.

import assert from "node:assert/strict";

import { codeOf } from "../errors.js";
import { missingQueue, nameOf, newQueue, serviceClient } from "../fixtures.js";
import { count, drain, get, getOne, numbered, put, remove } from "../messages.js";
import { scenario } from "../scenario.js";

const CLIENTS = 16;

/** Runs all of them at the same time, each with a client of its own. */
function together(queue, work) {
  return Promise.all(
    Array.from({ length: CLIENTS }, (_, number) =>
      work(serviceClient().getQueueClient(nameOf(queue)), number),
    ),
  );
}

scenario("S250 sixteen consumers share a queue", async (t) => {
  const queue = await newQueue(t);
  await Promise.all(numbered(200).map((text) => put(queue, text)));
  const handled = [];
  await together(queue, async (mine, number) => {
    const options = { numberOfMessages: 1 + (number % 4), visibilityTimeout: 600 };
    for (;;) {
      const messages = await get(mine, options);
      if (messages.length === 0) {
        return;
      }
      for (const message of messages) {
        assert.equal(message.dequeueCount, 1);
        handled.push(message.messageText);
        await remove(mine, message);
      }
    }
  });
  assert.deepEqual(handled.sort(), numbered(200).sort());
  assert.equal(await count(queue), 0);
});

scenario("S251 sixteen producers lose nothing", async (t) => {
  const queue = await newQueue(t);
  const sent = await together(queue, (mine, number) =>
    put(mine, ...numbered(20).map((text) => `${number}: ${text}`)),
  );
  const received = await drain(queue);
  assert.equal(new Set(received.map((message) => message.messageText)).size, CLIENTS * 20);
  assert.deepEqual(
    received.map((message) => message.messageId).sort(),
    sent
      .flat()
      .map((message) => message.messageId)
      .sort(),
  );
});

scenario("S252 one receipt deletes once", async (t) => {
  const queue = await newQueue(t);
  await put(queue, "text");
  const received = await getOne(queue);
  const outcomes = await together(queue, (mine) =>
    remove(mine, received).then(
      () => "deleted",
      (error) => `${error.statusCode} ${codeOf(error)}`,
    ),
  );
  assert.deepEqual(outcomes.sort(), [...Array(CLIENTS - 1).fill("404 MessageNotFound"), "deleted"]);
});

scenario("S253 one of many creates a queue", async (t) => {
  const answers = await together(missingQueue(t), (mine) => mine.create());
  const statuses = answers.map((answer) => answer._response.status).sort();
  assert.deepEqual(statuses, [201, ...Array(CLIENTS - 1).fill(204)]);
});
