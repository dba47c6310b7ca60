"""The organization's name, address, look, zone and languages, and where its customers write."""

from typing import Any, Final

from litestar import Response, get, post
from litestar.datastructures import FormMultiDict, UploadFile
from msgspec import UNSET, UnsetType

from parlour import email, people
from parlour.dashboard.settings.sheet import sheet, words
from parlour.email import wording
from parlour.entrance import Request, needs, pages
from parlour.foundation.errors import Problem
from parlour.people import OrganizationChanges, Permission, portal_hosts

_HERE: Final = "/dashboard/settings/organization"
_MANAGES: Final = needs(Permission.MANAGE_ORGANIZATION)


@get(_HERE, opt=_MANAGES)
async def show(request: Request) -> Response[str]:
    return await _page(request)


@post(_HERE, opt=_MANAGES)
async def change(request: Request) -> Response[Any]:
    form = await request.form()
    changes = OrganizationChanges(
        name=_sent(form, "name"),
        slug=_sent(form, "slug"),
        colour=_sent(form, "colour"),
        time_zone=_sent(form, "time_zone"),
    )
    try:
        async with request.transaction() as tx:
            await people.change_organization(tx, changes)
            if "first" in form:
                await wording.set_languages(tx, [words(form, "first"), *map(str, form.getall("language", []))])
    except Problem as problem:
        return await _page(request, problem, form)
    return pages.redirect(_HERE, "Saved.")


@post(f"{_HERE}/logo", opt=_MANAGES | {"uploads": True})
async def change_logo(request: Request) -> Response[Any]:
    file = (await request.form()).get("logo")
    blobs = request.installation.blobs
    try:
        logo = await people.drawn(await file.read() if isinstance(file, UploadFile) else b"")
        async with request.transaction() as tx:
            before = await people.this_organization(tx)
            after = await people.set_logo(tx, blobs, logo)
    except Problem as problem:
        return await _page(request, problem)
    await people.forget_logo(blobs, before, after)
    return pages.redirect(_HERE, "This is your logo now.")


@post(f"{_HERE}/logo/remove", opt=_MANAGES)
async def remove_logo(request: Request) -> Response[Any]:
    async with request.transaction() as tx:
        before = await people.this_organization(tx)
        after = await people.remove_logo(tx)
    await people.forget_logo(request.installation.blobs, before, after)
    return pages.redirect(_HERE, "Your logo is removed.")


@post(f"{_HERE}/origins", opt=_MANAGES)
async def change_origins(request: Request) -> Response[Any]:
    form = await request.form()
    try:
        async with request.transaction() as tx:
            await people.set_allowed_origins(tx, words(form, "origins").split())
    except Problem as problem:
        return await _page(request, problem, form)
    return pages.redirect(_HERE, "Saved.")


def _sent(form: FormMultiDict, name: str) -> str | UnsetType:
    return words(form, name) if name in form else UNSET


async def _page(request: Request, problem: Problem | None = None, form: FormMultiDict | None = None) -> Response[str]:
    async with request.reading() as tx:
        organization = await people.this_organization(tx)
        former = await people.former_slugs(tx)
        mailboxes = await email.mailboxes(tx)
        languages = await wording.languages(tx)
        origins = await people.allowed_origins(tx)
    known = {"name": organization.name, "slug": organization.slug, "colour": organization.colour}
    return await sheet(
        request,
        "organization",
        problem,
        organization=organization,
        # What was refused stands there to be corrected.
        typed={name: words(form, name) if form and name in form else value for name, value in known.items()},
        former=former,
        days=people.LEADS_HERE_FOR.days,
        zones=_with(people.time_zones(), organization.time_zone),
        languages=languages,
        offered=wording.NAMES | {code: wording.name_of(code) for code in languages},
        mailboxes=mailboxes,
        origins=words(form, "origins") if form and "origins" in form else "\n".join(origins),
        origin=portal_hosts.origin_of(organization, request.installation.settings.public_url),
    )


def _with(zones: list[str], present: str) -> list[tuple[str, str]]:
    known = zones if present in zones else [present, *zones]
    return [(zone, zone.replace("_", " ")) for zone in known]
