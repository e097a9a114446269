"""Token credentials, user delegation keys, and the signatures made with them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError
from azure.storage.queue import (
    AccessPolicy,
    QueueSasPermissions,
    __version__,
    generate_queue_sas,
)
from azure.storage.queue.aio import QueueClient, QueueServiceClient

from conftest import count, now
from errors import refused
from tokens import OBJECT, TENANT, USER, USERS_TENANT, AsyncCredential, token

SCOPES = ("https://storage.azure.com/.default",)
FOLLOWS_CHALLENGES = not __version__.startswith(("12.0.", "12.10."))


@pytest.fixture
def by_token(account, opened):
    """Makes a service client that has a token credential and nothing else."""
    if not account.is_secure:
        pytest.skip("needs https: a token does not go over http")
    if not account.takes_made_up_tokens:
        pytest.skip("needs an endpoint that takes tokens which nobody has signed")

    async def client(credential: AsyncCredential | None = None) -> QueueServiceClient:
        return await opened(
            QueueServiceClient(
                account.endpoint, credential=credential or AsyncCredential(), **account.options
            )
        )

    return client


@pytest.fixture
def delegation_key(by_token):
    """Gets user delegation keys."""

    async def key(**options):
        times = {"start": now(minutes=-1), "expiry": now(hours=1)}
        return await (await by_token()).get_user_delegation_key(**{**times, **options})

    return key


@pytest.fixture
async def by_delegation(account, opened, queue, delegation_key):
    """Makes a queue client that has a user delegation SAS, and perhaps a token."""
    usual = await delegation_key()

    async def client(
        permission: str, credential: AsyncCredential | None = None, key=usual, **options
    ) -> QueueClient:
        signature = generate_queue_sas(
            account.name,
            queue.queue_name,
            permission=QueueSasPermissions.from_string(permission),
            user_delegation_key=key,
            **{"expiry": now(minutes=30), **options},
        )
        url = f"{account.endpoint}/{queue.queue_name}?{signature}"
        return await opened(
            QueueClient.from_queue_url(url, credential=credential, **account.options)
        )

    return client


async def test_s210_a_delegation_key_is_handed_out(delegation_key):
    key = await delegation_key()
    assert (key.signed_oid, key.signed_tid, key.signed_service) == (OBJECT, TENANT, "q")
    assert key.signed_start < key.signed_expiry
    assert key.value


async def test_s210_the_same_key_for_the_same_times(delegation_key):
    times = {"start": now(minutes=-1), "expiry": now(hours=1)}
    assert (await delegation_key(**times)).value == (await delegation_key(**times)).value


async def test_s210_a_key_holds_for_seven_days_at_most(delegation_key):
    await delegation_key(start=now(), expiry=now(days=7, seconds=-10))
    with pytest.raises(HttpResponseError) as caught:
        await delegation_key(start=now(), expiry=now(days=7, minutes=1))
    assert (caught.value.status_code, caught.value.error_code) == (400, "InvalidXmlNodeValue")


async def test_s211_a_signature_of_the_delegation_key_opens_its_queue(by_delegation):
    everything = await by_delegation("raup")
    await everything.send_message("text")
    assert (await everything.receive_message()).content == "text"


async def test_s211_each_permission_opens_its_operations(by_delegation):
    await (await by_delegation("a")).send_message("text")
    assert (await (await by_delegation("r")).peek_messages())[0].content == "text"
    received = await (await by_delegation("p")).receive_message()
    updated = await (await by_delegation("u")).update_message(received, visibility_timeout=30)
    await (await by_delegation("p")).delete_message(updated)
    with refused("AuthorizationPermissionMismatch"):
        await (await by_delegation("rup")).send_message("text")
    with refused("AuthorizationFailure"):
        await (await by_delegation("raup")).clear_messages()


async def test_s211_times_count(by_delegation):
    await (await by_delegation("r", start=now(minutes=-1))).peek_messages()
    with refused("AuthenticationFailed"):
        await (await by_delegation("r", start=now(minutes=10))).peek_messages()
    with refused("AuthenticationFailed"):
        await (await by_delegation("r", expiry=now(seconds=-1))).peek_messages()


async def test_s211_a_signature_for_one_user(by_delegation):
    for_user = {"user_delegation_oid": USER}
    with refused("AuthenticationFailed"):
        await (await by_delegation("r", **for_user)).peek_messages()
    with refused("AuthenticationFailed"):
        await (await by_delegation("r", AsyncCredential(), **for_user)).peek_messages()
    own = AsyncCredential(token(oid=USER))
    assert await (await by_delegation("r", own, **for_user)).peek_messages() == []


async def test_s211_a_signature_for_a_user_of_another_tenant(by_delegation, delegation_key):
    key = await delegation_key(delegated_user_tid=USERS_TENANT)
    assert key.signed_delegated_user_tid == USERS_TENANT
    for_user = {"key": key, "user_delegation_oid": USER}
    with refused("AuthenticationFailed"):
        other = AsyncCredential(token(oid=USER))
        await (await by_delegation("r", other, **for_user)).peek_messages()
    own = AsyncCredential(token(oid=USER, tid=USERS_TENANT))
    assert await (await by_delegation("r", own, **for_user)).peek_messages() == []


async def test_s212_a_delegation_key_is_asked_for_by_tokens_alone(service):
    with pytest.raises(HttpResponseError) as caught:
        await service.get_user_delegation_key(start=now(), expiry=now(hours=1))
    assert caught.value.status_code == 403


async def test_s215_a_token_opens_everything(by_token, queue_name):
    service = await by_token()
    queue = await service.create_queue(queue_name)
    await queue.send_message("text")
    assert (await queue.peek_messages())[0].content == "text"
    received = await queue.receive_message()
    updated = await queue.update_message(received, content="new", visibility_timeout=30)
    await queue.delete_message(updated)
    assert await count(queue) == 0
    readers = AccessPolicy(permission="r", start=now(), expiry=now(hours=1))
    await queue.set_queue_access_policy({"readers": readers})
    assert (await queue.get_queue_access_policy())["readers"].permission == "r"
    listed = service.list_queues(queue_name)
    assert [found.name async for found in listed] == [queue_name]
    assert await service.get_service_properties()
    await queue.delete_queue()


async def test_s215_it_is_asked_for_storage(by_token):
    credential = AsyncCredential()
    await (await by_token(credential)).get_service_properties()
    assert credential.asked[0][0] == SCOPES


async def test_s217_the_challenge_gets_a_better_one(by_token):
    credential = AsyncCredential(token(lifetime=-1), token())
    service = await by_token(credential)
    if not FOLLOWS_CHALLENGES:
        with refused("InvalidAuthenticationInfo") as caught:
            await service.get_service_properties()
        assert caught.value.response.headers["www-authenticate"].startswith("Bearer ")
        return
    assert await service.get_service_properties()
    (_, first), (scopes, second) = credential.asked
    assert scopes == SCOPES
    assert "tenant_id" not in first and second["tenant_id"] == TENANT


async def test_s216_a_token_for_another_audience_opens_nothing(by_token):
    credential = AsyncCredential(token(aud="https://vault.azure.net"))
    with refused(
        "InvalidAuthenticationInfo",
        authenticationerrordetail="Audience validation failed. Audience did not match.",
    ) as caught:
        await (await by_token(credential)).get_service_properties()
    assert "www-authenticate" in caught.value.response.headers


async def test_s216_nor_one_of_another_issuer(by_token):
    credential = AsyncCredential(token(iss="https://accounts.example.com/"))
    with refused("InvalidAuthenticationInfo"):
        await (await by_token(credential)).get_service_properties()


async def test_s216_nor_what_is_no_token(by_token):
    with pytest.raises(HttpResponseError) as caught:
        await (await by_token(AsyncCredential("garbage"))).get_service_properties()
    assert caught.value.status_code == 400
    assert caught.value.error_code == "InvalidAuthenticationInfo"


async def test_s217_an_expired_token_opens_nothing(by_token):
    credential = AsyncCredential(token(lifetime=-timedelta(minutes=10).total_seconds()))
    with refused("InvalidAuthenticationInfo"):
        await (await by_token(credential)).get_service_properties()


async def test_s218_a_token_does_not_go_over_http(account, opened):
    """The SDK refuses: when the client is made, or when it would send."""
    endpoint = "http://" + account.endpoint.split("://", 1)[1]
    credential = AsyncCredential()
    with pytest.raises((ServiceRequestError, ValueError), match="(?i)https"):
        service = QueueServiceClient(endpoint, credential=credential, **account.options)
        await (await opened(service)).get_service_properties()
    assert credential.asked == []
