"""Fixtures for pytest, which finds them when the package is installed."""

from collections.abc import Iterator

import pytest

from . import Server, start


@pytest.fixture(scope="session", name="queuerite")
def _queuerite() -> Iterator[Server]:
    """A queue server in memory, the same for all tests (under xdist, of one worker)."""
    with start() as server:
        yield server


@pytest.fixture(scope="session")
def queuerite_connection_string(queuerite: Server) -> str:
    """What an SDK needs to reach it."""
    return queuerite.connection_string
