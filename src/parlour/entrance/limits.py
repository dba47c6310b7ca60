"""How often one client may ask, counted in Valkey for all processes together."""

import time
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import limits
import msgspec
import structlog
from litestar.connection import ASGIConnection
from redis.exceptions import RedisError

from parlour import people
from parlour.foundation import clock
from parlour.foundation.errors import TooManyRequests
from parlour.foundation.installation import Installation
from parlour.people import Allowance

log = structlog.get_logger()

_REMEMBERED_SECONDS: Final = 30.0
_MOST_REMEMBERED: Final = 10_000

# A sliding window of two counters: what was counted in the window before weighs as much of it as still lies within the
# last so many seconds. So nobody gets twice the limit by asking just before and just after a full minute. One step, so
# that many who come at once can't all be the last; what is refused is not counted.
_SPEND: Final = """
local most, window, into = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local count = tonumber(redis.call('get', KEYS[1])) or 0
local before = tonumber(redis.call('get', KEYS[2])) or 0
local spent = count + before * (window - into) / window
if spent + 1 <= most then
    redis.call('incr', KEYS[1])
    redis.call('expire', KEYS[1], window * 2)
    return {1, math.floor(most - spent - 1), math.ceil(window - into)}
end
local free
if count + 1 <= most then
    free = window * (1 - (most - 1 - count) / before) - into
else
    free = window - into + window * math.max(0, 1 - (most - 1) / count)
end
return {0, 0, math.max(1, math.ceil(free))}
"""


class Limit(StrEnum):
    """What is counted, each on its own."""

    API = "api"
    SCIM = "scim"
    TICKETS = "tickets"
    SOCKET = "socket"


class Left(msgspec.Struct, frozen=True):
    """What remains at this moment. `reset` is when there is more: in so many seconds."""

    limit: int
    remaining: int
    reset: int
    is_over: bool = False


class Limits:
    """Each kind of asking has a limit: the settings', or the one of the client's organization."""

    def __init__(self, installation: Installation) -> None:
        settings = installation.settings
        self._are_off = settings.rate_limits == "off"
        self._usual = {
            Limit.API: _parsed(settings.api_limit),
            Limit.SCIM: _parsed(settings.scim_limit),
            Limit.TICKETS: _parsed(settings.ticket_limit),
            Limit.SOCKET: _parsed(settings.socket_limit),
        }
        self._database = installation.database
        self._script = installation.cache.register_script(_SPEND)
        self._allowances: dict[UUID, tuple[float, dict[Allowance, tuple[int, int]]]] = {}

    async def spend(
        self, connection: ASGIConnection[Any, Any, Any, Any], limit: Limit, whose: str, within: UUID | None = None
    ) -> None:
        """Count one, for a client within an organization, or of none that is known.

        Raises `TooManyRequests`; the answer tells what is left.
        """
        left = await self.take(limit, whose, within)
        if left is None:
            return
        _tell(connection, left)
        if left.is_over:
            raise TooManyRequests(retry_after=left.reset)

    async def take(self, limit: Limit, whose: str, within: UUID | None = None) -> Left | None:
        """Count one. None where nothing is counted: limits are off, or the counter is away."""
        if self._are_off:
            return None
        most, seconds = await self._limit(limit, within)
        window, into = divmod(clock.now().timestamp(), seconds)
        # The braces keep both counters on one server of a cluster.
        keys = [f"limit:{{{limit}/{whose}}}:{seconds}:{int(window) - ago}" for ago in (0, 1)]
        try:
            passed, remaining, reset = await self._script(keys=keys, args=[most, seconds, into])
        except (RedisError, OSError):
            # Nobody is locked out because the counter is away.
            log.warning("limits.unavailable", limit=limit)
            return None
        return Left(most, int(remaining), int(reset), not passed)

    async def _limit(self, limit: Limit, within: UUID | None) -> tuple[int, int]:
        # An organization's own measures are of what its people and their programs do.
        if within is None or limit is Limit.SCIM:
            return self._usual[limit]
        known = self._allowances.get(within)
        if known is None or known[0] < time.monotonic():
            async with self._database.reading(within) as tx:
                known = (time.monotonic() + _REMEMBERED_SECONDS, await people.allowances(tx))
            if len(self._allowances) >= _MOST_REMEMBERED:
                self._allowances.clear()
            self._allowances[within] = known
        return known[1].get(Allowance(limit), self._usual[limit])


def _parsed(written: str) -> tuple[int, int]:
    item = limits.parse(written)
    return item.amount, item.get_expiry()


def _tell(connection: ASGIConnection[Any, Any, Any, Any], left: Left) -> None:
    # The tightest of the limits that apply is the one worth knowing.
    told: Left | None = connection.scope["state"].get("limit")
    if told is None or left.remaining <= told.remaining:
        connection.scope["state"]["limit"] = left
