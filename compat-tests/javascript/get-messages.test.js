// Get Messages and Peek Messages: order, leases, dequeue counts, receipts.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { refused } from "./errors.js";
import { newQueue } from "./fixtures.js";
import { altering, query } from "./raw.js";
import { eventually } from "./waiting.js";

const WEEK = 7 * 24 * 60 * 60;

const get = async (queue, options) => (await queue.receiveMessages(options)).receivedMessageItems;
const peek = async (queue, options) => (await queue.peekMessages(options)).peekedMessageItems;
const texts = (messages) => messages.map((message) => message.messageText);
const numbered = (count) => Array.from({ length: count }, (_, number) => `message ${number}`);

async function put(queue, ...texts) {
  for (const text of texts) {
    await queue.sendMessage(text);
  }
}

describe("get", () => {
  test("what the answer says", async (t) => {
    const queue = await newQueue(t);
    const sent = await queue.sendMessage("text");
    const [received] = await get(queue);
    assert.equal(received.messageId, sent.messageId);
    assert.equal(received.messageText, "text");
    assert.deepEqual(received.insertedOn, sent.insertedOn);
    assert.deepEqual(received.expiresOn, sent.expiresOn);
    assert.equal(received.dequeueCount, 1);
    assert.ok(received.popReceipt);
    assert.notEqual(received.popReceipt, sent.popReceipt);
  });

  test("an empty queue gives nothing", async (t) => {
    const queue = await newQueue(t);
    assert.deepEqual(await get(queue), []);
    assert.deepEqual(await get(queue, { numberOfMessages: 32 }), []);
    assert.deepEqual(await peek(queue), []);
  });

  test("one message unless asked for more", async (t) => {
    const queue = await newQueue(t);
    await put(queue, "one", "two");
    assert.deepEqual(texts(await get(queue)), ["one"]);
  });

  test("messages come in the order they were put", async (t) => {
    const queue = await newQueue(t);
    await put(queue, ...numbered(40));
    assert.deepEqual(texts(await get(queue, { numberOfMessages: 32 })), numbered(40).slice(0, 32));
    assert.deepEqual(texts(await get(queue, { numberOfMessages: 32 })), numbered(40).slice(32));
  });

  test("any number from 1 to 32, and no more than asked for", async (t) => {
    const queue = await newQueue(t);
    await put(queue, ...numbered(32));
    for (let numberOfMessages = 1; numberOfMessages <= 32; numberOfMessages += 1) {
      const options = { numberOfMessages, visibilityTimeout: 600 };
      const received = await get(queue, options);
      assert.equal(received.length, numberOfMessages);
      for (const { messageId, popReceipt } of received) {
        await queue.updateMessage(messageId, popReceipt, undefined, 0);
      }
    }
  });

  test("messages of one call share a receipt and a time", async (t) => {
    const queue = await newQueue(t);
    await put(queue, "one", "two", "three", "four");
    const received = await get(queue, { numberOfMessages: 32 });
    assert.deepEqual(received.map((message) => message.dequeueCount), [1, 1, 1, 1]);
    assert.equal(new Set(received.map((message) => message.popReceipt)).size, 1);
    assert.equal(new Set(received.map((message) => message.nextVisibleOn.getTime())).size, 1);
    for (const { messageId, popReceipt } of received) {
      await queue.deleteMessage(messageId, popReceipt);
    }
    assert.equal((await queue.getProperties()).approximateMessagesCount, 0);
  });
});

