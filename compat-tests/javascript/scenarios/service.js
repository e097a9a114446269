// List Queues, Set and Get Queue Service Properties, Get Queue Service Stats.

import assert from "node:assert/strict";

import { refused } from "../errors.js";
import {
  WITHOUT_RETRIES,
  account,
  missingQueue,
  nameOf,
  needsSecondary,
  newQueue,
  service,
  serviceClient,
  uniqueName,
} from "../fixtures.js";
import { altering, query } from "../raw.js";
import { scenario } from "../scenario.js";
import { QueueServiceClient } from "../sdk.js";
import { settled } from "../waiting.js";

async function names(queues) {
  const names = [];
  for await (const queue of queues) {
    names.push(queue.name);
  }
  return names;
}

const namesOf = (page) => page.queueItems.map((queue) => queue.name);

/** Queues with these endings, created in this order; their prefix, and their names in order. */
async function family(t, endings) {
  const prefix = `${uniqueName()}-`;
  for (const ending of endings) {
    await missingQueue(t, prefix + ending).create();
  }
  return [prefix, [...endings].sort().map((ending) => prefix + ending)];
}

scenario("S001 queues are listed by name", async (t) => {
  const [prefix, wanted] = await family(t, "cab");
  const listed = [];
  for await (const queue of service.listQueues({ prefix })) {
    listed.push([queue.name, queue.metadata]);
  }
  assert.deepEqual(
    listed,
    wanted.map((name) => [name, undefined]),
  );
});

scenario("S002 a prefix selects", async (t) => {
  const [prefix, wanted] = await family(t, ["one-a", "one-b", "two"]);
  assert.deepEqual(await names(service.listQueues({ prefix: `${prefix}one` })), wanted.slice(0, 2));
  assert.deepEqual(await names(service.listQueues({ prefix: `${prefix}three` })), []);
});

scenario("S002 a prefix can be a whole name", async (t) => {
  const [, [, second]] = await family(t, "ab");
  assert.deepEqual(await names(service.listQueues({ prefix: second })), [second]);
});

scenario("S003 a list includes metadata when it is asked for", async (t) => {
  const prefix = nameOf(await newQueue(t, { letter: "a" }));
  const listed = async (options) => {
    const found = [];
    for await (const queue of service.listQueues({ prefix, ...options })) {
      found.push(queue.metadata && { ...queue.metadata });
    }
    return found;
  };
  assert.deepEqual(await listed({ includeMetadata: true }), [{ letter: "a" }]);
  assert.deepEqual(await listed({}), [undefined]);
});

scenario("S004 a list comes in pages", async (t) => {
  const [prefix, wanted] = await family(t, "gfedcba");
  const pages = [];
  for await (const page of service.listQueues({ prefix }).byPage({ maxPageSize: 3 })) {
    pages.push(namesOf(page));
  }
  assert.deepEqual(pages, [wanted.slice(0, 3), wanted.slice(3, 6), wanted.slice(6)]);
});

scenario("S004 a page that ends with the last queue is the last page", async (t) => {
  const [prefix, wanted] = await family(t, "dcba");
  const pages = [];
  for await (const page of service.listQueues({ prefix }).byPage({ maxPageSize: 2 })) {
    pages.push(namesOf(page));
  }
  assert.deepEqual(pages, [wanted.slice(0, 2), wanted.slice(2)]);
});

scenario("S005 a page can be continued by another client", async (t) => {
  const [prefix, wanted] = await family(t, "abcd");
  const first = await service.listQueues({ prefix }).byPage({ maxPageSize: 1 }).next();
  const { continuationToken } = first.value;
  const pages = serviceClient()
    .listQueues({ prefix })
    .byPage({ maxPageSize: 2, continuationToken });
  assert.deepEqual(namesOf((await pages.next()).value), wanted.slice(1, 3));
});

