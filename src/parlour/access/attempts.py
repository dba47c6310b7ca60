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
import msgspec
import structlog
from redis.exceptions import RedisError

from parlour.access import trail
from parlour.access.client import Client
from parlour.access.known_browsers import known_browser
from parlour.access.proofs import Identity
from parlour.foundation import circumstances, clock, crypto, ids
from parlour.foundation.circumstances import Circumstances
from parlour.foundation.doorways import Whereabouts
from parlour.foundation.errors import TooManyRequests, Unauthenticated
from parlour.foundation.installation import Installation

log = structlog.get_logger()

_LONGEST_PAUSE: Final = 15 * 60
_FORGOTTEN_AFTER: Final = 60 * 60
_LONGEST_EMAIL: Final = 254

# One step, so that many who come at once can't all be the fifth. What comes during a pause does not prolong it: a
# stranger can slow an account down, never close it.
_COUNT: Final = """
local now, most, window = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local longest, kept = tonumber(ARGV[4]), ARGV[5]
local pause, begun = 0, 0
for _, key in ipairs(KEYS) do
    local known = redis.call('hmget', key, 'until')
    local ends = tonumber(known[1]) or 0
    if ends > now then pause = math.max(pause, ends - now) end
end
if pause > 0 then return {tostring(pause), 0} end
for place, key in ipairs(KEYS) do
    local known = redis.call('hmget', key, 'count', 'since', 'pauses')
    local count, since, pauses = tonumber(known[1]) or 0, tonumber(known[2]) or now, tonumber(known[3]) or 0
    if now - since >= window then count, since = 0, now end
    count = count + 1
    if count > most then
        local length = math.min(window * 2 ^ pauses, longest)
        pause = math.max(pause, length)
        -- Of the account, which comes last: not of an address that has tried too many of them.
        if place == #KEYS then begun = 1 end
        redis.call('hset', key, 'until', now + length, 'pauses', pauses + 1, 'count', 0, 'since', now + length)
    else
        redis.call('hset', key, 'count', count, 'since', since)
    end
    redis.call('expire', key, kept)
end
return {tostring(pause), begun}
"""
_TAKE_BACK: Final = """
for _, key in ipairs(KEYS) do
    local count = tonumber(redis.call('hget', key, 'count') or 0)
    if count > 0 then redis.call('hset', key, 'count', count - 1) end
end
"""


class Whose(msgspec.Struct, frozen=True):
    """What an attempt is counted under, an account last; and who is told when a pause of the account begins."""

    keys: list[str]
    email: str = ""
    identity: Identity | None = None


def of_sign_in(installation: Installation, client: Client, email: str) -> Whose:
    """Whom a sign-in counts for: the address, and the account, known or not.

    A browser in which this account was signed in before has an account's count of its own: whatever strangers do,
    its owner comes in.
    """
    known = known_browser(installation.signer, client, email)
    account = f"attempts:browser:{known}" if known else f"attempts:account:{_account(email)}"
    return Whose([f"attempts:address:{_neighbourhood(client.address)}", account], email=email)


def of_address(client: Client) -> Whose:
    """Whom something counts for that concerns no account yet."""
    return Whose([f"attempts:address:{_neighbourhood(client.address)}"])


def of_mail(client: Client, email: str) -> Whose:
    """Whom a mail counts for that somebody asks us to send: where they are, and the address, known or not."""
    place = f"attempts:mail:address:{_neighbourhood(client.address)}"
    return Whose([place, f"attempts:mail:account:{_account(email)}"])


def of_recipient(email: str) -> Whose:
    """The same where somebody who is signed in has it sent: nobody's mailbox is filled."""
    return Whose([f"attempts:mail:account:{_account(email)}"])


def codes_of(identity: Identity) -> Whose:
    """Second factors and confirmations: counted for the user, whoever asks."""
    return Whose([f"attempts:codes:{identity.user_id}"], identity=identity)


@asynccontextmanager
async def counted(installation: Installation, whose: Whose) -> AsyncIterator[None]:
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


async def count(installation: Installation, whose: Whose) -> None:
    """One attempt, counted before it is made. Raises `TooManyRequests` with the seconds to wait."""
    settings = installation.settings
    if settings.rate_limits == "off":
        return
    most, window = _limit(settings.sign_in_limit)
    now = clock.now().timestamp()
    try:
        script = installation.cache.register_script(_COUNT)
        said, has_begun = await script(keys=whose.keys, args=[now, most, window, _LONGEST_PAUSE, _FORGOTTEN_AFTER])
    except (RedisError, OSError):
        # Nobody is locked out because the counter is away; without it there are no sessions to be had either.
        log.warning("attempts.unavailable")
        return
    if has_begun:
        await _note(installation, whose)
    if (pause := float(said)) > 0:
        raise TooManyRequests(retry_after=max(1, round(pause + 0.5)))


async def take_back(installation: Installation, whose: Whose) -> None:
    """It was no guess."""
    if installation.settings.rate_limits == "off":
        return
    try:
        await installation.cache.register_script(_TAKE_BACK)(keys=whose.keys)
    except (RedisError, OSError):
        log.warning("attempts.unavailable")


async def _until_even(begun_at: float, seconds: float) -> None:
    # One guess is compared with a hash for each organization that knows the address, and written into each one's trail.
    if seconds:
        await asyncio.sleep(-(time.monotonic() - begun_at) % seconds)


async def _note(installation: Installation, whose: Whose) -> None:
    if whose.identity:
        place = Whereabouts(whose.identity.organization_id, whose.identity.user_id)
        await trail.paused(installation.database, place)
    elif whose.email:
        # By a job, whoever has the address and whether anybody does: how long this takes must not tell.
        present, email = circumstances.present(), whose.email.replace("\x00", "")[:_LONGEST_EMAIL]
        async with installation.database.transaction(ids.new()) as tx:
            tx.queue(note_pause, email=email, address=present.address, request_id=present.request_id)


async def note_pause(
    installation: Installation, organization_id: UUID, *, email: str, address: str | None, request_id: str | None
) -> None:
    """Job: wherever somebody has this address. Written once, however often it runs."""
    with circumstances.under(Circumstances(address=address, request_id=request_id)):
        for place in await installation.database.doorways.users_by_email(email.strip()):
            await trail.paused(installation.database, place)


JOBS: Final = (note_pause,)
"""What this room lets the queue run."""


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
