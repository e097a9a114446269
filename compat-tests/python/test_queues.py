"""Create Queue, Delete Queue, and the names a queue may have."""

from __future__ import annotations

import pytest
from azure.core.exceptions import ResourceExistsError
from azure.storage.queue import QueueClient

from conftest import service_client, unique_name
from errors import refused


class TestCreate:
    def test_a_new_queue_is_empty(self, queue):
        properties = queue.get_queue_properties()
        assert properties.name == queue.queue_name
        assert properties.metadata == {}
        assert properties.approximate_message_count == 0
        assert queue.get_queue_access_policy() == {}
        assert queue.receive_message() is None
        assert queue.peek_messages() == []

    def test_metadata_may_be_given_at_once(self, new_queue):
        queue = new_queue(metadata={"MyKey": "value", "other": "2"})
        assert queue.get_queue_properties().metadata == {"MyKey": "value", "other": "2"}

    @pytest.mark.parametrize("metadata", [{}, {"a": "1", "b": "2"}])
    def test_the_same_queue_again_is_no_content(self, new_queue, metadata):
        queue = new_queue(metadata=metadata)
        with pytest.raises(ResourceExistsError) as answer:
            queue.create_queue(metadata=metadata)
        assert answer.value.status_code == 204, "which this SDK reports as an error"

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ({}, {"a": "1"}),
            ({"a": "1"}, {}),
            ({"a": "1"}, {"a": "2"}),
            ({"a": "1"}, {"b": "1"}),
            ({"a": "1"}, {"a": "1", "b": "2"}),
            ({"a": "value"}, {"a": "VALUE"}),
        ],
    )
    def test_other_metadata_is_a_conflict(self, new_queue, first, second):
        queue = new_queue(metadata=first)
        with refused("QueueAlreadyExists"):
            queue.create_queue(metadata=second)
        assert queue.get_queue_properties().metadata == first

    def test_creating_again_keeps_the_messages(self, queue):
        queue.send_message("still here")
        with pytest.raises(ResourceExistsError):
            queue.create_queue()
        assert queue.peek_messages()[0].content == "still here"

    def test_the_service_client_creates_and_deletes_too(self, service, queue_name):
        queue = service.create_queue(queue_name, metadata={"by": "service"})
        assert queue.get_queue_properties().metadata == {"by": "service"}
        service.delete_queue(queue_name)
        with refused("QueueNotFound"):
            queue.get_queue_properties()


class TestDelete:
    def test_a_deleted_queue_is_gone(self, service, queue_name):
        queue = service.create_queue(queue_name)
        queue.delete_queue()
        assert [found.name for found in service.list_queues(queue_name)] == []
        with refused("QueueNotFound"):
            queue.delete_queue()

    def test_it_takes_its_messages_along(self, service, queue_name):
        queue = service.create_queue(queue_name)
        sent = queue.send_message("gone")
        queue.delete_queue()
        with refused("QueueNotFound"):
            queue.delete_message(sent)

    def test_a_name_is_free_at_once_and_starts_afresh(self, own_server):
        """A convenience of a local server: the cloud keeps the name for half a minute."""
        service = service_client(own_server.account)
        queue = service.create_queue("phoenix", metadata={"life": "first"})
        queue.send_message("from the first life")
        queue.delete_queue()
        queue = service.create_queue("phoenix")
        assert queue.get_queue_properties().metadata == {}
        assert queue.get_queue_properties().approximate_message_count == 0
        assert queue.receive_message() is None


OPERATIONS = {
    "create": lambda queue: queue.create_queue(),
    "delete": lambda queue: queue.delete_queue(),
    "get metadata": lambda queue: queue.get_queue_properties(),
    "set metadata": lambda queue: queue.set_queue_metadata({"a": "1"}),
    "get access policy": lambda queue: queue.get_queue_access_policy(),
    "set access policy": lambda queue: queue.set_queue_access_policy({}),
    "put": lambda queue: queue.send_message("text"),
    "get": lambda queue: queue.receive_message(),
    "peek": lambda queue: queue.peek_messages(),
    "clear": lambda queue: queue.clear_messages(),
    "update": lambda queue: queue.update_message(
        "00000000-0000-0000-0000-000000000000", "AgAAAAMAAAAAAAAAkFnBcDn20wE=", content="text"
    ),
    "delete message": lambda queue: queue.delete_message(
        "00000000-0000-0000-0000-000000000000", "AgAAAAMAAAAAAAAAkFnBcDn20wE="
    ),
}


@pytest.mark.parametrize("operation", [name for name in OPERATIONS if name != "create"])
def test_nothing_can_be_done_with_a_queue_that_does_not_exist(missing_queue, operation):
    with refused("QueueNotFound"):
        OPERATIONS[operation](missing_queue)


class TestNames:
    def test_legal(self, own_server):
        service = service_client(own_server.account)
        names = ["abc", "0123", "a-b-c", "messages", "9-lives", "q" * 63, "2" + "-x" * 31]
        for name in names:
            service.create_queue(name)
        assert [queue.name for queue in service.list_queues()] == sorted(names)

    @pytest.mark.parametrize("operation", OPERATIONS)
    @pytest.mark.parametrize("name", ["ab", "q" * 64], ids=["2 characters", "64 characters"])
    def test_too_short_or_too_long(self, service, name, operation):
        with refused("OutOfRangeInput"):
            OPERATIONS[operation](service.get_queue_client(name))

    @pytest.mark.parametrize(
        "name",
        ["Abc", "a_b", "a.b", "-ab", "ab-", "a--b", "a{}b", "a b", "a|b", "問題です", "$logs"],
    )
    def test_illegal_characters(self, service, name):
        with refused("InvalidResourceName"):
            service.create_queue(name)

    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_every_operation_looks_at_the_name(self, service, operation):
        with refused("InvalidResourceName"):
            OPERATIONS[operation](service.get_queue_client("Not-A-Name"))


def test_a_queue_can_be_reached_by_its_url(account, queue):
    by_url = QueueClient.from_queue_url(
        f"{account.endpoint}/{queue.queue_name}", credential=account.credential
    )
    by_url.send_message("found")
    assert queue.peek_messages()[0].content == "found"


def test_a_queue_can_be_reached_by_a_connection_string(account, queue):
    direct = QueueClient.from_connection_string(account.connection_string, queue.queue_name)
    direct.send_message("found")
    assert queue.peek_messages()[0].content == "found"


def test_other_queues_are_left_alone(new_queue):
    one, other = new_queue(unique_name("one")), new_queue(unique_name("other"))
    one.send_message("one")
    other.send_message("other")
    one.clear_messages()
    assert [message.content for message in other.receive_messages()] == ["other"]
