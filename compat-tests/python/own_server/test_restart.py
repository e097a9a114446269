"""What was acknowledged survives `kill -9`."""

from __future__ import annotations

import threading
from datetime import datetime, timezone

import pytest
from azure.core.exceptions import AzureError
from azure.storage.queue import AccessPolicy, CorsRule, Metrics, QueueSasPermissions

from conftest import service_client
from errors import refused
from waiting import eventually


@pytest.fixture
def service(durable_server):
    return service_client(durable_server.account)


@pytest.fixture
def power(durable_server):
    """Kills the server and starts it again, on the same data and the same port."""

    def cycle() -> None:
        durable_server.kill()
        durable_server.restart()

    return cycle


def test_the_port_stays_the_same(durable_server, service):
    before = durable_server.port
    service.create_queue("orders")
    durable_server.kill()
    with pytest.raises(AzureError):
        service.get_queue_client("orders").get_queue_properties()
    durable_server.restart()
    assert durable_server.port == before
    service.get_queue_client("orders").get_queue_properties()


def test_queues_with_metadata_and_access_policies(service, power):
    queue = service.create_queue("kept", metadata={"MyKey": "v", "other": "w"})
    expiry = datetime(2030, 1, 1, tzinfo=timezone.utc)
    queue.set_queue_access_policy(
        {"readers": AccessPolicy(QueueSasPermissions(read=True), expiry), "bare": None}
    )
    service.create_queue("changed").set_queue_metadata({"set": "later"})
    service.create_queue("deleted")
    service.delete_queue("deleted")
    power()
    listed = service.list_queues(include_metadata=True)
    assert {found.name: found.metadata for found in listed} == {
        "kept": {"MyKey": "v", "other": "w"},
        "changed": {"set": "later"},
    }
    policies = queue.get_queue_access_policy()
    assert list(policies) == ["readers", "bare"]
    assert policies["readers"].permission == "r"
    assert policies["readers"].expiry == "2030-01-01T00:00:00.0000000Z"


def test_service_properties(service, power):
    service.set_service_properties(
        hour_metrics=Metrics(enabled=True, include_apis=True),
        cors=[CorsRule(["https://kept.example"], ["GET"], max_age_in_seconds=5)],
    )
    power()
    properties = service.get_service_properties()
    assert properties["hour_metrics"].include_apis
    assert [rule.allowed_origins for rule in properties["cors"]] == ["https://kept.example"]


def test_messages_in_their_order_and_to_the_letter(service, power):
    queue = service.create_queue("messages")
    texts = ["<&>\"']]>", "  spaces  ", "tab\tand\nnewline", "😀", "a" * 65536]
    sent = [queue.send_message(text) for text in texts]
    power()
    received = list(queue.receive_messages(messages_per_page=32))
    assert [message.content for message in received] == texts
    assert [message.id for message in received] == [message.id for message in sent]
    assert [message.expires_on for message in received] == [message.expires_on for message in sent]
    assert [message.dequeue_count for message in received] == [1] * len(texts)


def test_deleted_and_cleared_messages_stay_away(service, power):
    queue, cleared = service.create_queue("some"), service.create_queue("none")
    for number in range(10):
        queue.send_message(f"message {number}")
        cleared.send_message("gone")
    for message in queue.receive_messages(messages_per_page=4, max_messages=4):
        queue.delete_message(message)
    cleared.clear_messages()
    power()
    assert cleared.get_queue_properties().approximate_message_count == 0
    left = [message.content for message in queue.receive_messages(messages_per_page=32)]
    assert left == [f"message {number}" for number in range(4, 10)]


def test_a_lease_and_its_receipt(service, power):
    queue = service.create_queue("leases")
    queue.send_message("mine")
    queue.send_message("free")
    mine = queue.receive_message(visibility_timeout=3600)
    power()
    assert queue.receive_message().content == "free"
    assert queue.receive_message() is None
    renewed = queue.update_message(mine, content="mine, again", visibility_timeout=3600)
    power()
    with refused("MessageNotFound"):
        queue.delete_message(mine)
    queue.delete_message(renewed)
    assert queue.get_queue_properties().approximate_message_count == 1


def test_a_lease_runs_out_while_the_server_is_down(durable_server, service):
    queue = service.create_queue("leases")
    queue.send_message("again")
    queue.receive_message(visibility_timeout=1)
    durable_server.kill()
    durable_server.restart()
    again = eventually(queue.receive_message)
    assert (again.content, again.dequeue_count) == ("again", 2)


def test_an_update_of_text_and_time(service, power):
    queue = service.create_queue("updates")
    sent = queue.send_message("before")
    updated = queue.update_message(sent, content="after", visibility_timeout=0)
    later = queue.update_message(
        queue.send_message("now"), content="later", visibility_timeout=3600
    )
    power()
    assert queue.receive_message().content == "after"
    assert queue.receive_message() is None
    with refused("MessageNotFound"):
        queue.delete_message(updated)
    queue.delete_message(later)


def test_time_to_live_goes_on(service, power):
    queue = service.create_queue("mortals")
    queue.send_message("short", time_to_live=2)
    queue.send_message("long", time_to_live=-1)
    power()
    eventually(lambda: queue.peek_messages()[0].content == "long")
    assert queue.receive_message().content == "long"
    assert queue.receive_message() is None


def test_again_and_again(service, power):
    """Nothing is lost, doubled or reordered however often the server dies."""
    queue = service.create_queue("survivor")
    for life in range(5):
        queue.send_message(f"life {life}")
        queue.delete_message(queue.send_message("transient"))
        power()
    received = queue.receive_messages(messages_per_page=32)
    assert [message.content for message in received] == [f"life {life}" for life in range(5)]


def test_after_a_graceful_stop(durable_server, service):
    queue = service.create_queue("graceful", metadata={"Name": "value"})
    queue.send_message("text")
    assert durable_server.stop() == 0, durable_server.output
    durable_server.restart()
    assert queue.get_queue_properties().metadata == {"Name": "value"}
    assert queue.receive_message().content == "text"


def test_under_load_every_acknowledged_change_is_there(durable_server, service):
    """Eight clients put, and delete every other message, until the server is gone."""
    service.create_queue("load")
    kept: set[str] = set()
    uncertain: set[str] = set()
    lock = threading.Lock()

    def work(worker: int) -> None:
        queue = service_client(durable_server.account).get_queue_client("load")
        for number in range(1_000_000):
            text = f"{worker}/{number}"
            # From here until the answer, either outcome would be right.
            with lock:
                uncertain.add(text)
            try:
                sent = queue.send_message(text)
                with lock:
                    kept.add(text)
                if number % 2:
                    with lock:
                        kept.discard(text)
                    queue.delete_message(sent)
            except AzureError:
                return
            with lock:
                uncertain.discard(text)

    workers = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for worker in workers:
        worker.start()
    eventually(lambda: len(kept) >= 200)
    durable_server.kill()
    for worker in workers:
        worker.join()
    durable_server.restart()

    queue = service.get_queue_client("load")
    assert abs(queue.get_queue_properties().approximate_message_count - len(kept)) <= 8
    received = queue.receive_messages(messages_per_page=32, visibility_timeout=3600)
    found = [message.content for message in received]
    assert len(found) == len(set(found)), "nothing twice"
    assert kept - set(found) == set(), "acknowledged, and lost"
    assert set(found) - kept <= uncertain, "deleted, and back"
