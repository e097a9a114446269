"""A workflow driven by events, in which things go wrong.

Every event on the queue has a handler, and a handler may answer with the next event: an order is
placed, paid, shipped. When a handler fails, its event is simply not deleted. It reappears after a
while and is tried again, by whichever worker gets it. An event that has failed five times goes to
a second queue, `<queue>-poison`, where it waits for a human and delays nobody.

    python order_workflow.py [queue name]

Set AZURE_STORAGE_CONNECTION_STRING to use another account than the local one.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import threading
import time

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import LinearRetry, QueueClient

CONNECTION_STRING = os.environ.get(
    "AZURE_STORAGE_CONNECTION_STRING",
    "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;"
    "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
    "QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1;",
)

logging.basicConfig(format="%(message)s", stream=sys.stdout)
log = logging.getLogger("orders")
log.setLevel(logging.INFO)

WORKERS = 2
ORDERS = 15
ATTEMPTS_MAX = 5

# Seconds until a failed event is tried again, which is also the time a handler has.
RETRY_AFTER = 1


def connect(queue_name: str) -> QueueClient:
    # Try for a minute before giving up, whatever the trouble is.
    patience = LinearRetry(
        backoff=1,
        random_jitter_range=1,
        retry_total=60,
        retry_connect=60,
        retry_read=60,
        retry_status=60,
    )
    return QueueClient.from_connection_string(CONNECTION_STRING, queue_name, retry_policy=patience)


def take_payment(order: int, attempt: int) -> str | None:
    if order == 13:
        raise RuntimeError("the card was refused, as it will always be")
    return "paid"


def ship(order: int, attempt: int) -> str | None:
    if order == 7 and attempt < 3:
        raise RuntimeError("no carrier is free, but one will be")
    return "shipped"


def say_thanks(order: int, attempt: int) -> str | None:
    log.info("completed %s", order)
    return None


HANDLERS = {"placed": take_payment, "paid": ship, "shipped": say_thanks}


def publish(queue: QueueClient, event: str, order: int) -> None:
    queue.send_message(json.dumps({"event": event, "order": order}))
    log.info("published %s %s", event, order)


def work(queue: QueueClient, poison: QueueClient, closing_time: threading.Event) -> None:
    while not closing_time.is_set():
        message = queue.receive_message(visibility_timeout=RETRY_AFTER)
        if message is None:
            closing_time.wait(0.2)
            continue

        event, attempt = json.loads(message.content), message.dequeue_count
        if attempt > ATTEMPTS_MAX:
            # Put first, delete later: whatever happens in between, the event is somewhere.
            poison.send_message(message.content)
            log.info("poisonous %s %s", event["event"], event["order"])
        else:
            try:
                following = HANDLERS[event["event"]](event["order"], attempt)
            except Exception as error:
                log.info("failed %s %s %s %s", event["event"], event["order"], attempt, error)
                continue
            if following:
                publish(queue, following, event["order"])

        # Too late if the handler took longer than RETRY_AFTER: then the event is handled again.
        with contextlib.suppress(ResourceNotFoundError):
            queue.delete_message(message)


def main() -> None:
    name = sys.argv[1] if len(sys.argv) > 1 else "orders"
    queue, poison = connect(name), connect(name + "-poison")
    for new in (queue, poison):
        with contextlib.suppress(ResourceExistsError):
            new.create_queue()

    closing_time = threading.Event()
    workers = [
        threading.Thread(target=work, args=(queue, poison, closing_time)) for _ in range(WORKERS)
    ]
    for worker in workers:
        worker.start()

    for order in range(1, ORDERS + 1):
        publish(queue, "placed", order)
        time.sleep(0.05)

    # The count includes the events that wait to be tried again.
    while queue.get_queue_properties().approximate_message_count > 0:
        time.sleep(0.2)
    closing_time.set()
    for worker in workers:
        worker.join()
    log.info("poison %s", poison.get_queue_properties().approximate_message_count)


if __name__ == "__main__":
    main()
