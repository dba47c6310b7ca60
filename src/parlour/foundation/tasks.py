"""What runs beside: a few at once, and ended."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final

from parlour.foundation.errors import NotFound

_ASKED_AGAIN: Final = 1.0
_AT_ONCE: Final = 8


async def see_to(look: Callable[..., Awaitable[object]], places: Iterable[tuple[Any, ...]]) -> None:
    """Look at each of what was found due, a few at once. What is gone since then is passed over."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def see(place: tuple[Any, ...]) -> None:
        async with turns:
            with suppress(NotFound):
                await look(*place)

    await asyncio.gather(*(see(place) for place in places))


async def end(tasks: Sequence["asyncio.Task[Any]"]) -> None:
    """Cancel them, and return once they have ended, however they did.

    A library that gives up a wait of its own at that very moment may swallow the cancellation; so it is asked again.
    """
    while running := [task for task in tasks if not task.done()]:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=_ASKED_AGAIN)
    await asyncio.gather(*tasks, return_exceptions=True)
