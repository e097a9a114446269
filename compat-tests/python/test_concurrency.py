"""Many workers, one queue: while a message is leased it belongs to one of them."""

from __future__ import annotations

import collections
import threading
from concurrent.futures import ThreadPoolExecutor

from conftest import service_client

WORKERS = 16
MESSAGES = 320


def test_sixteen_workers_handle_each_message_once(account, queue):
    wanted = {f"job {number}" for number in range(MESSAGES)}
    for text in sorted(wanted):
        queue.send_message(text)

    handled: collections.Counter[str] = collections.Counter()
    lock = threading.Lock()

    def work(number: int) -> None:
        mine = service_client(account).get_queue_client(queue.queue_name)
        batch = 1 + number % 4
        while True:
            received = list(
                next(
                    mine.receive_messages(
                        messages_per_page=batch, visibility_timeout=600
                    ).by_page(),
                    [],
                )
            )
            if not received:
                return
            for message in received:
                assert message.dequeue_count == 1
                with lock:
                    handled[message.content] += 1
                mine.delete_message(message)

    with ThreadPoolExecutor(WORKERS) as workers:
        list(workers.map(work, range(WORKERS)))

    assert set(handled) == wanted
    assert set(handled.values()) == {1}
    assert queue.get_queue_properties().approximate_message_count == 0


def test_sixteen_producers_lose_nothing(account, queue):
    def put(number: int) -> list[str]:
        mine = service_client(account).get_queue_client(queue.queue_name)
        return [mine.send_message(f"{number}/{count}").id for count in range(20)]

    with ThreadPoolExecutor(WORKERS) as workers:
        ids = [one for many in workers.map(put, range(WORKERS)) for one in many]

    assert len(set(ids)) == WORKERS * 20
    received = queue.receive_messages(messages_per_page=32, visibility_timeout=600)
    assert {message.id for message in received} == set(ids)


def test_of_sixteen_deletes_with_one_receipt_one_succeeds(account, queue):
    queue.send_message("text")
    received = queue.receive_message()

    def delete(_: int) -> str:
        mine = service_client(account).get_queue_client(queue.queue_name)
        try:
            mine.delete_message(received)
            return "deleted"
        except Exception as error:
            return error.error_code

    with ThreadPoolExecutor(WORKERS) as workers:
        outcomes = collections.Counter(workers.map(delete, range(WORKERS)))
    assert outcomes == {"deleted": 1, "MessageNotFound": WORKERS - 1}


def test_of_sixteen_creations_one_is_the_first(account, service, queue_name):
    def create(_: int) -> int:
        try:
            service_client(account).create_queue(queue_name)
            return 201
        except Exception as error:
            return error.status_code

    with ThreadPoolExecutor(WORKERS) as workers:
        statuses = collections.Counter(workers.map(create, range(WORKERS)))
    service.delete_queue(queue_name)
    assert statuses == {201: 1, 204: WORKERS - 1}
