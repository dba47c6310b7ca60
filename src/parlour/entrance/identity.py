"""Who is asking: the session cookie of a browser, or the API token of a program."""

import time
from collections.abc import Hashable
from datetime import timedelta
from typing import Final, Generic, TypeVar
from uuid import UUID

import msgspec
from litestar.datastructures import Cookie

from parlour import people
from parlour.foundation import crypto
from parlour.foundation.doorways import Whereabouts
from parlour.foundation.errors import Unauthenticated
from parlour.foundation.installation import Installation
from parlour.people import Actor, Session

COOKIE: Final = "parlour_session"
_REMEMBERED_SECONDS: Final = 2.0
_MOST_REMEMBERED: Final = 10_000

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class BadToken(Unauthenticated):
    """This API token is unknown, revoked or expired. Make a new one in your settings."""


class Visitor(msgspec.Struct, frozen=True):
    """Somebody who has come in. `session` is None for a program with an API token."""

    actor: Actor
    session: Session | None


class Identities:
    """Recognises people. A busy client is looked up every two seconds, not every request."""

    def __init__(self, installation: Installation) -> None:
        self._database = installation.database
        self._cache = installation.cache
        self._session_lifetime = timedelta(days=installation.settings.session_days)
        self._tokens: _Memory[bytes, Whereabouts] = _Memory()
        self._actors: _Memory[tuple[UUID, UUID], Actor] = _Memory()

    async def by_session(self, token: str) -> Visitor | None:
        """None where the session has ended, or the user was made inactive."""
        session = await people.session_of(self._cache, token, self._session_lifetime)
        if session is None:
            return None
        actor = await self.actor(session.organization_id, session.user_id)
        return Visitor(actor, session) if actor else None

    async def has_session(self, token: str) -> bool:
        """Whether it still stands: cheap enough to ask every few seconds."""
        return await people.session_of(self._cache, token, self._session_lifetime) is not None

    async def by_token(self, token: str) -> Visitor:
        """Raises `BadToken`."""
        digest = crypto.digest(token)
        place = self._tokens.recall(digest)
        if place is None:
            place = await self._database.doorways.user_by_token(digest)
            if place is None:
                raise BadToken()
            self._tokens.remember(digest, place)
        actor = await self.actor(place.organization_id, place.id)
        if actor is None:
            raise BadToken()
        return Visitor(actor, None)

    async def actor(self, organization_id: UUID, user_id: UUID) -> Actor | None:
        """The user as an actor, at most two seconds old. None where they are unknown or inactive."""
        key = (organization_id, user_id)
        actor = self._actors.recall(key)
        if actor is None:
            async with self._database.reading(organization_id) as tx:
                actor = await people.actor_of(tx, user_id)
            if actor:
                self._actors.remember(key, actor)
        return actor

    def forget(self) -> None:
        """After a user, a department or a token was changed by this very process."""
        self._actors.clear()
        self._tokens.clear()


async def welcome(installation: Installation, place: Whereabouts) -> Cookie:
    """Sign somebody in: the cookie that says so from now on."""
    settings = installation.settings
    lifetime = timedelta(days=settings.session_days)
    token = await people.begin_session(installation.cache, place.organization_id, place.id, lifetime)
    return _cookie(token, int(lifetime.total_seconds()), settings.public_url)


async def farewell(installation: Installation, token: str | None) -> Cookie:
    """Sign somebody out: the cookie that says nothing any more."""
    if token:
        await people.end_session(installation.cache, token)
    return _cookie("", 0, installation.settings.public_url)


def _cookie(value: str, seconds: int, public_url: str) -> Cookie:
    secure = public_url.startswith("https://")
    return Cookie(COOKIE, value=value, max_age=seconds, path="/", httponly=True, samesite="lax", secure=secure)


class _Memory(Generic[Key, Value]):
    def __init__(self) -> None:
        self._known: dict[Key, tuple[float, Value]] = {}

    def recall(self, key: Key) -> Value | None:
        known = self._known.get(key)
        if known is None or known[0] < time.monotonic():
            return None
        return known[1]

    def remember(self, key: Key, value: Value) -> None:
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        self._known[key] = (time.monotonic() + _REMEMBERED_SECONDS, value)

    def clear(self) -> None:
        self._known.clear()
