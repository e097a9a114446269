// A web application that leaves the slow work to workers.
//
// For every uploaded file the web application puts a job on a queue and answers its user at once.
// Workers take the jobs off the queue and process the files. Either side may stop and start as it
// likes, and so may the queue's server: a job is deleted only after it is done, so none is lost.
//
//     node file-processing.js [queue name]
//
// Set AZURE_STORAGE_CONNECTION_STRING to use another account than the local one.

import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { QueueServiceClient, StorageRetryPolicyType } from "@azure/storage-queue";

const CONNECTION_STRING =
  process.env.AZURE_STORAGE_CONNECTION_STRING ?? "UseDevelopmentStorage=true";

const WORKERS = 3;
const UPLOADS = 30;

// A job belongs to its worker for so many seconds. If the worker has not deleted it by then, the
// job goes to another; so this should be longer than any job takes.
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

/** What the web application does: keep the file, put a job on the queue, say thank you. */
async function upload(queue, folder, name, content) {
  await writeFile(path.join(folder, name), content);
  await queue.sendMessage(JSON.stringify({ file: name }));
  console.log("accepted", name);
}

/** What every worker does, all day long. */
async function work(queue, folder, closingTime) {
  while (!closingTime.aborted) {
    const { receivedMessageItems } = await queue.receiveMessages({ visibilityTimeout: LEASE });
    if (receivedMessageItems.length === 0) {
      await sleep(200);
      continue;
    }
    const [message] = receivedMessageItems;
    const job = JSON.parse(message.messageText);
    await digest(path.join(folder, job.file));
    console.log("processed", job.file);
    await finish(queue, message);
  }
}

/** The slow work. It may happen twice to one file, and the second time does no harm. */
async function digest(file) {
  await sleep(50);
  const result = createHash("sha256").update(await readFile(file)).digest("hex");
  await writeFile(`${file}.sha256`, result);
}

async function finish(queue, message) {
  try {
    await queue.deleteMessage(message.messageId, message.popReceipt);
  } catch (error) {
    // It may be gone already. Either we did delete it, and the connection broke before we were
    // told; or we were too slow, and another worker has done the job.
    if (error.statusCode !== 404) {
      throw error;
    }
  }
}

async function main() {
  const queue = connect(process.argv[2] ?? "file-jobs");
  await queue.createIfNotExists();

  const folder = await mkdtemp(path.join(tmpdir(), "files-"));
  const closing = new AbortController();
  const workers = Array.from({ length: WORKERS }, () => work(queue, folder, closing.signal));

  async function open() {
    for (let number = 0; number < UPLOADS; number += 1) {
      const name = `photo-${String(number).padStart(2, "0")}.jpg`;
      await upload(queue, folder, name, randomBytes(1000));
    }
    // The count includes the jobs that workers are busy with.
    while ((await queue.getProperties()).approximateMessagesCount > 0) {
      await sleep(200);
    }
    closing.abort();
  }

  await Promise.all([open(), ...workers]);
  const results = (await readdir(folder)).filter((name) => name.endsWith(".sha256"));
  console.log("results", results.length);
  await rm(folder, { recursive: true });
}

await main();
