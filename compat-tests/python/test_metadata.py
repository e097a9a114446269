"""Get and Set Queue Metadata, and the approximate messages count that comes with it."""

from __future__ import annotations

import pytest

from errors import refused


def metadata(queue) -> dict[str, str]:
    return queue.get_queue_properties().metadata


def test_a_queue_is_created_without(queue):
    assert metadata(queue) == {}


def test_the_case_of_names_is_kept(queue):
    queue.set_queue_metadata({"MyKey": "v", "lower": "case", "_UNDER_score1": "x"})
    assert metadata(queue) == {"MyKey": "v", "lower": "case", "_UNDER_score1": "x"}


def test_setting_replaces_everything(queue):
    queue.set_queue_metadata({"first": "1", "both": "1"})
    queue.set_queue_metadata({"second": "2", "both": "2"})
    assert metadata(queue) == {"second": "2", "both": "2"}


def test_names_are_the_same_in_any_case(queue):
    queue.set_queue_metadata({"colour": "red"})
    queue.set_queue_metadata({"COLOUR": "blue"})
    assert metadata(queue) == {"COLOUR": "blue"}


@pytest.mark.parametrize("nothing", [{}, None])
def test_setting_nothing_clears_it(queue, nothing):
    queue.set_queue_metadata({"gone": "soon"})
    queue.set_queue_metadata(nothing)
    assert metadata(queue) == {}


@pytest.mark.parametrize(
    "value",
    [
        "",
        "two words",
        "two  blanks",
        "a,b, c",
        "key=value;other=1",
        '"quoted"',
        "100% <&> ok",
        "~!@#$^*()",
    ],
)
def test_values_are_kept(queue, value):
    queue.set_queue_metadata({"name": value})
    assert metadata(queue) == {"name": value}


def test_names_whose_order_is_signed_in_a_way_of_its_own(queue):
    """The string-to-sign sorts these as a dictionary does, not as bytes."""
    pairs = {name: name for name in ("_", "a", "a_b", "a1", "aa", "ab", "ac", "B")}
    queue.set_queue_metadata(pairs)
    assert metadata(queue) == pairs


@pytest.mark.parametrize("name", ["1bad", "a-b", "a.b", "a!"])
def test_names_that_are_no_identifiers_are_refused(queue, name):
    with refused("InvalidMetadata"):
        queue.set_queue_metadata({name: "value"})
    assert metadata(queue) == {}


def test_a_name_that_is_no_identifier_creates_no_queue(service, queue_name):
    with refused("InvalidMetadata"):
        service.create_queue(queue_name, metadata={"1bad": "value"})
    assert [found.name for found in service.list_queues(queue_name)] == []


def test_an_empty_name_is_refused(queue):
    with refused("EmptyMetadataKey", metadatavalue="value"):
        queue.set_queue_metadata({"": "value"})


def test_eight_kibibytes_are_enough_and_no_more(queue):
    """Names and values count together."""
    pairs = {f"key{number}": "v" * (1024 - len("key0")) for number in range(8)}
    queue.set_queue_metadata(pairs)
    assert metadata(queue) == pairs
    pairs["key7"] += "v"
    with refused("MetadataTooLarge"):
        queue.set_queue_metadata(pairs)


class TestApproximateMessagesCount:
    def test_visible_and_invisible_messages_count(self, queue):
        for text in ("one", "two", "three"):
            queue.send_message(text)
        queue.send_message("later", visibility_timeout=3600)
        queue.receive_message()
        assert queue.get_queue_properties().approximate_message_count == 4

    def test_deleted_messages_do_not(self, queue):
        for _ in range(3):
            queue.send_message("text")
        queue.delete_message(queue.receive_message())
        assert queue.get_queue_properties().approximate_message_count == 2
