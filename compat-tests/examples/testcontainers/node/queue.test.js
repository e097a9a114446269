// Queues in a container of its own, by the module for Azurite, whose image can be named.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { QueueServiceClient } from '@azure/storage-queue';
import { AzuriteContainer } from '@testcontainers/azurite';

let storage;

before(async () => {
  storage = await new AzuriteContainer('ghcr.io/queuerite/queuerite:0.1')
    .withInMemoryPersistence()
    .start();
});

after(() => storage?.stop());

test('a message that was put can be got', async () => {
  const service = QueueServiceClient.fromConnectionString(storage.getConnectionString());
  const queue = service.getQueueClient('orders');
  await queue.create();
  await queue.sendMessage('hello');
  const { receivedMessageItems: [message] } = await queue.receiveMessages();
  assert.equal(message.messageText, 'hello');
});
