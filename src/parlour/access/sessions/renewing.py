"""A session behind a new cookie: at every change of what it may do, so that an old cookie never gains by it."""

from collections.abc import Sequence
from contextlib import suppress

import msgspec
from redis.asyncio.client import Pipeline
from redis.exceptions import WatchError

from parlour.access.proofs import Identity, Proof
from parlour.access.sessions.keeping import LINGERS_SECONDS, Session, amend, enter, index_of, key_of, put
from parlour.access.standing import Standing
from parlour.foundation import clock, crypto
from parlour.foundation.errors import Unauthenticated
from parlour.foundation.installation import Installation


class SessionChanged(Unauthenticated):
    """Your session was changed or ended at this very moment. Try again, or sign in again."""


async def renew(installation: Installation, token: str, session: Session, identity: Identity) -> str | None:
    """A new cookie, with this identity acting; None where another request is renewing it at this moment."""
    old = key_of(token)
    if not await installation.cache.set(f"{old}:renewed", "1", nx=True, ex=LINGERS_SECONDS):
        return None
    with suppress(SessionChanged):
        return await replace(installation, token, session, identity)
    return None


async def replace(
    installation: Installation, token: str, session: Session, identity: Identity, joining: Sequence[Identity] = ()
) -> str:
    """A new cookie for what the person at the browser has just done; the old one fades.

    In one step, from what the session was when it was read: one that was ended meanwhile stays ended, and a cookie
    that fades already, which somebody else may have kept, is never made into one that lasts. Raises `SessionChanged`.
    """
    others = session.others_than(identity.organization_id, identity.user_id)
    known = (identity, *others)
    identities = (*known, *(one for one in joining if not any(one.is_same(other) for other in known)))
    if session.is_app:
        # Its tokens name it by its id: it stays where it is, and only they are ever made anew.
        def joined(current: Session) -> Session:
            _check_same(current, session)
            return msgspec.structs.replace(current, identities=identities)

        if await amend(installation, key_of(token), joined) is None:
            raise SessionChanged()
        return token
    old, new = key_of(token), crypto.new_secret()
    async with installation.cache.pipeline() as together:
        while True:
            await together.watch(old)
            current = await _standing(together, old, session)
            changed = msgspec.structs.replace(current, identities=identities, before=old)
            together.multi()  # type: ignore[no-untyped-call]
            put(together, key_of(new), changed, installation.settings)
            enter(together, key_of(new), changed, installation.settings)
            fading = msgspec.structs.replace(current, replaced_at=clock.now().timestamp())
            together.set(old, msgspec.json.encode(fading), ex=LINGERS_SECONDS)
            for one in current.identities:
                together.srem(index_of(one.organization_id, one.user_id), old)
            with suppress(WatchError):
                await together.execute()
                return new


async def _standing(together: Pipeline, key: str, session: Session) -> Session:
    """As it is now. Raises `SessionChanged` where it was ended or replaced, or is somebody else's by now."""
    stored = await together.get(key)
    if not stored:
        raise SessionChanged()
    current = msgspec.json.decode(stored, type=Session)
    _check_same(current, session)
    return current


def _check_same(current: Session, session: Session) -> None:
    if current.replaced_at or current.identities != session.identities:
        raise SessionChanged()


def as_it_stands(session: Session, standing: Standing, shown: Proof | None = None) -> Identity:
    """The acting identity, with what it is allowed by now, and one proof more."""
    identity = session.identity.shown(shown) if shown else session.identity
    return msgspec.structs.replace(identity, privileges=standing.privileges)
