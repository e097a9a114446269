"""The Azure CLI itself, command by command."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from wire import DOTNET


class Refused(AssertionError):
    """The program ended with a failure; the text is what it printed on stderr."""


@pytest.fixture(scope="session")
def az(account, worker_id) -> Callable[..., Any]:
    """Runs `az storage …` against the account and returns what it prints, read as JSON."""
    # Kept between runs, since in an empty folder the program first makes an index of all commands.
    folder = Path(os.environ["COMPAT_CACHE"], "frameworks", f"azure-config-{worker_id}")
    # It was installed without bytecode, and writes what it needs of it.
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AZURE_", "HTTP_PROXY", "HTTPS_PROXY", "PYTHONDONTWRITEBYTECODE"))
    }
    environment |= {
        "AZURE_CONFIG_DIR": str(folder),
        "AZURE_CORE_COLLECT_TELEMETRY": "no",
        "AZURE_CORE_NO_COLOR": "yes",
        "AZURE_CORE_SURVEY_MESSAGE": "no",
        "AZURE_STORAGE_CONNECTION_STRING": connection_string(account),
    }
    if account.authority:
        environment["REQUESTS_CA_BUNDLE"] = account.authority

    def run(*arguments: str, by: dict[str, str] | None = None) -> Any:
        command = [os.environ["COMPAT_AZURE_CLI"], "-m", "azure.cli", "storage", *arguments]
        done = subprocess.run(
            [*command, "--only-show-errors", "--output", "json"],
            env={**environment, **(by or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=90,
        )
        if done.returncode:
            raise Refused(f"az storage {' '.join(arguments)}: {done.returncode}\n{done.stderr}")
        return json.loads(done.stdout) if done.stdout.strip() else None

    return run


def connection_string(account) -> str:
    """The account's, with the secondary as the CLI's SDK wants it: without its scheme."""
    if not account.secondary:
        return account.connection_string
    url = urlsplit(account.secondary)
    return f"{account.connection_string}QueueSecondaryEndpoint={url.netloc}{url.path};"


def test_s413_azure_cli_manages_queues_real(account, az, new_name):
    """`az storage queue`, the real program."""
    name = new_name("cli")
    assert az("queue", "exists", "--name", name) == {"exists": False}
    assert az("queue", "create", "--name", name, "--metadata", "a=1", "b=2") == {"created": True}
    # Without the metadata it is another queue of that name, which the CLI calls not created.
    assert az("queue", "create", "--name", name) == {"created": False}
    with pytest.raises(Refused, match="The specified queue already exists") as refused:
        az("queue", "create", "--name", name, "--fail-on-exist")
    assert "ErrorCode:QueueAlreadyExists" in str(refused.value)
    assert az("queue", "exists", "--name", name) == {"exists": True}

    listed = az("queue", "list", "--prefix", name, "--include-metadata")
    assert [(queue["name"], queue["metadata"]) for queue in listed] == [
        (name, {"a": "1", "b": "2"})
    ]
    assert az("queue", "metadata", "show", "--name", name) == {"a": "1", "b": "2"}
    az("queue", "metadata", "update", "--name", name, "--metadata", "c=3")
    assert az("queue", "metadata", "show", "--name", name) == {"c": "3"}

    assert az("queue", "delete", "--name", name) == {"deleted": True}
    assert az("queue", "exists", "--name", name) == {"exists": False}
    assert az("queue", "delete", "--name", name) == {"deleted": False}
    with pytest.raises(Refused, match="ErrorCode:QueueNotFound"):
        az("queue", "delete", "--name", name, "--fail-not-exist")


def test_s413_azure_cli_manages_policies_and_signs_real(account, az, new_queue, wait):
    """`az storage queue policy` and `generate-sas`, the real program; the signature of the one is
    put to use by another run of the other."""
    name = new_queue(DOTNET, "cli").name
    policy = ("--queue-name", name, "--name", "worker")
    times = ("--start", "2026-01-01T00:00Z", "--expiry", "2036-01-01T00:00Z")
    az("queue", "policy", "create", *policy, "--permissions", "ra", *times)
    shown = wait(lambda: az("queue", "policy", "show", *policy))
    expected = {
        "start": "2026-01-01T00:00:00+00:00",
        "expiry": "2036-01-01T00:00:00+00:00",
        "permission": "ra",
    }
    assert expected.items() <= shown.items()
    listed = az("queue", "policy", "list", "--queue-name", name)
    assert list(listed) == ["worker"]
    assert expected.items() <= listed["worker"].items()

    signature = az("queue", "generate-sas", "--name", name, "--policy-name", "worker")
    assert parse_qs(signature)["si"] == ["worker"]
    signed = {
        "AZURE_STORAGE_CONNECTION_STRING": (
            f"QueueEndpoint={account.endpoint};SharedAccessSignature={signature}"
        )
    }
    put = ("message", "put", "--queue-name", name, "--content", "signed")
    sent = wait(lambda: az(*put, by=signed))
    assert sent["content"] == "signed"
    with pytest.raises(Refused, match="required permissions|AuthorizationPermissionMismatch"):
        az("message", "get", "--queue-name", name, by=signed)

    az("queue", "policy", "delete", *policy)
    assert wait(lambda: az("queue", "policy", "list", "--queue-name", name) == {})


def test_s413_azure_cli_asks_for_statistics_real(account, az):
    """`az storage queue stats`, the real program."""
    if not account.secondary:
        pytest.skip("needs a secondary endpoint")
    replication = az("queue", "stats")["geoReplication"]
    assert replication["status"] == "live"
    assert replication["lastSyncTime"]


def test_s414_azure_cli_handles_messages_real(az, new_name, new_queue):
    """`az storage message`, the real program."""
    name = new_queue(DOTNET, "cli").name
    queue = ("--queue-name", name)
    lifetime = ("--time-to-live", "3600")
    sent = az("message", "put", *queue, "--content", "first <&> grüße", *lifetime)
    assert sent["content"] == "first <&> grüße"
    assert sent["id"] and sent["popReceipt"]
    assert sent["timeNextVisible"] == sent["insertionTime"]
    with pytest.raises(Refused, match="ErrorCode:QueueNotFound"):
        az("message", "put", "--queue-name", new_name("missing"), "--content", "x")

    same = {name: sent[name] for name in ("id", "insertionTime", "expirationTime", "content")}
    (peeked,) = az("message", "peek", *queue, "--num-messages", "32")
    assert {**same, "dequeueCount": 0, "popReceipt": None}.items() <= peeked.items()
    (got,) = az("message", "get", *queue, "--visibility-timeout", "300")
    assert {**same, "dequeueCount": 1}.items() <= got.items()
    assert got["popReceipt"] != sent["popReceipt"]
    assert az("message", "get", *queue) == []

    message = (*queue, "--id", sent["id"], "--pop-receipt")
    change = ("--content", "second", "--visibility-timeout", "0")
    updated = az("message", "update", *message, got["popReceipt"], *change)
    assert updated["content"] == "second"
    assert updated["popReceipt"] != got["popReceipt"]
    with pytest.raises(Refused, match="ErrorCode:MessageNotFound"):
        az("message", "delete", *message, got["popReceipt"])
    assert [message["content"] for message in az("message", "peek", *queue)] == ["second"]
    az("message", "delete", *message, updated["popReceipt"])
    assert az("message", "peek", *queue) == []

    az("message", "put", *queue, "--content", "left over")
    az("message", "clear", *queue)
    assert az("message", "peek", *queue) == []
