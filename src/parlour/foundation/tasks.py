"""Ending what runs beside."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

_ASKED_AGAIN: Final = 1.0


async def end(tasks: Sequence["asyncio.Task[Any]"]) -> None:
    """Cancel them, and return once they have ended, however they did.

    A library that gives up a wait of its own at that very moment may swallow the cancellation; so it is asked again.
    """
    while running := [task for task in tasks if not task.done()]:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=_ASKED_AGAIN)
    await asyncio.gather(*tasks, return_exceptions=True)
