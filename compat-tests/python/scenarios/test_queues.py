"""Create Queue, Delete Queue, and the names a queue may have."""

from __future__ import annotations

import uuid

import pytest
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import AccessPolicy
from azure.storage.queue.aio import QueueClient

from conftest import count, now
from errors import UNKNOWN_MESSAGE, UNKNOWN_RECEIPT, created_again, refused
from waiting import eventually


async def test_s020_a_queue_is_created(queue, service):
    properties = await queue.get_queue_properties()
    assert properties.name == queue.queue_name
    assert properties.metadata == {}
    assert properties.approximate_message_count == 0
    assert await queue.peek_messages() == []


async def test_s020_creation_is_answered_201(service, queue_name):
    answers = []
    await service.create_queue(queue_name, raw_response_hook=answers.append)
    assert [answer.http_response.status_code for answer in answers] == [201]


@pytest.mark.parametrize("metadata", [{}, {"a": "1", "b": "2"}], ids=["none", "two pairs"])
async def test_s021_the_same_queue_is_created_again(service, queue_name, metadata):
    queue = await service.create_queue(queue_name, metadata=metadata)
    await queue.send_message("still here")
    with created_again():
        await queue.create_queue(metadata=metadata)
    assert (await queue.peek_messages())[0].content == "still here"


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
async def test_s022_a_queue_with_other_metadata_is_in_the_way(service, queue_name, first, second):
    queue = await service.create_queue(queue_name, metadata=first)
    with refused("QueueAlreadyExists") as caught:
        await queue.create_queue(metadata=second)
    assert isinstance(caught.value, ResourceExistsError)
    assert (await queue.get_queue_properties()).metadata == first


async def test_s023_a_queue_is_deleted(queue):
    sent = await queue.send_message("gone")
    answers = []
    await queue.delete_queue(raw_response_hook=answers.append)
    assert answers[-1].http_response.status_code == 204
    with refused("QueueNotFound"):
        await queue.get_queue_properties()
    with refused("QueueNotFound"):
        await queue.delete_message(sent)


async def test_s023_the_service_client_deletes_too(service, queue):
    await service.delete_queue(queue.queue_name)
    with refused("QueueNotFound"):
        await queue.get_queue_properties()


async def test_s024_a_queue_that_is_not_there_cannot_be_deleted(missing_queue):
    with refused("QueueNotFound"):
        await missing_queue.delete_queue()


OPERATIONS = {
    "get metadata": lambda queue: queue.get_queue_properties(),
    "set metadata": lambda queue: queue.set_queue_metadata({"a": "1"}),
    "get policies": lambda queue: queue.get_queue_access_policy(),
    "set policies": lambda queue: queue.set_queue_access_policy({}),
    "put": lambda queue: queue.send_message("text"),
    "get": lambda queue: queue.receive_message(),
    "peek": lambda queue: queue.peek_messages(),
    "update": lambda queue: queue.update_message(
        UNKNOWN_MESSAGE, UNKNOWN_RECEIPT, content="text", visibility_timeout=30
    ),
    "delete": lambda queue: queue.delete_message(UNKNOWN_MESSAGE, UNKNOWN_RECEIPT),
    "clear": lambda queue: queue.clear_messages(),
}


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_s025_nothing_can_be_done_with_a_queue_that_is_not_there(missing_queue, operation):
    with refused("QueueNotFound"):
        await OPERATIONS[operation](missing_queue)


async def test_s026_a_name_may_have_63_characters(service, new_name):
    name = new_name(length=63)
    assert len(name) == 63
    queue = await service.create_queue(name)
    assert (await queue.get_queue_properties()).approximate_message_count == 0


async def test_s026_a_name_may_have_3_characters(service):
    """A name this short cannot belong to the run, so it is only asked for, and not created."""
    with refused("QueueNotFound"):
        await service.get_queue_client("q" + uuid.uuid4().hex[:2]).get_queue_properties()


@pytest.mark.parametrize("name", ["ab", "q" * 64], ids=["2 characters", "64 characters"])
async def test_s026_a_name_too_short_or_too_long_is_refused(service, name):
    with refused("OutOfRangeInput"):
        await service.create_queue(name)


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_s026_every_operation_looks_at_the_length(service, operation):
    with refused("OutOfRangeInput"):
        await OPERATIONS[operation](service.get_queue_client("q" * 64))


@pytest.mark.parametrize(
    "name",
    ["Abc-x", "a_b-x", "a.b-x", "-ab", "ab-x-", "a--b", "a{}b", "a b", "a|b", "問題です", "$logs"],
)
async def test_s027_a_name_has_lower_case_letters_digits_and_single_dashes(service, name):
    with refused("InvalidResourceName"):
        await service.create_queue(name)


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_s027_every_operation_looks_at_the_letters(service, operation):
    with refused("InvalidResourceName"):
        await OPERATIONS[operation](service.get_queue_client("Not-A-Name"))


async def test_s028_a_queue_is_the_same_by_whatever_way_it_is_reached(account, opened, queue):
    by_url = await opened(
        QueueClient.from_queue_url(
            f"{account.endpoint}/{queue.queue_name}",
            credential=account.credential,
            **account.options,
        )
    )
    by_string = await opened(
        QueueClient.from_connection_string(
            account.connection_string, queue.queue_name, **account.options
        )
    )
    for number, way in enumerate([queue, by_url, by_string]):
        await way.send_message(f"put by {number}")
    for way in (queue, by_url, by_string):
        seen = [message.content for message in await way.peek_messages(32)]
        assert seen == ["put by 0", "put by 1", "put by 2"]


async def test_s029_deleting_a_queue_leaves_the_others_alone(service, queue, new_name):
    longer = await service.create_queue(new_name(like=queue.queue_name + "-b"))
    await queue.send_message("gone")
    await longer.send_message("kept")
    await queue.delete_queue()
    assert [message.content for message in await longer.peek_messages(32)] == ["kept"]


async def test_s030_a_queue_created_anew_is_empty(service, queue_name):
    queue = await service.create_queue(queue_name, metadata={"life": "first"})
    await queue.set_queue_access_policy({"id": AccessPolicy("r", start=now(), expiry=now(hours=1))})
    await queue.send_message("from the first life")
    await queue.delete_queue()

    async def create() -> bool:
        await queue.create_queue()
        return True

    # The service may be deleting the queue for half a minute: 409 QueueBeingDeleted.
    assert await eventually(create, despite=(ResourceExistsError,))
    assert await queue.peek_messages(32) == []
    assert await count(queue) == 0
    assert (await queue.get_queue_properties()).metadata == {}
    assert await queue.get_queue_access_policy() == {}


async def exists(queue) -> bool:
    """This SDK has no word for it."""
    try:
        await queue.get_queue_properties()
        return True
    except ResourceNotFoundError:
        return False


async def test_s031_existence_can_be_asked_for(missing_queue):
    assert not await exists(missing_queue)
    await missing_queue.create_queue()
    assert await exists(missing_queue)
