// The examples do what they say, with the server killed and restarted in their middle.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { inBothModes, ownServer, serviceClient, uniqueName } from "./fixtures.js";

const OVER_WITHIN = 100_000;

// They wait more than they work.
const SIDE_BY_SIDE = { concurrency: true };

/** One run of an example: the lines it prints, each as a list of words. */
class Run {
  lines = [];

  constructor(example, account, queueName) {
    this.account = account;
    const program = fileURLToPath(new URL(`../examples/${example}`, import.meta.url));
    this.process = spawn(process.execPath, [program, queueName], {
      env: { ...process.env, AZURE_STORAGE_CONNECTION_STRING: account.connectionString },
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  async toTheEnd(afterLine = async () => {}) {
    const errors = [];
    this.process.stderr.on("data", (chunk) => errors.push(chunk));
    const ended = once(this.process, "close");
    const watchdog = setTimeout(() => this.process.kill("SIGKILL"), OVER_WITHIN);
    try {
      for await (const line of createInterface({ input: this.process.stdout })) {
        this.lines.push(line.split(" "));
        await afterLine();
      }
      const [code] = await ended;
      assert.equal(code, 0, `${this.printed}\n${Buffer.concat(errors)}`);
    } finally {
      clearTimeout(watchdog);
      this.process.kill("SIGKILL");
    }
  }

  /** What follows in the lines that begin with `word`. */
  those(word) {
    return this.lines.filter((line) => line[0] === word).map((line) => line.slice(1));
  }

  get printed() {
    return this.lines.map((line) => line.join(" ")).join("\n");
  }
}

/** Plays an example to its end. */
async function undisturbed(t, mode, example, queueName) {
  const run = new Run(example, (await ownServer(t, mode)).account, queueName);
  await run.toTheEnd();
  return run;
}

/** The same, but the server dies after `count` lines that begin with `word`. */
async function withRestart(t, example, queueName, word, count) {
  const server = await ownServer(t, "disk");
  const run = new Run(example, server.account, queueName);
  let diedAfter;
  await run.toTheEnd(async () => {
    if (diedAfter === undefined && run.those(word).length >= count) {
      diedAfter = run.lines.length;
      await server.kill();
      await sleep(1000); // for the clients to notice; nothing is concluded from it
      await server.restart();
    }
  });
  assert.ok(diedAfter, `the server was to die after ${count} lines '${word} …'`);
  assert.ok(run.lines.length > diedAfter + 3, "and the example was to go on");
  return run;
}

const words = (lines) => new Set(lines.map((line) => line.join(" ")));

async function count(queue) {
  return (await queue.getProperties()).approximateMessagesCount;
}

/** The examples, each played by `play(t, example, queueName, word, count)`. */
function examples(play) {
  test("file processing", async (t) => {
    const queueName = uniqueName("files");
    const run = await play(t, "file-processing.js", queueName, "processed", 8);
    const accepted = words(run.those("accepted"));
    assert.equal(accepted.size, 30);
    assert.deepEqual(words(run.those("processed")), accepted);
    assert.deepEqual(run.those("results"), [["30"]]);
    const queue = serviceClient(run.account).getQueueClient(queueName);
    assert.equal(await count(queue), 0);
    await queue.delete();
  });

  test("deployment pipeline", async (t) => {
    const queueName = uniqueName("deployment");
    const run = await play(t, "deployment-pipeline.js", queueName, "performed", 5);
    const performed = run.those("performed").map(([number]) => Number(number));
    assert.deepEqual(performed, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    assert.deepEqual(run.lines.at(-1), ["deployed"]);
    assert.equal(await serviceClient(run.account).getQueueClient(queueName).exists(), false);
  });

  test("order workflow", async (t) => {
    const queueName = uniqueName("orders");
    const run = await play(t, "order-workflow.js", queueName, "completed", 6);
    const orders = Array.from({ length: 15 }, (_, index) => String(index + 1));
    const good = new Set(orders.filter((order) => order !== "13"));
    assert.deepEqual(words(run.those("completed")), good);
    assert.deepEqual(words(run.those("poisonous")), new Set(["placed 13"]));

    const service = serviceClient(run.account);
    const queue = service.getQueueClient(queueName);
    const poison = service.getQueueClient(`${queueName}-poison`);
    assert.equal(await count(queue), 0);
    const { receivedMessageItems } = await poison.receiveMessages({ numberOfMessages: 32 });
    assert.ok(receivedMessageItems.length > 0);
    for (const message of receivedMessageItems) {
      assert.deepEqual(JSON.parse(message.messageText), { event: "placed", order: 13 });
    }
    await queue.delete();
    await poison.delete();
  });
}

inBothModes("undisturbed", SIDE_BY_SIDE, (mode) => {
  examples((t, example, queueName) => undisturbed(t, mode, example, queueName));

  // Without a restart, for then an answer may be lost, and an attempt with it.
  test("order workflow counts its attempts", async (t) => {
    const queueName = uniqueName("orders");
    const run = await undisturbed(t, mode, "order-workflow.js", queueName);
    const attempts = run.those("failed").map(([, order, attempt]) => `${order}/${attempt}`);
    assert.deepEqual(
      new Set(attempts),
      new Set(["7/1", "7/2", "13/1", "13/2", "13/3", "13/4", "13/5"]),
    );
    assert.deepEqual(run.those("poison"), [["1"]]);
    const service = serviceClient(run.account);
    await service.deleteQueue(queueName);
    await service.deleteQueue(`${queueName}-poison`);
  });
});

describe("with a restart", SIDE_BY_SIDE, () => examples(withRestart));
