"""Delete Message and Clear Messages."""

from __future__ import annotations

import pytest

from conftest import count
from errors import UNKNOWN_MESSAGE, UNKNOWN_RECEIPT, refused
from waiting import eventually


async def test_s130_a_message_is_deleted(queue):
    for text in ("one", "two"):
        await queue.send_message(text)
    received = await queue.receive_message()
    await queue.delete_message(received)
    assert await count(queue) == 1
    other = await queue.receive_message()
    assert {received.content, other.content} == {"one", "two"}
    await queue.delete_message(other.id, other.pop_receipt)
    assert await count(queue) == 0


async def test_s131_a_message_is_deleted_once(queue):
    await queue.send_message("text")
    received = await queue.receive_message()
    await queue.delete_message(received)
    with refused("MessageNotFound"):
        await queue.delete_message(received)


@pytest.mark.parametrize("receipt", ["not a receipt", "AAAA", "bm90IGEgcmVjZWlwdA=="])
async def test_s132_a_malformed_receipt_deletes_nothing(queue, receipt):
    sent = await queue.send_message("text")
    with refused(
        "InvalidQueryParameterValue",
        queryparametername="popreceipt",
        queryparametervalue=receipt,
        reason="Invalid pop receipt format",
    ):
        await queue.delete_message(sent.id, receipt)
    assert (await queue.peek_messages())[0].id == sent.id


async def test_s133_an_unknown_message_cannot_be_deleted(queue):
    with refused("MessageNotFound"):
        await queue.delete_message(UNKNOWN_MESSAGE, UNKNOWN_RECEIPT)


async def test_s133_a_receipt_belongs_to_its_message(queue):
    await queue.send_message("one")
    await queue.send_message("two")
    one = await queue.receive_message(visibility_timeout=60)
    two = await queue.receive_message(visibility_timeout=120)
    with refused("MessageNotFound"):
        await queue.delete_message(one.id, two.pop_receipt)
    assert await count(queue) == 2


async def test_s134_a_receipt_outlives_its_timeout(queue):
    await queue.send_message("text")
    received = await queue.receive_message(visibility_timeout=1)
    await eventually(lambda: queue.peek_messages())
    await queue.delete_message(received)
    assert await count(queue) == 0


async def test_s135_whoever_got_it_last_has_the_receipt(queue):
    await queue.send_message("text")
    slow = await queue.receive_message(visibility_timeout=1)
    quick = await eventually(lambda: queue.receive_message())
    with refused("MessageNotFound"):
        await queue.update_message(slow, visibility_timeout=10)
    with refused("MessageNotFound"):
        await queue.delete_message(slow)
    await queue.delete_message(quick)


async def test_s135_the_receipt_of_the_put_ends_with_the_first_get(queue):
    sent = await queue.send_message("text")
    await queue.receive_message()
    with refused("MessageNotFound"):
        await queue.delete_message(sent)


async def test_s136_clearing_removes_everything(queue):
    for text in ("one", "two", "three"):
        await queue.send_message(text)
    received = await queue.receive_message(visibility_timeout=1)
    await queue.clear_messages()
    assert await count(queue) == 0
    assert await queue.peek_messages(32) == []
    with refused("MessageNotFound"):
        await queue.delete_message(received)
    await queue.send_message("a second later", visibility_timeout=2)
    assert (await eventually(lambda: queue.receive_message())).content == "a second later"


async def test_s136_the_queue_and_what_is_written_on_it_stay(service, queue_name):
    queue = await service.create_queue(queue_name, metadata={"Kept": "yes"})
    await queue.send_message("gone")
    await queue.clear_messages()
    assert (await queue.get_queue_properties()).metadata == {"Kept": "yes"}


async def test_s137_an_empty_queue_can_be_cleared(queue):
    answers = []
    await queue.clear_messages(raw_response_hook=answers.append)
    assert answers[-1].http_response.status_code == 204
