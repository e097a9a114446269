"""What Storage Explorer sends, replayed as the SDK for JavaScript writes it."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

from wire import JAVASCRIPT, Service


def test_s412_storage_explorer_shows_everything_at_a_glance_replayed(account, new_name, new_queue):
    """A click through Storage Explorer, replayed: the tree with metadata, page by page; properties
    and CORS rules; a queue's policies; peek, add, dequeue the first, clear."""
    service = Service(account, JAVASCRIPT)
    stem = new_name("explored")
    queues = [service.queue(f"{stem}-{number}") for number in range(3)]
    try:
        for number, queue in enumerate(queues):
            queue.create({"Owner": f"team {number}"}).expect(201)

        seen, marker = [], None
        for _ in range(3):
            query = [("prefix", stem), ("marker", marker), ("maxresults", 2)]
            page = service.list_queues(*query, ("include", "metadata")).expect(200).xml
            for element in page.iter("Queue"):
                seen.append((element.findtext("Name"), element.findtext("Metadata/Owner")))
            marker = page.findtext("NextMarker")
            if not marker:
                break
        assert seen == [(queue.name, f"team {n}") for n, queue in enumerate(queues)]
        assert not marker

        queue = queues[0]
        answer = queue.properties().expect(200)
        assert (answer.count, answer.metadata) == (0, {"Owner": "team 0"})
    finally:
        for queue in queues:
            assert queue.delete().status in (204, 404)


def test_s412_storage_explorer_edits_cors_rules_replayed(account, wait):
    """The dialog for CORS rules, replayed: it reads all properties and writes all of them back.
    No other test of this suite changes the service properties."""
    service = Service(account, JAVASCRIPT)
    before = service.properties().expect(200).xml
    edited = ElementTree.fromstring(ElementTree.tostring(before))
    rules = edited.find("Cors")
    if len(rules) == 5:
        rules.remove(rules[-1])
    rule = ElementTree.SubElement(rules, "CorsRule")
    wanted = {
        "AllowedOrigins": "https://explorer.example",
        "AllowedMethods": "GET,PUT",
        "AllowedHeaders": "x-ms-*",
        "ExposedHeaders": "x-ms-*",
        "MaxAgeInSeconds": "300",
    }
    for name, value in wanted.items():
        ElementTree.SubElement(rule, name).text = value

    def write(properties: ElementTree.Element) -> None:
        service.set_properties(ElementTree.tostring(properties, encoding="unicode")).expect(202)

    try:
        write(edited)
        wait(lambda: len(service.properties().expect(200).xml.find("Cors")) == len(rules))
        after = service.properties().expect(200).xml
        assert {element.tag: element.text for element in after.find("Cors")[-1]} == wanted
        for name in ("Logging", "HourMetrics", "MinuteMetrics"):
            assert ElementTree.tostring(after.find(name)) == ElementTree.tostring(before.find(name))
    finally:
        write(before)
    restored = ElementTree.tostring(before)
    wait(lambda: ElementTree.tostring(service.properties().expect(200).xml) == restored)


def test_s412_storage_explorer_edits_policies_and_messages_replayed(new_queue, wait):
    """The dialogs for access policies and messages, replayed."""
    queue = new_queue(JAVASCRIPT, "explored")
    assert len(queue.policies().expect(200).xml) == 0
    queue.set_policies(
        "<SignedIdentifiers><SignedIdentifier><Id>reader</Id><AccessPolicy>"
        "<Start>2026-01-01T00:00:00.0000000Z</Start><Expiry>2036-01-01T00:00:00.0000000Z</Expiry>"
        "<Permission>r</Permission></AccessPolicy></SignedIdentifier></SignedIdentifiers>"
    ).expect(204)
    (policy,) = wait(lambda: list(queue.policies().expect(200).xml))
    assert policy.findtext("Id") == "reader"
    assert policy.findtext("AccessPolicy/Start") == "2026-01-01T00:00:00.0000000Z"
    assert policy.findtext("AccessPolicy/Expiry") == "2036-01-01T00:00:00.0000000Z"
    assert policy.findtext("AccessPolicy/Permission") == "r"

    for number in range(34):
        queue.put(f"message {number}", ttl=7 * 24 * 60 * 60).expect(201)
    shown = queue.peek_all(32)
    assert [message.text for message in shown] == [f"message {number}" for number in range(32)]
    assert {message.dequeue_count for message in shown} == {0}
    assert {message.receipt for message in shown} == {None}

    (first,) = queue.get_all(1)
    assert first.id == shown[0].id
    queue.delete_message(first.id, first.receipt).expect(204)
    assert queue.properties().expect(200).count == 33
    assert queue.peek_all(32)[0].id == shown[1].id

    queue.clear().expect(204)
    assert queue.peek_all(32) == []
