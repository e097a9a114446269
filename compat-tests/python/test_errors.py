"""Who is let in, how a refusal is written, and what every answer carries."""

from __future__ import annotations

import base64
import re
import uuid
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

import pytest
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from azure.storage.queue import QueueServiceClient

from conftest import service_client
from errors import ERRORS, refused

WRONG_KEY = base64.b64encode(b"not the key of this account").decode()


def answer_to(operation, *arguments, **options):
    """The HTTP answer behind a call that succeeds."""
    answers = []
    operation(*arguments, raw_response_hook=answers.append, **options)
    return answers[-1].http_response


class TestAuthentication:
    def test_a_wrong_key_is_refused(self, account):
        service = QueueServiceClient(
            account.endpoint,
            credential={"account_name": account.name, "account_key": WRONG_KEY},
            retry_total=0,
        )
        with refused("AuthenticationFailed") as caught:
            service.get_service_properties()
        assert isinstance(caught.value, ClientAuthenticationError)

    def test_the_refusal_shows_what_should_have_been_signed(self, account, queue_name):
        service = QueueServiceClient(
            account.endpoint,
            credential={"account_name": account.name, "account_key": WRONG_KEY},
            retry_total=0,
        )
        with refused("AuthenticationFailed") as caught:
            service.get_queue_client(queue_name).get_queue_properties()
        detail = caught.value.additional_info["authenticationerrordetail"]
        assert "GET\n" in detail
        assert f"/{queue_name}\ncomp:metadata" in detail
        assert account.key not in str(caught.value)

    def test_a_wrong_key_hides_everything_else(self, account):
        service = QueueServiceClient(
            account.endpoint,
            credential={"account_name": account.name, "account_key": WRONG_KEY},
            retry_total=0,
        )
        with refused("AuthenticationFailed"):
            service.get_queue_client("Not-A-Name").receive_message()
        with refused("AuthenticationFailed"):
            service.get_queue_client("no-such-queue").send_message("a" * 70_000)

    def test_an_unknown_account_is_not_found(self, account):
        endpoint = account.endpoint.replace(account.name, "stranger")
        if endpoint == account.endpoint or not account.host.startswith(("127.", "localhost")):
            pytest.skip("in the cloud, the host of an unknown account does not resolve")
        service = QueueServiceClient(
            endpoint,
            credential={"account_name": "stranger", "account_key": account.key},
            retry_total=0,
        )
        with refused("ResourceNotFound"):
            service.get_service_properties()


class TestExceptions:
    def test_not_found(self, missing_queue):
        with pytest.raises(ResourceNotFoundError):
            missing_queue.get_queue_properties()

    def test_exists(self, new_queue):
        queue = new_queue(metadata={"a": "1"})
        with pytest.raises(ResourceExistsError):
            queue.create_queue(metadata={"a": "2"})

    def test_the_message_has_three_lines(self, missing_queue):
        with pytest.raises(HttpResponseError) as caught:
            missing_queue.peek_messages()
        error = caught.value
        text, request_id, time, code = error.message.split("\n")
        assert text == ERRORS["QueueNotFound"][1]
        assert request_id == "RequestId:" + error.response.headers["x-ms-request-id"]
        assert re.fullmatch(r"Time:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z", time)
        assert code == "ErrorCode:QueueNotFound", "which the SDK adds"

    def test_the_reason_phrase_is_the_text(self, missing_queue):
        with pytest.raises(HttpResponseError) as caught:
            missing_queue.receive_message()
        assert caught.value.reason == ERRORS["QueueNotFound"][1]

    def test_the_document_is_utf_8_with_a_byte_order_mark(self, missing_queue):
        with pytest.raises(HttpResponseError) as caught:
            missing_queue.receive_message()
        response = caught.value.response
        assert response.headers["Content-Type"] == "application/xml"
        assert int(response.headers["Content-Length"]) == len(response.body())
        assert response.body().startswith(
            b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?><Error><Code>QueueNotFound</Code>'
        )


class TestEveryAnswer:
    def test_carries_the_usual_headers(self, queue):
        headers = answer_to(queue.get_queue_properties).headers
        assert uuid.UUID(headers["x-ms-request-id"])
        assert headers["Server"]
        assert headers["Cache-Control"] == "no-cache"
        age = datetime.now(timezone.utc) - parsedate_to_datetime(headers["Date"])
        assert abs(age) < timedelta(minutes=1)

    def test_has_a_request_id_of_its_own(self, queue):
        ids = {answer_to(queue.peek_messages).headers["x-ms-request-id"] for _ in range(5)}
        assert len(ids) == 5

    def test_names_the_version_that_was_asked_for(self, service, queue):
        headers = answer_to(queue.peek_messages).headers
        assert headers["x-ms-version"] == service.api_version

    @pytest.mark.parametrize("version", ["2019-02-02", "2019-12-12", "2020-10-02", "2021-02-12"])
    def test_an_older_version_is_answered_in_kind(self, account, queue, version):
        older = service_client(account, api_version=version).get_queue_client(queue.queue_name)
        older.send_message("text")
        response = answer_to(older.receive_message)
        assert response.headers["x-ms-version"] == version

    def test_echoes_the_client_request_id(self, queue):
        mine = "my-own-id-" + uuid.uuid4().hex
        headers = answer_to(queue.peek_messages, client_request_id=mine).headers
        assert headers["x-ms-client-request-id"] == mine

    def test_echoes_it_in_errors_too(self, missing_queue):
        mine = str(uuid.uuid4())
        with refused("QueueNotFound") as caught:
            missing_queue.peek_messages(client_request_id=mine)
        assert caught.value.response.headers["x-ms-client-request-id"] == mine

    def test_may_take_its_time(self, queue):
        """The `timeout` of a request is a promise to wait, and part of what is signed."""
        queue.send_message("text", timeout=30)
        assert queue.receive_message(timeout=5).content == "text"
