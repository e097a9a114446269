"""The secondary endpoint, which reads and does not write."""

from __future__ import annotations

import socket

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import AccessPolicy, LocationMode
from azure.storage.queue.aio import QueueClient, QueueServiceClient

from conftest import now, service_client
from endpoint import LIKE_THE_CLOUD
from errors import refused
from waiting import eventually


@pytest.fixture
async def replica(account, secondary, opened) -> QueueServiceClient:
    service = await opened(service_client(account, secondary_hostname=secondary))
    service.location_mode = LocationMode.SECONDARY
    return service


def queue_of(service, name):
    queue = service.get_queue_client(name)
    queue.location_mode = LocationMode.SECONDARY
    return queue


async def test_s230_a_secondary_reads(replica, queue):
    await queue.set_queue_metadata({"Name": "value"})
    await queue.set_queue_access_policy({"id": AccessPolicy("r", start=now(), expiry=now(hours=1))})
    await queue.send_message("text")
    second = queue_of(replica, queue.queue_name)

    (peeked,) = await eventually(lambda: second.peek_messages(), despite=(ResourceNotFoundError,))
    assert peeked.content == "text"
    assert (await second.get_queue_properties()).metadata == {"Name": "value"}
    assert (await second.get_queue_access_policy())["id"].permission == "r"
    listed = replica.list_queues(queue.queue_name)
    assert [found.name async for found in listed] == [queue.queue_name]
    assert await replica.get_service_properties()


async def test_s230_so_it_does_for_a_client_of_its_own(account, secondary, opened, queue):
    await queue.send_message("text")
    alone = await opened(
        QueueClient(
            account.secondary,
            queue.queue_name,
            credential=account.credential,
            **account.options,
        )
    )
    (peeked,) = await eventually(lambda: alone.peek_messages(), despite=(ResourceNotFoundError,))
    assert peeked.content == "text"


async def test_s230_what_is_not_there_is_not_found(replica, queue_name):
    with refused("QueueNotFound"):
        await queue_of(replica, queue_name).get_queue_properties()


@pytest.mark.skipif(not LIKE_THE_CLOUD, reason="needs a secondary that is read-only")
async def test_s231_a_secondary_does_not_write(replica, queue):
    second = queue_of(replica, queue.queue_name)
    await eventually(lambda: second.get_queue_properties(), despite=(ResourceNotFoundError,))
    with refused("InsufficientAccountPermissions"):
        await second.send_message("text")
    with refused("InsufficientAccountPermissions"):
        await second.receive_message()


async def test_s232_a_read_falls_back_to_the_secondary(account, signed_secondary, opened, queue):
    await queue.send_message("text")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = f"127.0.0.1:{probe.getsockname()[1]}"
    primary = account.endpoint.replace(account.host, nobody)
    service = await opened(
        QueueServiceClient(
            primary,
            credential=account.credential,
            secondary_hostname=signed_secondary,
            retry_to_secondary=True,
            **account.retrying,
        )
    )
    client = service.get_queue_client(queue.queue_name)
    (peeked,) = await eventually(lambda: client.peek_messages(), despite=(ResourceNotFoundError,))
    assert peeked.content == "text"
