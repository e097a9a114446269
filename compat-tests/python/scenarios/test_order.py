"""In which order messages come."""

from __future__ import annotations

from conftest import contents
from waiting import eventually


async def test_s150_first_in_first_out(queue):
    texts = [f"message {number}" for number in range(10)]
    for text in texts:
        await queue.send_message(text)
    assert [(await queue.receive_message()).content for _ in texts] == texts


async def test_s151_a_batch_is_in_order(queue):
    texts = [f"message {number}" for number in range(10)]
    for text in texts:
        await queue.send_message(text)
    page = await anext(queue.receive_messages(messages_per_page=10).by_page())
    assert await contents(page) == texts


async def test_s152_what_was_hidden_comes_when_it_is_visible(queue):
    await queue.send_message("A", visibility_timeout=3)
    await queue.send_message("B")
    assert (await queue.receive_message(visibility_timeout=60)).content == "B"
    assert await queue.receive_message() is None
    assert (await eventually(lambda: queue.receive_message())).content == "A"
