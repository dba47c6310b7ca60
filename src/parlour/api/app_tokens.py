"""Tokens in a cookie's place: for apps of our own, on a phone, in a widget, in a script, in which a person signs in."""

from datetime import datetime
from typing import Annotated, Final

from msgspec import Meta

from parlour import email, people
from parlour.access import apps
from parlour.api import shapes
from parlour.api.auth import FirstProof, Place, Who, entered
from parlour.api.conventions import Body
from parlour.api.operations import REFUSALS, Answer, operation
from parlour.entrance import PUBLIC, Request, arriving, note_origin

_FRESH: Final = {"cache-control": "no-store", "pragma": "no-cache"}
_BEARER: Final = "Bearer"
RefreshToken = Annotated[str, Meta(min_length=1, max_length=300)]


class Refreshing(Body, frozen=True, kw_only=True):
    """The newest refresh token there is."""

    refresh_token: RefreshToken


class AppTokens(shapes.Shape, frozen=True):
    """Send `accessToken` as `Authorization: Bearer …`; when it runs out, ask for new ones with `refreshToken`, once."""

    access_token: str
    token_type: Annotated[str, Meta(description="Always `Bearer` (RFC 6750).")]
    expires_in: Annotated[int, Meta(description="In how many seconds the access token runs out.")]
    refresh_token: str
    refresh_expires_at: Annotated[datetime, Meta(description="When the refresh token does, if it is not used.")]
    user: Who
    organization: Place


@operation(
    "POST /auth/tokens",
    PUBLIC,
    refusals=(*REFUSALS, 410),
    from_elsewhere=True,
    example={"email": "bob@acme.test", "password": "parlour-demo"},
)
async def sign_in_for_tokens(request: Request, body: FirstProof) -> Answer[AppTokens]:
    """Sign in for tokens

    As `POST /api/auth/sign-in`, steps included, but sets no cookie. The tokens are good for the one organization.
    """
    outcome = await entered(request, body)
    return await _told(request, await apps.tokens_for(request.installation, outcome))


@operation("POST /auth/tokens/refresh", PUBLIC, refusals=REFUSALS, from_elsewhere=True)
async def refresh_tokens(request: Request, body: Refreshing) -> Answer[AppTokens]:
    """Get new tokens

    A refresh token works once. The same one again, within 30 seconds and before its successor was used, gets the same
    successor: for an answer that was lost. After that it counts as stolen, and the sign-in ends for everybody.
    """
    installation = request.installation
    try:
        tokens = await apps.refresh(installation, body.refresh_token, arriving.client_of(request))
    except apps.RefreshTokenReused as reused:
        await email.tell_of_copied_token(installation, reused.session.organization_id, reused.session.user_id)
        raise
    return await _told(request, tokens)


@operation("POST /auth/tokens/revoke", PUBLIC, status=204, refusals=REFUSALS, from_elsewhere=True)
async def revoke_tokens(request: Request, body: Refreshing) -> None:
    """Give tokens up

    Ends the sign-in that the refresh token belongs to, its access tokens included. For one that is over already, the
    answer is the same (RFC 7009, 2.2).
    """
    await apps.give_up(request.installation, body.refresh_token)


async def _told(request: Request, tokens: apps.Tokens) -> Answer[AppTokens]:
    actor = tokens.standing.actor
    await note_origin(request, actor.organization_id)
    async with request.installation.database.reading(actor.organization_id) as tx:
        organization = await people.this_organization(tx)
    told = AppTokens(
        tokens.access_token,
        _BEARER,
        tokens.access_seconds,
        tokens.refresh_token,
        tokens.ends_at,
        Who(actor.user_id, actor.name, actor.email, actor.role),
        Place(organization.id, organization.slug, organization.name),
    )
    return Answer(told, _FRESH)


HANDLERS = (sign_in_for_tokens, refresh_tokens, revoke_tokens)
