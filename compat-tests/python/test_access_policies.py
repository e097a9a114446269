"""Get and Set Queue ACL: the stored access policies of a queue."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from azure.storage.queue import AccessPolicy, QueueSasPermissions

import raw
from errors import refused

NOTHING = (None, None, None)


def policies(queue) -> dict[str, tuple]:
    return {
        identifier: (policy.start, policy.expiry, policy.permission)
        for identifier, policy in queue.get_queue_access_policy().items()
    }


def signed_identifier(policy: str) -> str:
    return (
        "<SignedIdentifiers><SignedIdentifier><Id>id</Id>"
        f"<AccessPolicy>{policy}</AccessPolicy>"
        "</SignedIdentifier></SignedIdentifiers>"
    )


def test_a_new_queue_has_none(queue):
    assert policies(queue) == {}


def test_a_whole_policy_comes_back(queue):
    queue.set_queue_access_policy(
        {
            "readers": AccessPolicy(
                start=datetime(2026, 10, 5, tzinfo=timezone.utc),
                expiry=datetime(2026, 10, 6, 12, 30, 15, tzinfo=timezone.utc),
                permission=QueueSasPermissions(read=True, process=True),
            )
        }
    )
    assert policies(queue) == {
        "readers": ("2026-10-05T00:00:00.0000000Z", "2026-10-06T12:30:15.0000000Z", "rp")
    }


@pytest.mark.parametrize("permission", ["r", "a", "u", "p", "ra", "up", "raup"])
def test_permissions(queue, permission):
    queue.set_queue_access_policy({"id": AccessPolicy(permission=permission)})
    assert policies(queue) == {"id": (None, None, permission)}


def test_a_permission_given_as_an_object(queue):
    everything = QueueSasPermissions(read=True, add=True, update=True, process=True)
    queue.set_queue_access_policy({"id": AccessPolicy(permission=everything)})
    assert policies(queue)["id"][2] == "raup"


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("2011-10-11", "2011-10-11T00:00:00.0000000Z"),
        ("2011-10-11T11:02Z", "2011-10-11T11:02:00.0000000Z"),
        ("2011-10-11T11:02:03Z", "2011-10-11T11:02:03.0000000Z"),
        ("2011-10-11T11:02:03.4Z", "2011-10-11T11:02:03.4000000Z"),
        ("2011-10-11T11:02:03.1234567Z", "2011-10-11T11:02:03.1234567Z"),
        ("2011-10-11T11:02:03+02:00", "2011-10-11T09:02:03.0000000Z"),
        ("2011-10-11T23:02-05:30", "2011-10-12T04:32:00.0000000Z"),
    ],
)
def test_times_come_back_in_one_form(queue, written, stored):
    document = signed_identifier(f"<Start>{written}</Start><Expiry>{written}</Expiry>")
    queue.set_queue_access_policy({}, raw_request_hook=raw.body(document))
    assert policies(queue) == {"id": (stored, stored, None)}


@pytest.mark.parametrize("time", ["yesterday", "2011-13-11", "2011-10-11T11:02:03.12345678Z"])
def test_a_time_that_is_none_is_refused(queue, time):
    document = signed_identifier(f"<Expiry>{time}</Expiry>")
    with pytest.raises(Exception) as answer:
        queue.set_queue_access_policy({}, raw_request_hook=raw.body(document))
    assert answer.value.status_code == 400
    assert policies(queue) == {}


def test_a_start_after_the_expiry_is_accepted(queue):
    early, late = (
        datetime(2026, 1, 1, tzinfo=timezone.utc),
        datetime(2026, 1, 2, tzinfo=timezone.utc),
    )
    queue.set_queue_access_policy({"id": AccessPolicy(start=late, expiry=early)})
    assert policies(queue)["id"] == (
        "2026-01-02T00:00:00.0000000Z",
        "2026-01-01T00:00:00.0000000Z",
        None,
    )


@pytest.mark.parametrize("policy", [None, AccessPolicy()], ids=["missing", "empty"])
def test_a_policy_may_say_nothing(queue, policy):
    queue.set_queue_access_policy({"bare": policy})
    assert policies(queue) == {"bare": NOTHING}


def test_five_policies_with_the_longest_names(queue):
    wanted = {str(number) + "i" * 63: AccessPolicy(permission="r") for number in range(5)}
    queue.set_queue_access_policy(wanted)
    assert list(policies(queue)) == list(wanted)


def test_names_may_need_escaping(queue):
    queue.set_queue_access_policy({"<a> & 'b' é": AccessPolicy(permission="r")})
    assert list(policies(queue)) == ["<a> & 'b' é"]


def test_a_sixth_policy_is_refused(queue):
    six = {str(number): AccessPolicy(permission="r") for number in range(6)}
    with refused("InvalidXmlDocument", linenumber="0", lineposition="0"):
        queue.set_queue_access_policy(six)
    assert policies(queue) == {}


@pytest.mark.parametrize("identifier", ["", "i" * 65], ids=["empty", "65 characters"])
def test_a_name_too_short_or_too_long_is_refused(queue, identifier):
    with refused(
        "InvalidXmlDocument",
        reason="Signed identifier ID cannot be empty or over 64 characters in length",
    ):
        queue.set_queue_access_policy({identifier: AccessPolicy(permission="r")})


@pytest.mark.parametrize("permission", ["rwdl", "x", "r a"])
def test_an_unknown_permission_is_refused(queue, permission):
    with refused("InvalidXmlDocument", linenumber="0", lineposition="0"):
        queue.set_queue_access_policy({"id": AccessPolicy(permission=permission)})


def test_a_document_that_ends_too_soon_is_refused(queue):
    with refused("InvalidXmlDocument"):
        queue.set_queue_access_policy({}, raw_request_hook=raw.body("<SignedIdentifiers>"))


def test_setting_replaces_everything(queue):
    queue.set_queue_access_policy({"old": AccessPolicy(permission="r"), "both": AccessPolicy()})
    queue.set_queue_access_policy({"new": AccessPolicy(permission="a"), "both": None})
    assert policies(queue) == {"new": (None, None, "a"), "both": NOTHING}


def test_setting_nothing_clears_it(queue):
    queue.set_queue_access_policy({"gone": AccessPolicy(permission="r")})
    queue.set_queue_access_policy({})
    assert policies(queue) == {}


def test_an_empty_document_clears_it_too(queue):
    queue.set_queue_access_policy({"gone": AccessPolicy(permission="r")})
    queue.set_queue_access_policy({}, raw_request_hook=raw.body("<SignedIdentifiers />"))
    assert policies(queue) == {}
