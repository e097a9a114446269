// Update Message: a new text, a new time, a new receipt.

import assert from "node:assert/strict";
import { test } from "node:test";

import { refused } from "./errors.js";
import { newQueue } from "./fixtures.js";
import { altering, query } from "./raw.js";
import { eventually } from "./waiting.js";

const WEEK = 7 * 24 * 60 * 60;

async function receive(queue, options) {
  return (await queue.receiveMessages(options)).receivedMessageItems[0];
}

async function withReceived(t) {
  const queue = await newQueue(t);
  await queue.sendMessage("before");
  return [queue, await receive(queue)];
}

function update(queue, { messageId, popReceipt }, text, visibilityTimeout) {
  return queue.updateMessage(messageId, popReceipt, text, visibilityTimeout);
}

test("text and time together", async (t) => {
  const [queue, received] = await withReceived(t);
  const before = Date.now();
  const updated = await update(queue, received, "after", 2);
  assert.equal(updated._response.status, 204);
  assert.ok(updated.popReceipt);
  assert.notEqual(updated.popReceipt, received.popReceipt);
  const lease = updated.nextVisibleOn - before;
  assert.ok(0 < lease && lease < 10_000, `${lease}`);
  assert.deepEqual((await queue.peekMessages()).peekedMessageItems, []);
  const again = await eventually(() => receive(queue));
  assert.deepEqual([again.messageId, again.messageText], [received.messageId, "after"]);
});

test("without a text the text stays", async (t) => {
  const [queue, received] = await withReceived(t);
  await update(queue, received, undefined, 0);
  assert.equal((await receive(queue)).messageText, "before");
});

test("an empty text is a text", async (t) => {
  const [queue, received] = await withReceived(t);
  await update(queue, received, "", 0);
  assert.equal((await receive(queue)).messageText, "");
});

test("a timeout of zero gives the message back", async (t) => {
  const [queue, received] = await withReceived(t);
  await update(queue, received, undefined, 0);
  const again = await receive(queue);
  assert.equal(again.messageId, received.messageId);
  assert.equal(again.dequeueCount, 2);
});

test("what an update leaves alone", async (t) => {
  const [queue, received] = await withReceived(t);
  await update(queue, received, "after", 0);
  const [peeked] = (await queue.peekMessages()).peekedMessageItems;
  assert.deepEqual(peeked.insertedOn, received.insertedOn);
  assert.deepEqual(peeked.expiresOn, received.expiresOn);
  assert.equal(peeked.dequeueCount, 1);
});

test("a lease can be renewed again and again", async (t) => {
  const [queue, received] = await withReceived(t);
  let { popReceipt } = received;
  for (let time = 0; time < 3; time += 1) {
    const renewed = await queue.updateMessage(received.messageId, popReceipt, undefined, 30);
    assert.notEqual(renewed.popReceipt, popReceipt);
    popReceipt = renewed.popReceipt;
  }
  assert.equal(await receive(queue), undefined);
  await queue.deleteMessage(received.messageId, popReceipt);
});

test("a message can be updated as soon as it is put", async (t) => {
  const queue = await newQueue(t);
  await update(queue, await queue.sendMessage("before"), "after", 0);
  const received = await receive(queue);
  assert.deepEqual([received.messageText, received.dequeueCount], ["after", 1]);
});

test("a visible message can be hidden", async (t) => {
  const queue = await newQueue(t);
  await update(queue, await queue.sendMessage("text"), undefined, 3600);
  assert.deepEqual((await queue.peekMessages()).peekedMessageItems, []);
});

test("the old receipt is worth nothing", async (t) => {
  const [queue, received] = await withReceived(t);
  await update(queue, received, "after", 0);
  await refused("MessageNotFound", update(queue, received, "too late", 0));
  await refused("MessageNotFound", queue.deleteMessage(received.messageId, received.popReceipt));
  assert.equal((await receive(queue)).messageText, "after");
});

test("a message received by another is lost", async (t) => {
  const queue = await newQueue(t);
  await queue.sendMessage("text");
  const slow = await receive(queue, { visibilityTimeout: 1 });
  const quick = await eventually(() => receive(queue));
  await refused("MessageNotFound", update(queue, slow, undefined, 10));
  await queue.deleteMessage(quick.messageId, quick.popReceipt);
});

for (const visibilityTimeout of [-1, WEEK + 1]) {
  test(`the visibility timeout has limits: ${visibilityTimeout}`, async (t) => {
    const [queue, received] = await withReceived(t);
    const wrong = update(queue, received, undefined, visibilityTimeout);
    await refused("OutOfRangeQueryParameterValue", wrong, {
      QueryParameterName: "visibilitytimeout",
      QueryParameterValue: `${visibilityTimeout}`,
      MinimumAllowed: "0",
      MaximumAllowed: `${WEEK}`,
    });
  });
}

test("it must not go beyond the end of the message", async (t) => {
  const queue = await newQueue(t);
  const sent = await queue.sendMessage("text", { messageTimeToLive: 60 });
  await refused("InvalidQueryParameterValue", update(queue, sent, undefined, 3600), {
    QueryParameterName: "visibilitytimeout",
  });
  await update(queue, sent, undefined, 30);
});

test("64 kibibytes fit", async (t) => {
  const [queue, received] = await withReceived(t);
  await update(queue, received, "a".repeat(65536), 0);
  assert.ok((await receive(queue)).messageText === "a".repeat(65536));
});

test("one byte more does not", async (t) => {
  const [queue, received] = await withReceived(t);
  await refused("RequestBodyTooLarge", update(queue, received, "a".repeat(65537), 0), {
    MaxLimit: "65536",
  });
  await update(queue, received, undefined, 0);
  assert.equal((await receive(queue)).messageText, "before");
});

for (const parameter of ["popreceipt", "visibilitytimeout"]) {
  test(`both parameters are needed: ${parameter}`, async (t) => {
    const [queue, received] = await withReceived(t);
    const without = altering(queue, query({ [parameter]: undefined }));
    await refused("MissingRequiredQueryParameter", update(without, received, undefined, 0), {
      QueryParameterName: parameter,
    });
  });
}

for (const popReceipt of ["not base64!", "AAAA", "bm90IGEgcmVjZWlwdA=="]) {
  test(`a malformed receipt is refused: ${popReceipt}`, async (t) => {
    const [queue, { messageId }] = await withReceived(t);
    const wrong = queue.updateMessage(messageId, popReceipt, "text", 0);
    await refused("InvalidQueryParameterValue", wrong, {
      QueryParameterName: "popreceipt",
      QueryParameterValue: popReceipt,
      Reason: "Invalid pop receipt format",
    });
  });
}

test("an unknown message is not found", async (t) => {
  const [queue, { popReceipt }] = await withReceived(t);
  const messageId = "00000000-0000-0000-0000-000000000000";
  await refused("MessageNotFound", queue.updateMessage(messageId, popReceipt, "text", 0));
});
