"""Whatever text goes in comes out again, unless XML cannot carry it."""

from __future__ import annotations

import json

import pytest
from azure.core.exceptions import DecodeError
from azure.storage.queue import (
    BinaryBase64DecodePolicy,
    BinaryBase64EncodePolicy,
    TextBase64DecodePolicy,
    TextBase64EncodePolicy,
)

import raw
from conftest import count, service_client
from errors import refused


@pytest.fixture
def client(account, opened, queue):
    """Makes further clients of the same queue."""

    async def client(encode=None, decode=None):
        service = await opened(service_client(account))
        return service.get_queue_client(
            queue.queue_name, message_encode_policy=encode, message_decode_policy=decode
        )

    return client


async def goes_through(queue, text: str) -> bool:
    await queue.send_message(text)
    assert (await queue.peek_messages())[0].content == text
    assert (await queue.receive_message()).content == text
    return True


@pytest.mark.parametrize("text", ["plain text", "aGVsbG8=", "0012", "true", "None", "100%25 + %2F"])
async def test_s155_text_is_sent_as_it_is(queue, client, text):
    await queue.send_message(text)
    assert (await (await client()).receive_message()).content == text


async def test_s156_base64_is_the_client_s_affair(queue, client):
    everything = bytes(range(256))
    binary = await client(BinaryBase64EncodePolicy(), BinaryBase64DecodePolicy())
    await binary.send_message(everything)
    assert (await binary.peek_messages())[0].content == everything
    text = await client(TextBase64EncodePolicy(), TextBase64DecodePolicy())
    await text.send_message("hello queue\x00\x01\r\n\uffff")
    as_text = [message.content for message in await queue.peek_messages(2)]
    assert as_text[0].startswith("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g")
    assert as_text[1] == "aGVsbG8gcXVldWUAAQ0K77+/"
    assert (await binary.receive_message()).content == everything
    assert (await text.receive_message()).content == "hello queue\x00\x01\r\n\uffff"


async def test_s156_what_is_not_base64_cannot_be_decoded(queue, client):
    await queue.send_message("not base64")
    with pytest.raises(DecodeError):
        await (await client(None, BinaryBase64DecodePolicy())).peek_messages()


@pytest.mark.parametrize(
    "text",
    [
        "<a>&amp;\"'</a> ]]> <!-- -->",
        "<QueueMessage>&amp;<!-- no --></QueueMessage>",
        "<![CDATA[text]]>",
        "&lt;&#65;&nbsp;",
        "<?xml version='1.0'?>",
    ],
)
async def test_s157_markup_is_text(queue, text):
    assert await goes_through(queue, text)


@pytest.mark.parametrize(
    "text",
    [" ", "     ", " \t\n ", "\tone\ttwo\t", "\none\n\ntwo\n", "   text   ", "  a \t b\n\n c  \n"],
    ids=ascii,
)
async def test_s158_white_space_stays(queue, text):
    assert await goes_through(queue, text)


@pytest.mark.parametrize(
    ("written", "read"), [("a\rb", "a\nb"), ("a\r\nb", "a\nb"), ("\r\r\n", "\n\n")], ids=ascii
)
async def test_s158_a_carriage_return_as_such_is_a_line_end(queue, written, read):
    """XML says so; this SDK does not escape it."""
    await queue.send_message(written)
    assert (await queue.receive_message()).content == read


TEXTS = {
    "umlauts": "Grüße, Ærøskøbing, ñandú",
    "scripts": "日本語 العربية עברית हिन्दी ไทย",
    "emoji": "😀 👩‍👩‍👧‍👦 🏴󠁧󠁢󠁳󠁣󠁴󠁿",
    "combining": "e\u0301 \u0041\u030a",
    "line separators": "one\u0085two\u2028three",
    "edges of XML": "\u007f\ud7ff\ue000\ufffd\U00010000\U0010ffff",
    "byte-order mark": "\ufefftext",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
async def test_s159_every_plane_of_unicode(queue, text):
    assert await goes_through(queue, text)


@pytest.mark.parametrize(
    "character", ["\x00", "\x01", "\x08", "\x0b", "\x1f", "\ufffe", "\uffff"], ids=ascii
)
async def test_s160_what_xml_cannot_carry_is_refused(queue, character):
    with refused("InvalidXmlDocument", reason="Error parsing Xml content"):
        await queue.send_message(f"before{character}after")
    assert await count(queue) == 0


async def test_s160_nor_as_a_reference(queue):
    document = "<QueueMessage><MessageText>&#1;</MessageText></QueueMessage>"
    with refused("InvalidXmlDocument"):
        await queue.send_message("something else", raw_request_hook=raw.body(document))


async def test_s160_an_update_cannot_carry_it_either(queue):
    sent = await queue.send_message("before")
    with refused("InvalidXmlDocument"):
        await queue.update_message(sent, content="\x01", visibility_timeout=0)
    assert (await queue.receive_message()).content == "before"


@pytest.mark.parametrize("character", ["ä", "世", "😀"])
async def test_s161_the_limit_counts_bytes_not_characters(queue, character):
    text = character * (65536 // len(character.encode()))
    text += "a" * (65536 - len(text.encode()))
    await queue.send_message(text)
    assert (await queue.receive_message()).content == text
    with refused("RequestBodyTooLarge", maxlimit="65536"):
        await queue.send_message(text + "a")
    assert await count(queue) == 1


async def test_s162_48_kib_of_bytes_fit_with_base64(client):
    binary = await client(BinaryBase64EncodePolicy(), BinaryBase64DecodePolicy())
    await binary.send_message(b"\xff" * 49152)
    assert (await binary.receive_message()).content == b"\xff" * 49152
    with refused("RequestBodyTooLarge", maxlimit="65536"):
        await binary.send_message(b"\xff" * 49153)


async def test_s163_json_goes_through(queue):
    value = {"a": [1, 2.5, None], "quoted \"'": "\\ \u00e9 \n\t", "b": {"nested": True}}
    text = json.dumps(value, indent=2)
    await queue.send_message(text)
    received = await queue.receive_message()
    assert received.content == text
    assert json.loads(received.content) == value


@pytest.mark.parametrize(
    "text",
    ["<a>&amp;\"'</a> ]]>", "😀 👩‍👩‍👧‍👦 日本語", "  \t one \n two\n ", "\U0010ffff"],
    ids=ascii,
)
async def test_s164_an_update_keeps_what_it_is_given(queue, text):
    sent = await queue.send_message("before")
    await queue.update_message(sent, content=text, visibility_timeout=0)
    assert (await queue.receive_message()).content == text


async def test_s164_an_empty_text_is_a_text(queue):
    sent = await queue.send_message("before")
    await queue.update_message(sent.id, sent.pop_receipt, content="", visibility_timeout=0)
    assert not (await queue.receive_message()).content
