// Servers of a test's own, and the queues on them.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import dns from "node:dns";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe } from "node:test";

import { QueueServiceClient } from "@azure/storage-queue";

import { Server } from "./server.js";

/** A client as a user makes it, except that it does not retry: a retry would hide a fault. */
export const WITHOUT_RETRIES = { retryOptions: { maxTries: 1 } };

/** Describes the same for a server that keeps its data on disk and for one that does not. */
export function inBothModes(what, options, tests = options) {
  for (const mode of ["disk", "memory"]) {
    describe(`${what}, ${mode}`, tests === options ? {} : options, () => tests(mode));
  }
}

/** A server that no other test uses and that has never been used before. */
export async function ownServer(t, mode, { port, secure } = {}) {
  const folders = [];
  const folder = () => {
    folders.push(mkdtempSync(path.join(tmpdir(), "compat-")));
    return folders.at(-1);
  };
  const location = mode === "disk" ? folder() : undefined;
  const server = await Server.start(location, port, secure ? folder() : undefined);
  t.after(async () => {
    const code = await server.stop();
    for (const one of folders) {
      rmSync(one, { recursive: true, force: true });
    }
    assert.equal(code, 0, server.output);
  });
  return server;
}

export function serviceClient(account) {
  return QueueServiceClient.fromConnectionString(account.connectionString, { ...WITHOUT_RETRIES });
}

export function uniqueName(prefix = "q") {
  return `${prefix}-${randomUUID().replaceAll("-", "").slice(0, 16)}`;
}

/** Makes every name under `.localhost` loopback, which not every resolver does. */
export function localhostNames(t) {
  const lookup = dns.lookup;
  t.mock.method(dns, "lookup", (hostname, options, callback) =>
    lookup(hostname.endsWith(".localhost") ? "127.0.0.1" : hostname, options, callback),
  );
}
