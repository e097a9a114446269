// The secondary endpoint, which is read and never written.

import assert from "node:assert/strict";
import dns from "node:dns";

import { refused } from "../errors.js";
import { WITHOUT_RETRIES, account, nameOf, needsSecondary, newQueue } from "../fixtures.js";
import { peek, put, texts } from "../messages.js";
import { policiesOf, policy, setPolicies } from "../policies.js";
import { scenario } from "../scenario.js";
import { QueueServiceClient, StorageRetryPolicyType } from "../sdk.js";
import { CLOUD, eventually, settled } from "../waiting.js";

const secondary =
  account.secondary &&
  new QueueServiceClient(account.secondary, account.credential, { ...WITHOUT_RETRIES });

scenario("S230 a secondary reads", needsSecondary, async (t) => {
  const queue = await newQueue(t, { name: "value" });
  await setPolicies(queue, [policy("readers", { permissions: "r" })]);
  await put(queue, "text");
  const replica = secondary.getQueueClient(nameOf(queue));
  await settled(async () => {
    const { value: page } = await secondary
      .listQueues({ prefix: nameOf(queue) })
      .byPage()
      .next();
    assert.deepEqual(
      page.queueItems.map((found) => found.name),
      [nameOf(queue)],
    );
    assert.deepEqual((await replica.getProperties()).metadata, { name: "value" });
    assert.deepEqual(await policiesOf(replica), [policy("readers", { permissions: "r" })]);
    assert.deepEqual(texts(await peek(replica)), ["text"]);
  });
});

scenario("S231 a secondary does not write", needsSecondary, async (t) => {
  const queue = await newQueue(t);
  const replica = secondary.getQueueClient(nameOf(queue));
  if (!CLOUD) {
    // An emulator may have the primary under a second name, which then is no secondary.
    const sent = await replica.sendMessage("text").catch(() => undefined);
    const [seen] = await peek(queue);
    if (sent && seen?.messageId === sent.messageId) {
      return t.skip("needs a secondary that is not the primary by another name");
    }
  }
  await refused("InsufficientAccountPermissions", replica.sendMessage("text"));
  await refused("InsufficientAccountPermissions", replica.receiveMessages());
  assert.deepEqual(await peek(queue), []);
});

// The SDK changes the host and nothing else, so the secondary is asked in host style: by its own
// name, or by one under .localhost if it is on this machine. The names are made loopback here,
// which not every resolver does.
scenario("S232 a read falls back to the secondary", needsSecondary, async (t) => {
  const { hostname, port, protocol } = new URL(account.secondary);
  const isLocal = ["127.0.0.1", "localhost", "[::1]"].includes(hostname);
  const secondaryHost = isLocal ? `${account.name}-secondary.queue.localhost` : hostname;
  const unreachable = `${account.name}.queue.unreachable.localhost`;
  const lookup = dns.lookup;
  const asked = [];
  t.mock.method(dns, "lookup", (name, options, callback) => {
    if (name === unreachable) {
      asked.push(name);
      const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), {
        code: "ENOTFOUND",
      });
      return process.nextTick(callback, error);
    }
    return lookup(name.endsWith(".localhost") ? "127.0.0.1" : name, options, callback);
  });

  const queue = await newQueue(t);
  await put(queue, "text");
  const retryOptions = {
    maxTries: 2,
    retryPolicyType: StorageRetryPolicyType.FIXED,
    retryDelayInMs: 10,
    secondaryHost,
  };
  const endpoint = `${protocol}//${unreachable}${port && `:${port}`}`;
  const service = new QueueServiceClient(endpoint, account.credential, { retryOptions });
  const peeked = await eventually(async () => {
    const answer = await service.getQueueClient(nameOf(queue)).peekMessages();
    assert.equal(new URL(answer._response.request.url).hostname, secondaryHost);
    return answer.peekedMessageItems[0];
  });
  assert.equal(peeked.messageText, "text");
  assert.ok(asked.length > 0, "the primary was asked first");
});
