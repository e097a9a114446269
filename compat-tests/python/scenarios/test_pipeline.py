"""Retries, timeouts, versions, and what every answer carries."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

import pytest
from azure.core.pipeline.transport import AioHttpTransport, AsyncHttpResponse

from conftest import count, service_client
from errors import refused


class Busy(AsyncHttpResponse):
    """503, from nobody."""

    def __init__(self, request) -> None:
        super().__init__(request, None)
        self.status_code = 503
        self.reason = "The server is busy."
        self.content_type = "application/xml"
        self.headers = {"x-ms-error-code": "ServerBusy"}

    def body(self) -> bytes:
        return b""


class BusyAtFirst(AioHttpTransport):
    """Answers the first request itself, and sends the others."""

    def __init__(self, **options) -> None:
        super().__init__(**options)
        self.requests = []

    async def send(self, request, **options):
        self.requests.append(request)
        if len(self.requests) == 1:
            return Busy(request)
        return await super().send(request, **options)


async def test_s220_a_retry_is_served(account, opened, queue):
    verify = account.options.get("connection_verify", True)
    transport = BusyAtFirst(connection_verify=verify)
    service = await opened(service_client(account, **{**account.retrying, "transport": transport}))
    await service.get_queue_client(queue.queue_name).send_message("at the second attempt")
    assert len(transport.requests) == 2
    assert await count(queue) == 1


@pytest.mark.parametrize("seconds", [5, 60])
async def test_s221_a_service_timeout_is_accepted(queue, seconds):
    """It is a promise to wait, and part of what is signed."""
    await queue.send_message("text", timeout=seconds)
    assert (await queue.receive_message(timeout=seconds)).content == "text"


async def headers_of(operation, *arguments, **options) -> dict[str, str]:
    """The headers of the answer to a call that succeeds."""
    answers = []
    await operation(*arguments, raw_response_hook=answers.append, **options)
    return answers[-1].http_response.headers


async def test_s222_the_client_request_id_comes_back(queue):
    mine = "my-own-id-" + uuid.uuid4().hex
    headers = await headers_of(queue.peek_messages, client_request_id=mine)
    assert headers["x-ms-client-request-id"] == mine


async def test_s222_and_in_errors_too(missing_queue):
    mine = str(uuid.uuid4())
    with refused("QueueNotFound") as caught:
        await missing_queue.peek_messages(client_request_id=mine)
    assert caught.value.response.headers["x-ms-client-request-id"] == mine


@pytest.mark.parametrize("version", ["2019-02-02", "2020-10-02", "2021-02-12", None])
async def test_s223_every_version_that_the_sdk_offers_works(account, opened, queue, version):
    """The oldest, two from the middle, and the newest, which is the default."""
    chosen = {"api_version": version} if version else {}
    service = await opened(service_client(account, **chosen))
    client = service.get_queue_client(queue.queue_name)
    versions = [(await headers_of(client.send_message, "text"))["x-ms-version"]]
    received = await client.receive_message()
    assert received.content == "text"
    versions.append((await headers_of(client.delete_message, received))["x-ms-version"])
    assert versions == [version or service.api_version] * 2
    assert await count(queue) == 0


async def test_s224_an_answer_has_a_request_id_and_a_date(queue):
    answers = []
    await queue.send_message("text", raw_response_hook=answers.append)
    headers = answers[-1].http_response.headers
    assert uuid.UUID(headers["x-ms-request-id"])
    age = datetime.now(timezone.utc) - parsedate_to_datetime(headers["Date"])
    assert abs(age) < timedelta(minutes=1)
    assert headers["x-ms-version"] == answers[-1].http_request.headers["x-ms-version"]
    assert headers["Server"]


async def test_s224_every_answer_has_a_request_id_of_its_own(queue):
    ids = [(await headers_of(queue.peek_messages))["x-ms-request-id"] for _ in range(5)]
    assert len(set(ids)) == 5
