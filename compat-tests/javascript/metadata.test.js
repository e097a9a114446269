// Get and Set Queue Metadata, and the approximate messages count that comes with it.
//
// The SDK writes all names in lower case and Node.js reads them so; where case matters, names go
// out as raw headers and are read in a listing.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { refused } from "./errors.js";
import { missingQueue, newQueue, service } from "./fixtures.js";
import { altering, headers } from "./raw.js";

const metadata = async (queue) => (await queue.getProperties()).metadata;

async function listed(queue) {
  for await (const found of service.listQueues({ prefix: queue.name, includeMetadata: true })) {
    return { ...found.metadata };
  }
  return undefined;
}

test("a queue is created without", async (t) => {
  assert.equal(await metadata(await newQueue(t)), undefined);
});

test("pairs come back", async (t) => {
  const queue = await newQueue(t);
  const pairs = { name: "value", other: "2", _under_score1: "x" };
  assert.equal((await queue.setMetadata(pairs))._response.status, 204);
  assert.deepEqual(await metadata(queue), pairs);
  assert.deepEqual(await listed(queue), pairs);
});

test("the case of names is kept", async (t) => {
  const queue = await newQueue(t);
  const pairs = headers({ "x-ms-meta-MyKey": "v", "x-ms-meta-lower": "case" });
  await altering(queue, pairs).setMetadata();
  assert.deepEqual(await listed(queue), { MyKey: "v", lower: "case" });
});

test("setting replaces everything", async (t) => {
  const queue = await newQueue(t);
  await queue.setMetadata({ first: "1", both: "1" });
  await queue.setMetadata({ second: "2", both: "2" });
  assert.deepEqual(await metadata(queue), { second: "2", both: "2" });
});

for (const nothing of [{}, undefined]) {
  test(`setting nothing clears it: ${JSON.stringify(nothing)}`, async (t) => {
    const queue = await newQueue(t);
    await queue.setMetadata({ gone: "soon" });
    await queue.setMetadata(nothing);
    assert.equal(await metadata(queue), undefined);
  });
}

test("names are the same in any case", async (t) => {
  const queue = await newQueue(t);
  await altering(queue, headers({ "x-ms-meta-colour": "red" })).setMetadata();
  await altering(queue, headers({ "x-ms-meta-COLOUR": "blue" })).setMetadata();
  assert.deepEqual(await listed(queue), { COLOUR: "blue" });
  await queue.create({ metadata: { Colour: "blue" } });
});

for (const value of [
  "two words",
  "two  blanks",
  "a,b, c",
  "key=value;other=1",
  '"quoted"',
  "100% <&> ok",
  "~!@#$^*()",
]) {
  test(`values are kept: ${value}`, async (t) => {
    const queue = await newQueue(t);
    await queue.setMetadata({ name: value });
    assert.deepEqual(await metadata(queue), { name: value });
    assert.deepEqual(await listed(queue), { name: value });
  });
}

test("an empty value is kept", async (t) => {
  const queue = await newQueue(t);
  await queue.setMetadata({ name: "" });
  assert.deepEqual(await listed(queue), { name: "" });
});

test("names whose order is signed in a way of its own", async (t) => {
  // The string-to-sign sorts these as a dictionary does, not as bytes.
  const queue = await newQueue(t);
  const names = ["_", "a", "a_b", "a1", "aa", "ab", "ac", "b"];
  const pairs = Object.fromEntries(names.map((name) => [name, name]));
  await queue.setMetadata(pairs);
  assert.deepEqual(await metadata(queue), pairs);
});

for (const name of ["1bad", "a-b", "a.b", "a!"]) {
  test(`names that are no identifiers are refused: ${name}`, async (t) => {
    const queue = await newQueue(t);
    await refused("InvalidMetadata", queue.setMetadata({ [name]: "value" }));
    assert.equal(await metadata(queue), undefined);
  });
}

test("a name that is no identifier creates no queue", async () => {
  const queue = missingQueue();
  await refused("InvalidMetadata", queue.create({ metadata: { "1bad": "value" } }));
  assert.equal(await queue.exists(), false);
});

test("an empty name is refused", async (t) => {
  const queue = await newQueue(t);
  await refused("EmptyMetadataKey", queue.setMetadata({ "": "value" }), { MetadataValue: "value" });
});

test("eight kibibytes are enough and no more", async (t) => {
  // Names and values count together.
  const queue = await newQueue(t);
  const pairs = {};
  for (let number = 0; number < 8; number += 1) {
    pairs[`key${number}`] = "v".repeat(1024 - "key0".length);
  }
  await queue.setMetadata(pairs);
  assert.deepEqual(await metadata(queue), pairs);
  pairs.key7 += "v";
  await refused("MetadataTooLarge", queue.setMetadata(pairs));
});

describe("approximate messages count", () => {
  const count = async (queue) => (await queue.getProperties()).approximateMessagesCount;

  test("visible and invisible messages count", async (t) => {
    const queue = await newQueue(t);
    for (const text of ["one", "two", "three"]) {
      await queue.sendMessage(text);
    }
    await queue.sendMessage("later", { visibilityTimeout: 3600 });
    await queue.receiveMessages();
    assert.equal(await count(queue), 4);
  });

  test("deleted messages do not", async (t) => {
    const queue = await newQueue(t);
    for (const text of ["one", "two", "three"]) {
      await queue.sendMessage(text);
    }
    const [{ messageId, popReceipt }] = (await queue.receiveMessages()).receivedMessageItems;
    await queue.deleteMessage(messageId, popReceipt);
    assert.equal(await count(queue), 2);
  });
});
