// Get and Set Queue ACL: the stored access policies of a queue.

import assert from "node:assert/strict";

import { refused } from "../errors.js";
import { newQueue } from "../fixtures.js";
import { policiesOf, policy, setPolicies } from "../policies.js";
import { altering, body } from "../raw.js";
import { scenario } from "../scenario.js";
import { settled } from "../waiting.js";

/** Holds the policies of the queue to be these. */
function areKept(queue, wanted) {
  return settled(async () => assert.deepEqual(await policiesOf(queue), wanted));
}

scenario("S050 a new queue has no policies", async (t) => {
  assert.deepEqual((await (await newQueue(t)).getAccessPolicy()).signedIdentifiers, []);
});

scenario("S051 a policy comes back whole", async (t) => {
  const queue = await newQueue(t);
  const wanted = [
    policy("workers", {
      startsOn: new Date("2026-10-05T00:00:00Z"),
      expiresOn: new Date("2036-10-06T12:30:15.250Z"),
      permissions: "raup",
    }),
  ];
  assert.equal((await setPolicies(queue, wanted))._response.status, 204);
  await areKept(queue, wanted);
});

for (const permissions of ["r", "a", "u", "p", "ra", "up"]) {
  scenario(`S051 a policy may permit less: ${permissions}`, async (t) => {
    const queue = await newQueue(t);
    await setPolicies(queue, [policy("id", { permissions })]);
    await areKept(queue, [policy("id", { permissions })]);
  });
}

for (const [written, stored] of [
  ["2011-10-11", "2011-10-11T00:00:00.0000000Z"],
  ["2011-10-11T11:02Z", "2011-10-11T11:02:00.0000000Z"],
  ["2011-10-11T11:02:03.4Z", "2011-10-11T11:02:03.4000000Z"],
  ["2011-10-11T11:02:03.1234567Z", "2011-10-11T11:02:03.1234567Z"],
  ["2011-10-11T11:02:03+02:00", "2011-10-11T09:02:03.0000000Z"],
  ["2011-10-11T23:02-05:30", "2011-10-12T04:32:00.0000000Z"],
]) {
  scenario(`S051 the times of a policy come back in one form: ${written}`, async (t) => {
    const queue = await newQueue(t);
    const document =
      "<SignedIdentifiers><SignedIdentifier><Id>id</Id><AccessPolicy>" +
      `<Start>${written}</Start><Expiry>${written}</Expiry>` +
      "</AccessPolicy></SignedIdentifier></SignedIdentifiers>";
    await altering(queue, body(document)).setAccessPolicy([]);
    await settled(async () => {
      const answer = (await queue.getAccessPolicy())._response.bodyAsText;
      assert.ok(answer.includes(`<Start>${stored}</Start><Expiry>${stored}</Expiry>`), answer);
    });
  });
}

scenario("S052 a policy may say nothing", async (t) => {
  const queue = await newQueue(t);
  await setPolicies(queue, [policy("bare")]);
  await areKept(queue, [policy("bare")]);
});

scenario("S053 setting policies replaces them all", async (t) => {
  const queue = await newQueue(t);
  await setPolicies(queue, [policy("old", { permissions: "r" }), policy("both")]);
  const wanted = [policy("new", { permissions: "a" })];
  await setPolicies(queue, wanted);
  await areKept(queue, wanted);
  await setPolicies(queue, []);
  await areKept(queue, []);
});

scenario("S054 five policies are the most", async (t) => {
  const queue = await newQueue(t);
  const six = [0, 1, 2, 3, 4, 5].map((number) => policy(`${number}`, { permissions: "r" }));
  await setPolicies(queue, six.slice(0, 5));
  await areKept(queue, six.slice(0, 5));
  await refused("InvalidXmlDocument", setPolicies(queue, six), {
    LineNumber: "0",
    LinePosition: "0",
  });
  await areKept(queue, six.slice(0, 5));
});

scenario("S055 an identifier has 1 to 64 characters", async (t) => {
  const queue = await newQueue(t);
  const longest = [policy("i".repeat(64), { permissions: "r" })];
  await setPolicies(queue, longest);
  await areKept(queue, longest);
  for (const length of [0, 65]) {
    const wrong = [policy("i".repeat(length), { permissions: "r" })];
    await refused("InvalidXmlDocument", setPolicies(queue, wrong), {
      Reason: "Signed identifier ID cannot be empty or over 64 characters in length",
    });
  }
  await areKept(queue, longest);
});

scenario("S055 an identifier may need escaping", async (t) => {
  const queue = await newQueue(t);
  const strange = [policy("<a> & 'b' é", { permissions: "r" })];
  await setPolicies(queue, strange);
  await areKept(queue, strange);
});

for (const permissions of ["rwdl", "x"]) {
  scenario(`S056 a permission that queues do not have is refused: ${permissions}`, async (t) => {
    const queue = await newQueue(t);
    await refused("InvalidXmlDocument", setPolicies(queue, [policy("id", { permissions })]), {
      LineNumber: "0",
      LinePosition: "0",
    });
    await areKept(queue, []);
  });
}

scenario("S057 a start after the expiry is accepted", async (t) => {
  const queue = await newQueue(t);
  const wanted = [
    policy("id", {
      startsOn: new Date("2026-01-02T00:00:00Z"),
      expiresOn: new Date("2026-01-01T00:00:00Z"),
      permissions: "r",
    }),
  ];
  await setPolicies(queue, wanted);
  await areKept(queue, wanted);
});
