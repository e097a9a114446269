// Get and Set Queue Metadata, and the approximate messages count that comes with it.
//
// The SDK writes and reads all names in lower case; where case matters, names go out as headers and
// are read in a listing. 12.0.0 writes even these in lower case.

import assert from "node:assert/strict";

import { refused } from "../errors.js";
import { nameOf, newQueue, service } from "../fixtures.js";
import { count, get, put } from "../messages.js";
import { altering, headers } from "../raw.js";
import { scenario } from "../scenario.js";

const metadata = async (queue) => (await queue.getProperties()).metadata ?? {};

async function listed(queue) {
  for await (const found of service.listQueues({ prefix: nameOf(queue), includeMetadata: true })) {
    return { ...found.metadata };
  }
  return undefined;
}

scenario("S040 metadata are kept", async (t) => {
  const queue = await newQueue(t, { name: "value", other: "2" });
  assert.deepEqual(await metadata(queue), { name: "value", other: "2" });
  assert.deepEqual(await listed(queue), { name: "value", other: "2" });
});

scenario("S041 setting metadata replaces them all", async (t) => {
  const queue = await newQueue(t, { first: "1", both: "1" });
  const answer = await queue.setMetadata({ second: "2", both: "2" });
  assert.equal(answer._response.status, 204);
  assert.deepEqual(await metadata(queue), { second: "2", both: "2" });
  await queue.setMetadata({});
  assert.deepEqual(await metadata(queue), {});
});

scenario("S041 setting undefined metadata sets none", async (t) => {
  const queue = await newQueue(t, { gone: "soon" });
  await queue.setMetadata(undefined);
  assert.deepEqual(await metadata(queue), {});
});

scenario("S042 names are the same in any case", async (t) => {
  const queue = await newQueue(t);
  for (const name of ["MyColour", "mycolour", "MYCOLOUR"]) {
    await altering(queue, headers({ [`x-ms-meta-${name}`]: `of ${name}` })).setMetadata();
    assert.deepEqual(await metadata(queue), { mycolour: `of ${name}` });
    const [[listedName, value], ...more] = Object.entries(await listed(queue));
    assert.deepEqual([listedName.toLowerCase(), value], ["mycolour", `of ${name}`]);
    assert.deepEqual(more, []);
    const again = await queue.create({ metadata: { myColour: `of ${name}` } });
    assert.equal(again._response.status, 204);
  }
});

for (const name of ["1st", "a-b", "a.b", "a!"]) {
  scenario(`S043 a name that is no identifier is refused: ${name}`, async (t) => {
    const queue = await newQueue(t);
    await refused("InvalidMetadata", queue.setMetadata({ [name]: "value" }));
    assert.deepEqual(await metadata(queue), {});
  });
}

scenario("S044 one value of 8,000 characters is kept", async (t) => {
  const queue = await newQueue(t);
  await queue.setMetadata({ name: "v".repeat(8000) });
  assert.deepEqual(await metadata(queue), { name: "v".repeat(8000) });
});

scenario("S044 metadata are at most 8 KiB, names and values together", async (t) => {
  const queue = await newQueue(t);
  const pairs = {};
  for (let number = 0; number < 8; number += 1) {
    pairs[`key${number}`] = "v".repeat(1024 - "key0".length);
  }
  await queue.setMetadata(pairs);
  const more = { ...pairs, key7: `${pairs.key7}v` };
  await refused("MetadataTooLarge", queue.setMetadata(more));
  assert.deepEqual(await metadata(queue), pairs);
});

for (const value of [
  "two words",
  "two  blanks",
  "a,b, c",
  "\"quoted\" 'twice'",
  "key=value;other=1",
  "%41",
  "100% <&> ok",
  "!#$&()*+-./:;?@[\\]^_`{|}~",
]) {
  scenario(`S045 values keep what a header can carry: ${value}`, async (t) => {
    const queue = await newQueue(t);
    await queue.setMetadata({ name: value });
    assert.deepEqual(await metadata(queue), { name: value });
    assert.deepEqual(await listed(queue), { name: value });
  });
}

scenario("S046 names with an underscore are signed as the client sorts them", async (t) => {
  const queue = await newQueue(t);
  const names = ["a_b", "a1", "ab", "a", "_a", "_", "aa", "b"];
  const pairs = Object.fromEntries(names.map((name) => [name, `of ${name}`]));
  await queue.setMetadata(pairs);
  assert.deepEqual(await metadata(queue), pairs);
});

scenario("S047 the count of messages is in the metadata", async (t) => {
  const queue = await newQueue(t);
  await put(queue, "one", "two", "three");
  assert.equal((await get(queue)).length, 1);
  assert.equal(await count(queue), 3);
});
