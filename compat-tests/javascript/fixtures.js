// The server, the clients, and the queues that the tests of a file share.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import dns from "node:dns";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after } from "node:test";

import { QueueServiceClient } from "@azure/storage-queue";

import { Server, externalAccount, mode } from "./server.js";

/** Options for tests that start a server, or know the other addresses of the one they use. */
export const ours = {
  skip: externalAccount() ? "QUEUERITE_ENDPOINT is set: this server is not ours" : false,
};

/** Options for tests that kill a server and look at what is left. */
export const durable = {
  skip: ours.skip || (mode() === "memory" && "QUEUERITE_MODE is memory: nothing outlives the process"),
};

/** A client as a user makes it, except that it does not retry: a retry would hide a fault. */
export const WITHOUT_RETRIES = { retryOptions: { maxTries: 1 } };

/** An account on the server that all ordinary tests share. */
export const account = externalAccount() ?? (await sharedServer()).account;
export const service = serviceClient(account);

export function serviceClient(account) {
  return QueueServiceClient.fromConnectionString(account.connectionString, { ...WITHOUT_RETRIES });
}

/** A server that no other test uses and that has never been used before. */
export async function ownServer(t, port) {
  const [location, remove] = newLocation();
  const server = await Server.start(location, port);
  t.after(async () => {
    await server.kill();
    remove();
  });
  return server;
}

/** A server that speaks https and takes tokens, for the tests of a file. */
export async function secureServer() {
  const [location, remove] = newLocation();
  const certificates = mkdtempSync(path.join(tmpdir(), "queuerite-"));
  const server = await Server.start(location, 0, { certificates, options: ["--oauth", "basic"] });
  after(async () => {
    const code = await server.stop();
    remove();
    rmSync(certificates, { recursive: true, force: true });
    assert.equal(code, 0, server.output);
  });
  return server;
}

/** An empty queue of the test's own. */
export async function newQueue(t, metadata) {
  const queue = missingQueue();
  await queue.create({ metadata });
  t.after(() => queue.deleteIfExists());
  return queue;
}

export function missingQueue() {
  return service.getQueueClient(uniqueName());
}

export function uniqueName(prefix = "q") {
  return `${prefix}-${randomUUID().replaceAll("-", "").slice(0, 16)}`;
}

/** Makes every name under `.localhost` loopback, which not every resolver does. */
export function localhostNames(t, isReachable = () => true) {
  const lookup = dns.lookup;
  t.mock.method(dns, "lookup", (hostname, options, callback) => {
    if (!hostname.endsWith(".localhost")) {
      return lookup(hostname, options, callback);
    }
    if (!isReachable(hostname)) {
      const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: "ENOTFOUND" });
      return process.nextTick(callback, error);
    }
    return lookup("127.0.0.1", options, callback);
  });
}

async function sharedServer() {
  const [location, remove] = newLocation();
  const server = await Server.start(location);
  after(async () => {
    const code = await server.stop();
    remove();
    assert.equal(code, 0, server.output);
  });
  return server;
}

/** A folder for the server's data, if it is to keep them, and how to remove it. */
function newLocation() {
  if (mode() === "memory") {
    return [undefined, () => {}];
  }
  const location = mkdtempSync(path.join(tmpdir(), "queuerite-"));
  return [location, () => rmSync(location, { recursive: true, force: true })];
}
