"""Get Messages and Peek Messages: what they answer, and how many."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

import raw
from conftest import contents
from errors import refused
from waiting import eventually

WEEK = 7 * 24 * 60 * 60


async def put(queue, *texts: str) -> None:
    for text in texts:
        await queue.send_message(text)


def numbered(number: int) -> list[str]:
    return [f"message {n:02}" for n in range(number)]


async def test_s090_what_a_get_answers(queue):
    sent = await queue.send_message("text")
    before = datetime.now(timezone.utc)
    received = await queue.receive_message()
    assert (received.id, received.content) == (sent.id, "text")
    assert (received.inserted_on, received.expires_on) == (sent.inserted_on, sent.expires_on)
    assert received.pop_receipt and received.pop_receipt != sent.pop_receipt
    assert received.dequeue_count == 1
    assert timedelta(seconds=20) < received.next_visible_on - before < timedelta(seconds=40)


async def test_s091_an_empty_queue_gives_nothing(queue):
    assert await queue.receive_message() is None
    assert await contents(queue.receive_messages(messages_per_page=32)) == []


async def test_s092_a_get_brings_as_many_as_are_asked_for(queue):
    texts = numbered(40)
    await put(queue, *texts)
    pages = queue.receive_messages(messages_per_page=32).by_page()
    first, second = await contents(await anext(pages)), await contents(await anext(pages))
    assert (len(first), len(second)) == (32, 8)
    assert sorted(first + second) == texts


async def test_s092_and_one_unless_asked_for_more(queue):
    await put(queue, "one", "two")
    assert await contents(await anext(queue.receive_messages().by_page())) == ["one"]


@pytest.mark.parametrize("number", ["0", "33", "-1"])
async def test_s093_the_number_of_messages_has_limits(queue, number):
    with refused(
        "OutOfRangeQueryParameterValue",
        queryparametername="numofmessages",
        queryparametervalue=number,
        minimumallowed="1",
        maximumallowed="32",
    ):
        await queue.receive_message(raw_request_hook=raw.query(numofmessages=number))


@pytest.mark.parametrize("seconds", ["0", "-1", str(WEEK + 1)])
async def test_s094_a_visibility_timeout_has_limits_when_a_message_is_got(queue, seconds):
    await put(queue, "text")
    with refused(
        "OutOfRangeQueryParameterValue",
        queryparametername="visibilitytimeout",
        queryparametervalue=seconds,
        minimumallowed="1",
        maximumallowed=str(WEEK),
    ):
        await queue.receive_message(raw_request_hook=raw.query(visibilitytimeout=seconds))
    assert (await queue.peek_messages())[0].dequeue_count == 0


@pytest.mark.parametrize("seconds", [1, 7200, WEEK])
async def test_s094_a_message_is_hidden_as_long_as_asked_for(queue, seconds):
    await put(queue, "text")
    before = datetime.now(timezone.utc)
    received = await queue.receive_message(visibility_timeout=seconds)
    hidden = received.next_visible_on - before
    assert timedelta(seconds=seconds - 10) < hidden < timedelta(seconds=seconds + 10)


async def test_s095_a_message_that_was_got_is_hidden(queue):
    await put(queue, "mine")
    assert (await queue.receive_message()).content == "mine"
    assert await queue.receive_message() is None
    assert await queue.peek_messages() == []


async def test_s096_each_get_counts(queue):
    await put(queue, "again")
    first = await queue.receive_message(visibility_timeout=1)
    second = await eventually(lambda: queue.receive_message())
    assert (first.id, first.content) == (second.id, second.content)
    assert (first.dequeue_count, second.dequeue_count) == (1, 2)
    assert first.pop_receipt != second.pop_receipt


async def test_s097_messages_of_one_get_share_a_receipt_and_a_time(queue):
    await put(queue, "one", "two", "three")
    page = await anext(queue.receive_messages(messages_per_page=32).by_page())
    received = [message async for message in page]
    assert len(received) == 3
    assert len({message.pop_receipt for message in received}) == 1
    assert len({message.next_visible_on for message in received}) == 1
    for message in received:
        await queue.delete_message(message)


async def test_s098_a_message_may_be_hidden_beyond_its_end(queue):
    await queue.send_message("text", time_to_live=60)
    received = await queue.receive_message(visibility_timeout=3600)
    assert received.next_visible_on > received.expires_on


async def test_s099_a_client_can_read_a_queue_to_its_end(queue):
    texts = numbered(70)
    await put(queue, *texts)
    read = await contents(queue.receive_messages(messages_per_page=32, visibility_timeout=600))
    assert sorted(read) == texts


async def test_s105_what_a_peek_answers(queue):
    sent = await queue.send_message("text")
    (peeked,) = await queue.peek_messages()
    assert (peeked.id, peeked.content) == (sent.id, "text")
    assert (peeked.inserted_on, peeked.expires_on) == (sent.inserted_on, sent.expires_on)
    assert peeked.dequeue_count == 0
    assert peeked.pop_receipt is None
    assert peeked.next_visible_on is None


async def test_s106_a_peek_changes_nothing(queue):
    sent = await queue.send_message("text")
    for _ in range(3):
        (peeked,) = await queue.peek_messages()
        assert (peeked.id, peeked.dequeue_count) == (sent.id, 0)
    received = await queue.receive_message(visibility_timeout=1)
    assert (received.id, received.dequeue_count) == (sent.id, 1)
    (peeked,) = await eventually(lambda: queue.peek_messages())
    assert peeked.dequeue_count == 1


async def test_s107_a_peek_shows_the_visible_alone(queue):
    await put(queue, "one", "two", "three")
    got = (await queue.receive_message()).content
    left = [message.content for message in await queue.peek_messages(32)]
    assert sorted([got, *left]) == ["one", "three", "two"]
    assert len(left) == 2


async def test_s108_the_number_of_messages_to_peek_is_at_most_32(queue):
    await put(queue, *numbered(40))
    assert len(await queue.peek_messages(32)) == 32
    assert len(await queue.peek_messages()) == 1


@pytest.mark.parametrize("number", ["0", "33", "-1"])
async def test_s108_the_number_of_messages_to_peek_has_limits(queue, number):
    with refused(
        "OutOfRangeQueryParameterValue",
        queryparametername="numofmessages",
        queryparametervalue=number,
        minimumallowed="1",
        maximumallowed="32",
    ):
        await queue.peek_messages(raw_request_hook=raw.query(numofmessages=number))


async def test_s109_an_empty_queue_shows_nothing(queue):
    assert await queue.peek_messages(32) == []
