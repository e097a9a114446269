"""What health checks ask. They are replayed as the .NET SDK writes them."""

from __future__ import annotations

import wire
from wire import DOTNET, Service


def test_s415_aspire_asks_for_properties_or_the_first_page_replayed(account, new_queue):
    """The health check of .NET Aspire's queue integration, replayed: the service properties, or
    one queue of the list, at a URL without a slash behind the account."""
    new_queue(DOTNET, "aspire")
    service = Service(account, DOTNET)

    properties = service.properties().expect(200)
    assert [element.tag for element in properties.xml] == [
        "Logging",
        "HourMetrics",
        "MinuteMetrics",
        "Cors",
    ]
    page = service.list_queues(("maxresults", 1)).expect(200)
    assert len(page.xml.findall("Queues/Queue")) == 1
    assert page.xml.findtext("MaxResults") == "1"


def test_s416_xabaril_asks_for_the_first_page_and_one_queue_replayed(account, new_name, new_queue):
    """AspNetCore.HealthChecks.Azure.Storage.Queues, replayed: one queue of the list, then the
    properties of the queue that it is told to watch; a 404 means unhealthy."""
    queue = new_queue(DOTNET, "watched")
    page = queue.service.list_queues(("maxresults", 1)).expect(200)
    assert len(page.xml.findall("Queues/Queue")) == 1
    assert queue.properties().expect(200).count == 0
    queue.sibling(new_name("missing")).properties().expect_error("QueueNotFound")


def test_s416_every_dialect_finds_the_service_healthy_replayed(account, new_queue):
    """The same check as each of the other SDKs would write it: with a slash behind the account,
    in another order, of another version."""
    for dialect in (wire.JAVA, wire.GO, wire.JAVASCRIPT):
        queue = new_queue(dialect, f"watched-{dialect.name}")
        query = [("maxresults", 1), ("prefix", queue.name)]
        page = queue.service.list_queues(*query).expect(200)
        assert [element.text for element in page.xml.iter("Name")] == [queue.name]
        assert queue.properties().expect(200).count == 0
        head = queue.properties(method="HEAD").expect(200)
        assert head.count == 0
