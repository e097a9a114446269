"""Many workers, one queue: while a message is leased it belongs to one of them."""

from __future__ import annotations

import collections

from azure.core.exceptions import HttpResponseError, ResourceExistsError

from conftest import count
from together import together

WORKERS = 16


async def test_s250_sixteen_consumers_share_a_queue(queue):
    texts = [f"job {number}" for number in range(200)]

    async def put(worker: int) -> None:
        for text in texts[worker::WORKERS]:
            await queue.send_message(text)

    async def handle(worker: int) -> list[str]:
        handled = []
        batches = queue.receive_messages(messages_per_page=1 + worker % 4, visibility_timeout=600)
        async for message in batches:
            assert message.dequeue_count == 1
            await queue.delete_message(message)
            handled.append(message.content)
        return handled

    await together(WORKERS, put)
    handled = [text for batch in await together(WORKERS, handle) for text in batch]
    assert sorted(handled) == sorted(texts)
    assert await count(queue) == 0


async def test_s251_sixteen_producers_lose_nothing(queue):
    async def put(worker: int) -> list[str]:
        return [(await queue.send_message(f"{worker}/{number}")).id for number in range(20)]

    ids = [one for batch in await together(WORKERS, put) for one in batch]
    assert len(set(ids)) == WORKERS * 20
    received = queue.receive_messages(messages_per_page=32, visibility_timeout=600)
    assert {message.id async for message in received} == set(ids)


async def test_s252_one_receipt_deletes_once(queue):
    await queue.send_message("text")
    received = await queue.receive_message()

    async def delete(_: int) -> str:
        try:
            await queue.delete_message(received)
            return "deleted"
        except HttpResponseError as error:
            return f"{error.status_code} {error.response.headers['x-ms-error-code']}"

    outcomes = collections.Counter(await together(WORKERS, delete))
    assert outcomes == {"deleted": 1, "404 MessageNotFound": WORKERS - 1}


async def test_s253_one_of_many_creates_a_queue(missing_queue):
    async def create(_: int) -> int:
        try:
            await missing_queue.create_queue()
            return 201
        except ResourceExistsError as error:
            return error.status_code

    statuses = collections.Counter(await together(WORKERS, create))
    assert statuses == {201: 1, 204: WORKERS - 1}
    assert await count(missing_queue) == 0
