"""Starts, kills and restarts servers of the tests' own."""

from __future__ import annotations

import collections
import os
import queue
import re
import subprocess
import threading
from pathlib import Path

from endpoint import DEVELOPMENT_ACCOUNT, Account

READY = re.compile(r"^Azurite Queue service successfully listens on https?://127\.0\.0\.1:(\d+)$")
READY_WITHIN = 60.0


class Server:
    """A queuerite process of our own, on loopback and a port that it chose itself."""

    def __init__(self, location: Path | None, port: int = 0) -> None:
        """With a `location` the server keeps its data there; without one, in memory."""
        self._location = location
        self._output: collections.deque[str] = collections.deque(maxlen=200)
        self._launch(port)

    @property
    def account(self) -> Account:
        return Account(f"http://127.0.0.1:{self.port}/{DEVELOPMENT_ACCOUNT}")

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
        command = [
            os.environ["COMPAT_SERVER"],
            "azurite-queue",
            "--queuePort",
            str(port),
            "--silent",
            *storage,
        ]
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
