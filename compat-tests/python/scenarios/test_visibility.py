"""What time does to messages."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta, timezone

from conftest import contents
from errors import refused
from waiting import eventually


async def test_s140_a_hidden_message_becomes_visible_by_itself(queue):
    started = time.monotonic()
    await queue.send_message("later", visibility_timeout=2)
    assert await queue.receive_message() is None
    received = await eventually(lambda: queue.receive_message())
    assert received.content == "later"
    assert time.monotonic() - started >= 2


async def test_s141_a_message_that_was_not_deleted_comes_back(queue):
    await queue.send_message("again")
    started = time.monotonic()
    first = await queue.receive_message(visibility_timeout=2)
    assert await queue.receive_message() is None
    second = await eventually(lambda: queue.receive_message())
    assert time.monotonic() - started >= 2
    assert (second.id, second.dequeue_count) == (first.id, 2)


async def test_s142_an_expired_message_is_gone(queue):
    await queue.send_message("short", time_to_live=2)
    await queue.send_message("long")

    async def short_is_gone() -> bool:
        return [message.content for message in await queue.peek_messages(32)] == ["long"]

    assert len(await queue.peek_messages(32)) == 2
    await eventually(short_is_gone)
    assert await contents(queue.receive_messages(messages_per_page=32)) == ["long"]


async def test_s143_an_expired_message_cannot_be_deleted(queue):
    await queue.send_message("short", time_to_live=2)
    received = await queue.receive_message(visibility_timeout=60)

    async def has_expired() -> bool:
        return datetime.now(timezone.utc) > received.expires_on + timedelta(seconds=1)

    await eventually(has_expired)
    with refused("MessageNotFound"):
        await queue.delete_message(received)


async def test_s144_an_update_moves_the_time_of_return(queue):
    await queue.send_message("text")
    received = await queue.receive_message(visibility_timeout=60)
    started = time.monotonic()
    await queue.update_message(received, visibility_timeout=2)
    assert await queue.receive_message() is None
    again = await eventually(lambda: queue.receive_message(), within=30)
    assert again.id == received.id
    assert time.monotonic() - started >= 2


async def test_s145_a_lease_is_kept_alive(queue):
    await queue.send_message("mine")
    mine = await queue.receive_message(visibility_timeout=2)
    started = renewed = time.monotonic()
    while time.monotonic() - started < 4:
        if time.monotonic() - renewed >= 1:
            renewed = time.monotonic()
            mine = await queue.update_message(mine, visibility_timeout=2)
        assert await queue.receive_message() is None
        await asyncio.sleep(0.1)
    await queue.delete_message(mine)
