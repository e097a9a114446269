"""A web application that leaves the slow work to workers.

For every uploaded file the web application puts a job on a queue and answers its user at once.
Workers take the jobs off the queue and process the files. Either side may stop and start as it
likes, and so may the queue's server: a job is deleted only after it is done, so none is lost.

    python file_processing.py [queue name]

Set AZURE_STORAGE_CONNECTION_STRING to use another account than the local one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import LinearRetry, QueueClient, QueueMessage

CONNECTION_STRING = os.environ.get(
    "AZURE_STORAGE_CONNECTION_STRING",
    "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;"
    "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
    "QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1;",
)

logging.basicConfig(format="%(message)s", stream=sys.stdout)
log = logging.getLogger("files")
log.setLevel(logging.INFO)

WORKERS = 3
UPLOADS = 30

# A job belongs to its worker for so many seconds. If the worker has not deleted it by then, the
# job goes to another; so this should be longer than any job takes.
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


def upload(queue: QueueClient, folder: Path, name: str, content: bytes) -> None:
    """What the web application does: keep the file, put a job on the queue, say thank you."""
    (folder / name).write_bytes(content)
    queue.send_message(json.dumps({"file": name}))
    log.info("accepted %s", name)


def work(queue: QueueClient, folder: Path, closing_time: threading.Event) -> None:
    """What every worker does, all day long."""
    while not closing_time.is_set():
        message = queue.receive_message(visibility_timeout=LEASE)
        if message is None:
            closing_time.wait(0.2)
            continue
        job = json.loads(message.content)
        process(folder / job["file"])
        log.info("processed %s", job["file"])
        finish(queue, message)


def process(file: Path) -> None:
    """The slow work. It may happen twice to one file, and the second time does no harm."""
    time.sleep(0.05)
    file.with_suffix(".sha256").write_text(hashlib.sha256(file.read_bytes()).hexdigest())


def finish(queue: QueueClient, message: QueueMessage) -> None:
    # It may be gone already. Either we did delete it, and the connection broke before we were
    # told; or we were too slow, and another worker has done the job.
    with contextlib.suppress(ResourceNotFoundError):
        queue.delete_message(message)


def main() -> None:
    queue = connect(sys.argv[1] if len(sys.argv) > 1 else "file-jobs")
    with contextlib.suppress(ResourceExistsError):
        queue.create_queue()

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        closing_time = threading.Event()
        workers = [
            threading.Thread(target=work, args=(queue, folder, closing_time))
            for _ in range(WORKERS)
        ]
        for worker in workers:
            worker.start()

        for number in range(UPLOADS):
            upload(queue, folder, f"photo-{number:02}.jpg", os.urandom(1000))

        # The count includes the jobs that workers are busy with.
        while queue.get_queue_properties().approximate_message_count > 0:
            time.sleep(0.2)
        closing_time.set()
        for worker in workers:
            worker.join()
        log.info("results %s", len(list(folder.glob("*.sha256"))))


if __name__ == "__main__":
    main()
