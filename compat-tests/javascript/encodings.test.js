// Whatever text goes in comes out again, unless XML cannot carry it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { refused } from "./errors.js";
import { newQueue } from "./fixtures.js";
import { altering, body } from "./raw.js";

const TEXTS = {
  plain: "plain text",
  empty: "",
  markup: "<QueueMessage>&amp;<!-- no --></QueueMessage>",
  hostile: "<&>\"']]>",
  CDATA: "<![CDATA[text]]>",
  entity: "&lt;&#65;&nbsp;",
  "processing instruction": "<?xml version='1.0'?>",
  tabs: "\tone\ttwo\t",
  newlines: "\none\n\ntwo\n",
  "spaces around": "   text   ",
  "only spaces": "     ",
  "only white space": " \t\n ",
  umlauts: "Grüße, Ærøskøbing, ñandú",
  scripts: "日本語 العربية עברית हिन्दी ไทย",
  emoji: "😀 👩‍👩‍👧‍👦 🏴󠁧󠁢󠁳󠁣󠁴󠁿",
  combining: "e\u0301 A\u030a",
  "line separators": "one\u0085two\u2028three",
  "edges of XML": "\u007f\ud7ff\ue000\ufffd\u{10000}\u{10ffff}",
  number: "0012",
  boolean: "true",
  JSON: '{"a": [1, 2.5, null], "b": "\\u00e9\\n"}',
  percent: "100%25 + %2F",
  "undefined word": "undefined",
  "byte order mark": "\ufefftext",
};

async function receive(queue) {
  return (await queue.receiveMessages()).receivedMessageItems[0];
}

for (const [name, text] of Object.entries(TEXTS)) {
  test(`text without any encoding: ${name}`, async (t) => {
    const queue = await newQueue(t);
    await queue.sendMessage(text);
    assert.equal((await queue.peekMessages()).peekedMessageItems[0].messageText, text);
    const { messageId, popReceipt, messageText } = await receive(queue);
    assert.equal(messageText, text);
    await queue.updateMessage(messageId, popReceipt, text + "!", 0);
    assert.equal((await receive(queue)).messageText, text + "!");
  });
}

// XML says so; this SDK does not escape it.
for (const [written, read] of [
  ["a\rb", "a\nb"],
  ["a\r\nb", "a\nb"],
  ["\r", "\n"],
  ["\r\r\n", "\n\n"],
]) {
  const name = JSON.stringify(written);
  test(`a carriage return as such is a line end: ${name}`, async (t) => {
    const queue = await newQueue(t);
    await queue.sendMessage(written);
    assert.equal((await receive(queue)).messageText, read);
  });
}

test("a carriage return as a reference is kept", async (t) => {
  const queue = await newQueue(t);
  const document = "<QueueMessage><MessageText>a&#xD;b&#13;&#xA;c</MessageText></QueueMessage>";
  await altering(queue, body(document)).sendMessage("something else");
  // Read here, because 12.32.0 takes no notice of numeric references in an answer.
  const answer = (await queue.peekMessages())._response.bodyAsText;
  const [, text] = /<MessageText>([^<]*)<\/MessageText>/.exec(answer);
  const decoded = text.replace(/&#x([0-9a-f]+);|&#(\d+);/gi, (_, hex, decimal) =>
    String.fromCodePoint(hex ? Number.parseInt(hex, 16) : Number(decimal)),
  );
  assert.equal(decoded, "a\rb\r\nc");
});

describe("what XML cannot carry", () => {
  for (const character of [
    "\u0000",
    "\u0001",
    "\u0008",
    "\u000b",
    "\u000c",
    "\u001f",
    "\ufffe",
    "\uffff",
  ]) {
    const name = character.codePointAt(0).toString(16).padStart(4, "0");
    test(`is refused: U+${name.toUpperCase()}`, async (t) => {
      const queue = await newQueue(t);
      await refused("InvalidXmlDocument", queue.sendMessage(`before${character}after`), {
        Reason: "Error parsing Xml content",
      });
      assert.equal((await queue.getProperties()).approximateMessagesCount, 0);
    });
  }

  test("and the refusal says where it is", async (t) => {
    const sending = altering(
      await newQueue(t),
      body("<QueueMessage>\n<MessageText>\u0001</MessageText></QueueMessage>"),
    );
    await refused("InvalidXmlDocument", sending.sendMessage("something else"), {
      LineNumber: "2",
      LinePosition: "14",
    });
  });

  test("nor as a reference", async (t) => {
    const document = "<QueueMessage><MessageText>&#1;</MessageText></QueueMessage>";
    const sending = altering(await newQueue(t), body(document));
    await refused("InvalidXmlDocument", sending.sendMessage("something else"));
  });

  test("an update cannot carry it either", async (t) => {
    const queue = await newQueue(t);
    const { messageId, popReceipt } = await queue.sendMessage("before");
    await refused("InvalidXmlDocument", queue.updateMessage(messageId, popReceipt, "\u0001", 0));
    assert.equal((await receive(queue)).messageText, "before");
  });
});

// The choice of the client, made by hand in this SDK.
describe("base64", () => {
  const encode = (data) => Buffer.from(data).toString("base64");
  const decode = (text) => Buffer.from(text, "base64");

  for (const [name, text] of Object.entries({ ...TEXTS, control: "\u0000\u0001\r\n\uffff" })) {
    test(`text: ${name}`, async (t) => {
      const queue = await newQueue(t);
      await queue.sendMessage(encode(text));
      assert.equal(decode((await receive(queue)).messageText).toString(), text);
    });
  }

  test("bytes", async (t) => {
    const queue = await newQueue(t);
    const everything = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    await queue.sendMessage(encode(everything));
    assert.ok(decode((await receive(queue)).messageText).equals(everything));
  });

  test("48 kibibytes fill a message", async (t) => {
    const queue = await newQueue(t);
    const most = Buffer.alloc(49152, 0xff);
    await queue.sendMessage(encode(most));
    assert.ok(decode((await receive(queue)).messageText).equals(most));
    const more = encode(Buffer.alloc(49153, 0xff));
    await refused("RequestBodyTooLarge", queue.sendMessage(more), { MaxLimit: "65536" });
  });

  test("the service sees text like any other", async (t) => {
    const queue = await newQueue(t);
    await queue.sendMessage(encode("hello queue"));
    assert.equal((await receive(queue)).messageText, "aGVsbG8gcXVldWU=");
  });
});
