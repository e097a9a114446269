// Shared access signatures of the account.

import assert from "node:assert/strict";

import { refused } from "../errors.js";
import { missingQueue, nameOf, newQueue, overHttps } from "../fixtures.js";
import { count, getOne, peek, put, remove, texts, update } from "../messages.js";
import { accountSas, inHours, serviceBy, withAnotherSignature } from "../sas.js";
import { scenario } from "../scenario.js";
import { SASProtocol } from "../sdk.js";

const EVERYTHING = "rwdlacup";

/** A service client that has an account SAS and nothing else. */
const having = (resourceTypes, permissions, options) =>
  serviceBy(accountSas(resourceTypes, permissions, options));

scenario("S190 a signature for everything does everything", async (t) => {
  const name = nameOf(missingQueue(t));
  const service = having("sco", EVERYTHING);
  const queue = service.getQueueClient(name);
  assert.equal((await queue.create())._response.status, 201);
  await put(queue, "before");
  const received = await getOne(queue);
  const updated = await update(queue, received, "after", 0);
  assert.deepEqual(texts(await peek(queue)), ["after"]);
  await remove(queue, { ...received, popReceipt: updated.popReceipt });
  assert.equal(await count(queue), 0);
  const listed = [];
  for await (const found of service.listQueues({ prefix: name })) {
    listed.push(found.name);
  }
  assert.deepEqual(listed, [name]);
});

scenario("S190 each operation has a permission that is enough", async (t) => {
  const name = nameOf(missingQueue(t));
  const by = (resourceTypes, permission) => having(resourceTypes, permission).getQueueClient(name);
  await by("c", "c").create();
  await by("c", "w").setMetadata({ a: "1" });
  assert.deepEqual((await by("c", "r").getProperties()).metadata, { a: "1" });
  await by("o", "a").sendMessage("text");
  assert.deepEqual(texts(await peek(by("o", "r"))), ["text"]);
  const received = await getOne(by("o", "p"));
  const { popReceipt } = await update(by("o", "u"), received, "new", 30);
  await remove(by("o", "p"), { ...received, popReceipt });
  await by("o", "d").clearMessages();
  const pages = having("s", "l").listQueues({ prefix: name }).byPage();
  assert.equal((await pages.next()).value.queueItems.length, 1);
  await by("c", "d").delete();
});

for (const [name, permissions, operation] of [
  ["get metadata", "wdlacup", (queue) => queue.getProperties()],
  ["set metadata", "rdlaup", (queue) => queue.setMetadata({ a: "1" })],
  ["delete the queue", "rwlacup", (queue) => queue.delete()],
  ["put", "rl", (queue) => queue.sendMessage("text")],
  ["get", "rwdlacu", (queue) => queue.receiveMessages()],
  ["peek", "wdlacup", (queue) => queue.peekMessages()],
  ["clear", "rwlacup", (queue) => queue.clearMessages()],
]) {
  scenario(`S191 what is not permitted is refused: ${name}`, async (t) => {
    const queue = having("sco", permissions).getQueueClient(nameOf(await newQueue(t)));
    await refused("AuthorizationPermissionMismatch", operation(queue));
  });
}

for (const [resourceTypes, name, operation] of [
  ["o", "list queues", (service, queue) => service.listQueues({ prefix: queue }).byPage().next()],
  ["o", "create a queue", (service, queue) => service.createQueue(queue)],
  ["co", "get properties", (service) => service.getProperties()],
  ["so", "get metadata", (service, queue) => service.getQueueClient(queue).getProperties()],
  ["sc", "peek", (service, queue) => service.getQueueClient(queue).peekMessages()],
]) {
  scenario(`S192 the type of resource counts: ${resourceTypes}, ${name}`, async (t) => {
    const queue = nameOf(missingQueue(t));
    const limited = having(resourceTypes, EVERYTHING);
    await refused("AuthorizationResourceTypeMismatch", operation(limited, queue));
  });
}

scenario("S193 the service counts", async () => {
  const blobs = having("s", "r", { services: "b" });
  await refused("AuthorizationServiceMismatch", blobs.getProperties());
});

scenario("S194 a signature that has expired opens nothing", async () => {
  const expired = having("s", "r", { startsOn: inHours(-2), expiresOn: inHours(-1) });
  await refused("AuthenticationFailed", expired.getProperties());
});

scenario("S195 a signature that is not valid yet opens nothing", async () => {
  const early = having("s", "r", { startsOn: inHours(1), expiresOn: inHours(2) });
  await refused("AuthenticationFailed", early.getProperties());
  const started = having("s", "r", { startsOn: inHours(-1) });
  assert.equal((await started.getProperties())._response.status, 200);
});

scenario("S196 a changed signature opens nothing", async () => {
  const sas = accountSas("s", "r");
  assert.equal((await serviceBy(sas).getProperties())._response.status, 200);
  await refused("AuthenticationFailed", serviceBy(withAnotherSignature(sas)).getProperties());
  const more = sas.replace("sp=r", "sp=rw");
  assert.notEqual(more, sas);
  await refused("AuthenticationFailed", serviceBy(more).getProperties());
});

scenario("S197 the address counts", async () => {
  const elsewhere = having("s", "r", { ipRange: { start: "203.0.113.7" } });
  await refused("AuthorizationSourceIPMismatch", elsewhere.getProperties());
  // Our own address, whatever it is.
  const here = having("s", "r", { ipRange: { start: "0.0.0.1", end: "255.255.255.254" } });
  assert.equal((await here.getProperties())._response.status, 200);
});

scenario("S198 the protocol counts", async () => {
  const httpsOnly = having("s", "r", { protocol: SASProtocol.Https });
  if (overHttps) {
    assert.equal((await httpsOnly.getProperties())._response.status, 200);
  } else {
    await refused("AuthorizationProtocolMismatch", httpsOnly.getProperties());
  }
  const either = having("s", "r", { protocol: SASProtocol.HttpsAndHttp });
  assert.equal((await either.getProperties())._response.status, 200);
});
