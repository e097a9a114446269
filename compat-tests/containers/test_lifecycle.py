"""Stopping, killing, volumes, and little memory."""

from __future__ import annotations

import http.client
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

import pytest
from azure.storage.queue import QueueClient, generate_queue_sas
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


@pytest.mark.parametrize(
    ("limit", "count", "length"), [(32 * MIB, 12_000, 1024), (256 * MIB, 3200, 48 * 1024)]
)
def test_little_memory_is_enough_under_load_and_after_a_kill(volume, start, limit, count, length):
    mounted = {volume: {"bind": "/data", "mode": "rw"}}
    container = healthy(start(mem_limit=limit, memswap_limit=limit, volumes=mounted))
    queue = queue_in(container)
    queue.create_queue()
    text = "x" * length

    with ThreadPoolExecutor(8) as pool:
        puts = [pool.submit(put_fast, queue, text, count // 8) for _ in range(8)]
    container.reload()
    assert container.status == "running", logs(container)
    assert not container.attrs["State"]["OOMKilled"]
    assert container.attrs["RestartCount"] == 0
    for put in puts:
        put.result()

    container.kill()
    container.start()
    healthy(container)
    queue = queue_in(container)
    assert queue.get_queue_properties().approximate_message_count == count
    assert queue.receive_message().content == text


def put_fast(queue: QueueClient, text: str, count: int) -> None:
    """Puts as fast as one connection can, which the SDK is too slow for."""
    signature = generate_queue_sas(
        queue.account_name,
        queue.queue_name,
        queue.credential.account_key,
        permission="a",
        expiry=datetime.now(timezone.utc) + timedelta(hours=1),
    )
    url = urlsplit(queue.url)
    target = f"{url.path}/messages?{signature}"
    body = f"<QueueMessage><MessageText>{text}</MessageText></QueueMessage>"
    connection = http.client.HTTPConnection(url.netloc, timeout=60)
    for _ in range(count):
        connection.request("POST", target, body, {"x-ms-version": "2026-02-06"})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 201, answer.status
    connection.close()
