"""Get Messages and Peek Messages: order, leases, dequeue counts, receipts."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

import raw
from errors import refused
from waiting import eventually

WEEK = 7 * 24 * 60 * 60


def contents(messages) -> list[str]:
    return [message.content for message in messages]


def put(queue, *texts: str) -> None:
    for text in texts:
        queue.send_message(text)


class TestGet:
    def test_what_the_answer_says(self, queue):
        sent = queue.send_message("text")
        received = queue.receive_message()
        assert received.id == sent.id
        assert received.content == "text"
        assert received.inserted_on == sent.inserted_on
        assert received.expires_on == sent.expires_on
        assert received.dequeue_count == 1
        assert received.pop_receipt and received.pop_receipt != sent.pop_receipt

    def test_an_empty_queue_gives_nothing(self, queue):
        assert queue.receive_message() is None
        assert list(queue.receive_messages(messages_per_page=32)) == []

    def test_one_message_unless_asked_for_more(self, queue):
        put(queue, "one", "two")
        assert contents(next(queue.receive_messages().by_page())) == ["one"]

    def test_messages_come_in_the_order_they_were_put(self, queue):
        texts = [f"message {number}" for number in range(40)]
        put(queue, *texts)
        pages = queue.receive_messages(messages_per_page=32).by_page()
        assert contents(next(pages)) == texts[:32]
        assert contents(next(pages)) == texts[32:]

    def test_no_more_than_asked_for(self, queue):
        put(queue, *"abcdef")
        received = queue.receive_messages(messages_per_page=2, max_messages=5)
        assert contents(received) == list("abcde")
        assert contents(queue.peek_messages(32)) == ["f"]

    def test_messages_of_one_call_share_a_receipt_and_a_time(self, queue):
        put(queue, "one", "two", "three", "four")
        received = list(next(queue.receive_messages(messages_per_page=32).by_page()))
        assert [message.dequeue_count for message in received] == [1] * 4
        assert len({message.pop_receipt for message in received}) == 1
        assert len({message.next_visible_on for message in received}) == 1
        for message in received:
            queue.delete_message(message)
        assert queue.get_queue_properties().approximate_message_count == 0


class TestVisibilityTimeout:
    def test_a_received_message_is_nobody_elses(self, queue):
        put(queue, "mine")
        assert queue.receive_message()
        assert queue.receive_message() is None
        assert queue.peek_messages() == []

    def test_thirty_seconds_unless_told_otherwise(self, queue):
        put(queue, "text")
        lease = queue.receive_message().next_visible_on - datetime.now(timezone.utc)
        assert timedelta(seconds=20) < lease <= timedelta(seconds=31)

    @pytest.mark.parametrize("seconds", [1, 7200, WEEK])
    def test_as_long_as_asked_for(self, queue, seconds):
        put(queue, "text")
        before = datetime.now(timezone.utc)
        lease = queue.receive_message(visibility_timeout=seconds).next_visible_on - before
        assert timedelta(seconds=seconds - 2) < lease < timedelta(seconds=seconds + 10)

    def test_it_may_go_beyond_the_end_of_the_message(self, queue):
        queue.send_message("text", time_to_live=60)
        received = queue.receive_message(visibility_timeout=3600)
        assert received.next_visible_on > received.expires_on

    def test_a_message_that_was_not_deleted_comes_back(self, queue):
        put(queue, "again")
        first = queue.receive_message(visibility_timeout=1)
        second = eventually(lambda: queue.receive_message(visibility_timeout=1))
        third = eventually(queue.receive_message)
        assert [first.id, first.content] == [third.id, third.content]
        assert [m.dequeue_count for m in (first, second, third)] == [1, 2, 3]
        assert len({m.pop_receipt for m in (first, second, third)}) == 3
        assert second.inserted_on == first.inserted_on
        assert datetime.now(timezone.utc) >= second.next_visible_on

    def test_other_messages_do_not_wait_for_it(self, queue):
        put(queue, "first", "second")
        queue.receive_message(visibility_timeout=3600)
        assert queue.receive_message().content == "second"


class TestPeek:
    def test_what_the_answer_says(self, queue):
        sent = queue.send_message("text")
        (peeked,) = queue.peek_messages()
        assert (peeked.id, peeked.content) == (sent.id, "text")
        assert (peeked.inserted_on, peeked.expires_on) == (sent.inserted_on, sent.expires_on)
        assert peeked.dequeue_count == 0
        assert peeked.pop_receipt is None
        assert peeked.next_visible_on is None

    def test_it_changes_nothing(self, queue):
        sent = queue.send_message("text")
        for _ in range(3):
            assert queue.peek_messages()[0].dequeue_count == 0
        queue.delete_message(sent)

    def test_it_tells_how_often_a_message_was_received(self, queue):
        put(queue, "text")
        queue.receive_message(visibility_timeout=1)
        (peeked,) = eventually(queue.peek_messages)
        assert peeked.dequeue_count == 1

    def test_one_message_unless_asked_for_more(self, queue):
        texts = [f"message {number}" for number in range(33)]
        put(queue, *texts)
        assert contents(queue.peek_messages()) == texts[:1]
        assert contents(queue.peek_messages(max_messages=32)) == texts[:32]

    def test_only_what_is_visible(self, queue):
        put(queue, "received", "left")
        queue.receive_message()
        queue.send_message("later", visibility_timeout=3600)
        assert contents(queue.peek_messages(max_messages=32)) == ["left"]


@pytest.mark.parametrize("number", ["0", "33", "-1"])
@pytest.mark.parametrize("peek", [False, True], ids=["get", "peek"])
def test_the_number_of_messages_has_limits(queue, peek, number):
    with refused(
        "OutOfRangeQueryParameterValue",
        queryparametername="numofmessages",
        queryparametervalue=number,
        minimumallowed="1",
        maximumallowed="32",
    ):
        read = queue.peek_messages if peek else queue.receive_message
        read(raw_request_hook=raw.query(numofmessages=number))


@pytest.mark.parametrize("seconds", ["0", "-1", str(WEEK + 1)])
def test_the_visibility_timeout_has_limits(queue, seconds):
    put(queue, "text")
    with refused(
        "OutOfRangeQueryParameterValue",
        queryparametername="visibilitytimeout",
        queryparametervalue=seconds,
        minimumallowed="1",
        maximumallowed=str(WEEK),
    ):
        queue.receive_message(raw_request_hook=raw.query(visibilitytimeout=seconds))
    assert queue.peek_messages()[0].dequeue_count == 0


@pytest.mark.parametrize("name", ["numofmessages", "visibilitytimeout"])
def test_numbers_are_numbers(queue, name):
    with refused("InvalidQueryParameterValue", queryparametername=name):
        queue.receive_message(raw_request_hook=raw.query(**{name: "many"}))
