"""The many ways to write down where the service is."""

from __future__ import annotations

import socket

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.queue import LocationMode, QueueClient, QueueServiceClient, __version__

import server as servers
from conftest import service_client, unique_name
from server import DEVELOPMENT_ACCOUNT, Server


def exercise(service: QueueServiceClient) -> None:
    """Signs requests of every shape: service, queue, messages, one message."""
    queue = service.create_queue(unique_name(), metadata={"Name": "value"})
    try:
        sent = queue.send_message("text <&>", visibility_timeout=0)
        assert queue.peek_messages()[0].content == "text <&>"
        queue.delete_message(sent)
        assert queue.get_queue_properties().metadata == {"Name": "value"}
        listed = service.list_queues(queue.queue_name, include_metadata=True)
        assert [found.name for found in listed] == [queue.queue_name]
    finally:
        queue.delete_queue()


class TestConnectionStrings:
    def test_in_full(self, account):
        exercise(QueueServiceClient.from_connection_string(account.connection_string))

    def test_in_any_order_and_case(self, account):
        exercise(
            QueueServiceClient.from_connection_string(
                f"queueendpoint={account.endpoint};accountkey={account.key};"
                f"accountname={account.name}"
            )
        )

    def test_with_a_slash_at_the_end(self, account):
        exercise(
            QueueServiceClient.from_connection_string(
                f"QueueEndpoint={account.endpoint}/;AccountKey={account.key};"
                f"AccountName={account.name};"
            )
        )

    def test_with_every_service_named(self, account):
        others = "".join(f"{name}Endpoint=http://127.0.0.1:1/none;" for name in ("Blob", "Table"))
        exercise(QueueServiceClient.from_connection_string(others + account.connection_string))

    def test_use_development_storage(self, tmp_path, monkeypatch):
        """The one test with a port of its own: this connection string means 10001."""
        if __version__.startswith("12.5."):
            pytest.skip(f"azure-storage-queue {__version__} does not know UseDevelopmentStorage")
        if servers.external_account():
            pytest.skip("QUEUERITE_ENDPOINT is set: this server is not ours to start")
        if not is_free(10001):
            pytest.skip("port 10001 is taken")
        server = Server(tmp_path if servers.mode() == "disk" else None, port=10001)
        try:
            exercise(QueueServiceClient.from_connection_string("UseDevelopmentStorage=true"))
        finally:
            server.kill()


class TestPathStyle:
    def test_with_a_slash_at_the_end(self, account):
        exercise(QueueServiceClient(account.endpoint + "/", credential=account.credential))

    def test_with_a_name_for_the_host(self, local_account):
        exercise(
            QueueServiceClient(
                f"http://localhost:{local_account.port}/{local_account.name}",
                credential=local_account.credential,
            )
        )

    def test_with_a_dotted_name_that_is_no_account(self, local_account, localhost_names):
        """As in containers: the first label is a host's name, and the path has the account."""
        exercise(
            QueueServiceClient(
                f"http://storage.default.svc.localhost:{local_account.port}/{local_account.name}",
                credential=local_account.credential,
            )
        )


class TestHostStyle:
    def test_the_account_is_the_first_label(self, local_account, localhost_names):
        exercise(
            QueueServiceClient(
                f"http://{local_account.name}.queue.localhost:{local_account.port}",
                credential=local_account.credential,
            )
        )

    def test_a_queue_by_its_url(self, local_account, localhost_names, queue):
        by_url = QueueClient.from_queue_url(
            f"http://{local_account.name}.queue.localhost:{local_account.port}/{queue.queue_name}",
            credential=local_account.credential,
        )
        by_url.send_message("text")
        assert queue.peek_messages()[0].content == "text"

    def test_the_secondary(self, local_account, localhost_names, queue):
        queue.send_message("text")
        service = QueueServiceClient(
            f"http://{local_account.name}.queue.localhost:{local_account.port}",
            credential=local_account.credential,
            secondary_hostname=f"{local_account.name}-secondary.queue.localhost:{local_account.port}",
        )
        assert service.get_service_stats()["geo_replication"]["status"] == "live"
        service.location_mode = LocationMode.SECONDARY
        assert queue.queue_name in [found.name for found in service.list_queues()]


class TestSecondary:
    """Path style: the account's name with `-secondary` after it."""

    @pytest.fixture
    def secondary(self, local_account):
        service = service_client(
            local_account,
            secondary_hostname=f"{local_account.host}/{DEVELOPMENT_ACCOUNT}-secondary",
        )
        service.location_mode = LocationMode.SECONDARY
        return service

    def test_it_can_be_read(self, secondary, queue):
        queue.set_queue_metadata({"Name": "value"})
        queue.send_message("text")
        assert queue.queue_name in [found.name for found in secondary.list_queues()]
        assert secondary.get_service_properties()["cors"] == []
        replica = secondary.get_queue_client(queue.queue_name)
        replica.location_mode = LocationMode.SECONDARY
        assert replica.get_queue_properties().metadata == {"Name": "value"}
        assert replica.get_queue_access_policy() == {}
        assert replica.peek_messages()[0].content == "text"

    def test_a_client_of_the_secondary_alone(self, local_account, queue):
        queue.send_message("text")
        alone = QueueClient(
            f"http://{local_account.host}/{local_account.name}-secondary",
            queue.queue_name,
            credential=local_account.credential,
        )
        assert alone.peek_messages()[0].content == "text"

    def test_what_is_not_there_is_not_found(self, secondary, queue_name):
        with pytest.raises(HttpResponseError) as caught:
            replica = secondary.get_queue_client(queue_name)
            replica.location_mode = LocationMode.SECONDARY
            replica.get_queue_properties()
        assert caught.value.error_code == "QueueNotFound"


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
