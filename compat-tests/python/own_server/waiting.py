"""Waits for facts, never for durations."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Fact = TypeVar("Fact")


def eventually(fact: Callable[[], Fact], within: float = 20.0) -> Fact:
    """Asks again and again until `fact()` is true, and returns what it was."""
    deadline = time.monotonic() + within
    while True:
        answer = fact()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not seen within {within} seconds; the last answer: {answer!r}")
        time.sleep(0.05)
