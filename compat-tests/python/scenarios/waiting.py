"""Waits for facts, never for durations."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from endpoint import PATIENCE

Fact = TypeVar("Fact")


async def eventually(
    fact: Callable[[], Awaitable[Fact]],
    within: float = PATIENCE,
    despite: tuple[type[Exception], ...] = (),
) -> Fact:
    """Asks again and again until `fact()` is true, and returns what it was.

    Errors that are named in `despite` count as not yet true.
    """
    deadline = time.monotonic() + within
    while True:
        try:
            answer = await fact()
        except despite as error:
            if time.monotonic() > deadline:
                raise
            answer = error and None
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not seen within {within} seconds; the last answer: {answer!r}")
        await asyncio.sleep(0.05)
