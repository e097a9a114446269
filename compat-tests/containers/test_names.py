"""Under which names a server is reached: of services in a network, of the host, and by numbers."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from azure.storage.queue import AccountSasPermissions, ResourceTypes, generate_account_sas
from conftest import ACCOUNT, BUSYBOX, KEY, healthy, port_of, queue_in
from docker.errors import APIError
from docker.models.containers import Container
from docker.types import IPAMConfig, IPAMPool

# The last one begins like a host that names the account, but there is no such account.
NAMES = [
    "storage",
    "storage_queues",
    "queues.default.svc",
    "queues.default.svc.cluster.local",
    "otheraccount.queue.storage.internal",
]


def idle(start, network: str | None = None, **options) -> Container:
    """A container to call from."""
    return start(["sleep", "3600"], image=BUSYBOX, ports={}, network=network, **options)


def put_and_get(server: Container, client: Container, endpoint: str) -> None:
    """Both by wget with a signature in the address, for which the queue must be there already."""
    name = f"names-{uuid.uuid4().hex[:8]}"
    queue_in(server, name).create_queue()
    token = generate_account_sas(
        ACCOUNT,
        KEY,
        resource_types=ResourceTypes(object=True),
        permission=AccountSasPermissions(add=True, process=True),
        expiry=datetime.now(UTC) + timedelta(hours=1),
    )
    url = f"{endpoint}/{name}/messages?{token}"
    message = "<QueueMessage><MessageText>hello</MessageText></QueueMessage>"
    code, said = client.exec_run(["wget", "-q", "-O", "-", "--post-data", message, url])
    assert code == 0, said
    code, said = client.exec_run(["wget", "-q", "-O", "-", url])
    assert code == 0, said
    assert b"<MessageText>hello</MessageText>" in said


@pytest.fixture
def network_of_ipv6(engine) -> Iterator[str]:
    pool = IPAMConfig(pool_configs=[IPAMPool(subnet="fd5a:9e1c:7b42::/64")])
    try:
        network = engine.networks.create(
            f"queuerite-{uuid.uuid4().hex[:12]}", enable_ipv6=True, ipam=pool
        )
    except APIError as error:
        pytest.skip(f"the engine has no IPv6: {error.explanation}")
    yield network.name
    network.remove()


def test_names_of_services_are_hosts(engine, network, start):
    aliases = {network: engine.api.create_endpoint_config(aliases=NAMES)}
    server = healthy(start(network=network, networking_config=aliases))
    client = idle(start, network)
    for name in NAMES:
        put_and_get(server, client, f"http://{name}:10001/{ACCOUNT}")


def test_an_account_may_be_in_the_name_of_the_service(engine, network, start):
    name = f"{ACCOUNT}.queue.storage.internal"
    aliases = {network: engine.api.create_endpoint_config(aliases=[name])}
    server = healthy(start(network=network, networking_config=aliases))
    put_and_get(server, idle(start, network), f"http://{name}:10001")


def test_the_host_is_reached_by_its_name_for_containers(engine, start):
    bridge = engine.networks.get("bridge").attrs["IPAM"]["Config"][0]["Gateway"]
    server = healthy(start(ports={"10001/tcp": [("127.0.0.1", 0), (bridge, 0)]}))
    port = port_of(server, 10001, bridge)
    client = idle(start, extra_hosts={"host.docker.internal": "host-gateway"})
    put_and_get(server, client, f"http://host.docker.internal:{port}/{ACCOUNT}")


def test_numbers_of_both_kinds_are_hosts(network_of_ipv6, start):
    network = network_of_ipv6
    server = healthy(start(["azurite", "--queueHost", "::"], network=network))
    server.reload()
    attributes = server.attrs["NetworkSettings"]["Networks"][network]
    client = idle(start, network)
    for host in (attributes["IPAddress"], f"[{attributes['GlobalIPv6Address']}]"):
        put_and_get(server, client, f"http://{host}:10001/{ACCOUNT}")
