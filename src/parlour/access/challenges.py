"""A sign-in that is half done: kept in Valkey for minutes, for one client, one purpose, few tries."""

from enum import StrEnum
from typing import Final

import msgspec
from redis.asyncio import Redis

from parlour.access.client import Client
from parlour.access.proofs import Identity
from parlour.foundation import clock, crypto
from parlour.foundation.errors import Unauthenticated

SECONDS: Final = 600
MOST_TRIES: Final = 5


class ChallengeOver(Unauthenticated):
    """That took too long, or too many tries. Sign in again from the beginning."""


class Purpose(StrEnum):
    """What it leads to; it leads to nothing else."""

    SIGN_IN = "SIGN_IN"
    SWITCH = "SWITCH"


class Challenge(msgspec.Struct, frozen=True):
    """Whose proofs are being gathered: the first identity's. The others were opened by the same first proof."""

    purpose: Purpose
    identities: tuple[Identity, ...]
    client: str
    begun_at: float

    @property
    def identity(self) -> Identity:
        return self.identities[0]


async def begin(cache: Redis, challenge: Challenge) -> str:
    """The text that continues it. Only its digest is stored."""
    token = crypto.new_secret()
    await cache.set(_key(token), msgspec.json.encode(challenge), ex=SECONDS)
    return token


async def find(cache: Redis, token: str, client: Client) -> Challenge:
    """Raises `ChallengeOver`, also where another client brings it."""
    stored = await cache.get(_key(token))
    challenge = msgspec.json.decode(stored, type=Challenge) if stored else None
    if challenge is None or challenge.client != client.mark:
        raise ChallengeOver()
    if clock.now().timestamp() - challenge.begun_at >= SECONDS:
        raise ChallengeOver()
    return challenge


async def try_(cache: Redis, token: str, client: Client) -> Challenge:
    """The same, and one try less. Raises `ChallengeOver` after the last; counted first, so that none runs beside."""
    challenge = await find(cache, token, client)
    async with cache.pipeline() as together:
        together.incr(f"{_key(token)}:tries")
        together.expire(f"{_key(token)}:tries", SECONDS)
        tries, _ = await together.execute()
    if tries > MOST_TRIES:
        await end(cache, token)
        raise ChallengeOver()
    return challenge


async def end(cache: Redis, token: str) -> bool:
    """Whether it was still there: of two who finish at once, one does."""
    return bool(await cache.delete(_key(token)))


def _key(token: str) -> str:
    return f"challenge:{crypto.digest(token).hex()}"
