"""Account keys, and connection strings."""

from __future__ import annotations

import base64

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.storage.queue import (
    AccountSasPermissions,
    QueueSasPermissions,
    ResourceTypes,
    generate_account_sas,
    generate_queue_sas,
)
from azure.storage.queue.aio import QueueClient, QueueServiceClient

import raw
from conftest import now
from errors import details_of, refused

WRONG_KEY = base64.b64encode(b"not the key of this account").decode()
DEVELOPMENT_ENDPOINT = "http://127.0.0.1:10001/devstoreaccount1"


@pytest.fixture
async def by_wrong_key(account, opened) -> QueueServiceClient:
    return await opened(
        QueueServiceClient(
            account.endpoint,
            credential={"account_name": account.name, "account_key": WRONG_KEY},
            **account.options,
        )
    )


@pytest.fixture
def by_string(account, opened, queue):
    """Makes a client of the queue by a connection string."""

    async def by_string(connection_string: str) -> QueueClient:
        return await opened(
            QueueClient.from_connection_string(
                connection_string, queue.queue_name, **account.options
            )
        )

    return by_string


async def puts_and_gets(queue) -> bool:
    sent = await queue.send_message("text <&>", visibility_timeout=0)
    received = await queue.receive_message()
    return (received.id, received.content) == (sent.id, "text <&>")


async def test_s180_a_connection_string_is_enough(account, by_string):
    assert await puts_and_gets(await by_string(account.connection_string))


@pytest.mark.parametrize(
    "form",
    [
        "QueueEndpoint={endpoint};AccountKey={key};AccountName={name}",
        "QueueEndpoint={endpoint}/;AccountName={name};AccountKey={key};",
        "BlobEndpoint=http://127.0.0.1:1/none;AccountName={name};AccountKey={key};"
        "QueueEndpoint={endpoint};TableEndpoint=http://127.0.0.1:1/none;",
    ],
    ids=["in another order", "with a slash at the end", "with every service named"],
)
async def test_s180_whatever_its_form(account, by_string, form):
    string = form.format(endpoint=account.endpoint, name=account.name, key=account.key)
    assert await puts_and_gets(await by_string(string))


async def test_s181_a_wrong_key_opens_nothing(by_wrong_key, queue):
    with refused("AuthenticationFailed") as caught:
        await anext(by_wrong_key.list_queues(queue.queue_name).by_page())
    assert isinstance(caught.value, ClientAuthenticationError)
    with refused("AuthenticationFailed"):
        await by_wrong_key.get_queue_client(queue.queue_name).get_queue_properties()


async def test_s181_the_refusal_shows_what_should_have_been_signed(account, by_wrong_key, queue):
    with refused("AuthenticationFailed") as caught:
        await by_wrong_key.get_queue_client(queue.queue_name).get_queue_properties()
    detail = details_of(caught.value)["authenticationerrordetail"]
    assert "GET\n" in detail
    assert f"/{queue.queue_name}\ncomp:metadata" in detail
    assert account.key not in str(caught.value)


async def test_s182_a_key_of_another_account_opens_nothing(account, opened, queue):
    stranger = await opened(
        QueueClient(
            account.endpoint,
            queue.queue_name,
            credential={"account_name": "stranger", "account_key": account.key},
            **account.options,
        )
    )
    with pytest.raises(HttpResponseError) as caught:
        await stranger.get_queue_properties()
    assert caught.value.status_code in (403, 404)


async def test_s183_without_a_credential_nothing_is_opened(account, opened, queue):
    signature = generate_queue_sas(
        account.name,
        queue.queue_name,
        account.key,
        permission=QueueSasPermissions(read=True),
        expiry=now(hours=1),
    )
    client = await opened(
        QueueClient(account.endpoint, queue.queue_name, credential=signature, **account.options)
    )
    with refused("NoAuthenticationInformation") as caught:
        await client.get_queue_properties(raw_request_hook=raw.anonymous())
    assert caught.value.response.headers["WWW-Authenticate"].startswith("Bearer ")


async def test_s184_use_development_storage_is_understood(account, by_string):
    if account.endpoint != DEVELOPMENT_ENDPOINT:
        pytest.skip(f"needs the endpoint to be {DEVELOPMENT_ENDPOINT}")
    assert await puts_and_gets(await by_string("UseDevelopmentStorage=true"))


@pytest.mark.parametrize("ending", ["a-b c", "a&b=<c>%2F", "+~é"])
async def test_s185_signs_that_are_encoded_are_signed_as_they_are_sent(service, queue_name, ending):
    prefix = f"{queue_name}-{ending}"
    assert [queue async for queue in service.list_queues(name_starts_with=prefix)] == []


async def test_s186_a_connection_string_with_a_signature_is_enough(account, by_string):
    signature = generate_account_sas(
        account.name,
        account.key,
        ResourceTypes(object=True),
        AccountSasPermissions(add=True, process=True),
        now(hours=1),
    )
    string = f"QueueEndpoint={account.endpoint};SharedAccessSignature={signature}"
    assert await puts_and_gets(await by_string(string))
