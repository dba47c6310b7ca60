"""The organization's name and colour, and the addresses its customers write to."""

from typing import Any, Final

from litestar import Response, get, post

from parlour import email, people
from parlour.dashboard.settings.sheet import sheet, words
from parlour.entrance import Request, needs, pages
from parlour.foundation.errors import Problem
from parlour.people import Permission

_HERE: Final = "/dashboard/settings/organization"
_MANAGES: Final = needs(Permission.MANAGE_ORGANIZATION)


@get(_HERE, opt=_MANAGES)
async def show(request: Request) -> Response[str]:
    return await _page(request)


@post(_HERE, opt=_MANAGES)
async def change(request: Request) -> Response[Any]:
    form = await request.form()
    try:
        async with request.transaction() as tx:
            await people.change_organization(tx, words(form, "name"), words(form, "colour"))
    except Problem as problem:
        return await _page(request, problem)
    return pages.redirect(_HERE, "Saved.")


@post(f"{_HERE}/origins", opt=_MANAGES)
async def change_origins(request: Request) -> Response[Any]:
    form = await request.form()
    try:
        async with request.transaction() as tx:
            await people.set_allowed_origins(tx, words(form, "origins").split())
    except Problem as problem:
        return await _page(request, problem)
    return pages.redirect(_HERE, "Saved.")


async def _page(request: Request, problem: Problem | None = None) -> Response[str]:
    async with request.reading() as tx:
        organization = await people.this_organization(tx)
        mailboxes = await email.mailboxes(tx)
        origins = await people.allowed_origins(tx)
    typed = words(await request.form(), "origins") if problem else "\n".join(origins)
    found = {"organization": organization, "mailboxes": mailboxes, "origins": typed}
    return await sheet(request, "organization", problem, **found)
