"""A customer's way in and out, at their organization's own door."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from parlour.access import Entered, Step, WrongCredentials, providers
from parlour.entrance import Request, arriving, pages, public
from parlour.foundation.errors import Problem, TooManyRequests
from parlour.people import Organization, Permission
from parlour.portal.visit import customers, home_of, organization_at, visit

_HERE = "/portal/{slug:str}/sign-in"


@get(_HERE, opt=public())
async def form(request: Request, slug: FromPath[str]) -> Response[Any]:
    organization = await organization_at(request, slug)
    next_page = own_page(request.query_params.get("next", ""), slug)
    visitor = request.visitor
    if visitor and visitor.organization_id == organization.id and not visitor.is_agent:
        return Redirect(next_page, status_code=303)
    return await sign_in_page(request, organization, next_page)


@post(_HERE, opt=public())
async def enter(request: Request, slug: FromPath[str]) -> Response[Any]:
    organization = await organization_at(request, slug)
    try:
        outcome, told = await arriving.by_password(request, organization.id)
    except (WrongCredentials, TooManyRequests) as refusal:
        sent = await request.form()
        next_page = own_page(str(sent.get("next") or ""), slug)
        return await sign_in_page(request, organization, next_page, email=str(sent.get("email") or ""), refusal=refusal)
    return await arriving.arrived(request, door(request, organization), outcome, told)


@get(f"{_HERE}/{Step.SECOND_FACTOR}", opt=public())
async def code_form(request: Request, slug: FromPath[str]) -> Response[Any]:
    here = door(request, await organization_at(request, slug))
    return await arriving.step_form(request, here, Step.SECOND_FACTOR)


@post(f"{_HERE}/{Step.SECOND_FACTOR}", opt=public())
async def code(request: Request, slug: FromPath[str]) -> Response[Any]:
    return await arriving.code_sent(request, door(request, await organization_at(request, slug)))


@get(f"{_HERE}/{Step.SET_UP}", opt=public())
async def set_up_form(request: Request, slug: FromPath[str]) -> Response[Any]:
    return await arriving.step_form(request, door(request, await organization_at(request, slug)), Step.SET_UP)


@post(f"{_HERE}/{Step.SET_UP}", opt=public())
async def set_up(request: Request, slug: FromPath[str]) -> Response[Any]:
    return await arriving.set_up_sent(request, door(request, await organization_at(request, slug)))


@get("/portal/{slug:str}/confirm", opt=customers(Permission.MANAGE_OWN_ACCESS))
async def confirm_form(request: Request, slug: FromPath[str]) -> Response[Any]:
    return await arriving.confirm_form(request, await _own_door(request, slug))


@post("/portal/{slug:str}/confirm", opt=customers(Permission.MANAGE_OWN_ACCESS))
async def confirm(request: Request, slug: FromPath[str]) -> Response[Any]:
    return await arriving.confirm_sent(request, await _own_door(request, slug))


@post("/portal/{slug:str}/sign-out", opt=public())
async def leave(request: Request, slug: FromPath[str]) -> Response[Any]:
    return await arriving.signed_out(request, f"{home_of(slug)}/sign-in")


async def _own_door(request: Request, slug: str) -> arriving.Door:
    async with request.reading() as tx:
        here = await visit(tx, request, slug)
    return door(request, here.organization)


def door(request: Request, organization: Organization, wanted: str = "") -> arriving.Door:
    """Where the pages between a first proof and a session lead, at this portal's door."""
    home = home_of(organization.slug)

    async def there(_: Entered) -> str:
        if wanted:
            return wanted
        sent = await request.form()
        return own_page(str(sent.get("next") or ""), organization.slug)

    look = {"organization": organization, "home": home, "stylesheet": "portal.css"}
    return arriving.Door(f"{home}/sign-in", there, look)


def own_page(asked: str, slug: str) -> str:
    """The page of this portal that was asked for, or its first."""
    # Only back into this very portal, and not to its door again.
    home = home_of(slug)
    inside = asked.startswith(f"{home}/") and not asked.startswith((f"{home}/sign-", f"{home}/confirm"))
    return asked if inside and asked.isprintable() and "\\" not in asked else home


async def sign_in_page(
    request: Request, organization: Organization, next_page: str, *, email: str = "", refusal: Problem | None = None
) -> Response[Any]:
    status, headers = 200 if refusal is None else 422, {"cache-control": "no-store"}
    if isinstance(refusal, TooManyRequests):
        status, headers["retry-after"] = 429, str(refusal.retry_after)
    visitor = request.visitor
    return pages.render(
        request,
        "portal/sign_in.html",
        status=status,
        headers=headers,
        organization=organization,
        home=home_of(organization.slug),
        next=next_page,
        email=email[:254],
        refusal=refusal.message if refusal else "",
        passkeys=arriving.party_of(request).has_name,
        offers=await providers.offers_of(request.installation, organization.id),
        agent=visitor if visitor and visitor.is_agent and visitor.organization_id == organization.id else None,
    )
