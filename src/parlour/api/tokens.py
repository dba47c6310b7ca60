"""One's own API tokens."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from parlour import people
from parlour.api import shapes
from parlour.api.operations import operation
from parlour.api.queries import Body, Moment
from parlour.entrance import Request
from parlour.people import Permission


class NewToken(Body, frozen=True, kw_only=True):
    """A token to make."""

    name: Annotated[str, Meta(min_length=1, max_length=80, examples=["Nightly report"])]
    expires_at: Moment | None = None


class Token(shapes.Shape, frozen=True):
    """What remains visible of a token."""

    id: UUID
    name: str
    created_at: datetime
    expires_at: datetime | None


class MadeToken(Token, frozen=True):
    """A new token. `token` is its text, shown this once."""

    token: str


class Tokens(shapes.Shape, frozen=True):
    """All of one's live tokens, newest first."""

    items: list[Token]


@operation("GET /tokens", Permission.MANAGE_OWN_TOKENS)
async def list_tokens(request: Request) -> Tokens:
    """List my tokens"""
    async with request.reading() as tx:
        found = await people.tokens_of(tx, request.actor.user_id)
    return Tokens([Token(token.id, token.name, token.created_at, token.expires_at) for token in found])


@operation("POST /tokens", Permission.MANAGE_OWN_TOKENS, status=201, example={"name": "Nightly report"})
async def make_token(request: Request, body: NewToken) -> MadeToken:
    """Make a token

    It may do what you may do. Its text is shown this once.
    """
    async with request.transaction() as tx:
        token, text = await people.create_token(tx, request.actor.user_id, body.name, body.expires_at)
    return MadeToken(token.id, token.name, token.created_at, token.expires_at, text)


@operation("DELETE /tokens/{id}", Permission.MANAGE_OWN_TOKENS, status=204)
async def revoke_token(request: Request, id: UUID) -> None:  # noqa: A002
    """Revoke one of my tokens

    Within two seconds it opens nothing any more.
    """
    async with request.transaction() as tx:
        await people.revoke_token(tx, request.actor.user_id, id)
    request.forget_identities()
