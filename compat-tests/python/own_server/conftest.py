"""Servers of the tests' own, in memory and on disk, and their clients."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Callable, Iterator

import pytest
from azure.storage.queue import QueueClient, QueueServiceClient

from endpoint import Account
from server import Server

MODES = ["disk", "memory"]


@pytest.fixture(scope="session", params=MODES)
def account(request, tmp_path_factory) -> Iterator[Account]:
    """An account on the server that the tests of one mode share."""
    location = tmp_path_factory.mktemp("location") if request.param == "disk" else None
    server = Server(location)
    yield server.account
    exit_code = server.stop()
    assert exit_code == 0, server.output


@pytest.fixture(params=MODES)
def own_server(request, tmp_path) -> Iterator[Server]:
    """A server that no other test uses and that has never been used before."""
    server = Server(tmp_path / "location" if request.param == "disk" else None)
    yield server
    server.kill()


@pytest.fixture
def durable_server(tmp_path) -> Iterator[Server]:
    """A server of one's own that may be killed and restarted: nothing in memory outlives it."""
    server = Server(tmp_path / "location")
    yield server
    server.kill()


@pytest.fixture
def service(account) -> QueueServiceClient:
    return service_client(account)


@pytest.fixture
def queue_name() -> str:
    return unique_name()


@pytest.fixture
def queue(service, queue_name) -> Iterator[QueueClient]:
    """An empty queue of the test's own."""
    queue = service.create_queue(queue_name)
    yield queue
    queue.delete_queue()


@pytest.fixture
def localhost_names(monkeypatch):
    """Makes every name under `.localhost` loopback, which not every resolver does."""
    resolve: Callable = socket.getaddrinfo

    def getaddrinfo(host, *arguments, **options):
        if isinstance(host, str) and host.endswith(".localhost"):
            host = "127.0.0.1"
        return resolve(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def service_client(account: Account, **options) -> QueueServiceClient:
    return QueueServiceClient.from_connection_string(
        account.connection_string, **{**account.options, **options}
    )


def unique_name(prefix: str = "q") -> str:
    return f"{prefix}-{uuid.uuid4().hex[:16]}"
