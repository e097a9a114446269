"""Whatever text goes in comes out again, unless XML cannot carry it."""

from __future__ import annotations

import pytest
from azure.core.exceptions import DecodeError
from azure.storage.queue import (
    BinaryBase64DecodePolicy,
    BinaryBase64EncodePolicy,
    TextBase64DecodePolicy,
    TextBase64EncodePolicy,
)

import raw
from conftest import service_client
from errors import refused

TEXTS = {
    "plain": "plain text",
    "markup": "<QueueMessage>&amp;<!-- no --></QueueMessage>",
    "hostile": "<&>\"']]>",
    "CDATA": "<![CDATA[text]]>",
    "entity": "&lt;&#65;&nbsp;",
    "processing instruction": "<?xml version='1.0'?>",
    "tabs": "\tone\ttwo\t",
    "newlines": "\none\n\ntwo\n",
    "spaces around": "   text   ",
    "only spaces": "     ",
    "only white space": " \t\n ",
    "umlauts": "Grüße, Ærøskøbing, ñandú",
    "scripts": "日本語 العربية עברית हिन्दी ไทย",
    "emoji": "😀 👩‍👩‍👧‍👦 🏴󠁧󠁢󠁳󠁣󠁴󠁿",
    "combining": "e\u0301 \u0041\u030a",
    "line separators": "one\u0085two\u2028three",
    "edges of XML": "\u007f\ud7ff\ue000\ufffd\U00010000\U0010ffff",
    "number": "0012",
    "boolean": "true",
    "JSON": '{"a": [1, 2.5, null], "b": "\\u00e9\\n"}',
    "percent": "100%25 + %2F",
    "null word": "None",
    "byte order mark": "\ufefftext",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_text_without_any_encoding(queue, text):
    queue.send_message(text)
    assert queue.peek_messages()[0].content == text
    received = queue.receive_message()
    assert received.content == text
    queue.update_message(received, content=text + "!", visibility_timeout=0)
    assert queue.receive_message().content == text + "!"


def test_an_empty_text(queue):
    queue.send_message("")
    assert not queue.peek_messages()[0].content
    assert not queue.receive_message().content


@pytest.mark.parametrize(
    ("written", "read"), [("a\rb", "a\nb"), ("a\r\nb", "a\nb"), ("\r", "\n"), ("\r\r\n", "\n\n")]
)
def test_a_carriage_return_as_such_is_a_line_end(queue, written, read):
    """XML says so; this SDK does not escape it."""
    queue.send_message(written)
    assert queue.receive_message().content == read


def test_a_carriage_return_as_a_reference_is_kept(queue):
    document = "<QueueMessage><MessageText>a&#xD;b&#13;&#xA;c</MessageText></QueueMessage>"
    queue.send_message("something else", raw_request_hook=raw.body(document))
    assert queue.receive_message().content == "a\rb\r\nc"


@pytest.mark.parametrize(
    "character", ["\x00", "\x01", "\x08", "\x0b", "\x0c", "\x1f", "\ufffe", "\uffff"], ids=ascii
)
def test_what_xml_cannot_carry_is_refused(queue, character):
    with refused("InvalidXmlDocument", reason="Error parsing Xml content"):
        queue.send_message(f"before{character}after")
    assert queue.get_queue_properties().approximate_message_count == 0


def test_and_the_refusal_says_where_it_is(queue):
    """In line 2: this SDK puts a line break after its XML declaration."""
    with refused("InvalidXmlDocument", linenumber="2", lineposition="28"):
        queue.send_message("\x01")


def test_nor_as_a_reference(queue):
    document = "<QueueMessage><MessageText>&#1;</MessageText></QueueMessage>"
    with refused("InvalidXmlDocument"):
        queue.send_message("something else", raw_request_hook=raw.body(document))


def test_an_update_cannot_carry_it_either(queue):
    sent = queue.send_message("before")
    with refused("InvalidXmlDocument"):
        queue.update_message(sent, content="\x01", visibility_timeout=0)
    assert queue.receive_message().content == "before"


class TestBase64:
    @pytest.fixture
    def client(self, account, queue):
        def with_policies(encode, decode):
            return service_client(account).get_queue_client(
                queue.queue_name, message_encode_policy=encode, message_decode_policy=decode
            )

        return with_policies

    @pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
    def test_text(self, client, text):
        queue = client(TextBase64EncodePolicy(), TextBase64DecodePolicy())
        queue.send_message(text)
        assert queue.receive_message().content == text

    def test_control_characters_pass_this_way(self, client):
        queue = client(TextBase64EncodePolicy(), TextBase64DecodePolicy())
        queue.send_message("\x00\x01\r\n\uffff")
        assert queue.receive_message().content == "\x00\x01\r\n\uffff"

    def test_bytes(self, client):
        queue = client(BinaryBase64EncodePolicy(), BinaryBase64DecodePolicy())
        everything = bytes(range(256))
        queue.send_message(everything)
        assert queue.receive_message().content == everything

    def test_48_kibibytes_fill_a_message(self, client):
        queue = client(BinaryBase64EncodePolicy(), BinaryBase64DecodePolicy())
        queue.send_message(b"\xff" * 49152)
        assert queue.receive_message().content == b"\xff" * 49152
        with refused("RequestBodyTooLarge", maxlimit="65536"):
            queue.send_message(b"\xff" * 49153)

    def test_the_service_sees_text_like_any_other(self, client, queue):
        client(TextBase64EncodePolicy(), None).send_message("hello queue")
        assert queue.receive_message().content == "aGVsbG8gcXVldWU="

    def test_what_is_not_base64_cannot_be_decoded(self, client, queue):
        queue.send_message("not base64")
        with pytest.raises(DecodeError):
            client(None, BinaryBase64DecodePolicy()).receive_message()
