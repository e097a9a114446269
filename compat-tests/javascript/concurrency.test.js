// Many workers, one queue: while a message is leased it belongs to one of them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { account, missingQueue, newQueue, serviceClient } from "./fixtures.js";

const WORKERS = 16;
const MESSAGES = 320;

/** Runs all of them at the same time, each with a client of its own. */
function together(queue, work) {
  return Promise.all(
    Array.from({ length: WORKERS }, (_, number) =>
      work(serviceClient(account).getQueueClient(queue.name), number),
    ),
  );
}

const count = async (queue) => (await queue.getProperties()).approximateMessagesCount;

test("sixteen workers handle each message once", async (t) => {
  const queue = await newQueue(t);
  const wanted = Array.from({ length: MESSAGES }, (_, number) => `job ${number}`);
  for (const text of wanted) {
    await queue.sendMessage(text);
  }

  const handled = [];
  await together(queue, async (mine, number) => {
    const options = { numberOfMessages: 1 + (number % 4), visibilityTimeout: 600 };
    for (;;) {
      const { receivedMessageItems } = await mine.receiveMessages(options);
      if (receivedMessageItems.length === 0) {
        return;
      }
      for (const message of receivedMessageItems) {
        assert.equal(message.dequeueCount, 1);
        handled.push(message.messageText);
        await mine.deleteMessage(message.messageId, message.popReceipt);
      }
    }
  });

  assert.deepEqual(handled.sort(), wanted.sort());
  assert.equal(await count(queue), 0);
});

test("sixteen producers lose nothing", async (t) => {
  const queue = await newQueue(t);
  const sent = await together(queue, async (mine, number) => {
    const ids = [];
    for (let time = 0; time < 20; time += 1) {
      ids.push((await mine.sendMessage(`${number}/${time}`)).messageId);
    }
    return ids;
  });

  const received = [];
  for (;;) {
    const options = { numberOfMessages: 32, visibilityTimeout: 600 };
    const { receivedMessageItems } = await queue.receiveMessages(options);
    if (receivedMessageItems.length === 0) {
      break;
    }
    received.push(...receivedMessageItems.map((message) => message.messageId));
  }
  assert.equal(new Set(received).size, WORKERS * 20);
  assert.deepEqual(received.sort(), sent.flat().sort());
});

test("of sixteen deletes with one receipt one succeeds", async (t) => {
  const queue = await newQueue(t);
  await queue.sendMessage("text");
  const [{ messageId, popReceipt }] = (await queue.receiveMessages()).receivedMessageItems;
  const outcomes = await together(queue, (mine) =>
    mine.deleteMessage(messageId, popReceipt).then(
      () => "deleted",
      (error) => error.code,
    ),
  );
  assert.deepEqual(outcomes.sort(), [...Array(WORKERS - 1).fill("MessageNotFound"), "deleted"]);
});

test("of sixteen creations one is the first", async (t) => {
  const queue = missingQueue();
  t.after(() => queue.delete());
  const answers = await together(queue, (mine) => mine.createIfNotExists());
  assert.equal(answers.filter((answer) => answer.succeeded).length, 1);
});
