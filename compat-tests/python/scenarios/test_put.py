"""Put Message: time-to-live, visibility, and how much fits."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

import pytest

import raw
from conftest import count
from errors import refused

WEEK = 7 * 24 * 60 * 60
MESSAGE_BYTES_MAX = 64 * 1024
END_OF_TIME = datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone.utc)


async def test_s070_what_a_put_answers(queue):
    sent = await queue.send_message("text")
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", sent.id)
    assert abs(sent.inserted_on - datetime.now(timezone.utc)) < timedelta(minutes=1)
    assert sent.expires_on - sent.inserted_on == timedelta(days=7)
    assert sent.next_visible_on == sent.inserted_on
    assert sent.pop_receipt


async def test_s071_every_message_has_an_id_of_its_own(queue):
    ids = [(await queue.send_message("same text")).id for _ in range(10)]
    assert len(set(ids)) == 10


async def test_s072_a_message_may_live_for_ever(queue):
    sent = await queue.send_message("text", time_to_live=-1)
    assert sent.expires_on == END_OF_TIME
    assert (await queue.receive_message()).expires_on == END_OF_TIME


async def test_s072_nothing_lives_longer_than_for_ever(queue):
    sent = await queue.send_message("text", time_to_live=922337203685)
    assert sent.expires_on == END_OF_TIME


@pytest.mark.parametrize("seconds", [1, 60, WEEK, WEEK + 1, 1_073_741_824])
async def test_s073_a_time_to_live_is_what_it_was_asked_to_be(queue, seconds):
    sent = await queue.send_message("text", time_to_live=seconds)
    assert sent.expires_on - sent.inserted_on == timedelta(seconds=seconds)


@pytest.mark.parametrize("seconds", ["0", "-2"])
async def test_s074_a_time_to_live_of_0_or_less_is_refused(queue, seconds):
    with refused(
        "InvalidQueryParameterValue",
        "OutOfRangeQueryParameterValue",
        queryparametername="messagettl",
        queryparametervalue=seconds,
    ):
        await queue.send_message("text", raw_request_hook=raw.query(messagettl=seconds))
    assert await count(queue) == 0


async def test_s075_a_message_may_be_put_hidden(queue):
    sent = await queue.send_message("later", visibility_timeout=60)
    assert sent.next_visible_on - sent.inserted_on == timedelta(seconds=60)
    assert await queue.receive_message() is None
    assert await queue.peek_messages() == []
    assert await count(queue) == 1


@pytest.mark.parametrize(
    ("visibility", "time_to_live"), [(WEEK, None), (WEEK, WEEK), (10, 10), (11, 10)]
)
async def test_s076_a_message_must_not_be_hidden_for_as_long_as_it_lives(
    queue, visibility, time_to_live
):
    with refused(
        "InvalidQueryParameterValue",
        queryparametername="visibilitytimeout",
        queryparametervalue=str(visibility),
        reason="messagettl must be greater than visibilitytimeout",
    ):
        await queue.send_message("text", visibility_timeout=visibility, time_to_live=time_to_live)


@pytest.mark.parametrize(
    ("visibility", "time_to_live"), [(WEEK - 1, None), (WEEK - 1, WEEK), (9, 10), (WEEK, -1)]
)
async def test_s076_but_it_may_be_hidden_almost_as_long(queue, visibility, time_to_live):
    sent = await queue.send_message(
        "text", visibility_timeout=visibility, time_to_live=time_to_live
    )
    assert sent.next_visible_on - sent.inserted_on == timedelta(seconds=visibility)


@pytest.mark.parametrize("seconds", ["-1", str(WEEK + 1)])
async def test_s077_a_visibility_timeout_has_limits_when_a_message_is_put(queue, seconds):
    with refused(
        "OutOfRangeQueryParameterValue",
        queryparametername="visibilitytimeout",
        queryparametervalue=seconds,
        minimumallowed="0",
        maximumallowed=str(WEEK),
    ):
        await queue.send_message(
            "text", raw_request_hook=raw.query(visibilitytimeout=seconds, messagettl="-1")
        )


@pytest.mark.parametrize("character", ["a", "&", "<"])
async def test_s078_exactly_64_kib_fit(queue, character):
    """Counted before anything is escaped."""
    await queue.send_message(character * MESSAGE_BYTES_MAX)
    assert (await queue.receive_message()).content == character * MESSAGE_BYTES_MAX


@pytest.mark.parametrize("length", [MESSAGE_BYTES_MAX + 1, 1_000_000])
async def test_s078_and_no_more(queue, length):
    with refused("RequestBodyTooLarge", maxlimit=str(MESSAGE_BYTES_MAX)):
        await queue.send_message("a" * length)
    assert await count(queue) == 0


async def test_s079_an_empty_text_is_a_text(queue):
    await queue.send_message("")
    assert not (await queue.peek_messages())[0].content
    received = await queue.receive_message()
    assert received.id and not received.content


async def test_s080_the_receipt_of_a_put_is_good_at_once(queue):
    sent = await queue.send_message("text")
    answers = []
    await queue.delete_message(sent, raw_response_hook=answers.append)
    assert answers[-1].http_response.status_code == 204
    assert await count(queue) == 0
