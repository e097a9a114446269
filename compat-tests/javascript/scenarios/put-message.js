// Put Message: time-to-live, visibility, and how much fits.

import assert from "node:assert/strict";

import { refused } from "../errors.js";
import { newQueue } from "../fixtures.js";
import { DAY, WEEK, count, get, getOne, peek, put, remove, seconds } from "../messages.js";
import { altering, query } from "../raw.js";
import { scenario } from "../scenario.js";

const MESSAGE_BYTES_MAX = 64 * 1024;
const FOR_EVER = new Date("9999-12-31T23:59:59Z");

scenario("S070 what a put answers", async (t) => {
  const queue = await newQueue(t);
  const sent = await queue.sendMessage("text");
  assert.equal(sent._response.status, 201);
  assert.match(sent.messageId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.ok(Math.abs(sent.insertedOn - Date.now()) < 60_000);
  assert.equal(seconds(sent.insertedOn, sent.expiresOn), WEEK);
  assert.deepEqual(sent.nextVisibleOn, sent.insertedOn);
  assert.ok(sent.popReceipt);
});

scenario("S071 every message has an id of its own", async (t) => {
  const queue = await newQueue(t);
  const sent = await put(queue, ...Array(10).fill("same text"));
  assert.equal(new Set(sent.map((message) => message.messageId)).size, 10);
});

scenario("S072 a message may live for ever", async (t) => {
  const queue = await newQueue(t);
  const sent = await queue.sendMessage("text", { messageTimeToLive: -1 });
  assert.deepEqual(sent.expiresOn, FOR_EVER);
  assert.deepEqual((await getOne(queue)).expiresOn, FOR_EVER);
});

for (const messageTimeToLive of [1, 60, DAY, WEEK + 1, 1_073_741_824]) {
  scenario(`S073 a time-to-live is what it was asked to be: ${messageTimeToLive}`, async (t) => {
    const queue = await newQueue(t);
    const sent = await queue.sendMessage("text", { messageTimeToLive });
    assert.equal(seconds(sent.insertedOn, sent.expiresOn), messageTimeToLive);
  });
}

for (const messageTimeToLive of [0, -2]) {
  scenario(`S074 a time-to-live of ${messageTimeToLive} is refused`, async (t) => {
    const queue = await newQueue(t);
    const putting = altering(queue, query({ messagettl: `${messageTimeToLive}` }));
    await refused("InvalidQueryParameterValue", putting.sendMessage("text"), {
      QueryParameterName: "messagettl",
      QueryParameterValue: `${messageTimeToLive}`,
    });
    assert.equal(await count(queue), 0);
  });
}

scenario("S075 a message may be put hidden", async (t) => {
  const queue = await newQueue(t);
  const sent = await queue.sendMessage("later", { visibilityTimeout: 60 });
  assert.equal(seconds(sent.insertedOn, sent.nextVisibleOn), 60);
  assert.deepEqual(await get(queue), []);
  assert.deepEqual(await peek(queue), []);
  assert.equal(await count(queue), 1);
});

scenario("S075 a timeout of 0 hides nothing", async (t) => {
  const queue = await newQueue(t);
  await queue.sendMessage("now", { visibilityTimeout: 0 });
  assert.equal((await peek(queue)).length, 1);
});

for (const [visibilityTimeout, messageTimeToLive] of [
  [WEEK, undefined],
  [WEEK, WEEK],
  [10, 10],
  [11, 10],
]) {
  const times = `${visibilityTimeout}, ${messageTimeToLive}`;
  scenario(`S076 a message must not be hidden for as long as it lives: ${times}`, async (t) => {
    const queue = await newQueue(t);
    const options = { visibilityTimeout, messageTimeToLive };
    await refused("InvalidQueryParameterValue", queue.sendMessage("text", options), {
      QueryParameterName: "visibilitytimeout",
      QueryParameterValue: `${visibilityTimeout}`,
      Reason: "messagettl must be greater than visibilitytimeout",
    });
  });
}

for (const [visibilityTimeout, messageTimeToLive] of [
  [WEEK - 1, undefined],
  [WEEK - 1, WEEK],
  [9, 10],
  [WEEK, -1],
]) {
  const times = `${visibilityTimeout}, ${messageTimeToLive}`;
  scenario(`S076 but a second less is accepted: ${times}`, async (t) => {
    const queue = await newQueue(t);
    const sent = await queue.sendMessage("text", { visibilityTimeout, messageTimeToLive });
    assert.equal(seconds(sent.insertedOn, sent.nextVisibleOn), visibilityTimeout);
  });
}

for (const visibilityTimeout of [-1, WEEK + 1]) {
  scenario(
    `S077 a visibility timeout has limits when a message is put: ${visibilityTimeout}`,
    async (t) => {
      const queue = await newQueue(t);
      const putting = altering(queue, query({ visibilitytimeout: `${visibilityTimeout}` }));
      const options = { messageTimeToLive: -1 };
      await refused("OutOfRangeQueryParameterValue", putting.sendMessage("text", options), {
        QueryParameterName: "visibilitytimeout",
        QueryParameterValue: `${visibilityTimeout}`,
        MinimumAllowed: "0",
        MaximumAllowed: `${WEEK}`,
      });
    },
  );
}

for (const character of ["a", "&"]) {
  scenario(`S078 exactly 64 KiB fit: ${character}`, async (t) => {
    const queue = await newQueue(t);
    const most = character.repeat(MESSAGE_BYTES_MAX);
    await put(queue, most);
    assert.ok((await getOne(queue)).messageText === most, "and are got back whole");
  });

  scenario(`S078 one character more does not: ${character}`, async (t) => {
    const queue = await newQueue(t);
    await refused("RequestBodyTooLarge", put(queue, character.repeat(MESSAGE_BYTES_MAX + 1)), {
      MaxLimit: `${MESSAGE_BYTES_MAX}`,
    });
    assert.equal(await count(queue), 0);
  });
}

scenario("S079 an empty text is a text", async (t) => {
  const queue = await newQueue(t);
  await put(queue, "");
  assert.equal((await getOne(queue)).messageText, "");
});

scenario("S080 the receipt of a put is good at once", async (t) => {
  const queue = await newQueue(t);
  const [sent] = await put(queue, "text");
  assert.equal((await remove(queue, sent))._response.status, 204);
  assert.equal(await count(queue), 0);
});
