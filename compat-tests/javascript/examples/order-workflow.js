// A workflow driven by events, in which things go wrong.
//
// Every event on the queue has a handler, and a handler may answer with the next event: an order is
// placed, paid, shipped. When a handler fails, its event is simply not deleted. It reappears after a
// while and is tried again, by whichever worker gets it. An event that has failed five times goes to
// a second queue, `<queue>-poison`, where it waits for a human and delays nobody.
//
//     node order-workflow.js [queue name]
//
// Set AZURE_STORAGE_CONNECTION_STRING to use another account than the local one.

import { setTimeout as sleep } from "node:timers/promises";

import { QueueServiceClient, StorageRetryPolicyType } from "@azure/storage-queue";

const CONNECTION_STRING =
  process.env.AZURE_STORAGE_CONNECTION_STRING ?? "UseDevelopmentStorage=true";

const WORKERS = 2;
const ORDERS = 15;
const ATTEMPTS_MAX = 5;

// Seconds until a failed event is tried again, which is also the time a handler has.
const RETRY_AFTER = 1;

const HANDLERS = {
  placed: takePayment,
  paid: ship,
  shipped: sayThanks,
};

async function takePayment(order) {
  if (order === 13) {
    throw new Error("the card was refused, as it will always be");
  }
  return "paid";
}

async function ship(order, attempt) {
  if (order === 7 && attempt < 3) {
    throw new Error("no carrier is free, but one will be");
  }
  return "shipped";
}

async function sayThanks(order) {
  console.log("completed", order);
  return undefined;
}

function connect(queueName) {
  // Try for a minute before giving up, whatever the trouble is.
  const patience = {
    maxTries: 60,
    retryDelayInMs: 1000,
    retryPolicyType: StorageRetryPolicyType.FIXED,
  };
  const service = QueueServiceClient.fromConnectionString(CONNECTION_STRING, {
    retryOptions: patience,
  });
  return service.getQueueClient(queueName);
}

async function publish(queue, event, order) {
  await queue.sendMessage(JSON.stringify({ event, order }));
  console.log("published", event, order);
}

async function work(queue, poison, closingTime) {
  while (!closingTime.aborted) {
    const { receivedMessageItems } = await queue.receiveMessages({
      visibilityTimeout: RETRY_AFTER,
    });
    if (receivedMessageItems.length === 0) {
      await sleep(200);
      continue;
    }
    const [message] = receivedMessageItems;
    const { event, order } = JSON.parse(message.messageText);
    const attempt = message.dequeueCount;

    if (attempt > ATTEMPTS_MAX) {
      // Put first, delete later: whatever happens in between, the event is somewhere.
      await poison.sendMessage(message.messageText);
      console.log("poisonous", event, order);
    } else {
      let following;
      try {
        following = await HANDLERS[event](order, attempt);
      } catch (error) {
        console.log("failed", event, order, attempt, error.message);
        continue;
      }
      if (following) {
        await publish(queue, following, order);
      }
    }
    await finish(queue, message);
  }
}

async function finish(queue, message) {
  try {
    await queue.deleteMessage(message.messageId, message.popReceipt);
  } catch (error) {
    // Too late if the handler took longer than RETRY_AFTER: then the event is handled again.
    if (error.statusCode !== 404) {
      throw error;
    }
  }
}

async function main() {
  const name = process.argv[2] ?? "orders";
  const [queue, poison] = [connect(name), connect(`${name}-poison`)];
  await queue.createIfNotExists();
  await poison.createIfNotExists();

  const closing = new AbortController();
  const workers = Array.from({ length: WORKERS }, () => work(queue, poison, closing.signal));

  async function open() {
    for (let order = 1; order <= ORDERS; order += 1) {
      await publish(queue, "placed", order);
      await sleep(50);
    }
    // The count includes the events that wait to be tried again.
    while ((await queue.getProperties()).approximateMessagesCount > 0) {
      await sleep(200);
    }
    closing.abort();
  }

  await Promise.all([open(), ...workers]);
  console.log("poison", (await poison.getProperties()).approximateMessagesCount);
}

await main();
