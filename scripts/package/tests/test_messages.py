import os
import signal
import subprocess

import pytest
from azure.storage.queue import QueueClient

import queuerite as package


def orders(server):
    return QueueClient.from_connection_string(server.connection_string, "orders")


def test_a_message_is_put_got_and_deleted(queuerite_connection_string):
    queue = QueueClient.from_connection_string(queuerite_connection_string, "orders")
    queue.create_queue()
    queue.send_message("hello")
    message = queue.receive_message()
    assert message.content == "hello"
    queue.delete_message(message)
    assert queue.get_queue_properties().approximate_message_count == 0


def test_all_tests_share_one_server(queuerite, queuerite_connection_string):
    assert queuerite.connection_string == queuerite_connection_string
    assert queuerite.url == f"http://127.0.0.1:{queuerite.port}/devstoreaccount1"
    orders(queuerite).get_queue_properties()  # The test above made it.


def test_a_location_is_kept_from_one_server_to_the_next(tmp_path):
    with package.start(location=tmp_path) as first:
        orders(first).create_queue()
        orders(first).send_message("kept")
    with package.start("--durability", "none", location=tmp_path) as second:
        assert [message.content for message in orders(second).peek_messages()] == ["kept"]


def test_the_well_known_account_is_served_whatever_the_environment_says(monkeypatch):
    monkeypatch.setenv("AZURITE_ACCOUNTS", "contoso:c2VjcmV0")
    with package.start() as server:
        orders(server).create_queue()


def test_what_keeps_it_from_starting_is_told():
    with pytest.raises(RuntimeError, match=r"(?s)ended with 2 before it was ready.*--no-such-flag"):
        with package.start("--no-such-flag"):
            pass


def test_a_server_that_somebody_else_ended_is_no_success(monkeypatch):
    pids = []
    popen = subprocess.Popen

    def watched(*arguments, **options):
        process = popen(*arguments, **options)
        pids.append(process.pid)
        return process

    monkeypatch.setattr(subprocess, "Popen", watched)
    with pytest.raises(RuntimeError, match="ended with -9"):
        with package.start():
            os.kill(pids[0], signal.SIGKILL)


def test_an_error_of_the_block_is_the_one_that_is_raised():
    with pytest.raises(KeyError):
        with package.start():
            raise KeyError
