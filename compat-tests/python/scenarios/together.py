"""Many calls at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

Result = TypeVar("Result")


async def together(count: int, work: Callable[[int], Awaitable[Result]]) -> list[Result]:
    """Calls `work` with 0, 1, 2 … at once, and returns the results in that order."""
    return list(await asyncio.gather(*(work(number) for number in range(count))))
