"""The server, the clients, and the queues that the tests share."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from azure.storage.queue import QueueClient, QueueServiceClient, __version__

import server as servers
from server import Account, Server


@pytest.fixture(scope="session")
def account(tmp_path_factory) -> Iterator[Account]:
    """An account on the server that all ordinary tests share."""
    external = servers.external_account()
    if external:
        yield external
        return
    server = Server(_location(tmp_path_factory.mktemp("location")))
    yield server.account
    exit_code = server.stop()
    assert exit_code == 0, server.output


@pytest.fixture(scope="session")
def secure_account(tmp_path_factory) -> Iterator[Account]:
    """An account on a server that speaks https and takes tokens."""
    if servers.external_account():
        pytest.skip("QUEUERITE_ENDPOINT is set: what tokens it takes is not known")
    server = Server(
        _location(tmp_path_factory.mktemp("location")),
        certificates=tmp_path_factory.mktemp("certificates"),
        options=["--oauth", "basic"],
    )
    yield server.account
    exit_code = server.stop()
    assert exit_code == 0, server.output


@pytest.fixture
def own_server(tmp_path) -> Iterator[Server]:
    """A server that no other test uses and that has never been used before."""
    if servers.external_account():
        pytest.skip("QUEUERITE_ENDPOINT is set: this server is not ours to start")
    server = Server(_location(tmp_path / "location"))
    yield server
    server.kill()


@pytest.fixture
def durable_server(own_server) -> Server:
    """A server of one's own that may be killed and restarted."""
    if servers.mode() == "memory":
        pytest.skip("QUEUERITE_MODE is memory: nothing outlives the process")
    return own_server


@pytest.fixture(scope="session")
def service(account) -> QueueServiceClient:
    return service_client(account)


@pytest.fixture
def queue_name() -> str:
    return unique_name()


@pytest.fixture
def queue(service, queue_name) -> Iterator[QueueClient]:
    """An empty queue of the test's own."""
    queue = service.get_queue_client(queue_name)
    queue.create_queue()
    yield queue
    queue.delete_queue()


@pytest.fixture
def missing_queue(service, queue_name) -> QueueClient:
    return service.get_queue_client(queue_name)


@pytest.fixture
def new_queue(service) -> Iterator[Callable[..., QueueClient]]:
    """Creates further queues by name, and deletes them in the end."""
    created = []

    def create(name: str | None = None, **options) -> QueueClient:
        queue = service.get_queue_client(name or unique_name())
        queue.create_queue(**options)
        created.append(queue)
        return queue

    yield create
    for queue in created:
        queue.delete_queue()


@pytest.fixture
def localhost_names(monkeypatch):
    """Makes every name under `.localhost` loopback, which not every resolver does."""
    resolve = socket.getaddrinfo

    def getaddrinfo(host, *arguments, **options):
        if isinstance(host, str) and host.endswith(".localhost"):
            host = "127.0.0.1"
        return resolve(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.fixture
def local_account(account):
    if servers.external_account():
        pytest.skip("QUEUERITE_ENDPOINT is set: its other addresses are not known")
    return account


@pytest.fixture
def sends_anything() -> None:
    """For requests that the older SDK checks, and refuses, before it sends them."""
    if __version__.startswith("12.5."):
        pytest.skip(f"azure-storage-queue {__version__} refuses this request itself")


def service_client(account: Account, **options) -> QueueServiceClient:
    """A client as a user makes it, except that it does not retry: a retry would hide a fault."""
    return QueueServiceClient.from_connection_string(
        account.connection_string, **{"retry_total": 0, **options}
    )


def unique_name(prefix: str = "q") -> str:
    return f"{prefix}-{uuid.uuid4().hex[:16]}"


def _location(folder: Path) -> Path | None:
    return folder if servers.mode() == "disk" else None
