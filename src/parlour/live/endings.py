"""Whose sessions, role or account have changed: heard by every web process at once, whoever changed it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from parlour import access
from parlour.access import Changed

log = structlog.get_logger()

_PATIENCE: Final = 1.0


async def listen(cache: Redis, heard: Callable[[Changed], Awaitable[None]]) -> None:
    """For ever. While Valkey is away nothing is heard; the round that looks at every screen finds it out by itself."""
    while True:
        try:
            async with cache.pubsub() as channel:
                await channel.subscribe(access.CHANGES_CHANNEL)
                while True:
                    message = await channel.get_message(ignore_subscribe_messages=True, timeout=_PATIENCE)
                    if message:
                        await _tell(message["data"], heard)
        except (RedisError, OSError):
            log.warning("endings.not_heard")
            await asyncio.sleep(_PATIENCE)


async def _tell(said: str, heard: Callable[[Changed], Awaitable[None]]) -> None:
    try:
        await heard(msgspec.json.decode(said, type=Changed))
    except Exception:
        # One that can't be acted on must not keep us from hearing the next.
        log.warning("endings.not_followed", exc_info=True)
