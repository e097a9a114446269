"""Update Message: a new text, a new time, a new receipt."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

import raw
from errors import UNKNOWN_MESSAGE, UNKNOWN_RECEIPT, refused

WEEK = 7 * 24 * 60 * 60


@pytest.fixture
async def received(queue):
    await queue.send_message("before")
    return await queue.receive_message()


async def test_s110_text_and_time_are_updated_together(queue, received):
    before = datetime.now(timezone.utc)
    updated = await queue.update_message(received, content="after", visibility_timeout=60)
    assert updated.pop_receipt and updated.pop_receipt != received.pop_receipt
    hidden = updated.next_visible_on - before
    assert timedelta(seconds=50) < hidden < timedelta(seconds=70)
    await queue.update_message(updated.id, pop_receipt=updated.pop_receipt, visibility_timeout=0)
    again = await queue.receive_message()
    assert (again.id, again.content) == (received.id, "after")


async def test_s111_without_a_text_the_text_stays(queue, received):
    await queue.update_message(received.id, received.pop_receipt, visibility_timeout=0)
    assert (await queue.receive_message()).content == "before"


async def test_s112_a_timeout_of_0_gives_the_message_back(queue, received):
    await queue.update_message(received, visibility_timeout=0)
    again = await queue.receive_message()
    assert (again.id, again.dequeue_count) == (received.id, 2)


async def test_s113_an_update_leaves_the_rest_alone(queue, received):
    await queue.update_message(received, content="after", visibility_timeout=0)
    (peeked,) = await queue.peek_messages()
    assert peeked.dequeue_count == 1
    again = await queue.receive_message()
    assert again.id == received.id
    assert again.inserted_on == received.inserted_on
    assert again.expires_on == received.expires_on


async def test_s114_an_old_receipt_is_worth_nothing(queue, received):
    await queue.update_message(received, content="after", visibility_timeout=0)
    with refused("MessageNotFound"):
        await queue.update_message(received, content="too late", visibility_timeout=0)
    with refused("MessageNotFound"):
        await queue.delete_message(received)
    assert (await queue.receive_message()).content == "after"


async def test_s115_a_receipt_is_renewed_again_and_again(queue, received):
    receipts = {received.pop_receipt}
    for _ in range(10):
        received = await queue.update_message(received, visibility_timeout=30)
        receipts.add(received.pop_receipt)
    assert len(receipts) == 11
    await queue.delete_message(received)


async def test_s116_a_message_can_be_updated_as_soon_as_it_was_put(queue):
    sent = await queue.send_message("before")
    await queue.update_message(sent, content="after", visibility_timeout=0)
    received = await queue.receive_message()
    assert (received.content, received.dequeue_count) == ("after", 1)


async def test_s117_a_visible_message_can_be_hidden(queue):
    sent = await queue.send_message("text")
    await queue.update_message(sent, visibility_timeout=60)
    assert await queue.receive_message() is None


@pytest.mark.parametrize("seconds", ["-1", str(WEEK + 1)])
async def test_s118_a_visibility_timeout_has_limits_when_a_message_is_updated(
    queue, received, seconds
):
    with refused(
        "OutOfRangeQueryParameterValue",
        queryparametername="visibilitytimeout",
        queryparametervalue=seconds,
        minimumallowed="0",
        maximumallowed=str(WEEK),
    ):
        await queue.update_message(
            received,
            visibility_timeout=60,
            raw_request_hook=raw.query(visibilitytimeout=seconds),
        )


async def test_s119_a_message_must_not_be_hidden_beyond_its_end_by_an_update(queue):
    await queue.send_message("text", time_to_live=60)
    received = await queue.receive_message()
    with refused("InvalidQueryParameterValue", queryparametername="visibilitytimeout"):
        await queue.update_message(received, visibility_timeout=120)
    await queue.update_message(received, visibility_timeout=30)


async def test_s120_64_kib_fit_into_an_update(queue, received):
    await queue.update_message(received, content="a" * 65536, visibility_timeout=0)
    assert (await queue.receive_message()).content == "a" * 65536


async def test_s120_and_no_more(queue, received):
    with refused("RequestBodyTooLarge", maxlimit="65536"):
        await queue.update_message(received, content="a" * 65537, visibility_timeout=0)
    await queue.update_message(received.id, received.pop_receipt, visibility_timeout=0)
    assert (await queue.receive_message()).content == "before"


@pytest.mark.parametrize("receipt", ["not a receipt", "AAAA", "bm90IGEgcmVjZWlwdA=="])
async def test_s121_a_malformed_receipt_is_refused(queue, received, receipt):
    with refused(
        "InvalidQueryParameterValue",
        queryparametername="popreceipt",
        queryparametervalue=receipt,
        reason="Invalid pop receipt format",
    ):
        await queue.update_message(received.id, receipt, content="text", visibility_timeout=0)


async def test_s122_an_unknown_message_cannot_be_updated(queue, received):
    for receipt in (UNKNOWN_RECEIPT, received.pop_receipt):
        with refused("MessageNotFound"):
            await queue.update_message(
                UNKNOWN_MESSAGE, receipt, content="text", visibility_timeout=30
            )
