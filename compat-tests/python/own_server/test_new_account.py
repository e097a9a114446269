"""What a server has that nobody has used yet."""

from __future__ import annotations

from conftest import service_client


def test_everything_is_switched_off(own_server):
    properties = service_client(own_server.account).get_service_properties()
    logging = properties["analytics_logging"]
    assert (logging.version, logging.delete, logging.read, logging.write) == (
        "1.0",
        False,
        False,
        False,
    )
    for part in ("hour_metrics", "minute_metrics"):
        assert (properties[part].version, properties[part].enabled) == ("1.0", False)
        assert not properties[part].retention_policy.enabled
    assert not logging.retention_policy.enabled
    assert properties["cors"] == []


def test_all_queues_are_those_that_were_created(own_server):
    service = service_client(own_server.account)
    names = ["abc", "0123", "a-b-c", "messages", "9-lives", "q" * 63, "2" + "-x" * 31]
    for name in names:
        service.create_queue(name)
    assert [queue.name for queue in service.list_queues()] == sorted(names)


def test_a_name_is_free_at_once(own_server):
    """A convenience of a local server: the cloud keeps the name for half a minute."""
    service = service_client(own_server.account)
    service.create_queue("phoenix", metadata={"life": "first"}).delete_queue()
    assert service.create_queue("phoenix").get_queue_properties().metadata == {}