scenario("S006 a marker that is none is refused", async () => {
  const pages = service.listQueues().byPage({ continuationToken: "garbage" });
  await refused("OutOfRangeInput", pages.next(), {}, "One of the request inputs is out of range.");
});

scenario("S007 a page of no queues is refused", async () => {
  const asking = altering(service, query({ maxresults: "0" }));
  await refused("OutOfRangeQueryParameterValue", asking.listQueues().byPage().next(), {
    QueryParameterName: "maxresults",
    QueryParameterValue: "0",
    MinimumAllowed: "1",
  });
});

scenario("S008 a deleted queue is listed no more", async (t) => {
  const queue = await newQueue(t);
  assert.deepEqual(await names(service.listQueues({ prefix: nameOf(queue) })), [nameOf(queue)]);
  await queue.delete();
  assert.deepEqual(await names(service.listQueues({ prefix: nameOf(queue) })), []);
});

const NO_RETENTION = { enabled: false };

const rule = (allowedOrigins, allowedMethods = "GET") => ({
  allowedOrigins,
  allowedMethods,
  allowedHeaders: "",
  exposedHeaders: "",
  maxAgeInSeconds: 0,
});
const origins = (properties) => properties.cors.map((rule) => rule.allowedOrigins);

async function properties() {
  const { queueAnalyticsLogging, hourMetrics, minuteMetrics, cors } = await service.getProperties();
  // Without what is undefined, which not all versions of the SDK leave out.
  return JSON.parse(JSON.stringify({ queueAnalyticsLogging, hourMetrics, minuteMetrics, cors }));
}

let lastTurn = Promise.resolve();

/** The properties are everybody's: whoever changes them waits for his turn, and puts them back. */
async function myTurn(t) {
  const before = lastTurn;
  let found;
  let done;
  lastTurn = new Promise((resolve) => (done = resolve));
  t.after(async () => {
    try {
      await (found && service.setProperties(found));
    } finally {
      done();
    }
  });
  await before;
  found = await properties();
}

scenario("S009 service properties are read", async () => {
  const { queueAnalyticsLogging, hourMetrics, minuteMetrics, cors } = await properties();
  assert.equal(queueAnalyticsLogging.version, "1.0");
  for (const kind of ["read", "write", "deleteProperty"]) {
    assert.equal(typeof queueAnalyticsLogging[kind], "boolean", kind);
  }
  assert.equal(typeof queueAnalyticsLogging.retentionPolicy.enabled, "boolean");
  for (const metrics of [hourMetrics, minuteMetrics]) {
    assert.equal(metrics.version, "1.0");
    assert.equal(typeof metrics.enabled, "boolean");
    assert.equal(typeof metrics.retentionPolicy.enabled, "boolean");
  }
  assert.ok(Array.isArray(cors));
});

scenario("S010 service properties are kept", async (t) => {
  await myTurn(t);
  const wanted = {
    queueAnalyticsLogging: {
      version: "1.0",
      deleteProperty: true,
      read: false,
      write: true,
      retentionPolicy: { enabled: true, days: 7 },
    },
    hourMetrics: {
      version: "1.0",
      enabled: true,
      includeAPIs: true,
      retentionPolicy: { enabled: true, days: 365 },
    },
    minuteMetrics: {
      version: "1.0",
      enabled: true,
      includeAPIs: false,
      retentionPolicy: NO_RETENTION,
    },
  };
  assert.equal((await service.setProperties(wanted))._response.status, 202);
  await settled(async () => {
    const { cors, ...found } = await properties();
    assert.deepEqual(found, wanted);
  });
});

scenario("S011 CORS rules are kept", async (t) => {
  await myTurn(t);
  const cors = [
    {
      allowedOrigins: "https://shop.example,https://www.shop.example",
      allowedMethods: "GET,PUT",
      allowedHeaders: "x-ms-meta-*,content-type",
      exposedHeaders: "x-ms-*",
      maxAgeInSeconds: 300,
    },
    rule("*", "DELETE,GET,HEAD,MERGE,OPTIONS,POST,PUT"),
  ];
  await service.setProperties({ cors });
  await settled(async () => assert.deepEqual((await properties()).cors, cors));
});

