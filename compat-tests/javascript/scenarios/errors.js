// What the SDK makes of a refusal, and of a server that is not there.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";

import { ERRORS, codeOf, detailsOf, failed, refused } from "../errors.js";
import { WITHOUT_RETRIES, account, missingQueue, newQueue } from "../fixtures.js";
import { WEEK } from "../messages.js";
import { scenario } from "../scenario.js";
import { QueueServiceClient, RestError, isOldest } from "../sdk.js";

scenario("S240 an error has status, code and message", async (t) => {
  const error = await failed(missingQueue(t).getProperties());
  assert.ok(error instanceof RestError);
  assert.equal(error.name, "RestError");
  assert.equal(error.statusCode, 404);
  assert.equal(codeOf(error), "QueueNotFound");
  assert.equal(error.details.errorCode, "QueueNotFound");
  assert.equal(error.details.message.split("\n")[0], "The specified queue does not exist.");
});

scenario("S240 the refusal of a put has a text", async (t) => {
  const queue = await newQueue(t);
  const error = await failed(queue.sendMessage("a".repeat(65_537)));
  assert.equal(error.statusCode, 413);
  assert.equal(codeOf(error), "RequestBodyTooLarge");
  assert.equal(error.details.message.split("\n")[0], ERRORS.RequestBodyTooLarge[1]);
});

// The SDK asks by GET; what exists() sends is up to its version.
scenario("S241 a missing queue is told as such by every question", async (t) => {
  const queue = missingQueue(t);
  await refused("QueueNotFound", queue.getProperties());
  await refused("QueueNotFound", queue.getAccessPolicy());
  if (queue.exists) {
    assert.equal(await queue.exists(), false);
    const deleted = await queue.deleteIfExists();
    assert.deepEqual([deleted.succeeded, deleted.errorCode], [false, "QueueNotFound"]);
  }
});

scenario("S241 createIfNotExists tells whether it did", async (t) => {
  const queue = missingQueue(t);
  if (!queue.createIfNotExists) {
    // 12.0.0 has create() alone, which takes 204 for a success.
    assert.equal((await queue.create())._response.status, 201);
    assert.equal((await queue.create())._response.status, 204);
    return;
  }
  assert.equal((await queue.createIfNotExists()).succeeded, true);
  assert.equal((await queue.createIfNotExists()).succeeded, false);
  const other = await queue.createIfNotExists({ metadata: { a: "1" } });
  assert.deepEqual([other.succeeded, other.errorCode], [false, "QueueAlreadyExists"]);
});

scenario("S242 an error names the parameter", async (t) => {
  const queue = await newQueue(t);
  const error = await failed(queue.sendMessage("text", { visibilityTimeout: WEEK }));
  assert.deepEqual([error.statusCode, codeOf(error)], [400, "InvalidQueryParameterValue"]);
  const { QueryParameterName, QueryParameterValue } = detailsOf(error);
  assert.deepEqual([QueryParameterName, QueryParameterValue], ["visibilitytimeout", `${WEEK}`]);
});

scenario("S243 an error has a request id", async (t) => {
  const error = await refused("QueueNotFound", missingQueue(t).peekMessages());
  const [, requestId, time, ...more] = error.details.message.split("\n");
  assert.equal(requestId, `RequestId:${error.response.headers.get("x-ms-request-id")}`);
  assert.match(time, /^Time:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/);
  assert.deepEqual(more, []);
});

scenario("S244 an unreachable server is the client's error", async () => {
  const { port } = await closedPort();
  const service = new QueueServiceClient(
    `http://127.0.0.1:${port}/${account.name}`,
    account.credential,
    { ...WITHOUT_RETRIES },
  );
  const start = performance.now();
  await assert.rejects(service.getProperties(), {
    name: isOldest ? "FetchError" : "RestError",
    code: "ECONNREFUSED",
  });
  assert.ok(performance.now() - start < 5000, "at once");
});

/** A port that was free a moment ago. */
async function closedPort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  return address;
}
