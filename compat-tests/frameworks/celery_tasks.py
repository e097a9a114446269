"""The application that test_celery.py has a worker for: the test and its worker import it both."""

from __future__ import annotations

import os

from celery import Celery

app = Celery("celery_tasks", broker=os.environ["COMPAT_BROKER"], backend="rpc://")
app.conf.update(
    broker_transport_options={
        # Every queue that Kombu makes, replies included, belongs to this run.
        "queue_name_prefix": os.environ["COMPAT_BROKER_PREFIX"],
        "polling_interval": 0.1,
    },
    task_default_queue="tasks",
    broker_connection_retry_on_startup=False,
    # Remote control needs a fanout, which this transport does not have.
    worker_enable_remote_control=False,
    worker_prefetch_multiplier=1,
)


@app.task
def add(left: int, right: int) -> int:
    return left + right


@app.task
def greet(name: str) -> dict[str, str]:
    return {"greeting": f"Grüße, <{name}> & Co."}


@app.task
def fail() -> None:
    raise ValueError("on purpose")