scenario("S012 five CORS rules are the most", async (t) => {
  await myTurn(t);
  const six = [0, 1, 2, 3, 4, 5].map((number) => `https://${number}.example`);
  const five = six.slice(0, 5);
  const kept = () => settled(async () => assert.deepEqual(origins(await properties()), five));
  await service.setProperties({ cors: five.map((origin) => rule(origin)) });
  await kept();
  const cors = six.map((origin) => rule(origin));
  await refused("InvalidXmlDocument", service.setProperties({ cors }), {
    LineNumber: "0",
    LinePosition: "0",
  });
  await kept();
});

scenario("S013 no CORS rules remove them all", async (t) => {
  await myTurn(t);
  const gone = ["https://gone.example"];
  await service.setProperties({ cors: gone.map((origin) => rule(origin)) });
  await settled(async () => assert.deepEqual(origins(await properties()), gone));
  await service.setProperties({ cors: [] });
  await settled(async () => assert.deepEqual((await properties()).cors, []));
});

scenario("S014 a retention of 366 days is refused", async (t) => {
  await myTurn(t);
  const before = await properties();
  const hourMetrics = {
    version: "1.0",
    enabled: true,
    includeAPIs: true,
    retentionPolicy: { enabled: true, days: 366 },
  };
  await refused("InvalidXmlDocument", service.setProperties({ hourMetrics }), {
    Reason: "Retention days must be greater than 0 and less than or equal to 365 days.",
  });
  assert.deepEqual(await properties(), before);
});

scenario("S015 properties that are left out keep their value", async (t) => {
  await myTurn(t);
  const metrics = (days) => ({
    version: "1.0",
    enabled: true,
    includeAPIs: true,
    retentionPolicy: { enabled: true, days },
  });
  const logging = (read) => ({
    version: "1.0",
    deleteProperty: true,
    read,
    write: true,
    retentionPolicy: NO_RETENTION,
  });
  const wanted = {
    queueAnalyticsLogging: logging(false),
    hourMetrics: metrics(3),
    minuteMetrics: metrics(4),
    cors: [rule("https://first.example")],
  };
  await service.setProperties(wanted);
  await settled(async () => assert.deepEqual(await properties(), wanted));
  wanted.cors = [rule("https://second.example")];
  await service.setProperties({ cors: wanted.cors });
  await settled(async () => assert.deepEqual(await properties(), wanted));
  wanted.queueAnalyticsLogging = logging(true);
  await service.setProperties({ queueAnalyticsLogging: wanted.queueAnalyticsLogging });
  await settled(async () => assert.deepEqual(await properties(), wanted));
});

scenario("S016 the secondary tells how far it is", needsSecondary, async () => {
  const secondary = new QueueServiceClient(account.secondary, account.credential, {
    ...WITHOUT_RETRIES,
  });
  const answer = await secondary.getStatistics();
  assert.equal(answer._response.status, 200);
  // Read here, because the SDK looks for a root element that the service does not send, and so its
  // `geoReplication` stays undefined.
  const document = answer._response.bodyAsText;
  assert.match(document, /<GeoReplication><Status>live<\/Status>/);
  const [, lastSyncTime] = /<LastSyncTime>([^<]+)<\/LastSyncTime>/.exec(document);
  const age = Date.now() - Date.parse(lastSyncTime);
  assert.ok(-60_000 < age && age < 3_600_000, lastSyncTime);
});

scenario("S017 the primary tells no statistics", async () => {
  await refused("InvalidQueryParameterValue", service.getStatistics(), {
    QueryParameterName: "comp",
    QueryParameterValue: "stats",
  });
});
