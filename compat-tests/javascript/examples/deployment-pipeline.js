// A deployment whose tasks run one after the other, strictly in order.
//
// A queue hands out its messages roughly in the order they were put, and each at least once. That is
// not strict: when a runner dies in the middle of a task, the task is hidden until its lease is over
// and the next one comes first. So every task carries its number, and the queue's metadata say which
// number was finished last. A task that comes too early is given back; one that comes again is
// dropped. A runner that starts anew goes on where the last one stopped.
//
//     node deployment-pipeline.js [queue name]
//
// Set AZURE_STORAGE_CONNECTION_STRING to use another account than the local one.

import { setTimeout as sleep } from "node:timers/promises";

import { QueueServiceClient, StorageRetryPolicyType } from "@azure/storage-queue";

const CONNECTION_STRING =
  process.env.AZURE_STORAGE_CONNECTION_STRING ?? "UseDevelopmentStorage=true";

const TASKS = [
  "check out the sources",
  "build the image",
  "run the tests",
  "scan for vulnerabilities",
  "push the image",
  "back up the database",
  "migrate the database",
  "deploy to staging",
  "run the smoke tests",
  "deploy to production",
  "switch the traffic over",
  "tell everybody",
];

// Seconds that a task is hidden from other runners; a long task should renew this while it runs.
const LEASE = 5;

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

/** What the pipeline does: write down all tasks, in order. */
async function plan(queue) {
  for (const [index, task] of TASKS.entries()) {
    await queue.sendMessage(JSON.stringify({ number: index + 1, task }));
    console.log("planned", index + 1);
  }
}

/** What the runner does. Only one of them should run at a time. */
async function run(queue) {
  let finished = Number((await queue.getProperties()).metadata?.finished ?? 0);
  while (finished < TASKS.length) {
    const { receivedMessageItems } = await queue.receiveMessages({ visibilityTimeout: LEASE });
    if (receivedMessageItems.length === 0) {
      await sleep(200);
      continue;
    }
    const [{ messageId, popReceipt, messageText }] = receivedMessageItems;
    const { number, task } = JSON.parse(messageText);

    if (number > finished + 1) {
      console.log("too early", number);
      await unlessGone(queue.updateMessage(messageId, popReceipt, undefined, 1));
      continue;
    }
    if (number === finished + 1) {
      await perform(number, task);
      finished = number;
      await queue.setMetadata({ finished: String(finished) });
    }
    // Whoever asks twice, because the first answer was lost, may find it deleted already.
    await unlessGone(queue.deleteMessage(messageId, popReceipt));
  }
}

/** The task itself. If the runner dies right after it, the next runner performs it again. */
async function perform(number, task) {
  await sleep(100);
  console.log("performed", number, task);
}

async function unlessGone(operation) {
  try {
    await operation;
  } catch (error) {
    if (error.statusCode !== 404) {
      throw error;
    }
  }
}

async function main() {
  const queue = connect(process.argv[2] ?? "deployment");
  await queue.createIfNotExists({ metadata: { finished: "0" } });
  await plan(queue);
  await run(queue);
  await queue.deleteIfExists();
  console.log("deployed");
}

await main();
