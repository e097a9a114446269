"""Containers of the image under test, and clients of what runs in them."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress

import docker
import pytest
from azure.storage.queue import QueueClient
from docker.errors import NotFound
from docker.models.containers import Container

IMAGE = os.environ.get("IMAGE", "queuerite:latest")
BUSYBOX = IMAGE.split(":")[0] + ":busybox"
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
PORTS = {
    "10000/tcp": ("127.0.0.1", 0),
    "10001/tcp": ("127.0.0.1", 0),
    "10002/tcp": ("127.0.0.1", 0),
}
WITHIN = 60.0


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.DockerClient]:
    client = docker.from_env()
    client.ping()
    yield client
    client.close()


@pytest.fixture
def start(engine) -> Iterator[Callable[..., Container]]:
    """Starts containers, and removes them in the end.

    Ports are mapped to free ones on loopback, and health is asked for more often than the image
    says.
    """
    started = []

    def start(command=None, *, image: str = IMAGE, **options) -> Container:
        options.setdefault("ports", PORTS)
        options.setdefault("healthcheck", {"interval": 200_000_000})
        container = engine.containers.run(image, command, detach=True, **options)
        started.append(container)
        return container

    yield start
    for container in started:
        with suppress(NotFound):
            container.remove(force=True)


@pytest.fixture
def volume(engine) -> Iterator[str]:
    name = f"queuerite-{uuid.uuid4().hex[:12]}"
    volume = engine.volumes.create(name)
    yield name
    volume.remove(force=True)


@pytest.fixture
def network(engine) -> Iterator[str]:
    network = engine.networks.create(f"queuerite-{uuid.uuid4().hex[:12]}")
    yield network.name
    network.remove()


def port_of(container: Container, port: int, address: str = "127.0.0.1") -> int:
    """The port on loopback, or on the address of this machine that is given, which leads to it."""
    container.reload()
    places = container.ports[f"{port}/tcp"]
    return next(int(place["HostPort"]) for place in places if place["HostIp"] == address)


def until(what: str, ask: Callable[[], object]):
    """Asks until the answer is true, or it has taken too long."""
    deadline = time.monotonic() + WITHIN
    while time.monotonic() < deadline:
        answer = ask()
        if answer:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"not within {WITHIN} seconds: {what}")


def healthy(container: Container) -> Container:
    def is_healthy() -> bool:
        container.reload()
        assert container.status in ("created", "running"), container.logs().decode()
        return container.attrs["State"].get("Health", {}).get("Status") == "healthy"

    until("the container is healthy", is_healthy)
    return container


def connection_string(container: Container, scheme: str = "http") -> str:
    container.reload()
    endpoints = "".join(
        f"{service}Endpoint={scheme}://127.0.0.1:{port_of(container, port)}/{ACCOUNT};"
        for service, port in (("Blob", 10000), ("Queue", 10001))
        if container.ports.get(f"{port}/tcp")
    )
    return f"DefaultEndpointsProtocol={scheme};AccountName={ACCOUNT};AccountKey={KEY};{endpoints}"


def queue_in(container: Container, name: str = "orders") -> QueueClient:
    return QueueClient.from_connection_string(connection_string(container), name, retry_total=0)


def round_trip(container: Container) -> None:
    """Put, get, delete, by the SDK."""
    queue = queue_in(container, f"round-trip-{uuid.uuid4().hex[:8]}")
    queue.create_queue()
    queue.send_message("hello")
    message = queue.receive_message()
    assert message.content == "hello"
    queue.delete_message(message)
    assert queue.receive_message() is None
    queue.delete_queue()


def logs(container: Container) -> str:
    return container.logs().decode()
