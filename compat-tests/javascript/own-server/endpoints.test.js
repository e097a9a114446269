// The many ways to write down where the service is, and what a server is like that nobody has used.

import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";

import { QueueClient, QueueServiceClient, StorageSharedKeyCredential } from "@azure/storage-queue";

import {
  WITHOUT_RETRIES,
  inBothModes,
  localhostNames,
  ownServer,
  serviceClient,
  uniqueName,
} from "./fixtures.js";

const DEVELOPMENT_PORT = 10001;

/** Signs requests of every shape: service, queue, messages, one message. */
async function exercise(service) {
  const name = uniqueName();
  const queue = service.getQueueClient(name);
  await queue.create({ metadata: { name: "value" } });
  const { messageId, popReceipt } = await queue.sendMessage("text <&>");
  assert.equal((await queue.peekMessages()).peekedMessageItems[0].messageText, "text <&>");
  await queue.deleteMessage(messageId, popReceipt);
  assert.deepEqual((await queue.getProperties()).metadata, { name: "value" });
  assert.deepEqual(await names(service, name), [name]);
  await queue.delete();
}

async function names(service, prefix) {
  const names = [];
  for await (const queue of service.listQueues({ prefix })) {
    names.push(queue.name);
  }
  return names;
}

const at = (endpoint, { credential }) =>
  new QueueServiceClient(endpoint, credential, { ...WITHOUT_RETRIES });

inBothModes("endpoints", (mode) => {
  // The one test with a port of its own: this connection string means 10001.
  test("UseDevelopmentStorage=true", async (t) => {
    if (!(await isFree(DEVELOPMENT_PORT))) {
      return t.skip(`port ${DEVELOPMENT_PORT} is taken`);
    }
    await ownServer(t, mode, { port: DEVELOPMENT_PORT });
    await exercise(QueueServiceClient.fromConnectionString("UseDevelopmentStorage=true"));
  });

  test("path style with a name for the host", async (t) => {
    const { account } = await ownServer(t, mode);
    await exercise(at(`http://localhost:${account.port}/${account.name}`, account));
  });

  // As in containers: the first label is a host's name, and the path has the account.
  test("path style with a dotted name that is no account", async (t) => {
    localhostNames(t);
    const { account } = await ownServer(t, mode);
    await exercise(
      at(`http://storage.default.svc.localhost:${account.port}/${account.name}`, account),
    );
  });

  test("host style: the account is the first label", async (t) => {
    localhostNames(t);
    const { account } = await ownServer(t, mode);
    const service = at(`http://${account.name}.queue.localhost:${account.port}`, account);
    assert.equal(service.accountName, account.name);
    await exercise(service);
  });

  test("host style by a connection string", async (t) => {
    localhostNames(t);
    const { account } = await ownServer(t, mode);
    await exercise(
      QueueServiceClient.fromConnectionString(
        `DefaultEndpointsProtocol=http;AccountName=${account.name};AccountKey=${account.key};` +
          `EndpointSuffix=localhost:${account.port}`,
        { ...WITHOUT_RETRIES },
      ),
    );
  });

  test("host style: a queue by its url is the one in the path", async (t) => {
    localhostNames(t);
    const { account } = await ownServer(t, mode);
    const queue = serviceClient(account).getQueueClient(uniqueName());
    await queue.create();
    const url = `http://${account.name}.queue.localhost:${account.port}/${queue.name}`;
    await new QueueClient(url, account.credential, { ...WITHOUT_RETRIES }).sendMessage("text");
    assert.equal((await queue.peekMessages()).peekedMessageItems[0].messageText, "text");
  });

  test("host style: the secondary has a name of its own", async (t) => {
    localhostNames(t);
    const { account } = await ownServer(t, mode);
    const name = uniqueName();
    await serviceClient(account).createQueue(name);
    const secondary = at(
      `http://${account.name}-secondary.queue.localhost:${account.port}`,
      account,
    );
    assert.match((await secondary.getStatistics())._response.bodyAsText, /<Status>live<\/Status>/);
    assert.deepEqual(await names(secondary, name), [name]);
  });

  // In the cloud, the host of an unknown account does not resolve.
  test("an unknown account is not found", async (t) => {
    const { account } = await ownServer(t, mode);
    const unknown = new QueueServiceClient(
      `http://${account.host}/stranger`,
      new StorageSharedKeyCredential("stranger", account.key),
      { ...WITHOUT_RETRIES },
    );
    await assert.rejects(unknown.getProperties(), { statusCode: 404, code: "ResourceNotFound" });
  });

  test("an authority that is not trusted is not talked to", async (t) => {
    const { account } = await ownServer(t, mode, { secure: true });
    await assert.rejects(serviceClient(account).getProperties(), /certificate/);
    const trusting = { ...WITHOUT_RETRIES, tlsOptions: { ca: account.authority } };
    await exercise(QueueServiceClient.fromConnectionString(account.connectionString, trusting));
  });
});

inBothModes("a new server", (mode) => {
  test("has everything switched off", async (t) => {
    const { account } = await ownServer(t, mode);
    const properties = await serviceClient(account).getProperties();
    const retentionPolicy = { enabled: false };
    assert.deepEqual(properties.queueAnalyticsLogging, {
      version: "1.0",
      deleteProperty: false,
      read: false,
      write: false,
      retentionPolicy,
    });
    for (const metrics of [properties.hourMetrics, properties.minuteMetrics]) {
      assert.deepEqual(metrics, { version: "1.0", enabled: false, retentionPolicy });
    }
    assert.deepEqual(properties.cors, []);
  });

  test("lists nothing, and then all legal names in order", async (t) => {
    const service = serviceClient((await ownServer(t, mode)).account);
    assert.deepEqual(await names(service), []);
    const legal = [
      "abc",
      "0123",
      "a-b-c",
      "messages",
      "9-lives",
      "q".repeat(63),
      "2" + "-x".repeat(31),
    ];
    for (const name of legal) {
      await service.createQueue(name);
    }
    assert.deepEqual(await names(service), [...legal].sort());
  });

  // A convenience of a local server: the cloud keeps the name for half a minute.
  test("has a deleted name free at once", async (t) => {
    const queue = serviceClient((await ownServer(t, mode)).account).getQueueClient("phoenix");
    await queue.create({ metadata: { life: "first" } });
    await queue.sendMessage("from the first life");
    await queue.delete();
    await queue.create();
    const properties = await queue.getProperties();
    assert.deepEqual([properties.metadata, properties.approximateMessagesCount], [undefined, 0]);
  });
});

function isFree(port) {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}
