"""Delete Message and Clear Messages."""

from __future__ import annotations

import pytest

import raw
from conftest import unique_name
from errors import refused
from waiting import eventually

# Well-formed, and of no message.
STRANGE_RECEIPT = "AgAAAAMAAAAAAAAAkFnBcDn20wE="


def count(queue) -> int:
    return queue.get_queue_properties().approximate_message_count


class TestDelete:
    def test_a_received_message(self, queue):
        queue.send_message("text")
        queue.delete_message(queue.receive_message())
        assert count(queue) == 0

    def test_by_id_and_receipt(self, queue):
        queue.send_message("text")
        received = queue.receive_message()
        queue.delete_message(received.id, received.pop_receipt)
        assert count(queue) == 0

    def test_with_the_receipt_of_the_put(self, queue):
        queue.delete_message(queue.send_message("text"))
        assert count(queue) == 0

    def test_only_the_one(self, queue):
        for text in ("one", "two", "three"):
            queue.send_message(text)
        queue.delete_message(queue.receive_message())
        assert [message.content for message in queue.peek_messages(32)] == ["two", "three"]

    def test_twice_is_once_too_often(self, queue):
        queue.send_message("text")
        received = queue.receive_message()
        queue.delete_message(received)
        with refused("MessageNotFound"):
            queue.delete_message(received)

    def test_a_receipt_outlives_its_lease(self, queue):
        """As long as nobody else has received the message."""
        queue.send_message("text")
        received = queue.receive_message(visibility_timeout=1)
        eventually(queue.peek_messages)
        queue.delete_message(received)
        assert count(queue) == 0

    def test_but_not_the_next_lease(self, queue):
        queue.send_message("text")
        slow = queue.receive_message(visibility_timeout=1)
        quick = eventually(queue.receive_message)
        with refused("MessageNotFound"):
            queue.delete_message(slow)
        queue.delete_message(quick)

    def test_the_receipt_of_the_put_ends_with_the_first_get(self, queue):
        sent = queue.send_message("text")
        queue.receive_message()
        with refused("MessageNotFound"):
            queue.delete_message(sent)

    def test_a_receipt_belongs_to_its_message(self, queue):
        queue.send_message("one")
        queue.send_message("two")
        one, two = queue.receive_message(visibility_timeout=60), queue.receive_message()
        with refused("MessageNotFound"):
            queue.delete_message(one.id, two.pop_receipt)
        assert count(queue) == 2

    @pytest.mark.parametrize("receipt", ["not base64!", "AAAA", "bm90IGEgcmVjZWlwdA=="])
    def test_a_malformed_receipt_is_refused(self, queue, receipt):
        sent = queue.send_message("text")
        with refused(
            "InvalidQueryParameterValue",
            queryparametername="popreceipt",
            queryparametervalue=receipt,
            reason="Invalid pop receipt format",
        ):
            queue.delete_message(sent.id, receipt)
        assert count(queue) == 1

    def test_a_receipt_is_needed(self, queue):
        sent = queue.send_message("text")
        with pytest.raises(Exception) as answer:
            queue.delete_message(sent, raw_request_hook=raw.query(popreceipt=None))
        assert answer.value.status_code == 400
        assert answer.value.error_code == "MissingRequiredQueryParameter"

    def test_an_unknown_message_is_not_found(self, queue):
        with refused("MessageNotFound"):
            queue.delete_message("00000000-0000-0000-0000-000000000000", STRANGE_RECEIPT)

    def test_the_receipt_is_looked_at_first_then_the_queue_then_the_message(self, service):
        missing = service.get_queue_client(unique_name("missing"))
        with refused("InvalidQueryParameterValue"):
            missing.delete_message("mymsg", "bad")
        with refused("QueueNotFound"):
            missing.delete_message("mymsg", STRANGE_RECEIPT)


class TestClear:
    def test_an_empty_queue(self, queue):
        queue.clear_messages()
        assert count(queue) == 0

    def test_visible_and_invisible_messages(self, queue):
        for number in range(40):
            queue.send_message(f"message {number}")
        received = queue.receive_message()
        queue.send_message("later", visibility_timeout=3600)
        queue.clear_messages()
        assert count(queue) == 0
        assert queue.peek_messages() == []
        with refused("MessageNotFound"):
            queue.delete_message(received)

    def test_the_queue_and_what_is_written_on_it_stay(self, new_queue):
        queue = new_queue(metadata={"Kept": "yes"})
        queue.send_message("gone")
        queue.clear_messages()
        assert queue.get_queue_properties().metadata == {"Kept": "yes"}
        queue.send_message("next")
        assert queue.receive_message().content == "next"
