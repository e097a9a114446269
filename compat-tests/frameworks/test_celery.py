"""Celery itself, with a worker of its own, on Kombu's transport for Azure Storage Queues."""

from __future__ import annotations

import importlib
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from wire import DOTNET, Service

HERE = Path(__file__).parent


@pytest.fixture
def celery(account, monkeypatch, tmp_path) -> Iterator[tuple]:
    """The application and the beginning of its queues, with a worker that works them off."""
    prefix = f"{account.prefix}celery-{uuid.uuid4().hex[:4]}-"
    monkeypatch.setenv("COMPAT_BROKER", f"azurestoragequeues://{account.key}@{account.endpoint}")
    monkeypatch.setenv("COMPAT_BROKER_PREFIX", prefix)
    if account.authority:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", account.authority)
    tasks = importlib.import_module("celery_tasks")
    log = tmp_path / "worker.log"
    command = [
        *(sys.executable, "-m", "celery", "--app", "celery_tasks", "worker"),
        *("--pool", "solo", "--hostname", "worker@localhost", "--loglevel", "info"),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
    ]
    with log.open("w") as output:
        worker = subprocess.Popen(
            command, cwd=HERE, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield tasks, prefix, log
    finally:
        worker.terminate()
        try:
            worker.wait(timeout=20)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()
        tasks.app.close()
        for queue in queues_of(account, prefix):
            assert queue.delete().status in (204, 404)


def queues_of(account, prefix: str) -> list:
    service = Service(account, DOTNET)
    page = service.list_queues(("prefix", prefix)).expect(200)
    return [service.queue(element.text) for element in page.xml.iter("Name")]


def test_s405_celery_works_tasks_off_real(account, celery, within, wait):
    """Real Celery: tasks and their results go through the queues, and nothing is left behind."""
    tasks, prefix, log = celery
    try:
        results = [tasks.add.delay(number, 1) for number in range(5)]
        greeting = tasks.greet.delay("Ada")
        failure = tasks.fail.delay()
        assert [result.get(timeout=within) for result in results] == [1, 2, 3, 4, 5]
        assert greeting.get(timeout=within) == {"greeting": "Grüße, <Ada> & Co."}
        with pytest.raises(ValueError, match="on purpose"):
            failure.get(timeout=within)
    except Exception as error:
        raise AssertionError(f"the worker says:\n{log.read_text()}") from error

    queues = queues_of(account, prefix)
    assert f"{prefix}tasks" in [queue.name for queue in queues]
    wait(lambda: all(queue.properties().expect(200).count == 0 for queue in queues))
