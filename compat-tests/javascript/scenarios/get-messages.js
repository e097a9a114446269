// Get Messages: leases, dequeue counts, receipts.

import assert from "node:assert/strict";

import { refused } from "../errors.js";
import { newQueue } from "../fixtures.js";
import {
  WEEK,
  count,
  drain,
  get,
  getOne,
  numbered,
  peek,
  put,
  remove,
  seconds,
  texts,
} from "../messages.js";
import { altering, query } from "../raw.js";
import { scenario } from "../scenario.js";
import { eventually } from "../waiting.js";

scenario("S090 what a get answers", async (t) => {
  const queue = await newQueue(t);
  const [sent] = await put(queue, "text");
  const answer = await queue.receiveMessages();
  const [received] = answer.receivedMessageItems;
  assert.equal(received.messageId, sent.messageId);
  assert.equal(received.messageText, "text");
  assert.deepEqual(received.insertedOn, sent.insertedOn);
  assert.deepEqual(received.expiresOn, sent.expiresOn);
  assert.equal(received.dequeueCount, 1);
  assert.ok(received.popReceipt);
  assert.notEqual(received.popReceipt, sent.popReceipt);
  const lease = seconds(answer.date, received.nextVisibleOn);
  assert.ok(28 < lease && lease < 32, `${lease}`);
});

scenario("S091 an empty queue gives nothing", async (t) => {
  const queue = await newQueue(t);
  assert.deepEqual(await get(queue), []);
  assert.deepEqual(await get(queue, { numberOfMessages: 32 }), []);
});

scenario("S092 a get brings as many as are asked for", async (t) => {
  const queue = await newQueue(t);
  await put(queue, ...numbered(40));
  assert.equal((await get(queue, { numberOfMessages: 32, visibilityTimeout: 600 })).length, 32);
  assert.equal((await get(queue, { numberOfMessages: 32, visibilityTimeout: 600 })).length, 8);
});

scenario("S092 a get brings one unless more are asked for", async (t) => {
  const queue = await newQueue(t);
  await put(queue, "one", "two");
  assert.deepEqual(texts(await get(queue)), ["one"]);
});

for (const numberOfMessages of [0, 33, -1]) {
  scenario(`S093 the number of messages has limits: ${numberOfMessages}`, async (t) => {
    const asking = altering(await newQueue(t), query({ numofmessages: `${numberOfMessages}` }));
    await refused("OutOfRangeQueryParameterValue", get(asking), {
      QueryParameterName: "numofmessages",
      QueryParameterValue: `${numberOfMessages}`,
      MinimumAllowed: "1",
      MaximumAllowed: "32",
    });
  });
}

for (const visibilityTimeout of [0, WEEK + 1]) {
  scenario(
    `S094 a visibility timeout has limits when a message is got: ${visibilityTimeout}`,
    async (t) => {
      const queue = await newQueue(t);
      await put(queue, "text");
      const asking = altering(queue, query({ visibilitytimeout: `${visibilityTimeout}` }));
      await refused("OutOfRangeQueryParameterValue", get(asking), {
        QueryParameterName: "visibilitytimeout",
        QueryParameterValue: `${visibilityTimeout}`,
        MinimumAllowed: "1",
        MaximumAllowed: `${WEEK}`,
      });
      assert.equal((await peek(queue))[0].dequeueCount, 0);
    },
  );
}

for (const visibilityTimeout of [1, 7200, WEEK]) {
  scenario(`S094 a message is hidden as long as asked for: ${visibilityTimeout}`, async (t) => {
    const queue = await newQueue(t);
    await put(queue, "text");
    const answer = await queue.receiveMessages({ visibilityTimeout });
    const [received] = answer.receivedMessageItems;
    const lease = seconds(answer.date, received.nextVisibleOn);
    assert.ok(visibilityTimeout - 2 < lease && lease < visibilityTimeout + 2, `${lease}`);
  });
}

scenario("S095 a message that was got is hidden", async (t) => {
  const queue = await newQueue(t);
  await put(queue, "mine");
  assert.deepEqual(texts(await get(queue)), ["mine"]);
  assert.deepEqual(await get(queue), []);
  assert.deepEqual(await peek(queue), []);
});

scenario("S096 each get counts", async (t) => {
  const queue = await newQueue(t);
  await put(queue, "again");
  const first = await getOne(queue, { visibilityTimeout: 1 });
  const second = await eventually(() => getOne(queue, { visibilityTimeout: 1 }));
  const third = await eventually(() => getOne(queue));
  const deliveries = [first, second, third];
  assert.deepEqual(
    deliveries.map((message) => message.dequeueCount),
    [1, 2, 3],
  );
  assert.equal(new Set(deliveries.map((message) => message.popReceipt)).size, 3);
  assert.equal(new Set(deliveries.map((message) => message.messageId)).size, 1);
});

scenario("S097 messages of one get share a receipt and a time", async (t) => {
  const queue = await newQueue(t);
  await put(queue, "one", "two", "three");
  const received = await get(queue, { numberOfMessages: 3 });
  assert.equal(received.length, 3);
  assert.equal(new Set(received.map((message) => message.popReceipt)).size, 1);
  assert.equal(new Set(received.map((message) => message.nextVisibleOn.getTime())).size, 1);
  for (const message of received) {
    await remove(queue, message);
  }
  assert.equal(await count(queue), 0);
});

scenario("S098 a message may be hidden beyond its end", async (t) => {
  const queue = await newQueue(t);
  await queue.sendMessage("text", { messageTimeToLive: 60 });
  const received = await getOne(queue, { visibilityTimeout: 3600 });
  assert.equal(received.messageText, "text");
  assert.ok(received.nextVisibleOn > received.expiresOn);
});

scenario("S099 a client can read a queue to its end", async (t) => {
  const queue = await newQueue(t);
  await put(queue, ...numbered(70));
  assert.deepEqual(texts(await drain(queue)).sort(), numbered(70).sort());
});
