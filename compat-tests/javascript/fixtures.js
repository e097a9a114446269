// The account, the clients, and the queues that the scenarios use.

import { randomUUID } from "node:crypto";

import { QueueServiceClient, StorageSharedKeyCredential } from "./sdk.js";

const endpoint = required("COMPAT_ENDPOINT").replace(/\/+$/, "");
const name = required("COMPAT_ACCOUNT");
const key = required("COMPAT_KEY");
const protocol = new URL(endpoint).protocol.slice(0, -1);

/** Where the server is, who we are, and with what secret. */
export const account = {
  endpoint,
  secondary: process.env.COMPAT_SECONDARY?.replace(/\/+$/, ""),
  name,
  key,
  credential: new StorageSharedKeyCredential(name, key),
  connectionString:
    `DefaultEndpointsProtocol=${protocol};AccountName=${name};AccountKey=${key};` +
    `QueueEndpoint=${endpoint};`,
};

export const overHttps = protocol === "https";

/** Options for scenarios that not every endpoint can be asked for. */
export const needsSecondary = { skip: !account.secondary && "needs a secondary endpoint" };
export const needsTokens = {
  skip:
    (!overHttps && "needs https") ||
    (process.env.COMPAT_TOKENS !== "unverified" && "needs an endpoint that takes made-up tokens"),
};
export const needsHttp = { skip: overHttps && "needs http" };

/** A client as a user makes it, except that it does not retry: a retry would hide a fault. */
export const WITHOUT_RETRIES = { retryOptions: { maxTries: 1 } };

export const service = serviceClient();

/** A client that no other test uses. */
export function serviceClient() {
  return QueueServiceClient.fromConnectionString(account.connectionString, { ...WITHOUT_RETRIES });
}

/** An empty queue of the test's own. */
export async function newQueue(t, metadata) {
  const queue = missingQueue(t);
  await queue.create({ metadata });
  return queue;
}

/** A queue that is not there, and will not be there after the test. */
export function missingQueue(t, name = uniqueName()) {
  const queue = service.getQueueClient(name);
  t.after(async () => {
    try {
      await queue.delete();
    } catch (error) {
      if (error.statusCode !== 404) {
        throw error;
      }
    }
  });
  return queue;
}

/** The name of a queue, which 12.0.0 looks for in the wrong place if the account is in the path. */
export function nameOf(queue) {
  return new URL(queue.url).pathname.split("/").at(-1);
}

export function uniqueName() {
  return `c${required("COMPAT_RUN")}-${randomUUID().replaceAll("-", "").slice(0, 16)}`;
}

function required(variable) {
  const value = process.env[variable];
  if (!value) {
    throw new Error(`${variable} is not set; scripts/compat.sh sets it`);
  }
  return value;
}
