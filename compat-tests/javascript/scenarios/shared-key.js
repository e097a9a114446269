// Account keys and connection strings.

import assert from "node:assert/strict";

import { failed, refused } from "../errors.js";
import { WITHOUT_RETRIES, account, nameOf, newQueue, service, uniqueName } from "../fixtures.js";
import { get, peek, put, texts } from "../messages.js";
import { altering, headers } from "../raw.js";
import { accountSas, queueSas } from "../sas.js";
import { scenario } from "../scenario.js";
import {
  AnonymousCredential,
  QueueClient,
  QueueServiceClient,
  StorageSharedKeyCredential,
} from "../sdk.js";

const { protocol } = new URL(account.endpoint);

for (const [what, connectionString] of [
  ["as the account has it", account.connectionString],
  [
    "in another order",
    `QueueEndpoint=${account.endpoint};AccountKey=${account.key};AccountName=${account.name};` +
      `DefaultEndpointsProtocol=${protocol.slice(0, -1)}`,
  ],
  ["with a slash at the end", account.connectionString.replace(/;$/, "/;")],
  ["with every service named", `BlobEndpoint=http://127.0.0.1:1/none;${account.connectionString}`],
]) {
  scenario(`S180 a connection string is enough: ${what}`, async (t) => {
    const name = nameOf(await newQueue(t));
    const options = { ...WITHOUT_RETRIES };
    const queue = QueueServiceClient.fromConnectionString(connectionString, options).getQueueClient(
      name,
    );
    await put(queue, "text");
    assert.deepEqual(texts(await get(queue)), ["text"]);
  });
}

scenario("S181 a wrong key opens nothing", async (t) => {
  const queue = await newQueue(t);
  const wrongKey = Buffer.from("not the key of this account").toString("base64");
  const stranger = new QueueServiceClient(
    account.endpoint,
    new StorageSharedKeyCredential(account.name, wrongKey),
    { ...WITHOUT_RETRIES },
  );
  const listing = stranger
    .listQueues({ prefix: nameOf(queue) })
    .byPage()
    .next();
  await refused("AuthenticationFailed", listing);
  const error = await refused(
    "AuthenticationFailed",
    stranger.getQueueClient(nameOf(queue)).getProperties(),
  );
  assert.ok(!error.response.bodyAsText.includes(account.key));
});

scenario("S182 a key of another account opens nothing", async (t) => {
  const queue = await newQueue(t);
  const credential = new StorageSharedKeyCredential("stranger", account.key);
  const stranger = new QueueClient(queue.url, credential, { ...WITHOUT_RETRIES });
  const error = await failed(stranger.getProperties());
  assert.ok([403, 404].includes(error.statusCode), error.message);
  assert.notEqual(error.details.errorCode, "QueueNotFound");
});

// Older versions of the service say 404 instead, so the version is one that says 401.
scenario("S183 without a credential nothing is opened", async (t) => {
  const queue = await newQueue(t);
  const version = headers({ "x-ms-version": "2019-12-12" });
  const anonymous = altering(queue, version, new AnonymousCredential());
  const error = await refused("NoAuthenticationInformation", anonymous.getProperties());
  assert.match(error.response.headers.get("www-authenticate"), /^Bearer /);
});

const DEVELOPMENT = "http://127.0.0.1:10001/devstoreaccount1";
const isDevelopment = {
  skip: account.endpoint !== DEVELOPMENT && `needs the endpoint ${DEVELOPMENT}`,
};
scenario("S184 UseDevelopmentStorage=true is understood", isDevelopment, async (t) => {
  const name = nameOf(await newQueue(t));
  const development = QueueServiceClient.fromConnectionString("UseDevelopmentStorage=true");
  const queue = development.getQueueClient(name);
  await put(queue, "text");
  assert.deepEqual(texts(await get(queue)), ["text"]);
});

for (const rest of ["a-b c", "a&b=<c>%2F+ü", "CAPITALS"]) {
  scenario(`S185 signs that are encoded are signed as they are sent: ${rest}`, async () => {
    const page = await service
      .listQueues({ prefix: uniqueName() + rest })
      .byPage()
      .next();
    assert.deepEqual(page.value.queueItems, []);
  });
}

for (const [what, signature] of [
  ["of the account", () => accountSas("sco", "rap")],
  ["of a queue", (queue) => queueSas(queue, "rap")],
]) {
  scenario(`S186 a connection string with a signature is enough: ${what}`, async (t) => {
    const queue = await newQueue(t);
    const bySas = new QueueClient(
      `QueueEndpoint=${account.endpoint};SharedAccessSignature=${signature(queue)}`,
      nameOf(queue),
      { ...WITHOUT_RETRIES },
    );
    await put(bySas, "text");
    assert.deepEqual(texts(await peek(bySas)), ["text"]);
    assert.deepEqual(texts(await get(bySas)), ["text"]);
  });
}
