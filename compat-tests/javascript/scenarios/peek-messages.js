// Peek Messages: looking without taking.

import assert from "node:assert/strict";

import { refused } from "../errors.js";
import { newQueue } from "../fixtures.js";
import { get, getOne, numbered, peek, put, remove, texts } from "../messages.js";
import { altering, query } from "../raw.js";
import { scenario } from "../scenario.js";
import { eventually } from "../waiting.js";

scenario("S105 what a peek answers", async (t) => {
  const queue = await newQueue(t);
  const [{ messageId, insertedOn, expiresOn }] = await put(queue, "text");
  const answer = await queue.peekMessages();
  assert.deepEqual(answer.peekedMessageItems, [
    { messageId, insertedOn, expiresOn, dequeueCount: 0, messageText: "text" },
  ]);
  assert.doesNotMatch(answer._response.bodyAsText, /PopReceipt|TimeNextVisible/);
});

scenario("S106 a peek changes nothing", async (t) => {
  const queue = await newQueue(t);
  const [sent] = await put(queue, "text");
  for (let time = 0; time < 3; time += 1) {
    const [peeked] = await peek(queue);
    assert.deepEqual([peeked.messageId, peeked.dequeueCount], [sent.messageId, 0]);
  }
  assert.equal((await getOne(queue)).dequeueCount, 1);
});

scenario("S106 a peek leaves the receipt of the put good", async (t) => {
  const queue = await newQueue(t);
  const [sent] = await put(queue, "text");
  assert.equal((await peek(queue)).length, 1);
  await remove(queue, sent);
  assert.deepEqual(await peek(queue), []);
});

scenario("S106 a peek tells how often a message was got", async (t) => {
  const queue = await newQueue(t);
  await put(queue, "text");
  assert.equal((await get(queue, { visibilityTimeout: 1 })).length, 1);
  const peeked = await eventually(async () => (await peek(queue))[0]);
  assert.equal(peeked.dequeueCount, 1);
});

scenario("S107 a peek shows the visible alone", async (t) => {
  const queue = await newQueue(t);
  await put(queue, "one", "two", "three");
  const [got] = texts(await get(queue));
  const left = ["one", "two", "three"].filter((text) => text !== got);
  assert.deepEqual(texts(await peek(queue, { numberOfMessages: 32 })), left);
});

scenario("S108 at most 32 messages are peeked", async (t) => {
  const queue = await newQueue(t);
  await put(queue, ...numbered(40));
  assert.equal((await peek(queue, { numberOfMessages: 32 })).length, 32);
  assert.equal((await peek(queue)).length, 1);
});

for (const numberOfMessages of [0, 33]) {
  scenario(`S108 the number of messages to peek has limits: ${numberOfMessages}`, async (t) => {
    const asking = altering(await newQueue(t), query({ numofmessages: `${numberOfMessages}` }));
    await refused("OutOfRangeQueryParameterValue", peek(asking), {
      QueryParameterName: "numofmessages",
      QueryParameterValue: `${numberOfMessages}`,
      MinimumAllowed: "1",
      MaximumAllowed: "32",
    });
  });
}

scenario("S109 an empty queue shows nothing", async (t) => {
  assert.deepEqual(await peek(await newQueue(t)), []);
});
