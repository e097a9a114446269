// Retries, timeouts, versions, and what every answer carries.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

import { refused } from "../errors.js";
import { account, missingQueue, newQueue } from "../fixtures.js";
import { get, getOne, peek, put, remove, texts } from "../messages.js";
import { altering, headers } from "../raw.js";
import { scenario } from "../scenario.js";
import { QueueClient, StorageRetryPolicyType } from "../sdk.js";

/**
 * A way to the server that answers the first request with 503 and lets the others through. The
 * SDK's pipeline has no place for it that is the same in all versions. Returns its address and the
 * methods of all requests.
 */
async function flakyWay(t) {
  const requests = [];
  const way = createServer(async (request, response) => {
    const body = [];
    for await (const chunk of request) {
      body.push(chunk);
    }
    requests.push(request.method);
    if (requests.length === 1) {
      response.writeHead(503, { "x-ms-error-code": "ServerBusy" }).end();
      return;
    }
    const { host, connection, "content-length": _, ...passed } = request.headers;
    const answer = await fetch(new URL(request.url, account.endpoint), {
      method: request.method,
      headers: passed,
      body: body.length > 0 ? Buffer.concat(body) : undefined,
    });
    const content = Buffer.from(await answer.arrayBuffer());
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
    response.end(content);
  });
  way.listen(0, "127.0.0.1");
  await once(way, "listening");
  t.after(() => {
    way.closeAllConnections();
    way.close();
  });
  return [`http://127.0.0.1:${way.address().port}`, requests];
}

scenario("S220 a retry is served", async (t) => {
  const queue = await newQueue(t);
  const [address, requests] = await flakyWay(t);
  const retryOptions = {
    maxTries: 3,
    retryPolicyType: StorageRetryPolicyType.FIXED,
    retryDelayInMs: 10,
  };
  const url = address + new URL(queue.url).pathname;
  const retrying = new QueueClient(url, account.credential, { retryOptions });
  const sent = await retrying.sendMessage("text");
  assert.deepEqual(requests, ["POST", "POST"]);
  const [peeked] = await peek(queue, { numberOfMessages: 32 });
  assert.deepEqual([peeked.messageId, peeked.messageText], [sent.messageId, "text"]);
});

for (const timeout of [5, 60]) {
  scenario(`S221 a service timeout is accepted: ${timeout} seconds`, async (t) => {
    const { url } = await newQueue(t);
    const retryOptions = { maxTries: 1, tryTimeoutInMs: timeout * 1000 };
    const queue = new QueueClient(url, account.credential, { retryOptions });
    const answer = await queue.sendMessage("text");
    const sent = new URL(answer._response.request.url);
    assert.equal(sent.searchParams.get("timeout"), `${timeout}`);
    assert.deepEqual(texts(await get(queue)), ["text"]);
  });
}

scenario("S222 the client request id comes back", async (t) => {
  const queue = await newQueue(t);
  const ofTheSdk = await queue.peekMessages();
  assert.ok(ofTheSdk.clientRequestId);
  assert.equal(
    ofTheSdk.clientRequestId,
    ofTheSdk._response.request.headers.get("x-ms-client-request-id"),
  );
  const mine = `my-own-id-${randomUUID()}`;
  const asking = altering(queue, headers({ "x-ms-client-request-id": mine }));
  assert.equal((await asking.peekMessages()).clientRequestId, mine);
});

scenario("S222 the client request id comes back with an error", async (t) => {
  const mine = randomUUID();
  const queue = altering(missingQueue(t), headers({ "x-ms-client-request-id": mine }));
  const error = await refused("QueueNotFound", queue.peekMessages());
  assert.equal(error.response.headers.get("x-ms-client-request-id"), mine);
});

// The SDK has one version and lets nobody choose, except by changing the request.
for (const version of ["2017-11-09", "2019-02-02", "2021-12-02", undefined]) {
  scenario(`S223 every version works: ${version ?? "the SDK's own"}`, async (t) => {
    const queue = await newQueue(t);
    const client = version ? altering(queue, headers({ "x-ms-version": version })) : queue;
    const [sent] = await put(client, "text");
    const asked = version ?? sent._response.request.headers.get("x-ms-version");
    assert.match(asked, /^\d{4}-\d\d-\d\d$/);
    assert.equal(sent.version, asked);
    const received = await getOne(client);
    assert.equal(received.messageText, "text");
    assert.equal((await remove(client, received)).version, asked);
  });
}

scenario("S224 an answer has a request id and a date", async (t) => {
  const queue = await newQueue(t);
  const ids = new Set();
  for (const { _response: response } of await put(queue, "one", "two")) {
    const id = response.headers.get("x-ms-request-id");
    assert.match(id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    ids.add(id);
    assert.ok(Math.abs(Date.parse(response.headers.get("date")) - Date.now()) < 60_000);
    assert.equal(
      response.headers.get("x-ms-version"),
      response.request.headers.get("x-ms-version"),
    );
  }
  assert.equal(ids.size, 2);
});
