"""Who is asking: the session cookie of a browser, the access token of an app, or the API token of a program."""

import time
from collections.abc import Hashable
from typing import Final, Generic, TypeVar
from uuid import UUID

import msgspec

from parlour import access
from parlour.access import Bearer, Client, Scopes, Session, Standing, apps
from parlour.foundation import crypto
from parlour.foundation.errors import Unauthenticated
from parlour.foundation.installation import Installation
from parlour.people import Actor

_REMEMBERED_SECONDS: Final = 2.0
_MOST_REMEMBERED: Final = 10_000

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class BadToken(Unauthenticated):
    """This API token is unknown, revoked or expired. Make a new one in your settings."""


class Visitor(msgspec.Struct, frozen=True):
    """Somebody who has come in. `session` is None for a program with an API token."""

    standing: Standing
    session: Session | None
    scopes: Scopes = None
    place: str = ""
    """Where an app's session lies, which no cookie says."""

    @property
    def actor(self) -> Actor:
        return self.standing.actor


class Identities:
    """Recognises people. A busy client is looked up every two seconds, not every request."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._database = installation.database
        self._tokens: _Memory[bytes, Bearer] = _Memory()
        self._claims: _Memory[bytes, apps.Claims] = _Memory()
        self._standings: _Memory[tuple[UUID, UUID], Standing] = _Memory()

    async def by_session(self, token: str, client: Client | None = None) -> Visitor | None:
        """None where it has ended, the user was made inactive, or their organization now asks for more."""
        session = await access.session_of(self._installation, token)
        if session is None or session.is_app:
            return None
        standing = await self._standing_in(session)
        if standing is None:
            return None
        return Visitor(standing, await self._used(token, session, client))

    async def has_session(self, token: str) -> bool:
        """Whether it still stands: cheap enough to ask every few seconds."""
        session = await access.session_of(self._installation, token)
        return session is not None and not session.is_app

    async def by_token(self, token: str, client: Client | None = None) -> Visitor:
        """A program with no more than its token allows, or an app. Raises `BadToken` or `BadAccessToken`."""
        if apps.is_access_token(token):
            return await self._by_access_token(token, client)
        digest = crypto.digest(token)
        bearer = self._tokens.recall(digest)
        if bearer is None:
            bearer = (
                None
                if access.is_mistyped_token(token)
                else await self._look_up(digest, client.address if client else "")
            )
            if bearer is None:
                raise BadToken()
            self._tokens.remember(digest, bearer)
        if bearer.user_id is None:
            return Visitor(bearer.as_directory(), None, bearer.scopes)
        standing = await self.standing(bearer.organization_id, bearer.user_id)
        if standing is None:
            raise BadToken()
        actor = access.narrowed(standing.actor, bearer.scopes)
        return Visitor(msgspec.structs.replace(standing, actor=actor), None, bearer.scopes)

    async def _by_access_token(self, token: str, client: Client | None) -> Visitor:
        digest = crypto.digest(token)
        claims = self._claims.recall(digest)
        if claims is None:
            claims = await apps.read_access_token(self._installation, token)
            self._claims.remember(digest, claims)
        # The signature is looked at every two seconds, the session behind it every time: it may have ended.
        session, place = await apps.session_of_app(self._installation, claims)
        standing = await self._standing_in(session)
        if standing is None:
            raise apps.BadAccessToken()
        return Visitor(standing, await self._used(place, session, client), place=place)

    async def _used(self, place: str, session: Session, client: Client | None) -> Session:
        # Only now: one that was idle for longer than its organization allows must not come back by being tried.
        return await access.note_session_use(self._installation, place, session, client) if client else session

    async def _standing_in(self, session: Session) -> Standing | None:
        """None where the user is inactive, or their organization now asks for more, or for shorter sessions."""
        standing = await self.standing(session.organization_id, session.user_id)
        if standing is None or not standing.accepts(session.identity) or standing.due(session.identity):
            return None
        limits = access.limits_under(standing.policy, self._installation.settings)
        return None if access.is_over(session, limits) else standing

    async def _look_up(self, digest: bytes, address: str) -> Bearer | None:
        place = await self._database.doorways.api_token(digest)
        if place is None:
            return None
        async with self._database.reading(place.organization_id) as tx:
            bearer = await access.bearer_of(tx, place.id)
        if bearer and bearer.use_is_due:
            async with self._database.transaction(place.organization_id) as tx:
                await access.note_use(tx, place.id, address)
        return bearer

    async def standing(self, organization_id: UUID, user_id: UUID) -> Standing | None:
        """How the user stands, at most two seconds old. None where they are unknown or inactive."""
        key = (organization_id, user_id)
        standing = self._standings.recall(key)
        if standing is None:
            async with self._database.reading(organization_id) as tx:
                standing = await access.standing_of(tx, user_id)
            if standing:
                self._standings.remember(key, standing)
        return standing

    def forget_user(self, organization_id: UUID, user_id: UUID) -> None:
        """After another process changed them."""
        self._standings.forget((organization_id, user_id))
        # Whose tokens these are is not known here; they are few, and soon known again.
        self._tokens.clear()

    def forget(self) -> None:
        """After a user, a department or a token was changed by this very process."""
        self._standings.clear()
        self._tokens.clear()


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

    def forget(self, key: Key) -> None:
        self._known.pop(key, None)

    def clear(self) -> None:
        self._known.clear()
