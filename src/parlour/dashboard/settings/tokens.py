"""One's own API tokens: made, shown once, revoked."""

from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from parlour import access
from parlour.dashboard.settings.sheet import sheet, words
from parlour.entrance import Request, needs, pages
from parlour.foundation.errors import Problem
from parlour.people import Permission

_HERE: Final = "/dashboard/settings/tokens"
_OWN: Final = needs(Permission.MANAGE_OWN_TOKENS)


@get(_HERE, opt=_OWN)
async def show(request: Request) -> Response[str]:
    return await _page(request)


@post(_HERE, opt=_OWN)
async def make(request: Request) -> Response[Any]:
    """Answers with the page itself, never a redirect: the token's text is shown this once and kept nowhere."""
    form = await request.form()
    try:
        async with request.transaction() as tx:
            _, text = await access.create_token(tx, request.actor.user_id, words(form, "name"))
    except Problem as problem:
        return await _page(request, problem)
    response = await _page(request, secret=text)
    response.headers["cache-control"] = "no-store"
    return response


@post(_HERE + "/{token_id:uuid}/revoke", opt=_OWN)
async def revoke(request: Request, token_id: FromPath[UUID]) -> Response[Any]:
    async with request.transaction() as tx:
        await access.revoke_token(tx, request.actor.user_id, token_id)
    request.forget_identities()
    return pages.redirect(_HERE, "The token no longer works.")


async def _page(request: Request, problem: Problem | None = None, secret: str | None = None) -> Response[str]:
    async with request.reading() as tx:
        found = await access.tokens_of(tx, request.actor.user_id)
    return await sheet(request, "tokens", problem, found=found, secret=secret)
