"""Sessions: who is signed in, in Valkey, behind an opaque cookie."""

import hmac
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final, Literal
from uuid import UUID

import msgspec
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import WatchError

from parlour.access.client import Client, short
from parlour.access.policy import Policy
from parlour.access.proofs import Identity
from parlour.foundation import clock, crypto, ids
from parlour.foundation.installation import Installation
from parlour.foundation.settings import Settings

# A session that is used is written down again only after this long: the list of one's devices is no finer.
_NOTED_EVERY: Final = 60.0
# What a page asks for at once still carries the old cookie, and finds what the old one stood for.
LINGERS_SECONDS: Final = 10


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
    replaced_at: float = 0.0
    """When another cookie took its place; it lingers for some seconds, for requests that were under way."""
    is_app: bool = False
    """It is behind an app's tokens, at a place that follows from its id; no cookie opens it."""
    before: str = ""
    """Where it lay before its cookie was made anew: for some seconds requests under way still find it there."""

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

    def others_than(self, organization_id: UUID, user_id: UUID) -> tuple[Identity, ...]:
        """Its identities without one."""
        gone = (organization_id, user_id)
        return tuple(one for one in self.identities if (one.organization_id, one.user_id) != gone)


class Limits(msgspec.Struct, frozen=True):
    """How long a session lives unused, and however much it is used."""

    idle: timedelta
    longest: timedelta


def limits_of(settings: Settings) -> Limits:
    """The installation's own; an organization's policy may only shorten them."""
    return Limits(timedelta(days=settings.session_days), timedelta(days=settings.session_longest_days))


def limits_under(policy: Policy, settings: Settings) -> Limits:
    """The installation's, or the organization's own where they are shorter."""
    limits = limits_of(settings)
    idle = timedelta(minutes=policy.idle_minutes) if policy.idle_minutes else limits.idle
    longest = timedelta(hours=policy.longest_hours) if policy.longest_hours else limits.longest
    return Limits(min(idle, limits.idle), min(longest, limits.longest))


async def begin_session(installation: Installation, identities: tuple[Identity, ...], client: Client) -> str:
    """The cookie's value: always a new one. Only its digest is stored, so nobody who reads Valkey can sign in."""
    now = clock.now().timestamp()
    session = Session(ids.new(), identities, crypto.new_secret(), now, now, client.address, short(client.agent))
    return await keep(installation, session)


async def keys_of(cache: Redis, organization_id: UUID, user_id: UUID) -> list[str]:
    """Where a user's sessions lie, those included that ended by themselves."""
    return [str(key) for key in await cache.smembers(index_of(organization_id, user_id))]


async def read(cache: Redis, key: str) -> Session | None:
    """What lies at a key, without keeping it alive."""
    stored = await cache.get(key)
    return msgspec.json.decode(stored, type=Session) if stored else None


async def amend(installation: Installation, key: str, change: Callable[[Session], Session]) -> Session | None:
    """As it is at that moment, changed in one step: what was ended or replaced meanwhile does not come back.

    None where there is nothing to change any more.
    """
    async with installation.cache.pipeline() as together:
        while True:
            await together.watch(key)
            stored = await together.get(key)
            session = msgspec.json.decode(stored, type=Session) if stored else None
            if session is None or session.replaced_at:
                return None
            changed = change(session)
            together.multi()  # type: ignore[no-untyped-call]
            put(together, key, changed, installation.settings)
            with suppress(WatchError):
                await together.execute()
                return changed


def put(together: Pipeline, key: str, session: Session, settings: Settings) -> None:
    """Among other commands: for as long as it may still live."""
    together.set(key, msgspec.json.encode(session), ex=_seconds_left(session, limits_of(settings)))


def enter(together: Pipeline, key: str, session: Session, settings: Settings) -> None:
    """Among other commands: it is found by whose it is."""
    for identity in session.identities:
        index = index_of(identity.organization_id, identity.user_id)
        together.sadd(index, key)
        together.expire(index, int(limits_of(settings).longest.total_seconds()))


async def take(installation: Installation, token: str) -> Session | None:
    """What is behind a cookie, which opens nothing afterwards."""
    stored = await installation.cache.getdel(key_of(token))
    if not stored:
        return None
    session = msgspec.json.decode(stored, type=Session)
    for identity in session.identities:
        await installation.cache.srem(index_of(identity.organization_id, identity.user_id), key_of(token))
    return session


async def keep(installation: Installation, session: Session, token: str | None = None) -> str:
    """Put it behind a new cookie value, or at a place of its own."""
    token = token or crypto.new_secret()
    async with installation.cache.pipeline() as together:
        put(together, key_of(token), session, installation.settings)
        enter(together, key_of(token), session, installation.settings)
        await together.execute()
    return token


async def session_of(installation: Installation, token: str) -> Session | None:
    """The session, kept alive by being asked for. None where it was ended, or has lived too long.

    That it was used is for the caller to say, once it is clear that it may be: see `note_use`.
    """
    limits = limits_of(installation.settings)
    stored = await installation.cache.getex(key_of(token), ex=int(limits.idle.total_seconds()))
    if not stored:
        return None
    session = msgspec.json.decode(stored, type=Session)
    if is_over(session, limits):
        await installation.cache.delete(key_of(token))
        return None
    if session.replaced_at:
        # Asking for it has just given it another fortnight.
        await installation.cache.expire(key_of(token), LINGERS_SECONDS)
        return session
    return session


async def note_use(installation: Installation, token: str, session: Session, client: Client) -> Session:
    """The client is the last that used it: to the minute."""
    if session.replaced_at or clock.now().timestamp() - session.used_at < _NOTED_EVERY:
        return session
    now, agent = clock.now().timestamp(), short(client.agent)

    def use(current: Session) -> Session:
        return msgspec.structs.replace(current, used_at=now, address=client.address, agent=agent)

    return await amend(installation, key_of(token), use) or session


def is_over(session: Session, limits: Limits) -> bool:
    """Whether it was unused, or used, for longer than that; or replaced some seconds ago."""
    now = clock.now().timestamp()
    if session.replaced_at and now - session.replaced_at >= LINGERS_SECONDS:
        return True
    return now - session.used_at >= limits.idle.total_seconds() or now - session.begun_at >= (
        limits.longest.total_seconds()
    )


def key_of(token: str) -> str:
    return f"session:{crypto.digest(token).hex()}"


def index_of(organization_id: UUID, user_id: UUID | Literal["*"]) -> str:
    return f"sessions:{organization_id}:{user_id}"


def _seconds_left(session: Session, limits: Limits) -> int:
    longest = session.begun_at + limits.longest.total_seconds() - clock.now().timestamp()
    return max(1, int(min(limits.idle.total_seconds(), longest)))
