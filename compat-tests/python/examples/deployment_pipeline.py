"""A deployment whose tasks run one after the other, strictly in order.

A queue hands out its messages roughly in the order they were put, and each at least once. That is
not strict: when a runner dies in the middle of a task, the task is hidden until its lease is over
and the next one comes first. So every task carries its number, and the queue's metadata say which
number was finished last. A task that comes too early is given back; one that comes again is
dropped. A runner that starts anew goes on where the last one stopped.

    python deployment_pipeline.py [queue name]

Set AZURE_STORAGE_CONNECTION_STRING to use another account than the local one.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
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
log = logging.getLogger("deployment")
log.setLevel(logging.INFO)

TASKS = [
    "check out the sources",
    "build the image",
    "run the tests",
    "scan for vulnerabilities",
    "push the image",
    "back up the database",
    "migrate the database",
    "deploy to staging",
    "run the smoke tests",
    "deploy to production",
    "switch the traffic over",
    "tell everybody",
]

# Seconds that a task is hidden from other runners; a long task should renew this while it runs.
LEASE = 5


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


def plan(queue: QueueClient) -> None:
    """What the pipeline does: write down all tasks, in order."""
    for number, task in enumerate(TASKS, start=1):
        queue.send_message(json.dumps({"number": number, "task": task}))
        log.info("planned %s", number)


def run(queue: QueueClient) -> None:
    """What the runner does. Only one of them should run at a time."""
    finished = int(queue.get_queue_properties().metadata.get("finished", "0"))
    while finished < len(TASKS):
        message = queue.receive_message(visibility_timeout=LEASE)
        if message is None:
            time.sleep(0.2)
            continue

        task = json.loads(message.content)
        if task["number"] > finished + 1:
            log.info("too early %s", task["number"])
            with contextlib.suppress(ResourceNotFoundError):
                queue.update_message(message, visibility_timeout=1)
            continue

        if task["number"] == finished + 1:
            perform(task)
            finished += 1
            queue.set_queue_metadata({"finished": str(finished)})
        # Whoever asks twice, because the first answer was lost, may find it deleted already.
        with contextlib.suppress(ResourceNotFoundError):
            queue.delete_message(message)


def perform(task: dict) -> None:
    """The task itself. If the runner dies right after it, the next runner performs it again."""
    time.sleep(0.1)
    log.info("performed %s %s", task["number"], task["task"])


def main() -> None:
    queue = connect(sys.argv[1] if len(sys.argv) > 1 else "deployment")
    with contextlib.suppress(ResourceExistsError):
        queue.create_queue(metadata={"finished": "0"})
    plan(queue)
    run(queue)
    queue.delete_queue()
    log.info("deployed")


if __name__ == "__main__":
    main()
