"""A session behind a new cookie: at every change of what it may do, so that an old cookie never gains by it."""

import msgspec

from parlour.access.proofs import Identity, Proof
from parlour.access.sessions.keeping import LINGERS_SECONDS, Session, index_of, keep, key_of, write
from parlour.access.standing import Standing
from parlour.foundation import clock
from parlour.foundation.installation import Installation


async def renew(installation: Installation, token: str, session: Session, identity: Identity) -> str | None:
    """A new cookie, with this identity acting; None where another request is renewing it at this moment."""
    old = key_of(token)
    if not await installation.cache.set(f"{old}:renewed", "1", nx=True, ex=LINGERS_SECONDS):
        return None
    return await replace(installation, token, session, identity)


async def replace(installation: Installation, token: str, session: Session, identity: Identity) -> str:
    """A new cookie, whatever else is under way: for what the person at the browser has just done."""
    old, cache = key_of(token), installation.cache
    others = session.others_than(identity.organization_id, identity.user_id)
    if session.is_app:
        # Its tokens name it by its id: it stays where it is, and only they are ever made anew.
        await write(installation, old, msgspec.structs.replace(session, identities=(identity, *others)))
        return token
    changed = msgspec.structs.replace(session, identities=(identity, *others), before=old, replaced_at=0.0)
    new = await keep(installation, changed)
    if not session.replaced_at:
        fading = msgspec.structs.replace(session, replaced_at=clock.now().timestamp())
        await cache.set(old, msgspec.json.encode(fading), ex=LINGERS_SECONDS, xx=True)
    for one in session.identities:
        await cache.srem(index_of(one.organization_id, one.user_id), old)
    return new


def as_it_stands(session: Session, standing: Standing, shown: Proof | None = None) -> Identity:
    """The acting identity, with what it is allowed by now, and one proof more."""
    identity = session.identity.shown(shown) if shown else session.identity
    return msgspec.structs.replace(identity, privileges=standing.privileges)
