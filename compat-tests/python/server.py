"""Starts, kills and restarts the server under test, or finds the one it is told to use."""

from __future__ import annotations

import collections
import os
import queue
import re
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

REPOSITORY = Path(__file__).resolve().parents[2]

DEVELOPMENT_ACCOUNT = "devstoreaccount1"
DEVELOPMENT_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

READY = re.compile(r"^Azurite Queue service successfully listens on https?://127\.0\.0\.1:(\d+)$")
READY_WITHIN = 60.0


@dataclass(frozen=True)
class Account:
    """What a client needs to know: where, who, and with what secret."""

    endpoint: str
    name: str = DEVELOPMENT_ACCOUNT
    key: str = DEVELOPMENT_KEY
    # The certificate of the authority to trust, if the endpoint speaks https.
    authority: str | None = None

    @property
    def host(self) -> str:
        """Host and port, as they appear in the endpoint."""
        return urlsplit(self.endpoint).netloc

    @property
    def port(self) -> int | None:
        return urlsplit(self.endpoint).port

    @property
    def credential(self) -> dict[str, str]:
        return {"account_name": self.name, "account_key": self.key}

    @property
    def connection_string(self) -> str:
        return (
            f"DefaultEndpointsProtocol={urlsplit(self.endpoint).scheme};"
            f"AccountName={self.name};AccountKey={self.key};"
            f"QueueEndpoint={self.endpoint};"
        )


class Server:
    """A queuerite process of our own, on loopback and a port that it chose itself."""

    def __init__(
        self,
        location: Path | None,
        port: int = 0,
        certificates: Path | None = None,
        options: Sequence[str] = (),
    ) -> None:
        """With a `location` the server keeps its data there; without one, in memory.

        With a folder for `certificates` it speaks https, with a certificate made there.
        """
        self._location = location
        self._certificates = certificates
        self._options = list(options)
        if certificates:
            made = [str(binary()), "cert", "--directory", str(certificates)]
            subprocess.run(made, check=True, capture_output=True)
            files = [certificates / "cert.pem", certificates / "key.pem"]
            self._options += ["--cert", str(files[0]), "--key", str(files[1])]
        self._output: collections.deque[str] = collections.deque(maxlen=200)
        self._launch(port)

    @property
    def account(self) -> Account:
        scheme = "https" if self._certificates else "http"
        authority = str(self._certificates / "ca.pem") if self._certificates else None
        endpoint = f"{scheme}://127.0.0.1:{self.port}/{DEVELOPMENT_ACCOUNT}"
        return Account(endpoint, authority=authority)

    @property
    def output(self) -> str:
        """The last lines the server wrote, for whoever has to explain a failure."""
        return "\n".join(self._output)

    def kill(self) -> None:
        """`kill -9`: the server learns nothing and tidies nothing."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """Asks the server to finish, and returns its exit code."""
        self._process.terminate()
        try:
            return self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def restart(self) -> None:
        """Starts the server again, on the same data and the same port."""
        self._launch(self.port)

    def _launch(self, port: int) -> None:
        storage = (
            ["--location", str(self._location)] if self._location else ["--inMemoryPersistence"]
        )
        command = [str(binary()), "azurite-queue", "--queuePort", str(port), "--silent", *storage]
        command += self._options
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._process = process
        listening: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        for stream, ready in ((process.stdout, listening), (process.stderr, None)):
            threading.Thread(target=self._drain, args=(stream, ready), daemon=True).start()
        try:
            port = listening.get(timeout=READY_WITHIN)
        except queue.Empty:
            self.kill()
            raise RuntimeError(f"{command} does not say that it listens:\n{self.output}") from None
        if port is None:
            raise RuntimeError(f"{command} ended with code {process.wait()}:\n{self.output}")
        self.port = port

    def _drain(self, stream, listening: queue.SimpleQueue[int | None] | None) -> None:
        """Reads to the end, so that the server never waits for us; tells the port on the way."""
        for line in stream:
            line = line.rstrip("\n")
            self._output.append(line)
            ready = READY.match(line)
            if ready and listening:
                listening.put(int(ready.group(1)))
        if listening:
            listening.put(None)


def external_account() -> Account | None:
    """The account of an already running server, if the environment names one."""
    endpoint = os.environ.get("QUEUERITE_ENDPOINT")
    if not endpoint:
        return None
    return Account(
        endpoint.rstrip("/"),
        os.environ.get("QUEUERITE_ACCOUNT", DEVELOPMENT_ACCOUNT),
        os.environ.get("QUEUERITE_KEY", DEVELOPMENT_KEY),
    )


def mode() -> str:
    """`disk` or `memory`: where our own servers keep their data."""
    mode = os.environ.get("QUEUERITE_MODE", "disk")
    if mode not in ("disk", "memory"):
        raise RuntimeError(f"QUEUERITE_MODE is {mode!r}; it can be 'disk' or 'memory'")
    return mode


def binary() -> Path:
    named = os.environ.get("QUEUERITE_BIN")
    if named:
        return Path(named)
    for profile in ("release", "debug"):
        built = REPOSITORY / "target" / profile / "queuerite"
        if built.exists():
            return built
    raise RuntimeError("no server to test: run `cargo build --release`, or set QUEUERITE_BIN")
