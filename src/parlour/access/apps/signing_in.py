"""An app's tokens from their first to their last: a session like any other, behind something else than a cookie.

The session is the family of its refresh tokens. Whatever ends a session ends them, whatever a session is asked they are
asked, and it stands in the list of where one is signed in.
"""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import msgspec

from parlour.access import trail
from parlour.access.apps import access_tokens, refresh_tokens
from parlour.access.apps.access_tokens import BadAccessToken, Claims
from parlour.access.apps.refresh_tokens import RefreshOver, UsedBefore
from parlour.access.arriving import Entered
from parlour.access.client import Client
from parlour.access.sessions import ending, keeping
from parlour.access.sessions.keeping import Session
from parlour.access.standing import Standing, standing_of
from parlour.foundation.errors import NotFound
from parlour.foundation.installation import Installation

_PURPOSE: Final = "session of an app"


class Tokens(msgspec.Struct, frozen=True):
    """What an app keeps of a sign-in."""

    access_token: str
    access_seconds: int
    refresh_token: str
    session: Session
    standing: Standing
    ends_at: datetime
    """When the refresh token runs out if it is not used before."""


class RefreshTokenReused(RefreshOver):
    """This refresh token has run out, was used before, or its sign-in has ended. Sign in again."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session


async def tokens_for(installation: Installation, entered: Entered) -> Tokens:
    """In place of the cookie of a sign-in that has just been completed, which opens nothing any more.

    They are good for the one organization. Raises `Unauthenticated` where it has ended meanwhile.
    """
    session = await keeping.take(installation, entered.token)
    if session is None:
        raise RefreshOver()
    session = msgspec.structs.replace(session, identities=(entered.identity,), is_app=True)
    await keeping.keep(installation, session, place_of(installation, session.id))
    return await _tokens(installation, session, entered.standing, await refresh_tokens.begin(installation, session))


async def refresh(installation: Installation, text: str, client: Client) -> Tokens:
    """New ones for the one refresh token, which has thereby been used. Raises `RefreshOver`.

    Raises `RefreshTokenReused` once for a copy: the sign-in is ended then, for whoever has the other one too.
    """
    place = place_of(installation, refresh_tokens.session_named(installation, text))
    session = await keeping.session_of(installation, place)
    if session is None or not session.is_app:
        raise RefreshOver()
    async with installation.database.reading(session.organization_id) as tx:
        standing = await standing_of(tx, session.user_id)
    if standing is None or standing.due(session.identity):
        raise RefreshOver()
    if keeping.is_over(session, keeping.limits_under(standing.policy, installation.settings)):
        raise RefreshOver()
    try:
        successor = await refresh_tokens.turn(installation, session, text)
    except UsedBefore as copied:
        await trail.refresh_token_reused(installation.database, session.identity, session.id)
        with suppress(NotFound):
            await ending.end_one_of(installation, session.organization_id, session.user_id, session.id)
        raise RefreshTokenReused(session) from copied
    session = await keeping.note_use(installation, place, session, client)
    return await _tokens(installation, session, standing, successor)


async def give_up(installation: Installation, text: str) -> None:
    """Signs out whoever has this refresh token, used or not (RFC 7009). Nothing happens for one that is over."""
    with suppress(RefreshOver):
        await ending.sign_out(installation, place_of(installation, refresh_tokens.session_named(installation, text)))


async def session_of_app(installation: Installation, claims: Claims) -> tuple[Session, str]:
    """The session that an access token names, kept alive by being asked for, and its place. Raises `BadAccessToken`."""
    place = place_of(installation, claims.sid)
    session = await keeping.session_of(installation, place)
    if session is None or not session.is_app or access_tokens.is_over(claims):
        raise BadAccessToken()
    if (session.organization_id, session.user_id) != (claims.org, claims.sub):
        raise BadAccessToken()
    return session, place


def place_of(installation: Installation, session_id: UUID) -> str:
    """What stands in a cookie's place. Nobody is given it; to make it takes the installation's key."""
    return installation.signer.digest(_PURPOSE, session_id.bytes).hex()


async def _tokens(installation: Installation, session: Session, standing: Standing, refresh_token: str) -> Tokens:
    settings = installation.settings
    limits = keeping.limits_under(standing.policy, settings)
    ends = min(session.used_at + limits.idle.total_seconds(), session.begun_at + limits.longest.total_seconds())
    return Tokens(
        await access_tokens.write(installation, session),
        access_tokens.seconds(settings),
        refresh_token,
        session,
        standing,
        datetime.fromtimestamp(ends, UTC),
    )
