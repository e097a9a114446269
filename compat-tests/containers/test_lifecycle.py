"""Stopping, killing, volumes, and little memory."""

from __future__ import annotations

import threading

from conftest import healthy, logs, queue_in, until

MIB = 1024 * 1024


def test_it_stops_in_order_when_it_is_told(start):
    container = healthy(start())
    container.kill("SIGTERM")
    assert container.wait(timeout=30)["StatusCode"] == 0
    assert logs(container).count("successfully closed") == 3


def test_a_volume_outlives_its_container(volume, start):
    mounted = {volume: {"bind": "/data", "mode": "rw"}}
    first = healthy(start(volumes=mounted))
    queue = queue_in(first)
    queue.create_queue(metadata={"owner": "ada"})
    queue.send_message("kept")
    first.stop()
    first.remove()
    second = healthy(start(volumes=mounted))
    queue = queue_in(second)
    assert queue.get_queue_properties().metadata == {"owner": "ada"}
    assert [message.content for message in queue.receive_messages()] == ["kept"]


def test_a_kill_loses_nothing_that_was_acknowledged(volume, start):
    container = healthy(start(volumes={volume: {"bind": "/data", "mode": "rw"}}))
    queue_in(container).create_queue()
    acknowledged: list[str] = []
    stop = threading.Event()

    def produce(who: int) -> None:
        queue = queue_in(container)
        number = 0
        while not stop.is_set():
            text = f"{who}-{number}"
            try:
                queue.send_message(text)
            except Exception:  # noqa: BLE001 - the container is being killed
                return
            acknowledged.append(text)
            number += 1

    producers = [threading.Thread(target=produce, args=(who,)) for who in range(4)]
    for producer in producers:
        producer.start()
    until("enough is acknowledged", lambda: len(acknowledged) > 200)
    container.kill()
    stop.set()
    for producer in producers:
        producer.join()
    container.start()
    healthy(container)
    pages = queue_in(container).receive_messages(messages_per_page=32, visibility_timeout=600)
    there = {message.content for message in pages}
    assert there >= set(acknowledged)
    # One of each producer may have been stored when its answer was cut off.
    assert len(there) <= len(acknowledged) + len(producers)


def test_a_volume_that_is_not_its_own_is_said_in_a_line(start, tmp_path):
    location = tmp_path / "roots"
    location.mkdir(mode=0o755)
    container = start(volumes={str(location): {"bind": "/data", "mode": "rw"}})
    assert container.wait(timeout=30)["StatusCode"] == 1
    said = [line for line in logs(container).splitlines() if line.startswith("queuerite:")]
    assert len(said) == 1
    assert "/data" in said[0]
    assert "Permission denied" in said[0]


def test_thirty_two_mebibytes_are_enough_under_load(start):
    container = healthy(start(mem_limit=32 * MIB, memswap_limit=32 * MIB))
    queue_in(container).create_queue()
    text = "x" * 1024

    def produce() -> None:
        queue = queue_in(container)
        for _ in range(1500):
            queue.send_message(text)

    producers = [threading.Thread(target=produce) for _ in range(8)]
    for producer in producers:
        producer.start()
    for producer in producers:
        producer.join()
    container.reload()
    assert container.status == "running", logs(container)
    assert not container.attrs["State"]["OOMKilled"]
    assert container.attrs["RestartCount"] == 0
    queue = queue_in(container)
    assert queue.get_queue_properties().approximate_message_count == 12_000
    assert queue.receive_message().content == text
