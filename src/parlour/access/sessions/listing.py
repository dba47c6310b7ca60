"""Where somebody is signed in: which browsers, from where, when last."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec

from parlour.access.client import name_of
from parlour.access.sessions.keeping import index_of, keys_of, read
from parlour.foundation.installation import Installation


class SignedIn(msgspec.Struct, frozen=True):
    """One session as its owner sees it."""

    id: UUID
    name: str
    address: str
    begun_at: datetime
    used_at: datetime
    is_this: bool
    is_app: bool = False


async def has_session(installation: Installation, organization_id: UUID, user_id: UUID, session_id: UUID) -> bool:
    """Whether one of theirs, by its name in their list, still stands."""
    for key in await keys_of(installation.cache, organization_id, user_id):
        session = await read(installation.cache, key)
        if session and session.id == session_id:
            return True
    return False


async def sessions_of(
    installation: Installation, organization_id: UUID, user_id: UUID, *, this: UUID | None = None
) -> list[SignedIn]:
    """Their sessions: this one first, then the last used."""
    cache, index = installation.cache, index_of(organization_id, user_id)
    found = []
    for key in await keys_of(cache, organization_id, user_id):
        session = await read(cache, key)
        if session is None:
            # It ended by itself: Valkey takes away what is not used, and leaves its name here.
            await cache.srem(index, key)
            continue
        begun, used = (datetime.fromtimestamp(at, UTC) for at in (session.begun_at, session.used_at))
        is_this, name = session.id == this, name_of(session.agent)
        found.append(SignedIn(session.id, name, session.address, begun, used, is_this, session.is_app))
    return sorted(found, key=lambda one: (not one.is_this, -one.used_at.timestamp(), one.id))
