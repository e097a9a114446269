"""Workflow engines that look before they get."""

from __future__ import annotations

import threading
import time

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueClient


@pytest.fixture
def queue(account, new_name):
    """A queue of the SDK for Python, which is what these engines use."""
    tls = {"connection_verify": account.authority} if account.authority else {}
    with QueueClient.from_connection_string(
        account.connection_string, new_name("sensor"), retry_total=0, **tls
    ) as client:
        client.create_queue()
        yield client


def test_s417_a_sensor_peeks_until_there_is_something_replayed(queue, wait):
    """A sensor of Airflow or a block of Prefect, replayed with the SDK for Python: it peeks until a
    message is there, then gets it and deletes it."""
    assert queue.peek_messages() == []
    sender = threading.Thread(target=lambda: (time.sleep(1), queue.send_message("dataset ready")))
    sender.start()
    try:
        (peeked,) = wait(lambda: queue.peek_messages(max_messages=1))
        (again,) = queue.peek_messages(max_messages=1)
    finally:
        sender.join()
    assert (peeked.content, peeked.dequeue_count) == ("dataset ready", 0)
    assert (again.id, again.dequeue_count) == (peeked.id, 0)

    got = queue.receive_message(visibility_timeout=60)
    assert got is not None
    assert (got.id, got.content, got.dequeue_count) == (peeked.id, "dataset ready", 1)
    assert queue.peek_messages() == []
    assert queue.receive_message() is None
    queue.delete_message(got)
    assert queue.get_queue_properties().approximate_message_count == 0
    with pytest.raises(ResourceNotFoundError) as refused:
        queue.delete_message(got)
    assert refused.value.error_code == "MessageNotFound"
