"""Get and Set Queue ACL: the stored access policies of a queue."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.queue import AccessPolicy, QueueSasPermissions

import raw
from errors import refused
from waiting import eventually

NOTHING = (None, None, None)

# A policy of the oldest SDK must have times.
START = datetime(2026, 10, 5, tzinfo=timezone.utc)
EXPIRY = datetime(2026, 10, 6, 12, 30, 15, tzinfo=timezone.utc)
TIMES = ("2026-10-05T00:00:00.0000000Z", "2026-10-06T12:30:15.0000000Z")


def allowing(permission: str | QueueSasPermissions) -> AccessPolicy:
    return AccessPolicy(permission=permission, start=START, expiry=EXPIRY)


async def policies(queue) -> dict[str, tuple]:
    return {
        identifier: (policy.start, policy.expiry, policy.permission)
        for identifier, policy in (await queue.get_queue_access_policy()).items()
    }


async def kept(queue, wanted: dict[str, tuple]) -> bool:
    """Whether the policies are these, and in this order, as soon as they are in force."""

    async def are_these() -> bool:
        return list((await policies(queue)).items()) == list(wanted.items())

    return await eventually(are_these)


def signed_identifier(policy: str) -> str:
    return (
        "<SignedIdentifiers><SignedIdentifier><Id>id</Id>"
        f"<AccessPolicy>{policy}</AccessPolicy>"
        "</SignedIdentifier></SignedIdentifiers>"
    )


async def test_s050_a_new_queue_has_no_policies(queue):
    assert await policies(queue) == {}


async def test_s051_a_policy_comes_back_whole(queue):
    everything = QueueSasPermissions(read=True, add=True, update=True, process=True)
    await queue.set_queue_access_policy({"everything": allowing(everything)})
    assert await kept(queue, {"everything": (*TIMES, "raup")})


@pytest.mark.parametrize("permission", ["r", "a", "u", "p", "ra", "up"])
async def test_s051_permissions_come_back(queue, permission):
    await queue.set_queue_access_policy({"id": allowing(permission)})
    assert await kept(queue, {"id": (*TIMES, permission)})


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("2011-10-11", "2011-10-11T00:00:00.0000000Z"),
        ("2011-10-11T11:02Z", "2011-10-11T11:02:00.0000000Z"),
        ("2011-10-11T11:02:03.4Z", "2011-10-11T11:02:03.4000000Z"),
        ("2011-10-11T11:02:03.1234567Z", "2011-10-11T11:02:03.1234567Z"),
        ("2011-10-11T23:02-05:30", "2011-10-12T04:32:00.0000000Z"),
    ],
)
async def test_s051_times_come_back_in_one_form(queue, written, stored):
    document = signed_identifier(f"<Start>{written}</Start><Expiry>{written}</Expiry>")
    await queue.set_queue_access_policy({}, raw_request_hook=raw.body(document))
    assert await kept(queue, {"id": (stored, stored, None)})


@pytest.mark.parametrize("time", ["yesterday", "2011-13-11"])
async def test_s051_a_time_that_is_none_is_refused(queue, time):
    document = signed_identifier(f"<Expiry>{time}</Expiry>")
    with pytest.raises(HttpResponseError) as answer:
        await queue.set_queue_access_policy({}, raw_request_hook=raw.body(document))
    assert answer.value.status_code == 400
    assert await policies(queue) == {}


async def test_s052_a_policy_may_say_nothing(queue):
    await queue.set_queue_access_policy({"bare": None})
    assert await kept(queue, {"bare": NOTHING})


async def test_s052_an_empty_policy_says_nothing(queue):
    await queue.set_queue_access_policy({}, raw_request_hook=raw.body(signed_identifier("")))
    assert await kept(queue, {"id": NOTHING})


async def test_s053_setting_policies_replaces_them_all(queue):
    await queue.set_queue_access_policy({"one": allowing("r"), "two": allowing("p")})
    assert await kept(queue, {"one": (*TIMES, "r"), "two": (*TIMES, "p")})
    await queue.set_queue_access_policy({"other": allowing("a")})
    assert await kept(queue, {"other": (*TIMES, "a")})
    await queue.set_queue_access_policy({})
    assert await kept(queue, {})


async def test_s053_an_empty_document_removes_them_too(queue):
    await queue.set_queue_access_policy({"gone": allowing("r")})
    await queue.set_queue_access_policy({}, raw_request_hook=raw.body("<SignedIdentifiers />"))
    assert await kept(queue, {})


async def test_s054_five_policies_are_the_most(queue):
    five = {str(number): allowing("r") for number in range(5)}
    await queue.set_queue_access_policy(five)
    wanted = {identifier: (*TIMES, "r") for identifier in five}
    assert await kept(queue, wanted)
    six = "".join(f"<SignedIdentifier><Id>n{n}</Id></SignedIdentifier>" for n in range(6))
    document = f"<SignedIdentifiers>{six}</SignedIdentifiers>"
    with refused("InvalidXmlDocument", linenumber="0", lineposition="0"):
        await queue.set_queue_access_policy({}, raw_request_hook=raw.body(document))
    assert await kept(queue, wanted)


async def test_s055_an_identifier_has_64_characters_at_most(queue):
    await queue.set_queue_access_policy({"i" * 64: allowing("r")})
    assert await kept(queue, {"i" * 64: (*TIMES, "r")})
    with refused(
        "InvalidXmlDocument",
        reason="Signed identifier ID cannot be empty or over 64 characters in length",
    ):
        await queue.set_queue_access_policy({"i" * 65: allowing("r")})
    assert await kept(queue, {"i" * 64: (*TIMES, "r")})


async def test_s055_and_at_least_one(queue):
    with refused(
        "InvalidXmlDocument",
        reason="Signed identifier ID cannot be empty or over 64 characters in length",
    ):
        await queue.set_queue_access_policy({"": allowing("r")})


async def test_s055_an_identifier_may_need_escaping(queue):
    await queue.set_queue_access_policy({"<a> & 'b' é": allowing("r")})
    assert await kept(queue, {"<a> & 'b' é": (*TIMES, "r")})


@pytest.mark.parametrize("permission", ["rwdl", "x"])
async def test_s056_a_permission_that_queues_do_not_have_is_refused(queue, permission):
    with refused("InvalidXmlDocument", linenumber="0", lineposition="0"):
        await queue.set_queue_access_policy({"id": allowing(permission)})


async def test_s057_a_start_after_the_expiry_is_accepted(queue):
    early = datetime(2026, 1, 1, tzinfo=timezone.utc)
    late = datetime(2026, 1, 2, tzinfo=timezone.utc)
    await queue.set_queue_access_policy({"id": AccessPolicy("r", start=late, expiry=early)})
    assert await kept(
        queue, {"id": ("2026-01-02T00:00:00.0000000Z", "2026-01-01T00:00:00.0000000Z", "r")}
    )
