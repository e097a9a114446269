"""What Camel, Spring and NiFi send, replayed as the SDK for Java writes it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from wire import JAVA, Service


def test_s409_camel_produces_and_consumes_replayed(account, new_name, new_queue):
    """Every operation of Camel's `azure-storage-queue` component, replayed; its consumer takes a
    queue that is missing for an empty one, so it must be told 404."""
    service = Service(account, JAVA)
    queue = service.queue(new_name("camel"))
    queue.get(1, 30).expect_error("QueueNotFound")
    queue.create().expect(201)
    queue.create().expect(204)

    first = queue.put_one("first <&>")
    second = queue.put_one("second", visibility=0, ttl=120)
    assert (second.expires - second.inserted).total_seconds() == 120
    assert [message.text for message in queue.peek_all(10)] == ["first <&>", "second"]

    page = service.list_queues(("prefix", queue.name), ("maxresults", 10)).expect(200)
    assert [element.text for element in page.xml.iter("Name")] == [queue.name]

    (message,) = queue.get_all(1, 30)
    assert (message.id, message.text, message.dequeue_count) == (first.id, "first <&>", 1)
    answer = queue.update(message.id, message.receipt, 0, "first, changed").expect(204)
    receipt = answer.headers["x-ms-popreceipt"]
    assert receipt != message.receipt
    assert "first, changed" in [message.text for message in queue.peek_all(10)]
    queue.delete_message(message.id, message.receipt).expect_error("MessageNotFound")
    queue.delete_message(message.id, receipt).expect(204)

    assert [message.text for message in queue.get_all(10, 30)] == ["second"]
    queue.clear().expect(204)
    assert queue.properties().expect(200).count == 0
    queue.delete().expect(204)
    queue.get(1, 30).expect_error("QueueNotFound")


def test_s410_spring_checkpoints_by_deleting_replayed(new_queue):
    """Spring's StorageQueueTemplate and its message source, replayed: create if absent, send, get
    one for 30 seconds, and delete it when the application says so."""
    queue = new_queue(JAVA, "channel")
    queue.create().expect(204)
    payload = '{"name": "Grüße", "list": [1, 2]}'
    sent = queue.put_one(payload)

    answer = queue.get(1, 30).expect(200)
    assert "no-cache" in answer.headers["Cache-Control"]
    (element,) = answer.xml
    assert (element.findtext("MessageId"), element.findtext("MessageText")) == (sent.id, payload)
    assert queue.get_all(1, 30) == []

    receipt = element.findtext("PopReceipt")
    queue.delete_message(sent.id, receipt).expect(204)
    queue.delete_message(sent.id, receipt).expect_error("MessageNotFound")
    assert queue.properties().expect(200).count == 0


def test_s411_nifi_speaks_to_the_account_by_its_host_name_replayed(account, new_name):
    """PutAzureQueueStorage_v12 and GetAzureQueueStorage_v12, replayed: always https, always
    `<account>.queue.<suffix>`, so the path has no account."""
    if not account.is_secure:
        pytest.skip("needs https")
    host = urlsplit(account.endpoint).hostname or ""
    if not account.is_host_style:
        host = f"{account.name}.queue.localhost"
    assert re.match(rf"{account.name}\.(z\d\d\.)?queue\.", host)

    service = Service(account, JAVA, host_style=host)
    queue = service.queue(new_name("nifi"))
    queue.create().expect(201)
    first = queue.put_one("flow file 1", visibility=0, ttl=7 * 24 * 60 * 60)
    assert (first.expires - first.inserted).total_seconds() == 7 * 24 * 60 * 60
    hidden = queue.put_one("flow file 2", visibility=60, ttl=7 * 24 * 60 * 60)
    assert (hidden.next_visible - hidden.inserted).total_seconds() == 60
    for number in range(3, 6):
        queue.put_one(f"flow file {number}", visibility=0, ttl=7 * 24 * 60 * 60)

    batch = queue.get_all(32, 30)
    assert sorted(message.text for message in batch) == [f"flow file {n}" for n in (1, 3, 4, 5)]
    for message in batch:
        queue.delete_message(message.id, message.receipt).expect(204)
    assert queue.properties().expect(200).count == 1

    # The same queue, whatever way it is reached; and a list says where it came from.
    assert Service(account, JAVA).queue(queue.name).properties().expect(200).count == 1
    page = service.list_queues(("prefix", queue.name)).expect(200)
    assert urlsplit(page.xml.attrib["ServiceEndpoint"]).hostname == host
