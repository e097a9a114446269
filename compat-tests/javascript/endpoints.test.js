// The many ways to write down where the service is.

import assert from "node:assert/strict";
import { createServer } from "node:net";
import { describe, test } from "node:test";

import { QueueClient, QueueServiceClient, StorageRetryPolicyType } from "@azure/storage-queue";

import { refused } from "./errors.js";
import {
  WITHOUT_RETRIES,
  account,
  localhostNames,
  newQueue,
  ours,
  ownServer,
  service,
  uniqueName,
} from "./fixtures.js";

const DEVELOPMENT_PORT = 10001;

/** Signs requests of every shape: service, queue, messages, one message. */
async function exercise(service) {
  const name = uniqueName();
  const queue = service.getQueueClient(name);
  await queue.create({ metadata: { name: "value" } });
  try {
    const { messageId, popReceipt } = await queue.sendMessage("text <&>", { visibilityTimeout: 0 });
    assert.equal((await queue.peekMessages()).peekedMessageItems[0].messageText, "text <&>");
    await queue.deleteMessage(messageId, popReceipt);
    assert.deepEqual((await queue.getProperties()).metadata, { name: "value" });
    assert.deepEqual(await names(service, name), [name]);
  } finally {
    await queue.delete();
  }
}

async function names(service, prefix) {
  const names = [];
  for await (const queue of service.listQueues({ prefix })) {
    names.push(queue.name);
  }
  return names;
}

const at = (endpoint, options = { ...WITHOUT_RETRIES }) =>
  new QueueServiceClient(endpoint, account.credential, options);

describe("connection strings", () => {
  const protocol = new URL(account.endpoint).protocol.replace(":", "");
  const ofOurs = `DefaultEndpointsProtocol=${protocol};`;

  test("in full", () => exercise(QueueServiceClient.fromConnectionString(account.connectionString)));

  test("in any order", () =>
    exercise(
      QueueServiceClient.fromConnectionString(
        `QueueEndpoint=${account.endpoint};AccountKey=${account.key};` +
          `AccountName=${account.name};${ofOurs}`,
      ),
    ));

  test("with a slash at the end", () =>
    exercise(
      QueueServiceClient.fromConnectionString(
        `${ofOurs}QueueEndpoint=${account.endpoint}/;AccountKey=${account.key};` +
          `AccountName=${account.name}`,
      ),
    ));

  test("with every service named", () =>
    exercise(
      QueueServiceClient.fromConnectionString(
        "BlobEndpoint=http://127.0.0.1:1/none;TableEndpoint=http://127.0.0.1:1/none;" +
          account.connectionString,
      ),
    ));

  // The one test with a port of its own: this connection string means 10001.
  test("UseDevelopmentStorage=true", ours, async (t) => {
    if (!(await isFree(DEVELOPMENT_PORT))) {
      return t.skip(`port ${DEVELOPMENT_PORT} is taken`);
    }
    await ownServer(t, DEVELOPMENT_PORT);
    await exercise(QueueServiceClient.fromConnectionString("UseDevelopmentStorage=true"));
  });
});

describe("path style", () => {
  test("with a slash at the end", () => exercise(at(`${account.endpoint}/`)));

  test("with a name for the host", ours, () =>
    exercise(at(`http://localhost:${account.port}/${account.name}`)));

  // As in containers: the first label is a host's name, and the path has the account.
  test("with a dotted name that is no account", ours, async (t) => {
    localhostNames(t);
    await exercise(at(`http://storage.default.svc.localhost:${account.port}/${account.name}`));
  });
});

describe("host style", () => {
  const host = (name) => `${name}.queue.localhost`;
  const primary = host(account.name);
  const secondary = host(`${account.name}-secondary`);

  test("the account is the first label", ours, async (t) => {
    localhostNames(t);
    const service = at(`http://${primary}:${account.port}`);
    assert.equal(service.accountName, account.name);
    await exercise(service);
  });

  test("by a connection string", ours, async (t) => {
    localhostNames(t);
    await exercise(
      QueueServiceClient.fromConnectionString(
        `DefaultEndpointsProtocol=http;AccountName=${account.name};AccountKey=${account.key};` +
          `EndpointSuffix=localhost:${account.port}`,
      ),
    );
  });

  test("a queue by its url", ours, async (t) => {
    localhostNames(t);
    const queue = await newQueue(t);
    const url = `http://${primary}:${account.port}/${queue.name}`;
    await new QueueClient(url, account.credential).sendMessage("text");
    assert.equal((await queue.peekMessages()).peekedMessageItems[0].messageText, "text");
  });

  test("the secondary", ours, async (t) => {
    localhostNames(t);
    const queue = await newQueue(t);
    const service = at(`http://${secondary}:${account.port}`);
    assert.match((await service.getStatistics())._response.bodyAsText, /<Status>live<\/Status>/);
    assert.deepEqual(await names(service, queue.name), [queue.name]);
  });

  test("the secondary answers when the primary cannot be reached", ours, async (t) => {
    // A name that no earlier test has left a connection to.
    const unreachable = `${account.name}.queue.unreachable.localhost`;
    localhostNames(t, (hostname) => hostname !== unreachable);
    const queue = await newQueue(t);
    await queue.sendMessage("text");
    const retryOptions = {
      maxTries: 2,
      retryPolicyType: StorageRetryPolicyType.FIXED,
      retryDelayInMs: 10,
      secondaryHost: secondary,
    };
    const service = at(`http://${unreachable}:${account.port}`, { retryOptions });
    const answer = await service.getQueueClient(queue.name).peekMessages();
    assert.equal(new URL(answer._response.request.url).hostname, secondary);
    assert.equal(answer.peekedMessageItems[0].messageText, "text");
  });
});

// Path style: the account's name with `-secondary` after it.
describe("secondary", () => {
  const secondary = at(`http://${account.host}/${account.name}-secondary`);

  test("it can be read", ours, async (t) => {
    const queue = await newQueue(t, { name: "value" });
    await queue.sendMessage("text");
    assert.deepEqual(await names(secondary, queue.name), [queue.name]);
    assert.deepEqual((await secondary.getProperties()).cors, []);
    const replica = secondary.getQueueClient(queue.name);
    assert.deepEqual((await replica.getProperties()).metadata, { name: "value" });
    assert.deepEqual((await replica.getAccessPolicy()).signedIdentifiers, []);
    assert.equal((await replica.peekMessages()).peekedMessageItems[0].messageText, "text");
  });

  test("what is not there is not found", ours, async () => {
    const replica = secondary.getQueueClient(uniqueName());
    await refused("QueueNotFound", replica.getProperties());
    assert.equal(await replica.exists(), false);
  });

  test("the primary goes on as before", ours, async () => {
    await exercise(service);
  });
});

function isFree(port) {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}
