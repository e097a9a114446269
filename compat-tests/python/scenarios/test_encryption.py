"""Client-side encryption: the service keeps what it cannot read."""

from __future__ import annotations

import json
import os

import pytest
from azure.storage.queue import __version__
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap

TEXT = "for your eyes only: <&> 日本語"


class KeyWrapper:
    """A key that encrypts keys; in earnest it would live in a vault."""

    def __init__(self) -> None:
        self._key = os.urandom(32)

    def wrap_key(self, key: bytes, algorithm: str = "A256KW") -> bytes:
        assert algorithm == "A256KW"
        return aes_key_wrap(self._key, key)

    def unwrap_key(self, key: bytes, algorithm: str) -> bytes:
        assert algorithm == "A256KW"
        return aes_key_unwrap(self._key, key)

    def get_key_wrap_algorithm(self) -> str:
        return "A256KW"

    def get_kid(self) -> str:
        return "key-1"


@pytest.fixture
def encrypting(service, queue):
    """The client of the same queue that encrypts."""
    client = service.get_queue_client(queue.queue_name)
    client.require_encryption = True
    client.key_encryption_key = KeyWrapper()
    if not __version__.startswith("12.0."):  # which has version 1 alone
        client.encryption_version = "2.0"
    return client


async def test_s175_what_was_encrypted_is_read_by_who_has_the_key(encrypting):
    await encrypting.send_message(TEXT)
    assert (await encrypting.peek_messages())[0].content == TEXT
    received = await encrypting.receive_message()
    assert received.content == TEXT
    await encrypting.update_message(received, content=TEXT + "!", visibility_timeout=0)
    assert (await encrypting.receive_message()).content == TEXT + "!"


async def test_s176_what_was_encrypted_is_read_by_nobody_else(encrypting, queue):
    await encrypting.send_message(TEXT)
    (peeked,) = await queue.peek_messages()
    document = json.loads(peeked.content)
    assert document["EncryptedMessageContents"]
    assert document["EncryptionData"]["WrappedContentKey"]["KeyId"] == "key-1"
    assert "for your eyes" not in peeked.content
