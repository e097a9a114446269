"""Put Message: time-to-live, visibility, and how much fits."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

import pytest

import raw
from errors import refused
from waiting import eventually

DAY = 24 * 60 * 60
WEEK = 7 * DAY
MESSAGE_BYTES_MAX = 64 * 1024


def peek(queue) -> str | None:
    messages = queue.peek_messages()
    return messages[0].content if messages else None


def test_what_the_answer_says(queue):
    sent = queue.send_message("text")
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", sent.id)
    assert abs(sent.inserted_on - datetime.now(timezone.utc)) < timedelta(minutes=1)
    assert sent.expires_on - sent.inserted_on == timedelta(seconds=WEEK)
    assert sent.next_visible_on == sent.inserted_on
    assert sent.pop_receipt


def test_every_message_has_an_id_of_its_own(queue):
    assert len({queue.send_message("same text").id for _ in range(10)}) == 10


class TestTimeToLive:
    @pytest.mark.parametrize("seconds", [1, DAY, WEEK, WEEK + 1, 2**30])
    def test_it_sets_the_expiration_time(self, queue, seconds):
        sent = queue.send_message("text", time_to_live=seconds)
        assert sent.expires_on - sent.inserted_on == timedelta(seconds=seconds)

    def test_minus_one_is_for_ever(self, queue):
        sent = queue.send_message("text", time_to_live=-1)
        assert sent.expires_on == datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone.utc)
        assert queue.receive_message().expires_on == sent.expires_on

    def test_nothing_lives_longer_than_for_ever(self, queue):
        sent = queue.send_message("text", time_to_live=922337203685)
        assert sent.expires_on == datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone.utc)

    def test_an_expired_message_is_gone(self, queue):
        sent = queue.send_message("short", time_to_live=1)
        queue.send_message("long")
        eventually(lambda: peek(queue) == "long")
        assert queue.receive_message().content == "long"
        assert queue.receive_message() is None
        with refused("MessageNotFound"):
            queue.delete_message(sent)

    def test_a_message_that_expires_while_invisible_never_comes_back(self, queue):
        queue.send_message("short", time_to_live=2)
        received = queue.receive_message(visibility_timeout=1)
        eventually(lambda: datetime.now(timezone.utc) > received.expires_on + timedelta(seconds=1))
        assert queue.receive_message() is None
        with refused("MessageNotFound"):
            queue.delete_message(received)

    @pytest.mark.parametrize("seconds", ["0", "-2"])
    def test_neither_nothing_nor_less_than_for_ever(self, queue, seconds):
        with refused(
            "InvalidQueryParameterValue",
            queryparametername="messagettl",
            queryparametervalue=seconds,
            reason="Value must be greater than or equal to 1, or -1 to indicate an infinite TTL.",
        ):
            queue.send_message("text", raw_request_hook=raw.query(messagettl=seconds))

    def test_it_is_a_number(self, queue):
        with refused("InvalidQueryParameterValue", queryparametername="messagettl"):
            queue.send_message("text", raw_request_hook=raw.query(messagettl="soon"))


class TestVisibilityTimeout:
    def test_it_hides_the_message_until_then(self, queue):
        sent = queue.send_message("later", visibility_timeout=2)
        assert sent.next_visible_on - sent.inserted_on == timedelta(seconds=2)
        assert queue.receive_message() is None
        assert peek(queue) is None
        received = eventually(queue.receive_message)
        assert received.content == "later"
        assert datetime.now(timezone.utc) >= sent.next_visible_on

    def test_zero_hides_nothing(self, queue):
        queue.send_message("now", visibility_timeout=0)
        assert peek(queue) == "now"

    @pytest.mark.parametrize(
        ("visibility", "time_to_live"), [(WEEK - 1, None), (WEEK - 1, WEEK), (9, 10), (WEEK, -1)]
    )
    def test_it_may_come_close_to_the_time_to_live(self, queue, visibility, time_to_live):
        sent = queue.send_message("text", visibility_timeout=visibility, time_to_live=time_to_live)
        assert sent.next_visible_on - sent.inserted_on == timedelta(seconds=visibility)

    @pytest.mark.parametrize(
        ("visibility", "time_to_live"), [(WEEK, None), (WEEK, WEEK), (10, 10), (11, 10)]
    )
    def test_but_must_not_reach_it(self, queue, visibility, time_to_live):
        with refused(
            "InvalidQueryParameterValue",
            queryparametername="visibilitytimeout",
            queryparametervalue=str(visibility),
            reason="messagettl must be greater than visibilitytimeout",
        ):
            queue.send_message("text", visibility_timeout=visibility, time_to_live=time_to_live)

    @pytest.mark.parametrize("seconds", ["-1", str(WEEK + 1)])
    def test_it_has_limits_of_its_own(self, queue, seconds):
        with refused(
            "OutOfRangeQueryParameterValue",
            queryparametername="visibilitytimeout",
            queryparametervalue=seconds,
            minimumallowed="0",
            maximumallowed=str(WEEK),
        ):
            queue.send_message(
                "text", raw_request_hook=raw.query(visibilitytimeout=seconds, messagettl="-1")
            )


class TestSize:
    """64 KiB of text, counted as UTF-8 and before anything is escaped."""

    @pytest.mark.parametrize("character", ["a", "ä", "世", "😀", "&", "<"])
    def test_as_much_as_fits(self, queue, character):
        text = character * (MESSAGE_BYTES_MAX // len(character.encode()))
        text += "a" * (MESSAGE_BYTES_MAX - len(text.encode()))
        queue.send_message(text)
        assert queue.receive_message().content == text

    @pytest.mark.parametrize("character", ["a", "ä", "世", "😀", "&"])
    def test_one_byte_more(self, queue, character):
        text = character * (MESSAGE_BYTES_MAX // len(character.encode()))
        text += "a" * (MESSAGE_BYTES_MAX + 1 - len(text.encode()))
        with refused("RequestBodyTooLarge", maxlimit=str(MESSAGE_BYTES_MAX)):
            queue.send_message(text)
        assert queue.get_queue_properties().approximate_message_count == 0

    def test_much_more(self, queue):
        with refused("RequestBodyTooLarge", maxlimit=str(MESSAGE_BYTES_MAX)):
            queue.send_message("a" * 1_000_000)


class TestBody:
    @pytest.mark.parametrize(
        "document",
        [
            "",
            "no XML at all",
            "<QueueMessage><MessageText>unfinished",
            "<QueueMessage></QueueMessage>",
            "<Other><MessageText>text</MessageText></Other>",
        ],
    )
    def test_anything_but_a_message_is_refused(self, queue, document):
        with refused("InvalidXmlDocument"):
            queue.send_message("text", raw_request_hook=raw.body(document))

    @pytest.mark.parametrize(
        "document",
        [
            "<QueueMessage><MessageText>text</MessageText></QueueMessage>",
            '<?xml version="1.0" encoding="utf-8"?>\n'
            "<QueueMessage>\n  <MessageText>text</MessageText>\n</QueueMessage>\n",
            "\ufeff<QueueMessage><MessageText>text</MessageText></QueueMessage>",
            "<QueueMessage><MessageText><![CDATA[text]]></MessageText></QueueMessage>",
            "<QueueMessage><MessageText>&#116;e&#x78;t</MessageText></QueueMessage>",
        ],
    )
    def test_a_message_can_be_written_in_many_ways(self, queue, document):
        queue.send_message("something else", raw_request_hook=raw.body(document))
        assert peek(queue) == "text"

    def test_bad_xml_is_noticed_before_a_missing_queue(self, missing_queue):
        with refused("InvalidXmlDocument"):
            missing_queue.send_message("text", raw_request_hook=raw.body("<QueueMessage>"))
