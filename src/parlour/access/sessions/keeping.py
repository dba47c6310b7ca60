"""Sessions: who is signed in, in Valkey, behind an opaque cookie."""

import hmac
from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec
from redis.asyncio import Redis

from parlour.access import trail
from parlour.access.client import Client, short
from parlour.access.proofs import Identity
from parlour.foundation import clock, crypto, ids
from parlour.foundation.installation import Installation
from parlour.foundation.settings import Settings

# A session that is used is written down again only after this long: the list of one's devices is no finer.
_NOTED_EVERY: Final = 60.0


class Session(msgspec.Struct, frozen=True):
    """One signed-in browser. The first identity is the one that acts; the others are a switch away."""

    id: UUID
    """Names it in the list of one's sessions; it opens nothing."""
    identities: tuple[Identity, ...]
    secret: str
    begun_at: float
    used_at: float
    address: str = ""
    agent: str = ""

    @property
    def identity(self) -> Identity:
        return self.identities[0]

    @property
    def organization_id(self) -> UUID:
        return self.identity.organization_id

    @property
    def user_id(self) -> UUID:
        return self.identity.user_id

    @property
    def csrf(self) -> str:
        """Must come back with each form. Another organization's page holds another one: no form crosses a switch."""
        return hmac.digest(self.secret.encode(), self.organization_id.bytes, "sha256").hex()


class Limits(msgspec.Struct, frozen=True):
    """How long a session lives unused, and however much it is used."""

    idle: timedelta
    longest: timedelta


def limits_of(settings: Settings) -> Limits:
    """The installation's own; an organization's policy may only shorten them."""
    return Limits(timedelta(days=settings.session_days), timedelta(days=settings.session_longest_days))


async def begin_session(installation: Installation, identities: tuple[Identity, ...], client: Client) -> str:
    """The cookie's value: always a new one. Only its digest is stored, so nobody who reads Valkey can sign in."""
    now = clock.now().timestamp()
    session = Session(ids.new(), identities, crypto.new_secret(), now, now, client.address, short(client.agent))
    return await keep(installation, session)


async def keep(installation: Installation, session: Session) -> str:
    """Put it behind a new cookie value."""
    token = crypto.new_secret()
    seconds = _seconds_left(session, limits_of(installation.settings))
    async with installation.cache.pipeline() as together:
        together.set(key_of(token), msgspec.json.encode(session), ex=seconds)
        for identity in session.identities:
            index = index_of(identity.organization_id, identity.user_id)
            together.sadd(index, key_of(token))
            together.expire(index, int(limits_of(installation.settings).longest.total_seconds()))
        await together.execute()
    return token


async def session_of(installation: Installation, token: str, client: Client | None = None) -> Session | None:
    """The session, kept alive by being asked for. None where it was ended, or has lived too long."""
    limits = limits_of(installation.settings)
    stored = await installation.cache.getex(key_of(token), ex=int(limits.idle.total_seconds()))
    if not stored:
        return None
    session = msgspec.json.decode(stored, type=Session)
    if is_over(session, limits):
        await end_session(installation.cache, token)
        return None
    if clock.now().timestamp() - session.used_at >= _NOTED_EVERY:
        return await _note_use(installation.cache, token, session, client, limits)
    return session


def is_over(session: Session, limits: Limits) -> bool:
    """Whether it was unused, or used, for longer than that."""
    now = clock.now().timestamp()
    return now - session.used_at >= limits.idle.total_seconds() or now - session.begun_at >= (
        limits.longest.total_seconds()
    )


async def end_session(cache: Redis, token: str) -> None:
    await cache.delete(key_of(token))


async def sign_out(installation: Installation, token: str) -> None:
    """Somebody leaves: their session ends, and the audit trail says so. Nothing happens where it had ended already."""
    stored = await installation.cache.getdel(key_of(token))
    if stored:
        session = msgspec.json.decode(stored, type=Session)
        await trail.signed_out(installation.database, session.identity)


async def end_sessions_of(installation: Installation, organization_id: UUID, user_id: UUID) -> None:
    """Sign a user out everywhere."""
    index = index_of(organization_id, user_id)
    keys = await installation.cache.smembers(index)
    ended = await installation.cache.delete(*keys) if keys else 0
    await installation.cache.delete(index)
    if ended:
        await trail.sessions_ended(installation.database, organization_id, user_id, ended)


def key_of(token: str) -> str:
    return f"session:{crypto.digest(token).hex()}"


def index_of(organization_id: UUID, user_id: UUID) -> str:
    return f"sessions:{organization_id}:{user_id}"


async def _note_use(cache: Redis, token: str, session: Session, client: Client | None, limits: Limits) -> Session:
    used = msgspec.structs.replace(session, used_at=clock.now().timestamp())
    if client:
        used = msgspec.structs.replace(used, address=client.address, agent=short(client.agent))
    # Only where it is still there: one that was ended meanwhile does not come back.
    await cache.set(key_of(token), msgspec.json.encode(used), ex=_seconds_left(used, limits), xx=True)
    return used


def _seconds_left(session: Session, limits: Limits) -> int:
    longest = session.begun_at + limits.longest.total_seconds() - clock.now().timestamp()
    return max(1, int(min(limits.idle.total_seconds(), longest)))
