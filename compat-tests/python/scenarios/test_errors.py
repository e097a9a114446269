"""How a refusal is written, and how this SDK tells it."""

from __future__ import annotations

import re
import socket
import time

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError, ServiceRequestError
from azure.storage.queue.aio import QueueServiceClient

from errors import ERRORS, details_of, refused

NOT_FOUND = ERRORS["QueueNotFound"][1]


async def test_s240_an_error_has_status_code_and_message(missing_queue):
    with pytest.raises(ResourceNotFoundError) as caught:
        await missing_queue.get_queue_properties()
    error = caught.value
    assert (error.status_code, error.error_code) == (404, "QueueNotFound")
    assert error.message.split("\n")[0] == "The specified queue does not exist."
    assert error.reason == "The specified queue does not exist."


async def test_s240_and_so_has_the_refusal_of_a_put(queue):
    with refused(
        "RequestBodyTooLarge",
        text="The request body is too large and exceeds the maximum permissible limit.",
    ) as caught:
        await queue.send_message("a" * 65537)
    assert caught.value.status_code == 413


@pytest.mark.parametrize(
    "ask",
    [
        lambda queue: queue.get_queue_properties(),
        lambda queue: queue.get_queue_access_policy(),
        lambda queue: queue.peek_messages(),
    ],
    ids=["properties", "policies", "peek"],
)
async def test_s241_a_missing_queue_is_told_in_each_way(missing_queue, ask):
    with refused("QueueNotFound") as caught:
        await ask(missing_queue)
    assert isinstance(caught.value, ResourceNotFoundError)


async def test_s242_an_error_names_the_parameter(queue):
    with refused("InvalidQueryParameterValue") as caught:
        await queue.send_message("text", visibility_timeout=10, time_to_live=10)
    details = details_of(caught.value)
    assert details["queryparametername"] == "visibilitytimeout"
    assert details["queryparametervalue"] == "10"


async def test_s243_an_error_has_a_request_id(missing_queue):
    with pytest.raises(HttpResponseError) as caught:
        await missing_queue.peek_messages()
    error = caught.value
    text, request_id, when = error.message.split("\n")[:3]
    assert text == NOT_FOUND
    assert request_id == "RequestId:" + error.response.headers["x-ms-request-id"]
    assert re.fullmatch(r"Time:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z", when)


async def test_s244_an_unreachable_server_is_the_client_s_error(account, opened, queue_name):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = f"127.0.0.1:{probe.getsockname()[1]}"
    service = await opened(
        QueueServiceClient(
            account.endpoint.replace(account.host, nobody),
            credential=account.credential,
            **account.options,
        )
    )
    started = time.monotonic()
    with pytest.raises(ServiceRequestError):
        await service.get_queue_client(queue_name).get_queue_properties()
    assert time.monotonic() - started < 10
