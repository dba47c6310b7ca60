"""How often somebody may guess: five a minute, then longer and longer pauses, counted for all processes together."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from ipaddress import IPv6Address, ip_address
from typing import Final
from uuid import UUID

import limits
import structlog
from redis.exceptions import RedisError

from parlour.access.client import Client
from parlour.access.known_browsers import known_browser
from parlour.foundation import clock, crypto
from parlour.foundation.errors import TooManyRequests, Unauthenticated
from parlour.foundation.installation import Installation

log = structlog.get_logger()

_LONGEST_PAUSE: Final = 15 * 60
_FORGOTTEN_AFTER: Final = 60 * 60

# One step, so that many who come at once can't all be the fifth. What comes during a pause does not prolong it: a
# stranger can slow an account down, never close it.
_COUNT: Final = """
local now, most, window = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local longest, kept = tonumber(ARGV[4]), ARGV[5]
local pause = 0
for _, key in ipairs(KEYS) do
    local known = redis.call('hmget', key, 'until')
    local ends = tonumber(known[1]) or 0
    if ends > now then pause = math.max(pause, ends - now) end
end
if pause > 0 then return tostring(pause) end
for _, key in ipairs(KEYS) do
    local known = redis.call('hmget', key, 'count', 'since', 'pauses')
    local count, since, pauses = tonumber(known[1]) or 0, tonumber(known[2]) or now, tonumber(known[3]) or 0
    if now - since >= window then count, since = 0, now end
    count = count + 1
    if count > most then
        local length = math.min(window * 2 ^ pauses, longest)
        pause = math.max(pause, length)
        redis.call('hset', key, 'until', now + length, 'pauses', pauses + 1, 'count', 0, 'since', now + length)
    else
        redis.call('hset', key, 'count', count, 'since', since)
    end
    redis.call('expire', key, kept)
end
return tostring(pause)
"""
_TAKE_BACK: Final = """
for _, key in ipairs(KEYS) do
    local count = tonumber(redis.call('hget', key, 'count') or 0)
    if count > 0 then redis.call('hset', key, 'count', count - 1) end
end
"""


def of_sign_in(installation: Installation, client: Client, email: str) -> list[str]:
    """Whom a sign-in counts for: the address, and the account, known or not.

    A browser in which this account was signed in before has an account's count of its own: whatever strangers do,
    its owner comes in.
    """
    known = known_browser(installation.signer, client, email)
    account = f"attempts:browser:{known}" if known else f"attempts:account:{_account(email)}"
    return [f"attempts:address:{_neighbourhood(client.address)}", account]


def of_address(client: Client) -> list[str]:
    """Whom something counts for that concerns no account yet."""
    return [f"attempts:address:{_neighbourhood(client.address)}"]


def of_mail(client: Client, email: str) -> list[str]:
    """Whom a mail counts for that somebody asks us to send: where they are, and the address, known or not."""
    return [f"attempts:mail:address:{_neighbourhood(client.address)}", f"attempts:mail:account:{_account(email)}"]


def of_recipient(email: str) -> list[str]:
    """The same where somebody who is signed in has it sent: nobody's mailbox is filled."""
    return [f"attempts:mail:account:{_account(email)}"]


def codes_of(user_id: UUID) -> list[str]:
    """Second factors and confirmations: counted for the user, whoever asks."""
    return [f"attempts:codes:{user_id}"]


@asynccontextmanager
async def counted(installation: Installation, whose: list[str]) -> AsyncIterator[None]:
    """Around an attempt: one that is refused with `Unauthenticated` stays counted, any other is taken back.

    A refusal comes after a fixed time, or a multiple of it, so that nobody reads from it how much there was to look at.
    Raises `TooManyRequests` with the seconds to wait.
    """
    begun_at = time.monotonic()
    await count(installation, whose)
    try:
        yield
    except Unauthenticated:
        await _until_even(begun_at, installation.settings.refusal_seconds)
        raise
    except BaseException:
        await take_back(installation, whose)
        raise
    await take_back(installation, whose)


async def count(installation: Installation, whose: list[str]) -> None:
    """One attempt, counted before it is made. Raises `TooManyRequests` with the seconds to wait."""
    settings = installation.settings
    if settings.rate_limits == "off":
        return
    most, window = _limit(settings.sign_in_limit)
    now = clock.now().timestamp()
    try:
        script = installation.cache.register_script(_COUNT)
        pause = float(await script(keys=whose, args=[now, most, window, _LONGEST_PAUSE, _FORGOTTEN_AFTER]))
    except (RedisError, OSError):
        # Nobody is locked out because the counter is away; without it there are no sessions to be had either.
        log.warning("attempts.unavailable")
        return
    if pause > 0:
        raise TooManyRequests(retry_after=max(1, round(pause + 0.5)))


async def take_back(installation: Installation, whose: list[str]) -> None:
    """It was no guess."""
    if installation.settings.rate_limits == "off":
        return
    try:
        await installation.cache.register_script(_TAKE_BACK)(keys=whose)
    except (RedisError, OSError):
        log.warning("attempts.unavailable")


async def _until_even(begun_at: float, seconds: float) -> None:
    # One guess is compared with a hash for each organization that knows the address, and written into each one's trail.
    if seconds:
        await asyncio.sleep(-(time.monotonic() - begun_at) % seconds)


def _account(email: str) -> str:
    return crypto.digest(email.strip().lower()).hex()


def _neighbourhood(address: str) -> str:
    # Whoever has an IPv6 address has 2^64 of them.
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped) if found.ipv4_mapped else found.exploded[:19]
    return str(found)


@cache
def _limit(written: str) -> tuple[int, int]:
    item = limits.parse(written)
    return item.amount, item.get_expiry()
