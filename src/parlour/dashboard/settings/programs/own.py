"""One's own API tokens: made, shown once, revoked."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from parlour import access
from parlour.access import Scopes
from parlour.dashboard.settings.sheet import sheet, words
from parlour.entrance import Request, needs, pages
from parlour.foundation import clock
from parlour.foundation.errors import Invalid, Problem
from parlour.people import Permission

_HERE: Final = "/dashboard/settings/tokens"
_OWN: Final = needs(Permission.MANAGE_OWN_TOKENS)

LIFETIMES: Final = (("30", "30 days"), ("90", "90 days"), ("365", "A year"), ("", "Until it is revoked"))


@get(_HERE, opt=_OWN)
async def show(request: Request) -> Response[str]:
    return await _page(request)


@post(_HERE, opt=needs(Permission.MANAGE_OWN_TOKENS, fresh=True))
async def make(request: Request) -> Response[Any]:
    """Answers with the page itself, never a redirect: the token's text is shown this once and kept nowhere."""
    form = await request.form()
    try:
        asked = _asked(words(form, "may"), [str(name) for name in form.getall("scope", [])])
        allowed = access.scopes_for(asked, by=request.actor, within=request.token_scopes)
        ends = ends_at(words(form, "days"))
        async with request.transaction() as tx:
            _, text = await access.create_token(tx, request.actor.user_id, words(form, "name"), ends, allowed)
    except Problem as problem:
        return await _page(request, problem)
    response = await _page(request, secret=text)
    response.headers["cache-control"] = "no-store"
    return response


@post(_HERE + "/{token_id:uuid}/revoke", opt=_OWN)
async def revoke(request: Request, token_id: FromPath[UUID]) -> Response[Any]:
    actor = request.actor
    async with request.transaction() as tx:
        await access.revoke_token(tx, actor.user_id, token_id)
    request.forget_identities()
    await access.announce(request.installation.cache, actor.organization_id, actor.user_id)
    return pages.redirect(_HERE, "The token no longer works.")


def ends_at(days: str) -> datetime | None:
    """When a token ends whose lifetime was chosen from the list. Raises `Invalid`."""
    if days not in dict(LIFETIMES):
        raise Invalid(details={"days": "Choose one of the list."})
    return clock.now() + timedelta(days=int(days)) if days else None


async def _page(request: Request, problem: Problem | None = None, secret: str | None = None) -> Response[str]:
    async with request.reading() as tx:
        found = await access.tokens_of(tx, request.actor.user_id)
    form = await request.form() if problem else None
    return await sheet(
        request,
        "tokens",
        problem,
        found=found,
        secret=secret,
        soon=clock.now() + timedelta(days=7),
        lifetimes=LIFETIMES,
        read_only=sorted(access.READ_ONLY & request.actor.permissions),
        permissions=[permission for permission in Permission if permission in request.actor.permissions],
        written={name: words(form, name) for name in ("name", "days", "may")}
        if form
        else {"name": "", "days": "90", "may": ""},
        chosen=form.getall("scope", []) if form else [],
    )


def _asked(may: str, chosen: list[str]) -> Scopes:
    if may in ("", "all"):
        return None
    if may == "read":
        return access.READ_ONLY
    try:
        return frozenset(Permission(name) for name in chosen)
    except ValueError as strange:
        raise Invalid(details={"scopes": "Choose from the list."}) from strange
