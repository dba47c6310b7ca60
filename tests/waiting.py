"""Waiting for what happens in another process: bounded, and no longer than needed."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

Found = TypeVar("Found")


async def until(look: Callable[[], Awaitable[Found]], within: float = 20) -> Found:
    """The first answer that is true. Raises `TimeoutError`."""
    async with asyncio.timeout(within):
        while not (found := await look()):
            await asyncio.sleep(0.02)
    return found
