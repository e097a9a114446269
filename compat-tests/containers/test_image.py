"""What the image is, and how it starts when it is left alone."""

from __future__ import annotations

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobServiceClient
from conftest import BUSYBOX, IMAGE, connection_string, healthy, logs, port_of, round_trip, until

READY = [
    "Azurite Blob service is successfully listening at http://0.0.0.0:10000",
    "Azurite Queue service is successfully listening at http://0.0.0.0:10001",
    "Azurite Table service is successfully listening at http://0.0.0.0:10002",
]


def test_it_is_small_and_runs_as_nobody(engine):
    image = engine.images.get(IMAGE)
    assert image.attrs["Size"] <= 10_000_000
    config = image.attrs["Config"]
    assert config["User"] == "65532:65532"
    assert config["Cmd"][0] == "azurite"
    assert not config["Entrypoint"]
    assert set(config["ExposedPorts"]) == {"10000/tcp", "10001/tcp", "10002/tcp"}
    assert set(config["Volumes"]) == {"/data"}
    assert config["Healthcheck"]["Test"] == ["CMD", "queuerite", "healthcheck"]
    assert config["Labels"]["org.opencontainers.image.title"] == "queuerite"


def test_without_a_command_as_the_services_of_a_workflow_start_it(start):
    options = {"interval": 1_000_000_000, "timeout": 3_000_000_000, "retries": 10}
    container = healthy(start(healthcheck={"test": ["CMD", "queuerite", "healthcheck"], **options}))
    said = logs(container)
    places = [said.index(line) for line in READY]
    assert places == sorted(places)
    round_trip(container)


def test_its_own_health_check_and_blob_service_say_that_it_is_well(start):
    container = healthy(start(healthcheck=None))
    blobs = BlobServiceClient.from_connection_string(connection_string(container), retry_total=0)
    assert list(blobs.list_containers()) == []
    assert blobs.get_account_information()["account_kind"] == "StorageV2"
    with pytest.raises(HttpResponseError, match="serves queues only"):
        blobs.create_container("box")


@pytest.mark.parametrize("command", ["azurite-queue", "queuerite"])
def test_every_name_is_on_the_path(start, command):
    container = healthy(start([command, "--queueHost", "0.0.0.0", "--inMemoryPersistence"]))
    assert "Azurite Queue service successfully listens on http://0.0.0.0:10001" in logs(container)
    round_trip(container)


def test_the_health_check_fits_another_port_and_https(start):
    script = (
        "queuerite cert --directory /tmp/certs && exec azurite-queue --queueHost 0.0.0.0 "
        "--queuePort 20001 --inMemoryPersistence "
        "--cert /tmp/certs/cert.pem --key /tmp/certs/key.pem"
    )
    ports = {"20001/tcp": ("127.0.0.1", 0)}
    healthy(start(["sh", "-c", script], image=BUSYBOX, ports=ports))


def test_a_command_that_aspire_and_testcontainers_give_it(start):
    container = start(
        "azurite --blobHost 0.0.0.0 --queueHost 0.0.0.0 --tableHost 0.0.0.0 "
        "--skipApiVersionCheck --loose --inMemoryPersistence --extentMemoryLimit 64"
    )
    until("all three are ready", lambda: all(line in logs(container) for line in READY))
    round_trip(healthy(container))


def test_a_shell_nc_and_wget_are_in_the_other_kind(start):
    container = healthy(start(image=BUSYBOX))
    for command, output in [
        ("wget -q -O - http://127.0.0.1:10001/_queuerite/ready", b'{"status":"ready"}'),
        ("sh -c 'nc -w 1 127.0.0.1 10001 </dev/null && echo open'", b"open\n"),
    ]:
        code, said = container.exec_run(command)
        assert (code, said) == (0, output)


def test_a_read_only_root_will_do_in_memory(start):
    command = "azurite-queue --queueHost 0.0.0.0 --inMemoryPersistence"
    container = healthy(start(command, read_only=True))
    round_trip(container)
    assert port_of(container, 10001) > 0
