"""Update Message: a new text, a new time, a new receipt."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

import raw
from errors import refused
from waiting import eventually

WEEK = 7 * 24 * 60 * 60


@pytest.fixture
def received(queue):
    queue.send_message("before")
    return queue.receive_message()


def test_text_and_time_together(queue, received):
    before = datetime.now(timezone.utc)
    updated = queue.update_message(received, content="after", visibility_timeout=2)
    assert updated.pop_receipt and updated.pop_receipt != received.pop_receipt
    assert timedelta(0) < updated.next_visible_on - before < timedelta(seconds=10)
    assert queue.peek_messages() == []
    again = eventually(queue.receive_message)
    assert (again.id, again.content) == (received.id, "after")


def test_without_a_text_the_text_stays(queue, received):
    queue.update_message(received.id, received.pop_receipt, visibility_timeout=0)
    assert queue.receive_message().content == "before"


def test_an_empty_text_is_a_text(queue, received):
    queue.update_message(received.id, received.pop_receipt, content="", visibility_timeout=0)
    assert not queue.receive_message().content


def test_a_timeout_of_zero_gives_the_message_back(queue, received):
    queue.update_message(received, visibility_timeout=0)
    again = queue.receive_message()
    assert again.id == received.id
    assert again.dequeue_count == 2


def test_what_an_update_leaves_alone(queue, received):
    queue.update_message(received, content="after", visibility_timeout=0)
    (peeked,) = queue.peek_messages()
    assert peeked.inserted_on == received.inserted_on
    assert peeked.expires_on == received.expires_on
    assert peeked.dequeue_count == 1


def test_a_lease_can_be_renewed_again_and_again(queue, received):
    for _ in range(3):
        received = queue.update_message(received, visibility_timeout=30)
    assert queue.receive_message() is None
    queue.delete_message(received)


def test_a_message_can_be_updated_as_soon_as_it_is_put(queue):
    sent = queue.send_message("before")
    queue.update_message(sent, content="after", visibility_timeout=0)
    received = queue.receive_message()
    assert (received.content, received.dequeue_count) == ("after", 1)


def test_a_visible_message_can_be_hidden(queue):
    sent = queue.send_message("text")
    queue.update_message(sent, visibility_timeout=3600)
    assert queue.peek_messages() == []


def test_the_old_receipt_is_worth_nothing(queue, received):
    queue.update_message(received, content="after", visibility_timeout=0)
    with refused("MessageNotFound"):
        queue.update_message(received, content="too late", visibility_timeout=0)
    with refused("MessageNotFound"):
        queue.delete_message(received)
    assert queue.receive_message().content == "after"


def test_a_message_received_by_another_is_lost(queue):
    queue.send_message("text")
    slow = queue.receive_message(visibility_timeout=1)
    quick = eventually(queue.receive_message)
    with refused("MessageNotFound"):
        queue.update_message(slow, visibility_timeout=10)
    queue.delete_message(quick)


@pytest.mark.parametrize("seconds", ["-1", str(WEEK + 1)])
def test_the_visibility_timeout_has_limits(queue, received, seconds):
    with refused(
        "OutOfRangeQueryParameterValue",
        queryparametername="visibilitytimeout",
        queryparametervalue=seconds,
        minimumallowed="0",
        maximumallowed=str(WEEK),
    ):
        queue.update_message(received, raw_request_hook=raw.query(visibilitytimeout=seconds))


def test_it_must_not_go_beyond_the_end_of_the_message(queue):
    sent = queue.send_message("text", time_to_live=60)
    with refused("InvalidQueryParameterValue", queryparametername="visibilitytimeout"):
        queue.update_message(sent, visibility_timeout=3600)
    queue.update_message(sent, visibility_timeout=30)


def test_64_kibibytes_fit(queue, received):
    queue.update_message(received, content="a" * 65536, visibility_timeout=0)
    assert queue.receive_message().content == "a" * 65536


def test_one_byte_more_does_not(queue, received):
    with refused("RequestBodyTooLarge", maxlimit="65536"):
        queue.update_message(received, content="a" * 65537, visibility_timeout=0)
    queue.update_message(received.id, received.pop_receipt, visibility_timeout=0)
    assert queue.receive_message().content == "before"


@pytest.mark.parametrize("parameter", ["popreceipt", "visibilitytimeout"])
def test_both_parameters_are_needed(queue, received, parameter):
    with pytest.raises(Exception) as answer:
        queue.update_message(received, raw_request_hook=raw.query(**{parameter: None}))
    assert answer.value.status_code == 400
    assert answer.value.error_code == "MissingRequiredQueryParameter"
    assert answer.value.additional_info["queryparametername"] == parameter


@pytest.mark.parametrize("receipt", ["not base64!", "AAAA", "bm90IGEgcmVjZWlwdA=="])
def test_a_malformed_receipt_is_refused(queue, received, receipt):
    with refused(
        "InvalidQueryParameterValue",
        queryparametername="popreceipt",
        queryparametervalue=receipt,
        reason="Invalid pop receipt format",
    ):
        queue.update_message(received.id, receipt, content="text", visibility_timeout=0)


def test_an_unknown_message_is_not_found(queue, received):
    with refused("MessageNotFound"):
        queue.update_message(
            "00000000-0000-0000-0000-000000000000", received.pop_receipt, content="text"
        )
