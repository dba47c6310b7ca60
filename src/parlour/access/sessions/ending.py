"""Sessions ended: one, all others, or all of a user at once, in every web process."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

import msgspec
from redis.asyncio import Redis

from parlour.access import trail
from parlour.access.proofs import Identity
from parlour.access.sessions.keeping import Session, amend, index_of, key_of, keys_of, read
from parlour.foundation.errors import NotFound
from parlour.foundation.installation import Installation

CHANNEL: Final = "parlour:access"
"""On which every web process hears whose standing or sessions have changed."""


# Each look holds Valkey up, for everybody.
_LOOKED_THROUGH_AT_ONCE: Final = 1000


class Changed(msgspec.Struct, frozen=True):
    """Look at this user's screens anew, and forget what was remembered of them. Without one: at everybody's there."""

    organization_id: UUID
    user_id: UUID | None


async def sign_out(installation: Installation, token: str) -> None:
    """Somebody leaves: in every tab, and in every organization the session held."""
    cache = installation.cache
    session = await read(cache, key_of(token))
    if session is None:
        return
    await cache.delete(key_of(token), *([session.before] if session.before else []))
    for identity in session.identities:
        await cache.srem(index_of(identity.organization_id, identity.user_id), key_of(token))
        await announce(cache, identity.organization_id, identity.user_id)
    await trail.signed_out(installation.database, session.identity)


async def end_sessions_of(
    installation: Installation, organization_id: UUID, user_id: UUID, *, except_for: str | None = None
) -> int:
    """Sign a user out everywhere, or everywhere else than in the session of a cookie. How many there were.

    A session that also holds who they are in another organization goes on there.
    """
    cache, index = installation.cache, index_of(organization_id, user_id)
    kept = key_of(except_for) if except_for else ""
    spared = await read(cache, kept) if kept else None
    if spared and spared.before:
        # A copy of the cookie that it had a moment ago is no browser of theirs.
        await cache.delete(spared.before)
    ended = 0
    # Until none is left: one may be getting a new cookie at this moment.
    while keys := [key for key in await keys_of(cache, organization_id, user_id) if key != kept]:
        for key in keys:
            ended += await _take_out(installation, key, organization_id, user_id)
            await cache.srem(index, key)
    await announce(cache, organization_id, user_id)
    if ended:
        await trail.sessions_ended(installation.database, organization_id, user_id, ended)
    return ended


async def end_sessions_where(
    installation: Installation, organization_id: UUID, user_id: UUID, is_meant: Callable[[Identity], bool]
) -> int:
    """Those of a user's sessions in which they are here in a certain way. How many there were."""
    cache, index = installation.cache, index_of(organization_id, user_id)
    ended, passed = 0, set[str]()
    # Until none is left: one may be getting a new cookie at this moment.
    while keys := [key for key in await keys_of(cache, organization_id, user_id) if key not in passed]:
        for key in keys:
            session = await read(cache, key)
            if session is None or not any(is_meant(one) for one in _own(session, organization_id, user_id)):
                passed.add(key)
                continue
            ended += await _take_out(installation, key, organization_id, user_id)
            await cache.srem(index, key)
    if ended:
        await announce(cache, organization_id, user_id)
        await trail.sessions_ended(installation.database, organization_id, user_id, ended)
    return ended


async def end_one_of(installation: Installation, organization_id: UUID, user_id: UUID, session_id: UUID) -> None:
    """One of a user's sessions, by its name in their list. Raises `NotFound`."""
    cache, index = installation.cache, index_of(organization_id, user_id)
    for key in await keys_of(cache, organization_id, user_id):
        session = await read(cache, key)
        if session and session.id == session_id:
            await cache.delete(key, *([session.before] if session.before else []))
            await cache.srem(index, key)
            await announce(cache, organization_id, user_id)
            await trail.sessions_ended(installation.database, organization_id, user_id, 1)
            return
    raise NotFound()


async def end_all_sessions(installation: Installation, organization_id: UUID) -> int:
    """Of everybody in an organization that is no more. How many people were signed in."""
    cache, ended = installation.cache, 0
    async for index in cache.scan_iter(match=index_of(organization_id, "*"), count=_LOOKED_THROUGH_AT_ONCE):
        user_id = UUID(str(index).rpartition(":")[2])
        for key in await keys_of(cache, organization_id, user_id):
            await _take_out(installation, key, organization_id, user_id)
        await cache.delete(index)
        ended += 1
    await announce(cache, organization_id, None)
    return ended


async def announce(cache: Redis, organization_id: UUID, user_id: UUID | None) -> None:
    """Tell every web process. Whoever does not hear it finds out by itself some seconds later."""
    await cache.publish(CHANNEL, msgspec.json.encode(Changed(organization_id, user_id)))


def _own(session: Session, organization_id: UUID, user_id: UUID) -> list[Identity]:
    return [one for one in session.identities if (one.organization_id, one.user_id) == (organization_id, user_id)]


async def _take_out(installation: Installation, key: str, organization_id: UUID, user_id: UUID) -> bool:
    """Whether there was one. Who else it holds stays in it."""
    session = await read(installation.cache, key)
    if session is None:
        return False
    if session.before:
        await installation.cache.delete(session.before)
    if not session.others_than(organization_id, user_id):
        return bool(await installation.cache.delete(key))

    def taken_out(current: Session) -> Session:
        return msgspec.structs.replace(current, identities=current.others_than(organization_id, user_id))

    return await amend(installation, key, taken_out) is not None
