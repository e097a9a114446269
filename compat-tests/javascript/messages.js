// The message operations in fewer words.

import { altering, noBody } from "./raw.js";
import { isOldest } from "./sdk.js";

export const DAY = 24 * 60 * 60;
export const WEEK = 7 * DAY;

// Well-formed, and of no message.
export const STRANGE_ID = "00000000-0000-0000-0000-000000000000";
export const STRANGE_RECEIPT = "AgAAAAMAAAAAAAAAkFnBcDn20wE=";

/** Puts the texts one after the other, and returns the answers. */
export async function put(queue, ...texts) {
  const sent = [];
  for (const text of texts) {
    sent.push(await queue.sendMessage(text));
  }
  return sent;
}

export async function get(queue, options) {
  return (await queue.receiveMessages(options)).receivedMessageItems;
}

/** One message, or undefined. */
export async function getOne(queue, options) {
  return (await get(queue, options))[0];
}

export async function peek(queue, options) {
  return (await queue.peekMessages(options)).peekedMessageItems;
}

/** `message` is the answer to a put or a get. Without a text there is none in the request. */
export function update(queue, { messageId, popReceipt }, text, visibilityTimeout) {
  if (text === undefined && isOldest) {
    // It cannot do without; the request can.
    return altering(queue, noBody).updateMessage(messageId, popReceipt, "", visibilityTimeout);
  }
  return queue.updateMessage(messageId, popReceipt, text, visibilityTimeout);
}

/** `message` is the answer to a put or a get. */
export function remove(queue, { messageId, popReceipt }) {
  return queue.deleteMessage(messageId, popReceipt);
}

export async function count(queue) {
  return (await queue.getProperties()).approximateMessagesCount;
}

/** Gets what is visible, to the last message. */
export async function drain(queue) {
  const all = [];
  for (;;) {
    const some = await get(queue, { numberOfMessages: 32, visibilityTimeout: 3600 });
    if (some.length === 0) {
      return all;
    }
    all.push(...some);
  }
}

export const texts = (messages) => messages.map((message) => message.messageText);

export const numbered = (count) =>
  Array.from({ length: count }, (_, number) => `message ${number}`);

/** Seconds from one Date to another. */
export const seconds = (from, to) => (to - from) / 1000;
