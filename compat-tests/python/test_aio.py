"""The asynchronous client: each operation once."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import (
    AccessPolicy,
    CorsRule,
    QueueSasPermissions,
    TextBase64DecodePolicy,
    TextBase64EncodePolicy,
)
from azure.storage.queue.aio import QueueServiceClient


def client(account) -> QueueServiceClient:
    return QueueServiceClient.from_connection_string(account.connection_string, retry_total=0)


def test_every_operation_on_the_service(account, queue):
    async def scenario() -> None:
        async with client(account) as service:
            before = await service.get_service_properties()
            try:
                await service.set_service_properties(
                    cors=[CorsRule(["https://a.example"], ["GET"])]
                )
                (rule,) = (await service.get_service_properties())["cors"]
                assert rule.allowed_origins == "https://a.example"
            finally:
                await service.set_service_properties(**before)
            names = [found.name async for found in service.list_queues(queue.queue_name)]
            assert names == [queue.queue_name]

    asyncio.run(scenario())


def test_stats_of_the_secondary(local_account, localhost_names):
    """Host style: in path style, the older SDK signs another path than it sends."""
    host = f"{local_account.name}.queue.localhost:{local_account.port}"

    async def scenario() -> None:
        async with QueueServiceClient(
            f"http://{host}",
            credential=local_account.credential,
            secondary_hostname=host.replace(local_account.name, local_account.name + "-secondary"),
            retry_total=0,
        ) as service:
            assert (await service.get_service_stats())["geo_replication"]["status"] == "live"

    asyncio.run(scenario())


def test_every_operation_on_a_queue(account, queue_name):
    async def scenario() -> None:
        async with client(account) as service:
            queue = await service.create_queue(queue_name, metadata={"MyKey": "v"})
            assert (await queue.get_queue_properties()).metadata == {"MyKey": "v"}
            await queue.set_queue_metadata({"Other": "w"})
            assert (await queue.get_queue_properties()).metadata == {"Other": "w"}

            expiry = datetime.now(timezone.utc) + timedelta(hours=1)
            policy = AccessPolicy(QueueSasPermissions(read=True), expiry=expiry)
            await queue.set_queue_access_policy({"readers": policy})
            policies = await queue.get_queue_access_policy()
            assert policies["readers"].permission == "r"

            await queue.delete_queue()
            with pytest.raises(ResourceNotFoundError):
                await queue.get_queue_properties()

    asyncio.run(scenario())


def test_every_operation_on_messages(account, queue):
    async def scenario() -> None:
        async with client(account) as service:
            mine = service.get_queue_client(
                queue.queue_name,
                message_encode_policy=TextBase64EncodePolicy(),
                message_decode_policy=TextBase64DecodePolicy(),
            )
            for text in ("one", "two", "three"):
                await mine.send_message(text, time_to_live=3600)
            assert [m.content for m in await mine.peek_messages(3)] == ["one", "two", "three"]

            received = await mine.receive_message(visibility_timeout=60)
            updated = await mine.update_message(received, content="done", visibility_timeout=60)
            await mine.delete_message(updated)

            rest = [
                message.content async for message in mine.receive_messages(messages_per_page=32)
            ]
            assert rest == ["two", "three"]
            await mine.clear_messages()
            assert (await mine.get_queue_properties()).approximate_message_count == 0

    asyncio.run(scenario())


def test_many_requests_at_once(account, queue):
    async def scenario() -> None:
        async with client(account) as service:
            mine = service.get_queue_client(queue.queue_name)
            await asyncio.gather(*(mine.send_message(str(number)) for number in range(100)))
            received = await asyncio.gather(*(mine.receive_message() for _ in range(100)))
            assert {message.content for message in received} == {str(n) for n in range(100)}

    asyncio.run(scenario())
