import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { QueueServiceClient } from '@azure/storage-queue';
import { start } from 'queuerite';

let server;
before(async () => {
  // Whoever has accounts of his own gets the well-known one all the same.
  process.env.AZURITE_ACCOUNTS = 'contoso:c2VjcmV0';
  server = await start();
});
after(() => server.stop());

const client = (of) => QueueServiceClient.fromConnectionString(of.connectionString).getQueueClient('orders');

const children = () =>
  readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ').map(Number);

test('a message is put, got and deleted', async () => {
  assert.equal(server.url, `http://127.0.0.1:${server.port}/devstoreaccount1`);
  const queue = client(server);
  await queue.create();
  await queue.sendMessage('hello');
  const { receivedMessageItems: [message] } = await queue.receiveMessages();
  assert.equal(message.messageText, 'hello');
  await queue.deleteMessage(message.messageId, message.popReceipt);
  assert.equal((await queue.getProperties()).approximateMessagesCount, 0);
});

test('a location is kept from one server to the next', async () => {
  const location = mkdtempSync(join(tmpdir(), 'queuerite-'));
  try {
    const first = await start({ location });
    await client(first).create();
    await client(first).sendMessage('kept');
    await first.stop();
    await first.stop();
    const second = await start({ location, flags: ['--durability', 'none'] });
    const { peekedMessageItems } = await client(second).peekMessages();
    await second.stop();
    assert.deepEqual(peekedMessageItems.map((message) => message.messageText), ['kept']);
  } finally {
    rmSync(location, { recursive: true });
  }
});

test('what keeps it from starting is told', async () => {
  await assert.rejects(start({ flags: ['--no-such-flag'] }), /ended with 2 before it was ready[^]*--no-such-flag/);
});

test('a server that somebody else ended is no success', async () => {
  const others = children();
  const killed = await start();
  const [pid] = children().filter((child) => !others.includes(child));
  process.kill(pid, 'SIGKILL');
  await assert.rejects(killed.stop(), /ended with SIGKILL/);
});

test('a server that nobody stops ends with the process, and does not hold it', { timeout: 30_000 }, async () => {
  const script = `require('queuerite').start().then((server) => console.log(server.port))`;
  const { stdout, status } = spawnSync(process.execPath, ['--eval', script], { encoding: 'utf8', timeout: 20_000 });
  assert.equal(status, 0);
  const isServing = () => fetch(`http://127.0.0.1:${stdout.trim()}/_queuerite/health`).then(() => true, () => false);
  while (await isServing());
});

test('require gives the same', () => {
  assert.equal(createRequire(import.meta.url)('queuerite').start, start);
});
