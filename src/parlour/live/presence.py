"""Who has a ticket open, and who is writing: kept in Valkey with an expiry, so that all processes agree."""

import time
from typing import Any, Final
from uuid import UUID

import msgspec
from redis.asyncio import Redis

from parlour.people import Actor

SEEN_FOR: Final = 30.0
"""Seconds after which a viewer whose process died is gone."""
TYPING_FOR: Final = 8.0


class Somebody(msgspec.Struct, frozen=True):
    """Who, on which screen."""

    screen: str
    id: str
    name: str


def somebody(screen: str, actor: Actor) -> Somebody:
    return Somebody(screen, str(actor.user_id), actor.name)


async def enter(cache: Redis, ticket_id: UUID, who: Somebody) -> None:
    """They look at it, for another while: repeat this."""
    await _remember(cache, _viewers(ticket_id), who, SEEN_FOR)


async def leave(cache: Redis, ticket_id: UUID, who: Somebody) -> None:
    async with cache.pipeline(transaction=False) as together:
        together.zrem(_viewers(ticket_id), _member(who))
        together.zrem(_typing(ticket_id), _member(who))
        await together.execute()


async def type_(cache: Redis, ticket_id: UUID, who: Somebody, *, typing: bool) -> bool:
    """Whether that is news."""
    if typing:
        return bool(await _remember(cache, _typing(ticket_id), who, TYPING_FOR))
    return bool(await cache.zrem(_typing(ticket_id), _member(who)))


async def forget_the_gone(cache: Redis, ticket_id: UUID) -> bool:
    """Whether anybody's time was over. True for one process only."""
    now = time.time()
    async with cache.pipeline(transaction=False) as together:
        together.zremrangebyscore(_viewers(ticket_id), "-inf", now)
        together.zremrangebyscore(_typing(ticket_id), "-inf", now)
        return any(await together.execute())


async def present(cache: Redis, ticket_id: UUID) -> dict[str, Any]:
    """The event `ticket:viewers`: each person once, however many screens they have."""
    async with cache.pipeline(transaction=False) as together:
        together.zrange(_viewers(ticket_id), 0, -1)
        together.zrange(_typing(ticket_id), 0, -1)
        viewers, typing = await together.execute()
    return {"id": str(ticket_id), "viewers": _people(viewers), "typing": _people(typing)}


async def _remember(cache: Redis, key: str, who: Somebody, seconds: float) -> Any:
    async with cache.pipeline(transaction=False) as together:
        together.zadd(key, {_member(who): time.time() + seconds})
        together.expire(key, int(seconds) + 1)
        added, _ = await together.execute()
    return added


def _people(members: list[str]) -> list[dict[str, str]]:
    named = {}
    for member in sorted(members):
        _, user_id, name = member.split(" ", 2)
        named[user_id] = {"id": user_id, "name": name}
    return list(named.values())


def _member(who: Somebody) -> str:
    return f"{who.screen} {who.id} {who.name}"


def _viewers(ticket_id: UUID) -> str:
    return f"viewers:{ticket_id}"


def _typing(ticket_id: UUID) -> str:
    return f"typing:{ticket_id}"
