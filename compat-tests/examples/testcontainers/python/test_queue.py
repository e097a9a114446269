"""Queues in a container of its own, by the module for Azurite, whose image can be named."""

import pytest
from azure.storage.queue import QueueClient
from testcontainers.community.azurite import AzuriteContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy


@pytest.fixture(scope="session")
def connection_string():
    storage = AzuriteContainer("ghcr.io/queuerite/queuerite:0.1")
    # By itself the module waits for the port to be open, which Docker has it before the server does.
    storage.waiting_for(LogMessageWaitStrategy("Queue service is successfully listening"))
    with storage:
        yield storage.get_connection_string()


def test_a_message_that_was_put_can_be_got(connection_string):
    queue = QueueClient.from_connection_string(connection_string, "orders")
    queue.create_queue()
    queue.send_message("hello")
    assert [message.content for message in queue.receive_messages()] == ["hello"]
