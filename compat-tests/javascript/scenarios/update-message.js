// Update Message: a new text, a new time, a new receipt.

import assert from "node:assert/strict";

import { refused } from "../errors.js";
import { newQueue } from "../fixtures.js";
import {
  STRANGE_ID,
  STRANGE_RECEIPT,
  WEEK,
  count,
  get,
  getOne,
  peek,
  put,
  remove,
  seconds,
  texts,
  update,
} from "../messages.js";
import { altering, query } from "../raw.js";
import { scenario } from "../scenario.js";

const MESSAGE_BYTES_MAX = 64 * 1024;

async function withReceived(t) {
  const queue = await newQueue(t);
  await put(queue, "before");
  return [queue, await getOne(queue)];
}

scenario("S110 text and time are updated together", async (t) => {
  const [queue, received] = await withReceived(t);
  const updated = await update(queue, received, "after", 60);
  assert.equal(updated._response.status, 204);
  assert.ok(updated.popReceipt);
  assert.notEqual(updated.popReceipt, received.popReceipt);
  const lease = seconds(updated.date, updated.nextVisibleOn);
  assert.ok(58 < lease && lease < 62, `${lease}`);
  assert.deepEqual(await peek(queue), []);
  await update(queue, { ...received, popReceipt: updated.popReceipt }, undefined, 0);
  assert.deepEqual(texts(await get(queue)), ["after"]);
});

scenario("S111 without a text the text stays", async (t) => {
  const [queue, received] = await withReceived(t);
  await update(queue, received, undefined, 0);
  assert.equal((await getOne(queue)).messageText, "before");
});

scenario("S111 an empty text is a text", async (t) => {
  const [queue, received] = await withReceived(t);
  await update(queue, received, "", 0);
  assert.equal((await getOne(queue)).messageText, "");
});

scenario("S112 a timeout of 0 gives the message back", async (t) => {
  const [queue, received] = await withReceived(t);
  await update(queue, received, undefined, 0);
  const again = await getOne(queue);
  assert.deepEqual([again.messageId, again.dequeueCount], [received.messageId, 2]);
});

scenario("S113 an update leaves the rest alone", async (t) => {
  const [queue, received] = await withReceived(t);
  await update(queue, received, "after", 0);
  assert.equal((await peek(queue))[0].dequeueCount, 1);
  const again = await getOne(queue);
  assert.equal(again.messageId, received.messageId);
  assert.deepEqual(again.insertedOn, received.insertedOn);
  assert.deepEqual(again.expiresOn, received.expiresOn);
  assert.equal(again.dequeueCount, 2);
});

scenario("S114 an old receipt is worth nothing", async (t) => {
  const [queue, received] = await withReceived(t);
  await update(queue, received, "after", 0);
  await refused("MessageNotFound", update(queue, received, "too late", 0));
  await refused("MessageNotFound", remove(queue, received));
  assert.equal((await getOne(queue)).messageText, "after");
});

scenario("S115 a receipt is renewed again and again", async (t) => {
  const [queue, received] = await withReceived(t);
  const receipts = [received.popReceipt];
  for (let time = 0; time < 10; time += 1) {
    const { messageId } = received;
    const renewed = await update(queue, { messageId, popReceipt: receipts.at(-1) }, undefined, 30);
    receipts.push(renewed.popReceipt);
  }
  assert.equal(new Set(receipts).size, 11);
  assert.equal(await getOne(queue), undefined);
  await queue.deleteMessage(received.messageId, receipts.at(-1));
  assert.equal(await count(queue), 0);
});

scenario("S116 a message can be updated as soon as it was put", async (t) => {
  const queue = await newQueue(t);
  const [sent] = await put(queue, "before");
  await update(queue, sent, "after", 0);
  const received = await getOne(queue);
  assert.deepEqual([received.messageText, received.dequeueCount], ["after", 1]);
});

scenario("S117 a visible message can be hidden", async (t) => {
  const queue = await newQueue(t);
  const [sent] = await put(queue, "text");
  await update(queue, sent, undefined, 60);
  assert.deepEqual(await get(queue), []);
  assert.equal(await count(queue), 1);
});

for (const visibilityTimeout of [-1, WEEK + 1]) {
  scenario(
    `S118 a visibility timeout has limits when a message is updated: ${visibilityTimeout}`,
    async (t) => {
      const queue = await newQueue(t);
      const sent = await queue.sendMessage("text", { messageTimeToLive: -1 });
      const updating = altering(queue, query({ visibilitytimeout: `${visibilityTimeout}` }));
      await refused("OutOfRangeQueryParameterValue", update(updating, sent, "after", 0), {
        QueryParameterName: "visibilitytimeout",
        QueryParameterValue: `${visibilityTimeout}`,
        MinimumAllowed: "0",
        MaximumAllowed: `${WEEK}`,
      });
    },
  );
}

scenario("S119 a message must not be hidden beyond its end by an update", async (t) => {
  const queue = await newQueue(t);
  await queue.sendMessage("text", { messageTimeToLive: 60 });
  const received = await getOne(queue);
  await refused("InvalidQueryParameterValue", update(queue, received, undefined, 120), {
    QueryParameterName: "visibilitytimeout",
  });
  await update(queue, received, undefined, 30);
});

scenario("S120 64 KiB fit into an update", async (t) => {
  const [queue, received] = await withReceived(t);
  const most = "a".repeat(MESSAGE_BYTES_MAX);
  await update(queue, received, most, 0);
  const again = await getOne(queue);
  assert.ok(again.messageText === most, "and are got back whole");
  await refused("RequestBodyTooLarge", update(queue, again, `${most}a`, 0), {
    MaxLimit: `${MESSAGE_BYTES_MAX}`,
  });
  await update(queue, again, undefined, 0);
  assert.ok((await getOne(queue)).messageText === most, "and stay");
});

scenario("S121 a malformed receipt is refused", async (t) => {
  const [queue, { messageId }] = await withReceived(t);
  const popReceipt = "not a receipt";
  const updating = update(queue, { messageId, popReceipt }, "text", 0);
  await refused("InvalidQueryParameterValue", updating, {
    QueryParameterName: "popreceipt",
    QueryParameterValue: popReceipt,
    Reason: "Invalid pop receipt format",
  });
});

scenario("S122 an unknown message cannot be updated", async (t) => {
  const queue = await newQueue(t);
  const unknown = { messageId: STRANGE_ID, popReceipt: STRANGE_RECEIPT };
  await refused("MessageNotFound", update(queue, unknown, "text", 0));
});
