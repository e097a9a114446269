// Get and Set Queue ACL: the stored access policies of a queue.

import assert from "node:assert/strict";
import { test } from "node:test";

import { refused } from "./errors.js";
import { newQueue } from "./fixtures.js";
import { altering, body } from "./raw.js";

const identifiers = async (queue) => (await queue.getAccessPolicy()).signedIdentifiers;
const policy = (id, accessPolicy = {}) => ({ id, accessPolicy });

function setting(queue, accessPolicy) {
  const document =
    "<SignedIdentifiers><SignedIdentifier><Id>id</Id>" +
    `<AccessPolicy>${accessPolicy}</AccessPolicy></SignedIdentifier></SignedIdentifiers>`;
  return altering(queue, body(document)).setAccessPolicy([]);
}

test("a new queue has none", async (t) => {
  assert.deepEqual(await identifiers(await newQueue(t)), []);
});

test("a whole policy comes back", async (t) => {
  const queue = await newQueue(t);
  const wanted = [
    policy("readers", {
      startsOn: new Date("2026-10-05T00:00:00Z"),
      expiresOn: new Date("2026-10-06T12:30:15.250Z"),
      permissions: "rp",
    }),
  ];
  assert.equal((await queue.setAccessPolicy(wanted))._response.status, 204);
  assert.deepEqual(await identifiers(queue), wanted);
});

for (const permissions of ["r", "a", "u", "p", "ra", "up", "raup"]) {
  test(`permissions: ${permissions}`, async (t) => {
    const queue = await newQueue(t);
    await queue.setAccessPolicy([policy("id", { permissions })]);
    assert.deepEqual(await identifiers(queue), [policy("id", { permissions })]);
  });
}

for (const [written, stored] of [
  ["2011-10-11", "2011-10-11T00:00:00.0000000Z"],
  ["2011-10-11T11:02Z", "2011-10-11T11:02:00.0000000Z"],
  ["2011-10-11T11:02:03Z", "2011-10-11T11:02:03.0000000Z"],
  ["2011-10-11T11:02:03.4Z", "2011-10-11T11:02:03.4000000Z"],
  ["2011-10-11T11:02:03.1234567Z", "2011-10-11T11:02:03.1234567Z"],
  ["2011-10-11T11:02:03+02:00", "2011-10-11T09:02:03.0000000Z"],
  ["2011-10-11T23:02-05:30", "2011-10-12T04:32:00.0000000Z"],
]) {
  test(`times come back in one form: ${written}`, async (t) => {
    const queue = await newQueue(t);
    await setting(queue, `<Start>${written}</Start><Expiry>${written}</Expiry>`);
    const document = (await queue.getAccessPolicy())._response.bodyAsText;
    assert.ok(document.includes(`<Start>${stored}</Start><Expiry>${stored}</Expiry>`), document);
  });
}

for (const time of ["yesterday", "2011-13-11", "2011-10-11T11:02:03.12345678Z"]) {
  test(`a time that is none is refused: ${time}`, async (t) => {
    const queue = await newQueue(t);
    await assert.rejects(setting(queue, `<Expiry>${time}</Expiry>`), { statusCode: 400 });
    assert.deepEqual(await identifiers(queue), []);
  });
}

test("a start after the expiry is accepted", async (t) => {
  const queue = await newQueue(t);
  const wanted = policy("id", {
    startsOn: new Date("2026-01-02T00:00:00Z"),
    expiresOn: new Date("2026-01-01T00:00:00Z"),
  });
  await queue.setAccessPolicy([wanted]);
  const [{ accessPolicy }] = await identifiers(queue);
  assert.deepEqual(accessPolicy.startsOn, wanted.accessPolicy.startsOn);
  assert.deepEqual(accessPolicy.expiresOn, wanted.accessPolicy.expiresOn);
});

test("a policy may say nothing", async (t) => {
  const queue = await newQueue(t);
  await queue.setAccessPolicy([policy("bare")]);
  assert.deepEqual(await identifiers(queue), [{ id: "bare", accessPolicy: undefined }]);
});

test("five policies with the longest names", async (t) => {
  const queue = await newQueue(t);
  const five = [0, 1, 2, 3, 4].map((number) =>
    policy(number + "i".repeat(63), { permissions: "r" }),
  );
  await queue.setAccessPolicy(five);
  assert.deepEqual(await identifiers(queue), five);
});

test("names may need escaping", async (t) => {
  const queue = await newQueue(t);
  const strange = [policy("<a> & 'b' é", { permissions: "r" })];
  await queue.setAccessPolicy(strange);
  assert.deepEqual(await identifiers(queue), strange);
});

test("a sixth policy is refused", async (t) => {
  const queue = await newQueue(t);
  const six = [0, 1, 2, 3, 4, 5].map((number) => policy(`${number}`, { permissions: "r" }));
  await refused("InvalidXmlDocument", queue.setAccessPolicy(six), {
    LineNumber: "0",
    LinePosition: "0",
  });
  assert.deepEqual(await identifiers(queue), []);
});

for (const length of [0, 65]) {
  test(`a name of ${length} characters is refused`, async (t) => {
    const queue = await newQueue(t);
    const wrong = [policy("i".repeat(length), { permissions: "r" })];
    await refused("InvalidXmlDocument", queue.setAccessPolicy(wrong), {
      Reason: "Signed identifier ID cannot be empty or over 64 characters in length",
    });
  });
}

for (const permissions of ["rwdl", "x", "r a"]) {
  test(`an unknown permission is refused: ${permissions}`, async (t) => {
    const queue = await newQueue(t);
    await refused("InvalidXmlDocument", queue.setAccessPolicy([policy("id", { permissions })]), {
      LineNumber: "0",
      LinePosition: "0",
    });
  });
}

test("a document that ends too soon is refused", async (t) => {
  const queue = await newQueue(t);
  const broken = altering(queue, body("<SignedIdentifiers>"));
  await refused("InvalidXmlDocument", broken.setAccessPolicy([]));
});

test("setting replaces everything", async (t) => {
  const queue = await newQueue(t);
  await queue.setAccessPolicy([policy("old", { permissions: "r" }), policy("both")]);
  const wanted = [policy("new", { permissions: "a" }), policy("both", { permissions: "u" })];
  await queue.setAccessPolicy(wanted);
  assert.deepEqual(await identifiers(queue), wanted);
});

for (const nothing of [[], undefined]) {
  test(`setting nothing clears it: ${JSON.stringify(nothing)}`, async (t) => {
    const queue = await newQueue(t);
    await queue.setAccessPolicy([policy("gone", { permissions: "r" })]);
    await queue.setAccessPolicy(nothing);
    assert.deepEqual(await identifiers(queue), []);
  });
}
