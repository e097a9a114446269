// Who is let in, how a refusal is written, and what every answer carries.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";

import {
  QueueServiceClient,
  RestError,
  StorageSharedKeyCredential,
  isRestError,
} from "@azure/storage-queue";

import { ERRORS, refused } from "./errors.js";
import { WITHOUT_RETRIES, account, missingQueue, newQueue, ours, uniqueName } from "./fixtures.js";
import { altering, headers, query } from "./raw.js";

describe("authentication", () => {
  const wrongKey = Buffer.from("not the key of this account").toString("base64");
  const stranger = new QueueServiceClient(
    account.endpoint,
    new StorageSharedKeyCredential(account.name, wrongKey),
    { ...WITHOUT_RETRIES },
  );

  test("a wrong key is refused", async () => {
    const error = await refused("AuthenticationFailed", stranger.getProperties());
    assert.equal(error.response.headers.get("x-ms-version"), undefined);
  });

  test("the refusal shows what should have been signed", async () => {
    const queue = stranger.getQueueClient(uniqueName());
    const error = await refused("AuthenticationFailed", queue.getProperties());
    const detail = error.details.additionalProperties.AuthenticationErrorDetail;
    assert.ok(detail.includes("GET\n"), detail);
    assert.ok(detail.includes(`/${queue.name}\ncomp:metadata`), detail);
    assert.ok(!error.response.bodyAsText.includes(account.key));
  });

  test("a wrong key hides everything else", async () => {
    const illegal = stranger.getQueueClient("Not-A-Name");
    await refused("AuthenticationFailed", illegal.receiveMessages());
    const missing = stranger.getQueueClient("no-such-queue");
    await refused("AuthenticationFailed", missing.sendMessage("a".repeat(70_000)));
  });

  // In the cloud, the host of an unknown account does not resolve.
  test("an unknown account is not found", ours, async () => {
    const unknown = new QueueServiceClient(
      `http://${account.host}/stranger`,
      new StorageSharedKeyCredential("stranger", account.key),
      { ...WITHOUT_RETRIES },
    );
    await refused("ResourceNotFound", unknown.getProperties());
  });
});

describe("rest errors", () => {
  test("what the SDK makes of a refusal", async () => {
    const queue = missingQueue();
    const error = await refused("QueueNotFound", queue.getProperties());
    assert.ok(isRestError(error));
    assert.ok(error instanceof RestError);
    assert.equal(error.code, "QueueNotFound");
    assert.equal(error.statusCode, 404);
    assert.equal(error.details.code, "QueueNotFound");
    assert.equal(error.details.errorCode, "QueueNotFound");
    assert.ok(error.request.url.includes(queue.name));
  });

  test("the message has three lines", async () => {
    const error = await refused("QueueNotFound", missingQueue().peekMessages());
    const [text, requestId, time, ...more] = error.details.message.split("\n");
    assert.equal(text, ERRORS.QueueNotFound[1]);
    assert.equal(requestId, `RequestId:${error.response.headers.get("x-ms-request-id")}`);
    assert.match(time, /^Time:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/);
    assert.deepEqual(more, []);
  });

  test("the document is UTF-8 with a byte order mark", async () => {
    const { response } = await refused("QueueNotFound", missingQueue().receiveMessages());
    assert.equal(response.headers.get("content-type"), "application/xml");
    const length = Number(response.headers.get("content-length"));
    assert.equal(length, Buffer.byteLength(response.bodyAsText));
    const beginning =
      '\ufeff<?xml version="1.0" encoding="utf-8"?><Error><Code>QueueNotFound</Code><Message>';
    assert.equal(response.bodyAsText.slice(0, beginning.length), beginning);
  });
});

describe("every answer", () => {
  test("carries the usual headers", async (t) => {
    const queue = await newQueue(t);
    const { headers } = (await queue.getProperties())._response;
    assert.match(headers.get("x-ms-request-id"), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.ok(headers.get("server"));
    assert.equal(headers.get("cache-control"), "no-cache");
    assert.ok(Math.abs(Date.parse(headers.get("date")) - Date.now()) < 60_000);
  });

  test("has a request id of its own", async (t) => {
    const queue = await newQueue(t);
    const ids = new Set();
    for (let time = 0; time < 5; time += 1) {
      ids.add((await queue.peekMessages()).requestId);
    }
    assert.equal(ids.size, 5);
  });

  test("names the version that was asked for", async (t) => {
    const queue = await newQueue(t);
    const { version, _response: response } = await queue.peekMessages();
    assert.equal(version, response.request.headers.get("x-ms-version"));
  });

  for (const version of ["2019-02-02", "2019-12-12", "2020-10-02", "2021-02-12", "2025-01-05"]) {
    test(`is in the kind of an older version: ${version}`, async (t) => {
      const older = altering(await newQueue(t), headers({ "x-ms-version": version }));
      await older.sendMessage("text");
      const answer = await older.receiveMessages();
      assert.equal(answer.version, version);
      assert.equal(answer.receivedMessageItems[0].messageText, "text");
    });
  }

  test("echoes the client request id that the SDK makes", async (t) => {
    const queue = await newQueue(t);
    const { clientRequestId, _response: response } = await queue.peekMessages();
    assert.ok(clientRequestId);
    assert.equal(clientRequestId, response.request.headers.get("x-ms-client-request-id"));
  });

  test("echoes a client request id of one's own", async (t) => {
    const mine = `my-own-id-${randomUUID()}`;
    const queue = altering(await newQueue(t), headers({ "x-ms-client-request-id": mine }));
    assert.equal((await queue.peekMessages()).clientRequestId, mine);
  });

  test("echoes it in errors too", async () => {
    const mine = randomUUID();
    const queue = altering(missingQueue(), headers({ "x-ms-client-request-id": mine }));
    const error = await refused("QueueNotFound", queue.peekMessages());
    assert.equal(error.response.headers.get("x-ms-client-request-id"), mine);
  });

  // The `timeout` of a request is a promise to wait, and part of what is signed.
  test("may take its time", async (t) => {
    const queue = await newQueue(t);
    await altering(queue, query({ timeout: "5" })).sendMessage("text");
    assert.equal((await queue.receiveMessages()).receivedMessageItems[0].messageText, "text");
  });
});
