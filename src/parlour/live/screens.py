"""The screens connected to this process: whose they are, and whether they still may be."""

import time
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final
from uuid import UUID

from parlour import entrance
from parlour.access import apps
from parlour.entrance import COOKIE, BadToken, Identities, cookie_name
from parlour.foundation.settings import Settings
from parlour.live import rooms
from parlour.live.needs import TOLD
from parlour.people import Actor, Permission

_SESSION_CHECKED_EVERY: Final = 5.0
_ACTOR_CHECKED_EVERY: Final = 30.0
_MOST_TICKETS: Final = 20


class Screen:
    """One connection."""

    def __init__(self, sid: str, actor: Actor, session: str | None, token: str | None) -> None:
        self.sid = sid
        self.actor = actor
        self.tickets: set[UUID] = set()
        """Those it has open, seen there by colleagues."""
        self.followed: set[UUID] = set()
        """Those it has open, seen by nobody: a customer's."""
        self._session = session
        self._token = token
        self._session_due = time.monotonic() + _SESSION_CHECKED_EVERY
        self._actor_due = time.monotonic() + _ACTOR_CHECKED_EVERY

    @property
    def rooms(self) -> set[str]:
        return rooms.of_actor(self.actor)

    @property
    def is_among_colleagues(self) -> bool:
        """Whether others see which tickets they have open, and they see the others."""
        return self.actor.is_agent and self.actor.may(TOLD["ticket:viewers"])

    @property
    def has_room_for_a_ticket(self) -> bool:
        return len(self.tickets) + len(self.followed) < _MOST_TICKETS

    def look_again_at_once(self) -> None:
        """Something about its owner has changed."""
        self._actor_due = 0.0

    async def is_welcome(self, identities: Identities) -> bool:
        """Whether the session or token still stands and the user is active; looked at now and then only."""
        now = time.monotonic()
        if now >= self._actor_due:
            self._actor_due = now + _ACTOR_CHECKED_EVERY
            return await self._look_again(identities)
        if now >= self._session_due:
            self._session_due = now + _SESSION_CHECKED_EVERY
            if self._session:
                return await identities.has_session(self._session)
            if self._token and apps.is_access_token(self._token):
                # Its session may have ended, or it has run out: whoever connects anew brings a new one.
                return await self._look_again(identities)
        return True

    async def _look_again(self, identities: Identities) -> bool:
        visitor = await visitor_of(identities, self._session, self._token)
        # Who has switched to another organization meanwhile is somebody else here.
        if visitor is None or visitor.user_id != self.actor.user_id:
            return False
        self.actor = visitor
        return True


async def visitor_of(identities: Identities, session: str | None, token: str | None) -> Actor | None:
    """Who that is. None where they may not come in."""
    if token:
        try:
            actor = (await identities.by_token(token)).actor
        except (BadToken, apps.BadAccessToken):
            return None
        # What is heard here is about tickets.
        return actor if actor.may(Permission.READ_TICKETS) else None
    visitor = await identities.by_session(session) if session else None
    return visitor.actor if visitor else None


def credentials(environ: dict[str, Any], auth: Any, settings: Settings) -> tuple[str | None, str | None]:
    """The session cookie and the API token that came along. A cookie counts only from a page of ours."""
    if isinstance(auth, dict) and isinstance(auth.get("token"), str):
        return None, auth["token"]
    scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return None, token.strip()
    origin = environ.get("HTTP_ORIGIN")
    if origin and not entrance.is_own_origin(origin, environ.get("HTTP_HOST", ""), settings.public_url):
        return None, None
    return _cookie(environ.get("HTTP_COOKIE", ""), cookie_name(settings, COOKIE)), None


def _cookie(sent: str, name: str) -> str | None:
    try:
        found = SimpleCookie(sent).get(name)
    except CookieError:
        return None
    return found.value if found else None
