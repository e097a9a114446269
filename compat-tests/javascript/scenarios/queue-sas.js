// Shared access signatures of a queue, by themselves and by stored access policy.

import assert from "node:assert/strict";

import { refused } from "../errors.js";
import { nameOf, newQueue } from "../fixtures.js";
import { peek, put, remove, texts, update } from "../messages.js";
import { policy, setPolicies } from "../policies.js";
import { inHours, queueBy, queueSas, serviceBy, withAnotherSignature } from "../sas.js";
import { scenario } from "../scenario.js";
import { settled } from "../waiting.js";

/** A queue client that has a queue SAS and nothing else. */
const having = (queue, permissions, options) =>
  queueBy(queue, queueSas(queue, permissions, options));

// Which permission opens which operation, on a queue with a message and its receipt.
const OPERATIONS = {
  "get metadata": ["r", (queue) => queue.getProperties()],
  peek: ["r", (queue) => queue.peekMessages()],
  put: ["a", (queue) => queue.sendMessage("text")],
  update: ["u", (queue, sent) => update(queue, sent, "after", 0)],
  get: ["p", (queue) => queue.receiveMessages()],
  delete: ["p", (queue, sent) => remove(queue, sent)],
};

for (const permission of "raup") {
  for (const [name, [needed, operation]] of Object.entries(OPERATIONS)) {
    const outcome = needed === permission ? "opens" : "does not open";
    scenario(
      `S200 each permission opens its operations: ${permission} ${outcome} ${name}`,
      async (t) => {
        const queue = await newQueue(t);
        const [sent] = await put(queue, "before");
        const doing = operation(having(queue, permission), sent);
        if (needed === permission) {
          assert.ok([200, 201, 204].includes((await doing)._response.status));
        } else {
          await refused("AuthorizationPermissionMismatch", doing);
        }
      },
    );
  }
}

scenario("S201 a signature opens one queue", async (t) => {
  const queue = await newQueue(t);
  const sas = queueSas(await newQueue(t), "raup");
  await refused("AuthenticationFailed", queueBy(queue, sas).peekMessages());
});

scenario("S201 a changed signature opens none", async (t) => {
  const queue = await newQueue(t);
  const sas = queueSas(queue, "r");
  assert.equal((await queueBy(queue, sas).peekMessages())._response.status, 200);
  await refused("AuthenticationFailed", queueBy(queue, withAnotherSignature(sas)).peekMessages());
});

for (const [name, operation] of [
  ["create the queue", (queue) => queue.create()],
  ["delete the queue", (queue) => queue.delete()],
  ["set metadata", (queue) => queue.setMetadata({ a: "1" })],
  ["clear", (queue) => queue.clearMessages()],
  ["get policies", (queue) => queue.getAccessPolicy()],
  ["set policies", (queue) => queue.setAccessPolicy([])],
]) {
  scenario(`S202 what is beyond a queue signature: ${name}`, async (t) => {
    await refused("AuthorizationFailure", operation(having(await newQueue(t), "raup")));
  });
}

scenario("S202 what is beyond a queue signature: list queues", async (t) => {
  const queue = await newQueue(t);
  const listing = serviceBy(queueSas(queue, "raup"))
    .listQueues({ prefix: nameOf(queue) })
    .byPage()
    .next();
  await refused("AuthorizationFailure", listing);
});

scenario("S203 a signature that has expired opens nothing", async (t) => {
  const expired = { startsOn: inHours(-2), expiresOn: inHours(-1) };
  await refused("AuthenticationFailed", having(await newQueue(t), "r", expired).peekMessages());
});

/** A queue with a message and two policies: `readers` permits to read, `bare` says nothing. */
async function withPolicies(t) {
  const queue = await newQueue(t);
  const accessPolicy = { permissions: "r", startsOn: inHours(-1), expiresOn: inHours(1) };
  await setPolicies(queue, [policy("readers", accessPolicy), policy("bare")]);
  await put(queue, "text");
  return queue;
}

scenario("S204 a policy gives what the signature does not", async (t) => {
  const byPolicy = having(await withPolicies(t), undefined, { identifier: "readers" });
  await settled(async () => assert.deepEqual(texts(await peek(byPolicy)), ["text"]));
  await refused("AuthorizationPermissionMismatch", byPolicy.receiveMessages());
});

scenario("S204 a signature may add what the policy does not say", async (t) => {
  const worker = having(await withPolicies(t), "p", { identifier: "bare" });
  await settled(async () => assert.equal((await worker.receiveMessages())._response.status, 200));
});

scenario("S204 but must not repeat what it says", async (t) => {
  const queue = await withPolicies(t);
  const byPolicy = having(queue, undefined, { identifier: "readers" });
  await settled(() => byPolicy.peekMessages());
  await refused(
    "AuthenticationFailed",
    having(queue, "r", { identifier: "readers" }).peekMessages(),
  );
});

scenario("S205 removing the policy revokes the signature", async (t) => {
  const queue = await withPolicies(t);
  const byPolicy = having(queue, undefined, { identifier: "readers" });
  await settled(() => byPolicy.peekMessages());
  await setPolicies(queue, []);
  await settled(() => refused("AuthenticationFailed", byPolicy.peekMessages()));
});

for (const identifier of ["strangers", "bare"]) {
  scenario(
    `S206 a policy that is not there, or says nothing, opens nothing: ${identifier}`,
    async (t) => {
      const nothing = having(await withPolicies(t), undefined, { identifier });
      await refused("AuthenticationFailed", nothing.peekMessages());
    },
  );
}
