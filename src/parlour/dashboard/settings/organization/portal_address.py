"""The portal's own name: the records that an administrator pastes into the DNS, and whether they are there."""

from typing import Any, Final

from litestar import Response, get, post

from parlour import people
from parlour.dashboard.settings.sheet import sheet, words
from parlour.entrance import Request, needs, pages
from parlour.foundation.errors import Conflict, Problem
from parlour.people import Permission, portal_hosts

_HERE: Final = "/dashboard/settings/portal-address"
_MANAGES: Final = needs(Permission.MANAGE_ORGANIZATION)


@get(_HERE, opt=_MANAGES)
async def show(request: Request) -> Response[str]:
    return await _page(request)


@post(_HERE, opt=_MANAGES)
async def ask_for(request: Request) -> Response[Any]:
    written = words(await request.form(), "host")
    try:
        async with request.transaction() as tx:
            asked = await portal_hosts.ask_for_host(tx, written, request.installation.settings.public_url)
    except Problem as problem:
        return await _page(request, problem, written)
    return pages.redirect(_HERE, f"Add the records of {asked.host} to its DNS, then check.")


@post(f"{_HERE}/check", opt=_MANAGES)
async def check(request: Request) -> Response[Any]:
    try:
        asked = await portal_hosts.check_host(request.installation, request.actor.organization_id)
    except Conflict as problem:
        return await _page(request, problem)
    if asked.verified_at and not asked.missing_since:
        return pages.redirect(_HERE, f"Your portal is at {asked.host}.")
    return pages.redirect(_HERE, "Not everything is there yet: see below.")


@post(f"{_HERE}/remove", opt=_MANAGES)
async def give_up(request: Request) -> Response[Any]:
    async with request.transaction() as tx:
        await portal_hosts.give_up_host(tx)
    return pages.redirect(_HERE, "Your portal is at its usual address again.")


async def _page(request: Request, problem: Problem | None = None, written: str = "") -> Response[str]:
    settings = request.installation.settings
    async with request.reading() as tx:
        asked = await portal_hosts.portal_host(tx)
        organization = await people.this_organization(tx)
    return await sheet(
        request,
        "portal_address",
        problem,
        asked=asked,
        written=written,
        portal=f"{portal_hosts.origin_of(organization, settings.public_url)}/portal/{organization.slug}",
        usual=f"{settings.public_url}/portal/{organization.slug}",
        target=portal_hosts.target_of(settings.public_url),
        is_asked=settings.mail_dns != "off",
    )
