"""Shared access signatures: of the account, of a queue, and by stored access policy."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.queue import (
    AccessPolicy,
    AccountSasPermissions,
    QueueSasPermissions,
    ResourceTypes,
    generate_account_sas,
    generate_queue_sas,
)
from azure.storage.queue.aio import QueueClient, QueueServiceClient

from conftest import now
from errors import UNKNOWN_MESSAGE, UNKNOWN_RECEIPT, refused
from waiting import eventually


def changed(signature: str) -> str:
    """The same parameters with another `sig`."""
    parameters = dict(parse_qsl(signature))
    first, rest = parameters["sig"][0], parameters["sig"][1:]
    parameters["sig"] = ("B" if first == "A" else "A") + rest
    return urlencode(parameters)


@pytest.fixture
def account_sas(account, opened):
    """Makes a service client that has an account SAS and nothing else."""

    async def client(
        resource_types: str, permission: str, change=str, **options
    ) -> QueueServiceClient:
        signature = generate_account_sas(
            account.name,
            account.key,
            resource_types=ResourceTypes.from_string(resource_types),
            permission=AccountSasPermissions.from_string(permission),
            **{"expiry": now(hours=1), **options},
        )
        return await opened(
            QueueServiceClient(account.endpoint, credential=change(signature), **account.options)
        )

    return client


@pytest.fixture
def queue_sas(account, opened, queue):
    """Makes a queue client that has a queue SAS and nothing else."""

    async def client(
        permission: str | None = None, of: str | None = None, to: str | None = None, **options
    ) -> QueueClient:
        if permission is not None:
            options["permission"] = QueueSasPermissions.from_string(permission)
            options.setdefault("expiry", now(hours=1))
        signature = generate_queue_sas(account.name, of or queue.queue_name, account.key, **options)
        return await opened(
            QueueClient(
                account.endpoint,
                to or queue.queue_name,
                credential=signature,
                **account.options,
            )
        )

    return client


async def first_page(service) -> list[str]:
    return [queue.name async for queue in await anext(service.list_queues().by_page())]


async def test_s190_a_signature_for_everything_does_everything(account_sas, queue_name):
    service = await account_sas("sco", "rwdlacup")
    assert await service.get_service_properties()
    queue = await service.create_queue(queue_name)
    await queue.set_queue_metadata({"a": "1"})
    assert (await queue.get_queue_properties()).metadata == {"a": "1"}
    await queue.send_message("text")
    assert (await queue.peek_messages())[0].content == "text"
    received = await queue.receive_message()
    updated = await queue.update_message(received, content="new", visibility_timeout=30)
    await queue.delete_message(updated)
    listed = service.list_queues(queue_name)
    assert [found.name async for found in listed] == [queue_name]
    await queue.clear_messages()
    await queue.delete_queue()


@pytest.mark.parametrize(
    ("resource_type", "permission", "operation"),
    [
        ("s", "r", lambda service, queue: service.get_service_properties()),
        ("s", "l", lambda service, queue: first_page(service)),
        ("c", "w", lambda service, queue: queue.set_queue_metadata({"a": "1"})),
        ("c", "r", lambda service, queue: queue.get_queue_properties()),
        ("c", "d", lambda service, queue: queue.delete_queue()),
        ("o", "a", lambda service, queue: queue.send_message("text")),
        ("o", "r", lambda service, queue: queue.peek_messages()),
        ("o", "p", lambda service, queue: queue.receive_message()),
        ("o", "d", lambda service, queue: queue.clear_messages()),
    ],
)
async def test_s190_one_letter_and_one_type_are_enough(
    account_sas, queue, resource_type, permission, operation
):
    service = await account_sas(resource_type, permission)
    await operation(service, service.get_queue_client(queue.queue_name))


async def test_s190_but_policies_are_out_of_reach(account_sas, queue):
    everything = (await account_sas("sco", "rwdlacup")).get_queue_client(queue.queue_name)
    with refused("AuthorizationFailure"):
        await everything.get_queue_access_policy()
    with refused("AuthorizationFailure"):
        await everything.set_queue_access_policy({})


async def test_s191_what_is_not_permitted_is_refused(account_sas, queue):
    reader = (await account_sas("sco", "rl")).get_queue_client(queue.queue_name)
    with refused("AuthorizationPermissionMismatch"):
        await reader.send_message("text")
    assert await reader.peek_messages() == []


@pytest.mark.parametrize(
    ("permission", "operation"),
    [
        ("wdlacup", lambda queue: queue.get_queue_properties()),
        ("rdlaup", lambda queue: queue.set_queue_metadata({"a": "1"})),
        ("rwlacup", lambda queue: queue.delete_queue()),
        ("rwdlcup", lambda queue: queue.send_message("text")),
        ("rwdlacu", lambda queue: queue.receive_message()),
        ("wdlacup", lambda queue: queue.peek_messages()),
        ("rwlacup", lambda queue: queue.clear_messages()),
    ],
)
async def test_s191_each_letter_counts(account_sas, queue, permission, operation):
    with refused("AuthorizationPermissionMismatch"):
        await operation((await account_sas("sco", permission)).get_queue_client(queue.queue_name))


async def test_s192_the_type_of_resource_counts(account_sas, queue, queue_name):
    objects = await account_sas("o", "rwdlacup")
    with refused("AuthorizationResourceTypeMismatch"):
        await first_page(objects)
    with refused("AuthorizationResourceTypeMismatch"):
        await objects.create_queue(queue_name)
    assert await objects.get_queue_client(queue.queue_name).peek_messages() == []


@pytest.mark.parametrize(
    ("resource_types", "operation"),
    [
        ("co", lambda service, name: service.get_service_properties()),
        ("so", lambda service, name: service.get_queue_client(name).get_queue_properties()),
        ("sc", lambda service, name: service.get_queue_client(name).peek_messages()),
    ],
)
async def test_s192_each_type_counts(account_sas, queue, resource_types, operation):
    with refused("AuthorizationResourceTypeMismatch"):
        await operation(await account_sas(resource_types, "rwdlacup"), queue.queue_name)


async def test_s193_the_service_counts(account_sas):
    with refused("AuthorizationServiceMismatch"):
        await first_page(await account_sas("sco", "rwdlacup", services="b"))


async def test_s194_a_signature_that_has_expired_opens_nothing(account_sas):
    with refused("AuthenticationFailed"):
        await first_page(await account_sas("s", "l", expiry=now(minutes=-1)))


async def test_s195_a_signature_that_is_not_valid_yet_opens_nothing(account_sas):
    early = await account_sas("s", "l", start=now(hours=1), expiry=now(hours=2))
    with refused("AuthenticationFailed"):
        await first_page(early)
    await first_page(await account_sas("s", "l", start=now(hours=-1)))


async def test_s196_a_changed_signature_opens_nothing(account_sas):
    with refused("AuthenticationFailed"):
        await first_page(await account_sas("s", "l", change=changed))


async def test_s196_nor_does_one_with_more_permissions(account_sas, queue):
    more = await account_sas("o", "r", change=lambda sas: sas.replace("sp=r", "sp=rp"))
    with refused("AuthenticationFailed"):
        await more.get_queue_client(queue.queue_name).receive_message()


async def test_s197_the_address_counts(account_sas):
    with pytest.raises(HttpResponseError) as caught:
        await first_page(await account_sas("s", "l", ip="203.0.113.7"))
    error = caught.value
    assert (error.status_code, error.error_code) == (403, "AuthorizationSourceIPMismatch")
    assert error.message.startswith(
        "This request is not authorized to perform this operation using this source IP"
    )
    await first_page(await account_sas("s", "l", ip="0.0.0.0-255.255.255.255"))


async def test_s198_the_protocol_counts(account, account_sas):
    https_alone = await account_sas("s", "l", protocol="https")
    if account.is_secure:
        await first_page(https_alone)
    else:
        with refused("AuthorizationProtocolMismatch"):
            await first_page(https_alone)


PERMITTED = {
    "peek": ("r", lambda queue, sent: queue.peek_messages()),
    "metadata": ("r", lambda queue, sent: queue.get_queue_properties()),
    "put": ("a", lambda queue, sent: queue.send_message("text")),
    "update": ("u", lambda queue, sent: queue.update_message(sent, visibility_timeout=0)),
    "get": ("p", lambda queue, sent: queue.receive_message()),
    "delete": ("p", lambda queue, sent: queue.delete_message(sent)),
}


@pytest.mark.parametrize("permission", "raup")
@pytest.mark.parametrize("operation", PERMITTED)
async def test_s200_each_permission_opens_its_operations(queue, queue_sas, permission, operation):
    sent = await queue.send_message("text")
    needed, perform = PERMITTED[operation]
    client = await queue_sas(permission)
    if permission == needed:
        await perform(client, sent)
    else:
        with refused("AuthorizationPermissionMismatch"):
            await perform(client, sent)


async def test_s201_a_signature_opens_one_queue(service, new_name, queue_sas):
    other = new_name()
    await service.create_queue(other)
    with refused("AuthenticationFailed"):
        await (await queue_sas("raup", to=other)).peek_messages()


async def test_s202_a_queue_cannot_be_deleted_by_it(queue_sas):
    with refused("AuthorizationFailure"):
        await (await queue_sas("raup")).delete_queue()


async def test_s202_nor_can_queues_be_listed(account, opened, queue):
    signature = generate_queue_sas(
        account.name,
        queue.queue_name,
        account.key,
        permission=QueueSasPermissions.from_string("raup"),
        expiry=now(hours=1),
    )
    service = await opened(
        QueueServiceClient(account.endpoint, credential=signature, **account.options)
    )
    with refused("AuthorizationFailure"):
        await first_page(service)


@pytest.mark.parametrize(
    "operation",
    [
        lambda queue: queue.create_queue(),
        lambda queue: queue.set_queue_metadata({"a": "1"}),
        lambda queue: queue.clear_messages(),
        lambda queue: queue.get_queue_access_policy(),
        lambda queue: queue.set_queue_access_policy({}),
    ],
    ids=["create", "set metadata", "clear", "get policies", "set policies"],
)
async def test_s202_and_more_is_out_of_reach(queue_sas, operation):
    with refused("AuthorizationFailure"):
        await operation(await queue_sas("raup"))


async def test_s203_a_signature_that_has_expired_opens_nothing(queue_sas):
    with refused("AuthenticationFailed"):
        await (await queue_sas("r", expiry=now(minutes=-1))).peek_messages()


@pytest.fixture
async def readers(queue) -> str:
    """A stored access policy that lets read for an hour."""
    permission = QueueSasPermissions(read=True)
    policy = AccessPolicy(permission=permission, start=now(hours=-1), expiry=now(hours=1))
    await queue.set_queue_access_policy({"readers": policy, "bare": None})
    return "readers"


async def in_force(client) -> bool:
    """Waits until a policy lets peek; it may take half a minute."""

    async def peek() -> bool:
        await client.peek_messages()
        return True

    return await eventually(peek, despite=(HttpResponseError,))


async def test_s204_a_policy_gives_what_the_signature_does_not(queue, queue_sas, readers):
    await queue.send_message("text")
    by_policy = await queue_sas(policy_id=readers)
    assert await in_force(by_policy)
    assert (await by_policy.peek_messages())[0].content == "text"
    with refused("AuthorizationPermissionMismatch"):
        await by_policy.receive_message()
    with refused("AuthorizationPermissionMismatch"):
        await by_policy.delete_message(UNKNOWN_MESSAGE, UNKNOWN_RECEIPT)


async def test_s204_the_signature_may_add_what_the_policy_does_not_say(queue_sas, readers):
    assert await in_force(await queue_sas(policy_id=readers))
    assert await (await queue_sas("p", policy_id="bare")).receive_message() is None
    with refused("AuthenticationFailed"):
        await (await queue_sas(policy_id="bare")).peek_messages()
    with refused("AuthenticationFailed"):
        await (await queue_sas("r", policy_id=readers)).peek_messages()


async def test_s205_removing_the_policy_revokes_the_signature(queue, queue_sas, readers):
    by_policy = await queue_sas(policy_id=readers)
    assert await in_force(by_policy)
    await queue.set_queue_access_policy({})

    async def refusal() -> HttpResponseError | None:
        try:
            await by_policy.peek_messages()
        except HttpResponseError as error:
            return error
        return None

    error = await eventually(refusal)
    assert (error.status_code, error.error_code) == (403, "AuthenticationFailed")


async def test_s206_a_policy_that_is_not_there_opens_nothing(queue_sas, readers):
    with refused("AuthenticationFailed"):
        await (await queue_sas(policy_id="strangers")).peek_messages()
