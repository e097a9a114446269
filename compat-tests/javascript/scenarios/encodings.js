// Whatever text goes in comes out again, unless XML cannot carry it.

import assert from "node:assert/strict";

import { refused } from "../errors.js";
import { nameOf, newQueue, serviceClient } from "../fixtures.js";
import { count, getOne, peek, put, texts, update } from "../messages.js";
import { altering, body } from "../raw.js";
import { scenario } from "../scenario.js";

const MARKUP = {
  "of every kind": "<a>&amp;\"'</a> ]]> <!-- -->",
  "like our own": "<QueueMessage>&amp;</QueueMessage>",
  CDATA: "<![CDATA[text]]>",
  entities: "&lt;&#65;&nbsp;",
  "a processing instruction": "<?xml version='1.0'?>",
};

const WHITE_SPACE = {
  "around and between": " \t\n one \t two\n\n three \n\t ",
  "blanks at both ends": "   text   ",
  "nothing else": " \t\n ",
};

const UNICODE = {
  umlauts: "Grüße, Ærøskøbing, ñandú",
  scripts: "日本語 العربية עברית हिन्दी ไทย",
  "combining marks": "e\u0301 A\u030a",
  "emoji with joiners": "😀 👩‍👩‍👧‍👦 🏴󠁧󠁢󠁳󠁣󠁴󠁿",
  "line separators": "one\u0085two\u2028three",
  "the edges of XML": "\u007f\ud7ff\ue000\ufffd\u{10000}\u{10ffff}",
  "a byte-order mark": "\ufefftext",
};

const encode = (data) => Buffer.from(data).toString("base64");
const decode = (text) => Buffer.from(text, "base64");

/** Puts, peeks, gets, and holds it all to be the same. */
function goesThrough(text) {
  return async (t) => {
    const queue = await newQueue(t);
    await put(queue, text);
    assert.deepEqual(texts(await peek(queue)), [text]);
    assert.equal((await getOne(queue)).messageText, text);
  };
}

for (const [name, text] of Object.entries({
  plain: "plain text",
  number: "0012",
  boolean: "true",
  "percent signs": "100%25 + %2F",
  "undefined, the word": "undefined",
})) {
  scenario(`S155 text is sent as it is: ${name}`, async (t) => {
    const queue = await newQueue(t);
    await put(queue, text);
    const another = serviceClient().getQueueClient(nameOf(queue));
    assert.equal((await getOne(another)).messageText, text);
  });
}

// Made by hand: this SDK leaves encoding to its user.
scenario("S156 Base64 is the client's affair", async (t) => {
  const queue = await newQueue(t);
  const everything = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  await put(queue, encode(everything));
  assert.deepEqual(texts(await peek(queue)), [encode(everything)]);
  assert.ok(decode((await getOne(queue)).messageText).equals(everything));
});

for (const [name, text] of Object.entries(MARKUP)) {
  scenario(`S157 markup is text: ${name}`, goesThrough(text));
}

for (const [name, text] of Object.entries(WHITE_SPACE)) {
  scenario(`S158 white space stays: ${name}`, goesThrough(text));
}

for (const [name, text] of Object.entries(UNICODE)) {
  scenario(`S159 every plane of Unicode: ${name}`, goesThrough(text));
}

for (const character of ["\u0000", "\u0001", "\u0008", "\u000b", "\u001f", "\ufffe", "\uffff"]) {
  const name = character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
  scenario(`S160 what XML cannot carry is refused: U+${name}`, async (t) => {
    const queue = await newQueue(t);
    // The older SDK refuses it by itself, so it is put into the request.
    const text = `before${character}after`;
    const document = `<QueueMessage><MessageText>${text}</MessageText></QueueMessage>`;
    await refused("InvalidXmlDocument", put(altering(queue, body(document)), "something else"));
    assert.equal(await count(queue), 0);
  });
}

scenario("S161 the limit counts bytes, not characters", async (t) => {
  const queue = await newQueue(t);
  const most = `${"世".repeat(21_845)}a`;
  await put(queue, most);
  assert.ok((await getOne(queue)).messageText === most, "and is got back whole");
  await refused("RequestBodyTooLarge", put(queue, `${most}a`), { MaxLimit: "65536" });
});

scenario("S162 48 KiB of bytes fit with Base64", async (t) => {
  const queue = await newQueue(t);
  const most = Buffer.alloc(49_152, 0xff);
  await put(queue, encode(most));
  assert.ok(decode((await getOne(queue)).messageText).equals(most));
  const more = encode(Buffer.alloc(49_153, 0xff));
  await refused("RequestBodyTooLarge", put(queue, more), { MaxLimit: "65536" });
});

const JSON_TEXT = '{\n  "a": [1, 2.5, null],\n  "b": "\\u00e9\\n\\"quoted\\""\n}';
scenario("S163 JSON goes through", goesThrough(JSON_TEXT));

for (const [name, text] of Object.entries({ ...MARKUP, ...WHITE_SPACE, ...UNICODE })) {
  scenario(`S164 an update keeps what it is given: ${name}`, async (t) => {
    const queue = await newQueue(t);
    const [sent] = await put(queue, "before");
    await update(queue, sent, text, 0);
    assert.equal((await getOne(queue)).messageText, text);
  });
}
