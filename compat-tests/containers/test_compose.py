"""The compose files among the examples, as they are but for images and ports."""

from __future__ import annotations

import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from azure.storage.blob import BlobServiceClient
from conftest import BUSYBOX, IMAGE, connection_string, logs, queue_in, round_trip, until
from docker.models.containers import Container

EXAMPLES = Path(__file__).parents[1] / "examples"
PUBLISHED = "ghcr.io/queuerite/queuerite:0.1"


class Project:
    """Services that compose has started."""

    def __init__(self, engine, command: list[str], file: Path) -> None:
        self.engine = engine
        self.name = f"queuerite-{uuid.uuid4().hex[:12]}"
        self.command = [*command, "--project-name", self.name, "--file", str(file)]

    def run(self, *arguments: str) -> None:
        done = subprocess.run([*self.command, *arguments], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def container(self, service: str) -> Container:
        labels = [
            f"com.docker.compose.project={self.name}",
            f"com.docker.compose.service={service}",
        ]
        (container,) = self.engine.containers.list(all=True, filters={"label": labels})
        return container


@pytest.fixture
def up(engine, tmp_path) -> Iterator[Callable[..., Project]]:
    """Starts the services of a file, whose description may be changed before."""
    command = ["docker", "compose"]
    if subprocess.run([*command, "version"], capture_output=True).returncode != 0:
        command = ["docker-compose"]
        if shutil.which(command[0]) is None:
            pytest.skip("neither docker compose nor docker-compose is installed")
    started = []

    def up(name: str, change: Callable[[dict], None]) -> Project:
        described = yaml.safe_load((EXAMPLES / name).read_text("utf-8"))
        for service in described["services"].values():
            if service["image"] == PUBLISHED:
                service["image"] = IMAGE
            # The same on loopback, but on free ports.
            for place, port in enumerate(service.get("ports", [])):
                address, host, inside = port.split(":")
                assert (address, host) == ("127.0.0.1", inside)
                service["ports"][place] = f"127.0.0.1::{inside}"
        change(described["services"])
        file = tmp_path / name
        file.write_text(yaml.safe_dump(described), "utf-8")
        started.append(Project(engine, command, file))
        started[-1].run("up", "--detach")
        return started[-1]

    yield up
    for project in started:
        project.run("down", "--volumes")


def stand_in(services: dict, server: str) -> None:
    """For the application: one that asks the server whether it is ready."""
    assert services["application"]["depends_on"] == {server: {"condition": "service_healthy"}}
    services["application"] |= {
        "image": BUSYBOX,
        "command": ["wget", "-q", "-O", "-", f"http://{server}:10001/_queuerite/ready"],
    }


def healthy_before_the_application(project: Project, server: str) -> Container:
    """The server, healthy already: its first check comes long after an application could start."""
    container, application = project.container(server), project.container("application")
    assert container.attrs["State"]["Health"]["Status"] == "healthy"
    assert application.wait(timeout=60)["StatusCode"] == 0, logs(application)
    assert logs(application) == '{"status":"ready"}'
    return container


def test_queues_are_ready_first_and_blobs_are_handed_on(up):
    def change(services: dict) -> None:
        stand_in(services, "storage")
        # Of Azurite only that it answers for blobs is of interest, as our companion does too.
        assert services["azurite"]["image"].startswith("mcr.microsoft.com/azure-storage/azurite")
        services["azurite"]["image"] = IMAGE

    project = up("compose.yaml", change)
    storage = healthy_before_the_application(project, "storage")
    round_trip(storage)
    blobs = BlobServiceClient.from_connection_string(connection_string(storage), retry_total=0)
    assert list(blobs.list_containers()) == []
    azurite = project.container("azurite")
    until("azurite is asked for blobs", lambda: "GET /devstoreaccount1" in logs(azurite))


def test_queues_alone_are_kept(up):
    project = up("compose-queue-only.yaml", lambda services: stand_in(services, "queues"))
    server = healthy_before_the_application(project, "queues")
    queue_in(server).create_queue()
    queue_in(server).send_message("kept")
    project.run("down")
    project.run("up", "--detach")
    assert queue_in(project.container("queues")).receive_message().content == "kept"
