// Create Queue, Delete Queue, and the names that a queue may have.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import { codeOf, refused } from "../errors.js";
import {
  WITHOUT_RETRIES,
  account,
  missingQueue,
  nameOf,
  newQueue,
  service,
  uniqueName,
} from "../fixtures.js";
import {
  STRANGE_ID,
  STRANGE_RECEIPT,
  count,
  get,
  getOne,
  peek,
  put,
  remove,
  texts,
} from "../messages.js";
import { policiesOf, policy, setPolicies } from "../policies.js";
import { scenario } from "../scenario.js";
import { QueueClient } from "../sdk.js";
import { eventually, settled } from "../waiting.js";

// A name may be kept for half a minute and more.
const DELETED_WITHIN = 60_000;

const metadata = async (queue) => (await queue.getProperties()).metadata ?? {};

/** Older versions of the SDK have no word for it. */
async function exists(queue) {
  if (queue.exists) {
    return queue.exists();
  }
  try {
    await queue.getProperties();
    return true;
  } catch (error) {
    if (error.statusCode === 404) {
      return false;
    }
    throw error;
  }
}

scenario("S020 a queue is created", async (t) => {
  const queue = missingQueue(t);
  assert.equal((await queue.create())._response.status, 201);
  assert.equal(await exists(queue), true);
  assert.deepEqual(await metadata(queue), {});
  assert.equal(await count(queue), 0);
  assert.deepEqual(await peek(queue), []);
});

for (const pairs of [undefined, { a: "1", b: "2" }]) {
  scenario(`S021 the same queue is created again with ${JSON.stringify(pairs)}`, async (t) => {
    const queue = await newQueue(t, pairs);
    await put(queue, "still here");
    assert.equal((await queue.create({ metadata: pairs }))._response.status, 204);
    assert.deepEqual(texts(await peek(queue)), ["still here"]);
  });
}

for (const [first, second] of [
  [undefined, { a: "1" }],
  [{ a: "1" }, undefined],
  [{ a: "1" }, { a: "2" }],
  [{ a: "1" }, { b: "1" }],
  [{ a: "1" }, { a: "1", b: "2" }],
  [{ a: "value" }, { a: "VALUE" }],
]) {
  const change = `${JSON.stringify(first)}, ${JSON.stringify(second)}`;
  scenario(`S022 a queue with other metadata is in the way: ${change}`, async (t) => {
    const queue = await newQueue(t, first);
    await refused("QueueAlreadyExists", queue.create({ metadata: second }));
    assert.deepEqual(await metadata(queue), first ?? {});
  });
}

scenario("S023 a queue is deleted", async (t) => {
  const queue = await newQueue(t);
  const [sent] = await put(queue, "gone");
  assert.equal((await queue.delete())._response.status, 204);
  assert.equal(await exists(queue), false);
  await refused("QueueNotFound", remove(queue, sent));
});

scenario("S023 the service client creates and deletes too", async (t) => {
  const queue = missingQueue(t);
  assert.equal((await service.createQueue(nameOf(queue)))._response.status, 201);
  assert.equal((await service.deleteQueue(nameOf(queue)))._response.status, 204);
  assert.equal(await exists(queue), false);
});

scenario("S024 a queue that is not there cannot be deleted", async (t) => {
  await refused("QueueNotFound", missingQueue(t).delete());
});

const OPERATIONS = {
  "get metadata": (queue) => queue.getProperties(),
  "set metadata": (queue) => queue.setMetadata({ a: "1" }),
  "get policies": (queue) => queue.getAccessPolicy(),
  "set policies": (queue) => queue.setAccessPolicy([]),
  put: (queue) => queue.sendMessage("text"),
  get: (queue) => queue.receiveMessages(),
  peek: (queue) => queue.peekMessages(),
  update: (queue) => queue.updateMessage(STRANGE_ID, STRANGE_RECEIPT, "text", 0),
  delete: (queue) => queue.deleteMessage(STRANGE_ID, STRANGE_RECEIPT),
  clear: (queue) => queue.clearMessages(),
};

for (const [name, operation] of Object.entries(OPERATIONS)) {
  scenario(`S025 nothing can be done with a queue that is not there: ${name}`, (t) =>
    refused("QueueNotFound", operation(missingQueue(t))),
  );
}

scenario("S026 a name may have 3 characters", async (t) => {
  // Too short to begin as all our names do, so it must be one that nobody has.
  const name = await eventually(async () => {
    const candidate = randomUUID().slice(0, 3);
    return !(await exists(service.getQueueClient(candidate))) && candidate;
  });
  const queue = missingQueue(t, name);
  assert.equal((await queue.create())._response.status, 201);
});

scenario("S026 a name may have 63 characters", async (t) => {
  const queue = missingQueue(t, uniqueName().padEnd(63, "q"));
  assert.equal((await queue.create())._response.status, 201);
});

for (const name of ["qq", uniqueName().padEnd(64, "q")]) {
  scenario(`S026 a name cannot have ${name.length} characters`, () =>
    refused("OutOfRangeInput", service.createQueue(name)),
  );
}

for (const [what, change] of [
  ["upper case", (name) => `Abc${name}`],
  ["an underscore", (name) => `a_b${name}`],
  ["a dot", (name) => `a.b${name}`],
  ["a blank", (name) => `a b${name}`],
  ["another script", (name) => `問題${name}`],
  ["a dash in front", (name) => `-ab${name}`],
  ["a dash at the end", (name) => `${name}-`],
  ["two dashes", (name) => `a--b${name}`],
]) {
  scenario(`S027 a name has lower-case letters, digits and single dashes, not ${what}`, () =>
    refused("InvalidResourceName", service.createQueue(change(uniqueName()))),
  );
}

scenario("S028 a queue is the same by whatever way it is reached", async (t) => {
  const byService = await newQueue(t);
  const byUrl = new QueueClient(`${account.endpoint}/${nameOf(byService)}`, account.credential, {
    ...WITHOUT_RETRIES,
  });
  const byString = new QueueClient(account.connectionString, nameOf(byService), {
    ...WITHOUT_RETRIES,
  });
  const ways = [byService, byUrl, byString];
  for (const [number, way] of ways.entries()) {
    await put(way, `message ${number}`);
    for (const other of ways) {
      assert.equal(texts(await peek(other, { numberOfMessages: 32 })).at(-1), `message ${number}`);
    }
  }
});

scenario("S029 deleting a queue leaves the others alone", async (t) => {
  const one = await newQueue(t);
  const other = missingQueue(t, `${nameOf(one)}-2`);
  await other.create();
  await put(one, "one");
  await put(other, "other");
  await one.delete();
  assert.deepEqual(texts(await get(other)), ["other"]);
});

scenario("S030 a queue created anew is empty", async (t) => {
  const queue = await newQueue(t, { life: "first" });
  await setPolicies(queue, [policy("first", { permissions: "r" })]);
  await put(queue, "from the first life");
  await queue.delete();
  await eventually(
    () =>
      queue.create().then(
        () => true,
        (error) => {
          assert.equal(codeOf(error), "QueueBeingDeleted", error.message);
          return false;
        },
      ),
    DELETED_WITHIN,
  );
  assert.deepEqual(await peek(queue), []);
  assert.equal(await getOne(queue), undefined);
  assert.equal(await count(queue), 0);
  assert.deepEqual(await metadata(queue), {});
  await settled(async () => assert.deepEqual(await policiesOf(queue), []));
});

scenario("S031 existence can be asked for", async (t) => {
  const queue = missingQueue(t);
  assert.equal(await exists(queue), false);
  await queue.create();
  assert.equal(await exists(queue), true);
});
