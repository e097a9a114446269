"""The examples do what they say, with the server killed and restarted in their middle."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conftest import service_client, unique_name
from endpoint import Account
from server import Server

EXAMPLES = Path(__file__).parents[1] / "examples"
OVER_WITHIN = 100.0


class Run:
    """One run of an example: the lines it prints, each as a list of words."""

    def __init__(self, example: str, account: Account, queue_name: str) -> None:
        self.lines: list[list[str]] = []
        self._process = subprocess.Popen(
            [sys.executable, str(EXAMPLES / example), queue_name],
            env={**os.environ, "AZURE_STORAGE_CONNECTION_STRING": account.connection_string},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def to_the_end(self, after_line: Callable[[], None] = lambda: None) -> None:
        watchdog = threading.Timer(OVER_WITHIN, self._process.kill)
        watchdog.start()
        try:
            for line in self._process.stdout:
                self.lines.append(line.split())
                after_line()
            assert self._process.wait() == 0, self.printed
        finally:
            watchdog.cancel()
            self._process.kill()
            self._process.wait()

    def those(self, word: str) -> list[list[str]]:
        """What follows in the lines that begin with `word`."""
        return [line[1:] for line in self.lines if line and line[0] == word]

    @property
    def printed(self) -> str:
        return "\n".join(" ".join(line) for line in self.lines)


@pytest.fixture(params=["on disk", "in memory", "with a restart"])
def play(request, tmp_path) -> Iterator[Callable[[str, str, str, int], Run]]:
    """Plays an example to its end; in one variant the server dies after so many such lines."""
    server = Server(None if request.param == "in memory" else tmp_path / "location")

    def play(example: str, queue_name: str, word: str, count: int) -> Run:
        run = Run(example, server.account, queue_name)
        run.account = server.account
        died_after: list[int] = []

        def disturb() -> None:
            if not died_after and len(run.those(word)) >= count:
                died_after.append(len(run.lines))
                server.kill()
                time.sleep(1)  # for the clients to notice; nothing is concluded from it
                server.restart()

        if request.param != "with a restart":
            run.to_the_end()
            return run
        run.to_the_end(disturb)
        assert died_after, f"the server was to die after {count} lines '{word} …'"
        assert len(run.lines) > died_after[0] + 3, "and the example was to go on"
        return run

    yield play
    server.kill()


def test_file_processing(play):
    name = unique_name("files")
    run = play("file_processing.py", name, "processed", 8)
    accepted = {file for (file,) in run.those("accepted")}
    assert len(accepted) == 30
    assert {file for (file,) in run.those("processed")} == accepted
    assert run.those("results") == [["30"]]
    queue = service_client(run.account).get_queue_client(name)
    assert queue.get_queue_properties().approximate_message_count == 0
    queue.delete_queue()


def test_deployment_pipeline(play):
    run = play("deployment_pipeline.py", unique_name("deployment"), "performed", 5)
    assert [int(line[0]) for line in run.those("performed")] == list(range(1, 13))
    assert run.lines[-1] == ["deployed"]


def test_order_workflow(play):
    name = unique_name("orders")
    run = play("order_workflow.py", name, "completed", 6)
    good = {str(order) for order in range(1, 16)} - {"13"}
    assert {order for (order,) in run.those("completed")} == good
    assert {tuple(event) for event in run.those("poisonous")} == {("placed", "13")}

    service = service_client(run.account)
    assert service.get_queue_client(name).get_queue_properties().approximate_message_count == 0
    poison = service.get_queue_client(name + "-poison")
    left = [json.loads(message.content) for message in poison.receive_messages()]
    assert left and all(event == {"event": "placed", "order": 13} for event in left)
    service.delete_queue(name)
    service.delete_queue(name + "-poison")


def test_order_workflow_counts_its_attempts(account):
    """Without a restart, for then an answer may be lost, and an attempt with it."""
    name = unique_name("orders")
    run = Run("order_workflow.py", account, name)
    run.to_the_end()
    attempts = {(order, attempt) for _, order, attempt, *_ in run.those("failed")}
    assert attempts == {("7", "1"), ("7", "2")} | {("13", str(n)) for n in range(1, 6)}
    assert run.those("poison") == [["1"]]
    service = service_client(account)
    service.delete_queue(name)
    service.delete_queue(name + "-poison")
