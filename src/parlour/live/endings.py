"""What every web process must hear at once: whose standing has changed, which ticket was passed on."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger()

_PATIENCE: Final = 1.0

Heard = Callable[[str], Awaitable[None]]


async def listen(cache: Redis, heard: Mapping[str, Heard]) -> None:
    """For ever, to each channel. While Valkey is away nothing is heard; the round that looks at every screen finds out
    by itself whose session has ended.
    """
    while True:
        try:
            async with cache.pubsub() as channels:
                await channels.subscribe(*heard)
                while True:
                    message = await channels.get_message(ignore_subscribe_messages=True, timeout=_PATIENCE)
                    if message:
                        await _tell(message["data"], heard[message["channel"]])
        except (RedisError, OSError):
            log.warning("endings.not_heard")
            await asyncio.sleep(_PATIENCE)


async def _tell(said: str, heard: Heard) -> None:
    try:
        await heard(said)
    except Exception:
        # One that can't be acted on must not keep us from hearing the next.
        log.warning("endings.not_followed", exc_info=True)
