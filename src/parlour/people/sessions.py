"""Sessions: who is signed in, in Valkey, behind an opaque cookie."""

from datetime import timedelta
from uuid import UUID

import msgspec
from redis.asyncio import Redis

from parlour.foundation import clock, crypto


class Session(msgspec.Struct, frozen=True):
    """One signed-in browser. `csrf` must come back with each form."""

    organization_id: UUID
    user_id: UUID
    csrf: str
    signed_in_at: float


async def begin_session(cache: Redis, organization_id: UUID, user_id: UUID, lifetime: timedelta) -> str:
    """The cookie's value. Only its digest is stored, so nobody who reads Valkey can sign in."""
    token = crypto.new_secret()
    session = Session(organization_id, user_id, crypto.new_secret(), clock.now().timestamp())
    seconds = int(lifetime.total_seconds())
    async with cache.pipeline() as together:
        together.set(_key(token), msgspec.json.encode(session), ex=seconds)
        together.sadd(_sessions_of(organization_id, user_id), _key(token))
        together.expire(_sessions_of(organization_id, user_id), seconds)
        await together.execute()
    return token


async def session_of(cache: Redis, token: str, lifetime: timedelta) -> Session | None:
    """The session, kept alive for another `lifetime`."""
    stored = await cache.getex(_key(token), ex=int(lifetime.total_seconds()))
    return msgspec.json.decode(stored, type=Session) if stored else None


async def end_session(cache: Redis, token: str) -> None:
    await cache.delete(_key(token))


async def end_sessions_of(cache: Redis, organization_id: UUID, user_id: UUID) -> None:
    """Sign a user out everywhere."""
    keys = await cache.smembers(_sessions_of(organization_id, user_id))
    await cache.delete(_sessions_of(organization_id, user_id), *keys)


def _key(token: str) -> str:
    return f"session:{crypto.digest(token).hex()}"


def _sessions_of(organization_id: UUID, user_id: UUID) -> str:
    return f"sessions:{organization_id}:{user_id}"
