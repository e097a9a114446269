"""The clients, and the queues that the tests use."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import __version__
from azure.storage.queue.aio import QueueClient, QueueServiceClient

import endpoint
from endpoint import Account

NUMBERS = {f"S{number:03}" for number in range(300)}


def pytest_collection_modifyitems(config, items) -> None:
    """Leaves the scenarios that are asked for and that the SDK of this column can express."""
    wanted = {number for number in os.environ.get("COMPAT_SCENARIOS", "").split(",") if number}
    impossible = not_applicable(os.environ.get("COLUMN", ""))
    chosen, others = [], []
    for item in items:
        number = item.name.split("_")[1].upper()
        possible = number not in impossible and (not wanted or number in wanted)
        (chosen if possible else others).append(item)
    config.hook.pytest_deselected(items=others)
    items[:] = chosen


def not_applicable(column: str) -> set[str]:
    """The numbers in not-applicable.txt, of all columns and of this one."""
    lines = Path(endpoint.__file__).with_name("not-applicable.txt").read_text().splitlines()
    words = [line.split() for line in lines]
    return {second if first == column else first for first, second, *_ in words} & NUMBERS


if not hasattr(QueueClient, "receive_message"):
    # The SDK of 2019 has pages only, so this is how its users get one message.
    async def _receive_message(queue: QueueClient, **options):
        pages = queue.receive_messages(messages_per_page=1, **options).by_page()
        async for page in pages:
            async for message in page:
                return message
        return None

    QueueClient.receive_message = _receive_message


@pytest.fixture(scope="session")
def account() -> Account:
    return endpoint.from_environment()


@pytest.fixture
def secondary(account) -> str:
    """For tests that need a secondary."""
    if not account.secondary:
        pytest.skip("needs a secondary")
    return account.secondary_hostname


@pytest.fixture
def signed_secondary(secondary) -> str:
    """For tests in which the SDK itself changes from the primary to the secondary."""
    if __version__.startswith("12.0.") and "/" in secondary:
        pytest.skip(f"needs a secondary in host style: {__version__} signs the primary's path")
    return secondary


@pytest.fixture
async def opened() -> AsyncIterator[Callable[..., Awaitable]]:
    """Opens a client, and closes it when the test is over."""
    async with AsyncExitStack() as clients:
        yield clients.enter_async_context


@pytest.fixture
async def service(account, opened) -> QueueServiceClient:
    return await opened(service_client(account))


@pytest.fixture
async def new_name(account) -> AsyncIterator[Callable[..., str]]:
    """Makes names of queues; what was created by such a name is deleted in the end."""
    names = []

    def make(like: str | None = None, length: int = 0) -> str:
        name = like or f"c{endpoint.RUN}-{uuid.uuid4().hex[:16]}"
        names.append(name.ljust(length, "x"))
        return names[-1]

    yield make
    if names:
        async with service_client(account) as service:
            for name in names:
                await delete_if_there(service, name)


async def delete_if_there(service: QueueServiceClient, name: str) -> None:
    with suppress(ResourceNotFoundError):
        await service.delete_queue(name)


@pytest.fixture
def queue_name(new_name) -> str:
    return new_name()


@pytest.fixture
def missing_queue(service, queue_name) -> QueueClient:
    """The client of a queue that nobody has created."""
    return service.get_queue_client(queue_name)


@pytest.fixture
async def queue(service, queue_name) -> QueueClient:
    """An empty queue of the test's own."""
    return await service.create_queue(queue_name)


def service_client(account: Account, **options) -> QueueServiceClient:
    return QueueServiceClient.from_connection_string(
        account.connection_string, **{**account.options, **options}
    )


async def contents(messages) -> list[str]:
    return [message.content async for message in messages]


async def count(queue: QueueClient) -> int:
    return (await queue.get_queue_properties()).approximate_message_count


def now(**offset: float) -> datetime:
    return datetime.now(timezone.utc) + timedelta(**offset)
