"""How often one client may ask, counted in Valkey for all processes together."""

import time
from enum import StrEnum
from typing import Any

import limits
import msgspec
import structlog
from limits.aio.storage import RedisStorage
from litestar.connection import ASGIConnection
from redis.exceptions import RedisError

from parlour.foundation.errors import TooManyRequests
from parlour.foundation.installation import Installation

log = structlog.get_logger()


class Limit(StrEnum):
    """What is counted, each on its own."""

    API = "api"
    TICKETS = "tickets"
    SIGN_IN = "sign-in"


class Left(msgspec.Struct, frozen=True):
    """What remains in this window, and the seconds until the next."""

    limit: int
    remaining: int
    reset: int


class Limits:
    """Fixed windows: one round trip a request, and a client can foresee when it may go on."""

    def __init__(self, installation: Installation) -> None:
        settings = installation.settings
        self._are_off = settings.rate_limits == "off"
        self._items = {
            Limit.API: limits.parse(settings.api_limit),
            Limit.TICKETS: limits.parse(settings.ticket_limit),
            Limit.SIGN_IN: limits.parse(settings.sign_in_limit),
        }
        pool: Any = installation.cache.connection_pool
        self._storage = RedisStorage(
            settings.redis_url, implementation="redispy", key_prefix="limit", connection_pool=pool
        )

    async def spend(self, connection: ASGIConnection[Any, Any, Any, Any], limit: Limit, *whose: str) -> None:
        """Count one, for each of the clients named. Raises `TooManyRequests`; the answer tells what is left."""
        if self._are_off:
            return
        for client in whose:
            left = await self._count(limit, client)
            if left is None:
                return
            _tell(connection, left)
            if left.remaining < 0:
                raise TooManyRequests(retry_after=left.reset)

    async def _count(self, limit: Limit, client: str) -> Left | None:
        item = self._items[limit]
        seconds = item.get_expiry()
        window, into = divmod(int(time.time()), seconds)
        try:
            count = await self._storage.incr(f"{limit}/{client}/{window}", seconds)
        except (RedisError, OSError):
            # Nobody is locked out because the counter is away.
            log.warning("limits.unavailable", limit=limit)
            return None
        return Left(item.amount, item.amount - count, seconds - into)


def _tell(connection: ASGIConnection[Any, Any, Any, Any], left: Left) -> None:
    # The tightest of the limits that apply is the one worth knowing.
    told: Left | None = connection.scope["state"].get("limit")
    if told is None or left.remaining <= told.remaining:
        connection.scope["state"]["limit"] = left
