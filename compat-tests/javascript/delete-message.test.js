// Delete Message and Clear Messages.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { refused } from "./errors.js";
import { missingQueue, newQueue } from "./fixtures.js";
import { altering, query } from "./raw.js";
import { eventually } from "./waiting.js";

// Well-formed, and of no message.
const STRANGE_RECEIPT = "AgAAAAMAAAAAAAAAkFnBcDn20wE=";

const count = async (queue) => (await queue.getProperties()).approximateMessagesCount;
const remove = (queue, { messageId, popReceipt }) => queue.deleteMessage(messageId, popReceipt);

async function receive(queue, options) {
  return (await queue.receiveMessages(options)).receivedMessageItems[0];
}

describe("delete", () => {
  test("a received message", async (t) => {
    const queue = await newQueue(t);
    await queue.sendMessage("text");
    const deleted = await remove(queue, await receive(queue));
    assert.equal(deleted._response.status, 204);
    assert.equal(await count(queue), 0);
  });

  test("with the receipt of the put", async (t) => {
    const queue = await newQueue(t);
    await remove(queue, await queue.sendMessage("text"));
    assert.equal(await count(queue), 0);
  });

  test("only the one", async (t) => {
    const queue = await newQueue(t);
    for (const text of ["one", "two", "three"]) {
      await queue.sendMessage(text);
    }
    await remove(queue, await receive(queue));
    const { peekedMessageItems } = await queue.peekMessages({ numberOfMessages: 32 });
    assert.deepEqual(peekedMessageItems.map((message) => message.messageText), ["two", "three"]);
  });

  test("twice is once too often", async (t) => {
    const queue = await newQueue(t);
    await queue.sendMessage("text");
    const received = await receive(queue);
    await remove(queue, received);
    await refused("MessageNotFound", remove(queue, received));
  });

  // As long as nobody else has received the message.
  test("a receipt outlives its lease", async (t) => {
    const queue = await newQueue(t);
    await queue.sendMessage("text");
    const received = await receive(queue, { visibilityTimeout: 1 });
    await eventually(async () => (await queue.peekMessages()).peekedMessageItems.length);
    await remove(queue, received);
    assert.equal(await count(queue), 0);
  });

  test("but not the next lease", async (t) => {
    const queue = await newQueue(t);
    await queue.sendMessage("text");
    const slow = await receive(queue, { visibilityTimeout: 1 });
    const quick = await eventually(() => receive(queue));
    await refused("MessageNotFound", remove(queue, slow));
    await remove(queue, quick);
  });

  test("the receipt of the put ends with the first get", async (t) => {
    const queue = await newQueue(t);
    const sent = await queue.sendMessage("text");
    await receive(queue);
    await refused("MessageNotFound", remove(queue, sent));
  });

  test("a receipt belongs to its message", async (t) => {
    const queue = await newQueue(t);
    await queue.sendMessage("one");
    await queue.sendMessage("two");
    const one = await receive(queue, { visibilityTimeout: 60 });
    const two = await receive(queue);
    await refused("MessageNotFound", queue.deleteMessage(one.messageId, two.popReceipt));
    assert.equal(await count(queue), 2);
  });

  for (const popReceipt of ["not base64!", "AAAA", "bm90IGEgcmVjZWlwdA=="]) {
    test(`a malformed receipt is refused: ${popReceipt}`, async (t) => {
      const queue = await newQueue(t);
      const { messageId } = await queue.sendMessage("text");
      await refused("InvalidQueryParameterValue", queue.deleteMessage(messageId, popReceipt), {
        QueryParameterName: "popreceipt",
        QueryParameterValue: popReceipt,
        Reason: "Invalid pop receipt format",
      });
      assert.equal(await count(queue), 1);
    });
  }

  test("a receipt is needed", async (t) => {
    const queue = await newQueue(t);
    const sent = await queue.sendMessage("text");
    const without = altering(queue, query({ popreceipt: undefined }));
    await refused("MissingRequiredQueryParameter", remove(without, sent), {
      QueryParameterName: "popreceipt",
    });
  });

  test("an unknown message is not found", async (t) => {
    const queue = await newQueue(t);
    const messageId = "00000000-0000-0000-0000-000000000000";
    await refused("MessageNotFound", queue.deleteMessage(messageId, STRANGE_RECEIPT));
  });

  test("the receipt is looked at first, then the queue, then the message", async () => {
    const missing = missingQueue();
    await refused("InvalidQueryParameterValue", missing.deleteMessage("mymsg", "bad"));
    await refused("QueueNotFound", missing.deleteMessage("mymsg", STRANGE_RECEIPT));
  });
});

describe("clear", () => {
  test("an empty queue", async (t) => {
    const queue = await newQueue(t);
    assert.equal((await queue.clearMessages())._response.status, 204);
    assert.equal(await count(queue), 0);
  });

  test("visible and invisible messages", async (t) => {
    const queue = await newQueue(t);
    for (let number = 0; number < 40; number += 1) {
      await queue.sendMessage(`message ${number}`);
    }
    const received = await receive(queue);
    await queue.sendMessage("later", { visibilityTimeout: 3600 });
    await queue.clearMessages();
    assert.equal(await count(queue), 0);
    assert.deepEqual((await queue.peekMessages()).peekedMessageItems, []);
    await refused("MessageNotFound", remove(queue, received));
  });

  test("the queue and what is written on it stay", async (t) => {
    const queue = await newQueue(t, { kept: "yes" });
    await queue.sendMessage("gone");
    await queue.clearMessages();
    assert.deepEqual((await queue.getProperties()).metadata, { kept: "yes" });
    await queue.sendMessage("next");
    assert.equal((await receive(queue)).messageText, "next");
  });
});
