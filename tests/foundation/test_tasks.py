"""What runs beside ends when it is told to, even if it misses the first word."""

import asyncio
from contextlib import suppress

from parlour.foundation.tasks import end


async def test_a_cancellation_that_was_swallowed_is_asked_for_again() -> None:
    swallowed = 0

    async def deaf() -> None:
        nonlocal swallowed
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        swallowed += 1
        await asyncio.sleep(60)

    async def failing() -> None:
        raise ValueError

    tasks = [asyncio.create_task(deaf()), asyncio.create_task(failing())]
    await asyncio.sleep(0)
    async with asyncio.timeout(20):
        await end(tasks)
    assert (swallowed, tasks[0].cancelled()) == (1, True)
