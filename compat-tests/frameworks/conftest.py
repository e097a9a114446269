"""The account, its queues, and the choice of scenarios."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator

import pytest

import wire
from account import Account, from_environment
from waiting import eventually
from wire import Queue, Service

NUMBER = re.compile(r"(?<![A-Za-z0-9])[sS](\d{3})(?![A-Za-z0-9])")


def pytest_collection_modifyitems(config, items) -> None:
    """Keeps the scenarios that COMPAT_SCENARIOS names."""
    named = os.environ.get("COMPAT_SCENARIOS")
    if not named:
        return
    wanted = {number.strip().upper() for number in named.split(",")}
    kept, dropped = [], []
    for item in items:
        number = NUMBER.search(item.originalname.replace("_", " "))
        (kept if number and f"S{number[1]}" in wanted else dropped).append(item)
    config.hook.pytest_deselected(items=dropped)
    items[:] = kept


@pytest.fixture(scope="session")
def account() -> Account:
    return from_environment()


@pytest.fixture
def within(account) -> float:
    return account.within


@pytest.fixture
def wait(account) -> Callable:
    """Waits for a fact as long as this run has patience."""
    return lambda fact: eventually(fact, account.within)


@pytest.fixture
def new_name(account) -> Iterator[Callable[[str], str]]:
    """Makes names for queues; in the end every queue that was created by one is deleted."""
    names: list[str] = []

    def name(purpose: str) -> str:
        names.append(account.unique_name(purpose))
        return names[-1]

    yield name
    service = Service(account, wire.DOTNET)
    for used in names:
        gone = service.queue(used).delete()
        assert gone.status in (204, 404), gone


@pytest.fixture
def new_queue(account, new_name) -> Callable[..., Queue]:
    """Creates a queue of the test's own, addressed as a library in `dialect` does."""

    def create(dialect: wire.Dialect, purpose: str) -> Queue:
        queue = Service(account, dialect).queue(new_name(purpose))
        queue.create().expect(201)
        return queue

    return create
