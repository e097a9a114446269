"""Behind the proxies that people put in front of their services, at the names of those."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from azure.storage.queue import QueueServiceClient
from conftest import ACCOUNT, KEY, healthy, port_of, until

EXAMPLE = Path(__file__).parents[1] / "examples" / "nginx.conf"

# The example in the middle; around it, that nginx writes nowhere but into the folder, and no
# bodies, since its workers may not.
AROUND = """
worker_processes 1;
daemon off;
error_log stderr;
pid {folder}/pid;
events {{}}
http {{
    access_log off;
    client_body_buffer_size 1m;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {example}
}}
"""

# The SDK sends the metadata of a new queue twice, which together are more than its usual 16 KiB.
HAPROXY = """
global
    tune.bufsize 32768
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
listen queues
    bind 127.0.0.1:{port}
    option forwardfor
    server storage 127.0.0.1:{server}
"""


@pytest.fixture
def run() -> Iterator[Callable[..., subprocess.Popen]]:
    """Starts programs in the foreground, and ends them."""
    started = []

    def run(*command: str) -> subprocess.Popen:
        if shutil.which(command[0]) is None:
            pytest.skip(f"{command[0]} is not installed")
        started.append(subprocess.Popen(command))
        return started[-1]

    yield run
    for process in started:
        process.terminate()
        process.wait()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def use_at(port: int, process: subprocess.Popen) -> None:
    """What a proxy could spoil: names and lengths of headers, addresses, bodies."""

    def listens() -> bool:
        assert process.poll() is None, "the proxy has ended"
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return True
        return False

    until("the proxy listens", listens)
    endpoint = f"http://127.0.0.1:{port}/{ACCOUNT}"
    service = QueueServiceClient(endpoint, credential=KEY, retry_total=0)
    metadata = {"with_underscore": "1", "long": "x" * 8000}
    queue = service.create_queue("behind-a-proxy", metadata=metadata)
    assert queue.get_queue_properties().metadata == metadata
    assert [queue.name for queue in service.list_queues()] == ["behind-a-proxy"]
    text = "Ä <&> " + "x" * 64_000
    queue.send_message(text)
    message = queue.receive_message()
    assert message.content == text
    # Receipts have characters that stay as they are only if nobody touches the address.
    message = queue.update_message(message, visibility_timeout=0, content="second")
    assert message.content == "second"
    queue.delete_message(queue.receive_message())
    assert queue.get_queue_properties().approximate_message_count == 0


def test_behind_nginx_as_in_the_example(start, run, tmp_path):
    server = healthy(start())
    port = free_port()
    example = EXAMPLE.read_text("utf-8")
    for said, meant in [
        ("server storage:10001;", f"server 127.0.0.1:{port_of(server, 10001)};"),
        ("listen 8080;", f"listen 127.0.0.1:{port};"),
    ]:
        assert said in example
        example = example.replace(said, meant)
    config = tmp_path / "nginx.conf"
    config.write_text(AROUND.format(folder=tmp_path, example=example), "utf-8")
    use_at(port, run("nginx", "-c", str(config)))


def test_behind_haproxy(start, run, tmp_path):
    server = healthy(start())
    port = free_port()
    config = tmp_path / "haproxy.cfg"
    config.write_text(HAPROXY.format(port=port, server=port_of(server, 10001)), "utf-8")
    use_at(port, run("haproxy", "-db", "-f", str(config)))
