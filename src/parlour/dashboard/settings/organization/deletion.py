"""Deleting the organization: what it means, asking for it, calling it off."""

from typing import Any, Final

from litestar import Response, get, post

from parlour import access, erasure, people
from parlour.dashboard.settings.sheet import sheet, words
from parlour.entrance import Request, needs, pages
from parlour.foundation.errors import Problem
from parlour.people import Permission

_HERE: Final = "/dashboard/settings/deletion"
_MAY: Final = needs(Permission.DELETE_ORGANIZATION)
# Shown after a fresh proof only, so that what is typed into it is not lost to one that is asked for afterwards.
_MAY_NOW: Final = needs(Permission.DELETE_ORGANIZATION, fresh=True)


@get(_HERE, opt=_MAY)
async def show(request: Request) -> Response[str]:
    return await _page(request)


@get(f"{_HERE}/ask", opt=_MAY_NOW)
async def form(request: Request) -> Response[str]:
    return await _page(request, is_asking=True)


@post(f"{_HERE}/ask", opt=_MAY_NOW)
async def ask(request: Request) -> Response[Any]:
    written = words(await request.form(), "slug")
    days = request.installation.settings.erase_after_days
    try:
        async with request.transaction() as tx:
            await erasure.close_for_deletion(tx, written, days, by=request.actor)
    except Problem as problem:
        return await _page(request, problem, is_asking=True)
    await access.announce(request.installation.cache, request.actor.organization_id, None)
    return pages.redirect(_HERE, "The organization is closed.")


@post(f"{_HERE}/call-off", opt=_MAY)
async def call_off(request: Request) -> Response[Any]:
    try:
        async with request.transaction() as tx:
            await erasure.call_off(tx, by=request.actor)
    except Problem as problem:
        return await _page(request, problem)
    await access.announce(request.installation.cache, request.actor.organization_id, None)
    return pages.redirect(_HERE, "The organization is open again.")


async def _page(request: Request, problem: Problem | None = None, *, is_asking: bool = False) -> Response[str]:
    async with request.reading() as tx:
        organization = await people.this_organization(tx)
        closing = await people.closing_of(tx)
        team = await people.team(tx)
    administrators = [one for one in team if one.role is people.Role.ADMIN and one.status is people.UserStatus.ACTIVE]
    return await sheet(
        request,
        "deletion",
        problem,
        organization=organization,
        closing=closing,
        days=request.installation.settings.erase_after_days,
        kept=erasure.SLUG_KEPT_FOR.days,
        administrators=administrators,
        is_asking=is_asking and closing is None,
    )
