// Put Message: time-to-live, visibility, and how much fits.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { refused } from "./errors.js";
import { missingQueue, newQueue } from "./fixtures.js";
import { altering, body, query } from "./raw.js";
import { eventually } from "./waiting.js";

const DAY = 24 * 60 * 60;
const WEEK = 7 * DAY;
const MESSAGE_BYTES_MAX = 64 * 1024;
const FOR_EVER = new Date("9999-12-31T23:59:59Z");

const seconds = (from, to) => (to - from) / 1000;

async function peek(queue) {
  return (await queue.peekMessages()).peekedMessageItems[0]?.messageText;
}

async function receive(queue) {
  return (await queue.receiveMessages()).receivedMessageItems[0];
}

test("what the answer says", async (t) => {
  const queue = await newQueue(t);
  const sent = await queue.sendMessage("text");
  assert.equal(sent._response.status, 201);
  assert.match(sent.messageId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.ok(Math.abs(sent.insertedOn - Date.now()) < 60_000);
  assert.equal(seconds(sent.insertedOn, sent.expiresOn), WEEK);
  assert.deepEqual(sent.nextVisibleOn, sent.insertedOn);
  assert.ok(sent.popReceipt);
});

test("every message has an id of its own", async (t) => {
  const queue = await newQueue(t);
  const ids = new Set();
  for (let number = 0; number < 10; number += 1) {
    ids.add((await queue.sendMessage("same text")).messageId);
  }
  assert.equal(ids.size, 10);
});

describe("time-to-live", () => {
  for (const messageTimeToLive of [1, DAY, WEEK, WEEK + 1, 2 ** 30]) {
    test(`it sets the expiration time: ${messageTimeToLive}`, async (t) => {
      const queue = await newQueue(t);
      const sent = await queue.sendMessage("text", { messageTimeToLive });
      assert.equal(seconds(sent.insertedOn, sent.expiresOn), messageTimeToLive);
    });
  }

  test("minus one is for ever", async (t) => {
    const queue = await newQueue(t);
    const sent = await queue.sendMessage("text", { messageTimeToLive: -1 });
    assert.deepEqual(sent.expiresOn, FOR_EVER);
    assert.deepEqual((await receive(queue)).expiresOn, FOR_EVER);
  });

  test("nothing lives longer than for ever", async (t) => {
    const queue = await newQueue(t);
    const sent = await queue.sendMessage("text", { messageTimeToLive: 922337203685 });
    assert.deepEqual(sent.expiresOn, FOR_EVER);
  });

  test("an expired message is gone", async (t) => {
    const queue = await newQueue(t);
    const sent = await queue.sendMessage("short", { messageTimeToLive: 1 });
    await queue.sendMessage("long");
    await eventually(async () => (await peek(queue)) === "long");
    assert.equal((await receive(queue)).messageText, "long");
    assert.equal(await receive(queue), undefined);
    await refused("MessageNotFound", queue.deleteMessage(sent.messageId, sent.popReceipt));
  });

  test("a message that expires while invisible never comes back", async (t) => {
    const queue = await newQueue(t);
    await queue.sendMessage("short", { messageTimeToLive: 2 });
    const [received] = (await queue.receiveMessages({ visibilityTimeout: 1 })).receivedMessageItems;
    await eventually(() => Date.now() > received.expiresOn.getTime() + 1000);
    assert.equal(await receive(queue), undefined);
    await refused("MessageNotFound", queue.deleteMessage(received.messageId, received.popReceipt));
  });

  for (const messageTimeToLive of [0, -2]) {
    test(`neither nothing nor less than for ever: ${messageTimeToLive}`, async (t) => {
      const queue = await newQueue(t);
      await refused("InvalidQueryParameterValue", queue.sendMessage("text", { messageTimeToLive }), {
        QueryParameterName: "messagettl",
        QueryParameterValue: `${messageTimeToLive}`,
        Reason: "Value must be greater than or equal to 1, or -1 to indicate an infinite TTL.",
      });
    });
  }

  test("it is a number", async (t) => {
    const soon = altering(await newQueue(t), query({ messagettl: "soon" }));
    await refused("InvalidQueryParameterValue", soon.sendMessage("text"), {
      QueryParameterName: "messagettl",
    });
  });
});

describe("visibility timeout", () => {
  test("it hides the message until then", async (t) => {
    const queue = await newQueue(t);
    const sent = await queue.sendMessage("later", { visibilityTimeout: 2 });
    assert.equal(seconds(sent.insertedOn, sent.nextVisibleOn), 2);
    assert.equal(await receive(queue), undefined);
    assert.equal(await peek(queue), undefined);
    const received = await eventually(() => receive(queue));
    assert.equal(received.messageText, "later");
    assert.ok(Date.now() >= sent.nextVisibleOn);
  });

  test("zero hides nothing", async (t) => {
    const queue = await newQueue(t);
    await queue.sendMessage("now", { visibilityTimeout: 0 });
    assert.equal(await peek(queue), "now");
  });

  for (const [visibilityTimeout, messageTimeToLive] of [
    [WEEK - 1, undefined],
    [WEEK - 1, WEEK],
    [9, 10],
    [WEEK, -1],
  ]) {
    const times = `${visibilityTimeout}, ${messageTimeToLive}`;
    test(`it may come close to the time-to-live: ${times}`, async (t) => {
      const queue = await newQueue(t);
      const sent = await queue.sendMessage("text", { visibilityTimeout, messageTimeToLive });
      assert.equal(seconds(sent.insertedOn, sent.nextVisibleOn), visibilityTimeout);
    });
  }

  for (const [visibilityTimeout, messageTimeToLive] of [
    [WEEK, undefined],
    [WEEK, WEEK],
    [10, 10],
    [11, 10],
  ]) {
    test(`but must not reach it: ${visibilityTimeout}, ${messageTimeToLive}`, async (t) => {
      const queue = await newQueue(t);
      await refused(
        "InvalidQueryParameterValue",
        queue.sendMessage("text", { visibilityTimeout, messageTimeToLive }),
        {
          QueryParameterName: "visibilitytimeout",
          QueryParameterValue: `${visibilityTimeout}`,
          Reason: "messagettl must be greater than visibilitytimeout",
        },
      );
    });
  }

  for (const visibilityTimeout of [-1, WEEK + 1]) {
    test(`it has limits of its own: ${visibilityTimeout}`, async (t) => {
      const queue = await newQueue(t);
      await refused(
        "OutOfRangeQueryParameterValue",
        queue.sendMessage("text", { visibilityTimeout, messageTimeToLive: -1 }),
        {
          QueryParameterName: "visibilitytimeout",
          QueryParameterValue: `${visibilityTimeout}`,
          MinimumAllowed: "0",
          MaximumAllowed: `${WEEK}`,
        },
      );
    });
  }
});

// 64 KiB of text, counted as UTF-8 and before anything is escaped.
describe("size", () => {
  function text(character, bytes) {
    const repeated = character.repeat(Math.floor(bytes / Buffer.byteLength(character)));
    return repeated + "a".repeat(bytes - Buffer.byteLength(repeated));
  }

  for (const character of ["a", "ä", "世", "😀", "&", "<"]) {
    test(`as much as fits: ${character}`, async (t) => {
      const queue = await newQueue(t);
      const most = text(character, MESSAGE_BYTES_MAX);
      await queue.sendMessage(most);
      assert.ok((await receive(queue)).messageText === most);
    });

    test(`one byte more: ${character}`, async (t) => {
      const queue = await newQueue(t);
      const more = text(character, MESSAGE_BYTES_MAX + 1);
      await refused("RequestBodyTooLarge", queue.sendMessage(more), {
        MaxLimit: `${MESSAGE_BYTES_MAX}`,
      });
      assert.equal((await queue.getProperties()).approximateMessagesCount, 0);
    });
  }

  test("much more", async (t) => {
    const queue = await newQueue(t);
    await refused("RequestBodyTooLarge", queue.sendMessage("a".repeat(1_000_000)), {
      MaxLimit: `${MESSAGE_BYTES_MAX}`,
    });
  });
});

describe("body", () => {
  for (const document of [
    "",
    "no XML at all",
    "<QueueMessage><MessageText>unfinished",
    "<QueueMessage></QueueMessage>",
    "<Other><MessageText>text</MessageText></Other>",
  ]) {
    test(`anything but a message is refused: ${document}`, async (t) => {
      const sending = altering(await newQueue(t), body(document));
      await refused("InvalidXmlDocument", sending.sendMessage("text"));
    });
  }

  for (const document of [
    "<QueueMessage><MessageText>text</MessageText></QueueMessage>",
    '<?xml version="1.0" encoding="utf-8"?>\n' +
      "<QueueMessage>\n  <MessageText>text</MessageText>\n</QueueMessage>\n",
    "\ufeff<QueueMessage><MessageText>text</MessageText></QueueMessage>",
    "<QueueMessage><MessageText><![CDATA[text]]></MessageText></QueueMessage>",
    "<QueueMessage><MessageText>&#116;e&#x78;t</MessageText></QueueMessage>",
  ]) {
    test(`a message can be written in many ways: ${JSON.stringify(document)}`, async (t) => {
      const queue = await newQueue(t);
      await altering(queue, body(document)).sendMessage("something else");
      assert.equal(await peek(queue), "text");
    });
  }

  test("bad xml is noticed before a missing queue", async () => {
    const sending = altering(missingQueue(), body("<QueueMessage>"));
    await refused("InvalidXmlDocument", sending.sendMessage("text"));
  });
});
