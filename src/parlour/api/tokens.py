"""API tokens: one's own, and for administrators everybody's."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from parlour import access
from parlour.api import shapes
from parlour.api.conventions import Body, Moment
from parlour.api.operations import Answer, operation, shown_once
from parlour.entrance import Request
from parlour.people import Permission


class NewToken(Body, frozen=True, kw_only=True):
    """A token to make. Without `scopes` it may do what you may do; with them, no more than they name."""

    name: Annotated[str, Meta(min_length=1, max_length=80, examples=["Nightly report"])]
    expires_at: Moment | None = None
    scopes: Annotated[list[Permission], Meta(min_length=1, max_length=100)] | None = None


class Token(shapes.Shape, frozen=True):
    """What remains visible of a token. `scopes` is null where it may do all that its owner may."""

    id: UUID
    name: str
    created_at: datetime
    expires_at: datetime | None
    scopes: list[str] | None
    last_used_at: Annotated[datetime | None, Meta(description="To the minute.")]
    last_used_from: str | None


class MadeToken(Token, frozen=True):
    """A new token. `token` is its text, shown this once."""

    token: str


class Tokens(shapes.Shape, frozen=True):
    """All of one's live tokens, newest first."""

    items: list[Token]


class SomebodysToken(Token, frozen=True):
    """With whose it is; null where it is the directory's."""

    owner: shapes.Person | None


class EverybodysTokens(shapes.Shape, frozen=True):
    """The organization's live tokens: the directory's, then those used last."""

    items: list[SomebodysToken]


@operation("GET /tokens", Permission.MANAGE_OWN_TOKENS)
async def list_tokens(request: Request) -> Tokens:
    """List my tokens"""
    async with request.reading() as tx:
        found = await access.tokens_of(tx, request.actor.user_id)
    return Tokens([Token(*_visible(token)) for token in found])


@operation("POST /tokens", Permission.MANAGE_OWN_TOKENS, confirmed=True, status=201, example={"name": "Nightly report"})
async def make_token(request: Request, body: NewToken) -> Answer[MadeToken]:
    """Make a token

    It may do what you may do, or the `scopes` of that. A token makes none that may do more than itself. The text is
    shown this once.
    """
    asked = None if body.scopes is None else frozenset(body.scopes)
    allowed = access.scopes_for(asked, by=request.actor, within=request.token_scopes)
    async with request.transaction() as tx:
        token, text = await access.create_token(tx, request.actor.user_id, body.name, body.expires_at, allowed)
    return shown_once(MadeToken(*_visible(token), text))


@operation("DELETE /tokens/{id}", Permission.MANAGE_OWN_TOKENS, status=204)
async def revoke_token(request: Request, id: UUID) -> None:  # noqa: A002
    """Revoke one of my tokens

    Within two seconds it opens nothing any more.
    """
    actor = request.actor
    async with request.transaction() as tx:
        await access.revoke_token(tx, actor.user_id, id)
    request.forget_identities()
    await access.announce(request.installation.cache, actor.organization_id, actor.user_id)


@operation("GET /organization/tokens", Permission.MANAGE_SECURITY)
async def list_everybodys_tokens(request: Request) -> EverybodysTokens:
    """List everybody's tokens

    500 at most.
    """
    async with request.reading() as tx:
        found = await access.all_tokens(tx)
    return EverybodysTokens([SomebodysToken(*_visible(token), _owner(token)) for token in found])


@operation("DELETE /organization/tokens/{id}", Permission.MANAGE_SECURITY, status=204)
async def revoke_anybodys_token(request: Request, id: UUID) -> None:  # noqa: A002
    """Revoke anybody's token

    Within two seconds it opens nothing any more.
    """
    async with request.transaction() as tx:
        user_id = await access.revoke_any(tx, id)
    request.forget_identities()
    await access.announce(request.installation.cache, request.actor.organization_id, user_id or id)


def _owner(token: access.SomebodysToken) -> shapes.Person | None:
    return shapes.Person(token.user_id, token.user_name or "", token.user_email) if token.user_id else None


def _visible(
    token: access.ApiToken,
) -> tuple[UUID, str, datetime, datetime | None, list[str] | None, datetime | None, str | None]:
    return (
        token.id,
        token.name,
        token.created_at,
        token.expires_at,
        token.scopes,
        token.last_used_at,
        token.last_used_from,
    )
