"""The many ways to write down where the service is."""

from __future__ import annotations

import socket

import pytest
from azure.storage.queue import LocationMode, QueueClient, QueueServiceClient

from conftest import MODES, unique_name
from errors import refused
from server import Server


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
    @pytest.mark.parametrize("mode", MODES)
    def test_use_development_storage(self, tmp_path, mode):
        """The one test with a port of its own: this connection string means 10001."""
        if not is_free(10001):
            pytest.skip("port 10001 is taken")
        server = Server(tmp_path if mode == "disk" else None, port=10001)
        try:
            exercise(QueueServiceClient.from_connection_string("UseDevelopmentStorage=true"))
        finally:
            server.kill()


class TestPathStyle:
    def test_with_a_slash_at_the_end(self, account):
        exercise(QueueServiceClient(account.endpoint + "/", credential=account.credential))

    def test_with_a_name_for_the_host(self, account):
        exercise(
            QueueServiceClient(
                f"http://localhost:{account.port}/{account.name}",
                credential=account.credential,
            )
        )

    def test_with_a_dotted_name_that_is_no_account(self, account, localhost_names):
        """As in containers: the first label is a host's name, and the path has the account."""
        exercise(
            QueueServiceClient(
                f"http://storage.default.svc.localhost:{account.port}/{account.name}",
                credential=account.credential,
            )
        )


def test_an_unknown_account_is_not_found(account):
    """In the cloud, the host of an unknown account does not resolve."""
    service = QueueServiceClient(
        account.endpoint.replace(account.name, "stranger"),
        credential={"account_name": "stranger", "account_key": account.key},
        **account.options,
    )
    with refused("ResourceNotFound"):
        service.get_service_properties()


class TestHostStyle:
    def test_the_account_is_the_first_label(self, account, localhost_names):
        exercise(
            QueueServiceClient(
                f"http://{account.name}.queue.localhost:{account.port}",
                credential=account.credential,
            )
        )

    def test_a_queue_by_its_url(self, account, localhost_names, queue):
        by_url = QueueClient.from_queue_url(
            f"http://{account.name}.queue.localhost:{account.port}/{queue.queue_name}",
            credential=account.credential,
        )
        by_url.send_message("text")
        assert queue.peek_messages()[0].content == "text"

    def test_the_secondary(self, account, localhost_names, queue):
        queue.send_message("text")
        service = QueueServiceClient(
            f"http://{account.name}.queue.localhost:{account.port}",
            credential=account.credential,
            secondary_hostname=f"{account.name}-secondary.queue.localhost:{account.port}",
        )
        assert service.get_service_stats()["geo_replication"]["status"] == "live"
        service.location_mode = LocationMode.SECONDARY
        assert queue.queue_name in [found.name for found in service.list_queues()]


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
