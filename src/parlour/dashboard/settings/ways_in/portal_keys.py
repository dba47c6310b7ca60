"""Signing customers in from one's own site: the keys its tokens are signed with."""

from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from parlour import access, people
from parlour.dashboard.settings.sheet import sheet, words
from parlour.entrance import Request, needs, pages
from parlour.foundation.errors import Problem
from parlour.people import Permission, portal_hosts

_HERE: Final = "/dashboard/settings/portal-keys"
_LOOKS: Final = needs(Permission.MANAGE_SECURITY)
_CHANGES: Final = needs(Permission.MANAGE_SECURITY, fresh=True)


@get(_HERE, opt=_LOOKS)
async def show(request: Request) -> Response[str]:
    return await _page(request)


@post(_HERE, opt=_CHANGES)
async def make(request: Request) -> Response[Any]:
    """Answers with the page itself, never a redirect: the secret is shown this once."""
    try:
        async with request.transaction() as tx:
            _, secret = await access.make_portal_secret(tx, request.installation.sealer, by=request.actor)
    except Problem as problem:
        return await _page(request, problem)
    answer = await _page(request, secret=secret)
    answer.headers["cache-control"] = "no-store"
    return answer


@post(_HERE + "/public", opt=_CHANGES)
async def add(request: Request) -> Response[Any]:
    form = await request.form()
    try:
        async with request.transaction() as tx:
            key = await access.add_portal_key(tx, words(form, "publicKey"), by=request.actor)
    except Problem as problem:
        return await _page(request, problem)
    return pages.redirect(_HERE, f"Tokens signed with this {key.algorithm} key are let in.")


@post(_HERE + "/{key_id:uuid}/remove", opt=_CHANGES)
async def remove(request: Request, key_id: FromPath[UUID]) -> Response[Any]:
    async with request.transaction() as tx:
        await access.remove_portal_key(tx, key_id, by=request.actor)
    return pages.redirect(_HERE, "Tokens signed with it open nothing any more.")


async def _page(request: Request, problem: Problem | None = None, secret: str = "") -> Response[str]:
    async with request.reading() as tx:
        keys, organization = await access.portal_keys(tx), await people.this_organization(tx)
    origin = portal_hosts.origin_of(organization, request.installation.settings.public_url)
    portal = f"{origin}/portal/{organization.slug}"
    return await sheet(request, "portal_keys", problem, keys=keys, secret=secret, portal=portal)