describe("visibility timeout", () => {
  test("a received message is nobody else's", async (t) => {
    const queue = await newQueue(t);
    await put(queue, "mine");
    assert.equal((await get(queue)).length, 1);
    assert.deepEqual(await get(queue), []);
    assert.deepEqual(await peek(queue), []);
  });

  test("thirty seconds unless told otherwise", async (t) => {
    const queue = await newQueue(t);
    await put(queue, "text");
    const [received] = await get(queue);
    const lease = received.nextVisibleOn - Date.now();
    assert.ok(20_000 < lease && lease <= 31_000, `${lease}`);
  });

  for (const visibilityTimeout of [1, 7200, WEEK]) {
    test(`as long as asked for: ${visibilityTimeout}`, async (t) => {
      const queue = await newQueue(t);
      await put(queue, "text");
      const before = Date.now();
      const [received] = await get(queue, { visibilityTimeout });
      const lease = (received.nextVisibleOn - before) / 1000;
      assert.ok(visibilityTimeout - 2 < lease && lease < visibilityTimeout + 10, `${lease}`);
    });
  }

  test("it may go beyond the end of the message", async (t) => {
    const queue = await newQueue(t);
    await queue.sendMessage("text", { messageTimeToLive: 60 });
    const [received] = await get(queue, { visibilityTimeout: 3600 });
    assert.ok(received.nextVisibleOn > received.expiresOn);
  });

  test("a message that was not deleted comes back", async (t) => {
    const queue = await newQueue(t);
    await put(queue, "again");
    const [first] = await get(queue, { visibilityTimeout: 1 });
    const second = await eventually(async () => (await get(queue, { visibilityTimeout: 1 }))[0]);
    const third = await eventually(async () => (await get(queue))[0]);
    const deliveries = [first, second, third];
    assert.deepEqual([first.messageId, first.messageText], [third.messageId, third.messageText]);
    assert.deepEqual(deliveries.map((message) => message.dequeueCount), [1, 2, 3]);
    assert.equal(new Set(deliveries.map((message) => message.popReceipt)).size, 3);
    assert.deepEqual(second.insertedOn, first.insertedOn);
    assert.ok(Date.now() >= second.nextVisibleOn);
  });

  test("other messages do not wait for it", async (t) => {
    const queue = await newQueue(t);
    await put(queue, "first", "second");
    await get(queue, { visibilityTimeout: 3600 });
    assert.deepEqual(texts(await get(queue)), ["second"]);
  });
});

describe("peek", () => {
  test("what the answer says", async (t) => {
    const queue = await newQueue(t);
    const { messageId, insertedOn, expiresOn } = await queue.sendMessage("text");
    const answer = await queue.peekMessages();
    assert.deepEqual(answer.peekedMessageItems, [
      { messageId, insertedOn, expiresOn, dequeueCount: 0, messageText: "text" },
    ]);
    assert.doesNotMatch(answer._response.bodyAsText, /PopReceipt|TimeNextVisible/);
  });

  test("it changes nothing", async (t) => {
    const queue = await newQueue(t);
    const { messageId, popReceipt } = await queue.sendMessage("text");
    for (let time = 0; time < 3; time += 1) {
      assert.equal((await peek(queue))[0].dequeueCount, 0);
    }
    await queue.deleteMessage(messageId, popReceipt);
  });

  test("it tells how often a message was received", async (t) => {
    const queue = await newQueue(t);
    await put(queue, "text");
    await get(queue, { visibilityTimeout: 1 });
    const peeked = await eventually(async () => (await peek(queue))[0]);
    assert.equal(peeked.dequeueCount, 1);
  });

  test("one message unless asked for more", async (t) => {
    const queue = await newQueue(t);
    await put(queue, ...numbered(33));
    assert.deepEqual(texts(await peek(queue)), ["message 0"]);
    assert.deepEqual(texts(await peek(queue, { numberOfMessages: 32 })), numbered(32));
  });

  test("only what is visible", async (t) => {
    const queue = await newQueue(t);
    await put(queue, "received", "left");
    await get(queue);
    await queue.sendMessage("later", { visibilityTimeout: 3600 });
    assert.deepEqual(texts(await peek(queue, { numberOfMessages: 32 })), ["left"]);
  });
});

for (const [name, read] of [
  ["get", get],
  ["peek", peek],
]) {
  for (const numberOfMessages of [0, 33, -1]) {
    test(`the number of messages has limits: ${name} ${numberOfMessages}`, async (t) => {
      const queue = await newQueue(t);
      await refused("OutOfRangeQueryParameterValue", read(queue, { numberOfMessages }), {
        QueryParameterName: "numofmessages",
        QueryParameterValue: `${numberOfMessages}`,
        MinimumAllowed: "1",
        MaximumAllowed: "32",
      });
    });
  }
}

for (const visibilityTimeout of [0, -1, WEEK + 1]) {
  test(`the visibility timeout has limits: ${visibilityTimeout}`, async (t) => {
    const queue = await newQueue(t);
    await put(queue, "text");
    await refused("OutOfRangeQueryParameterValue", get(queue, { visibilityTimeout }), {
      QueryParameterName: "visibilitytimeout",
      QueryParameterValue: `${visibilityTimeout}`,
      MinimumAllowed: "1",
      MaximumAllowed: `${WEEK}`,
    });
    assert.equal((await peek(queue))[0].dequeueCount, 0);
  });
}

for (const name of ["numofmessages", "visibilitytimeout"]) {
  test(`numbers are numbers: ${name}`, async (t) => {
    const asking = altering(await newQueue(t), query({ [name]: "many" }));
    await refused("InvalidQueryParameterValue", get(asking), { QueryParameterName: name });
  });
}
