"""A customer's way in with a passkey, at their organization's own door."""

from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from parlour.access import Step
from parlour.entrance import Request, arriving, public
from parlour.foundation.errors import TooManyRequests, Unauthenticated
from parlour.people import Permission
from parlour.portal.sign_in import door, own_page, sign_in_page
from parlour.portal.visit import customers, home_of, organization_at, visit

_SIGN_IN: Final = "/portal/{slug:str}/sign-in"


@get(f"{_SIGN_IN}/passkey", opt=public())
async def show(request: Request, slug: FromPath[str]) -> Response[Any]:
    """Whoever reloads the page of a refusal."""
    organization = await organization_at(request, slug)
    return Redirect(f"{home_of(organization.slug)}/sign-in", status_code=303)


@post(f"{_SIGN_IN}/passkey/begin", opt=public())
async def begin(request: Request, slug: FromPath[str]) -> Response[bytes]:
    await organization_at(request, slug)
    return await arriving.ask_whose(request)


@post(f"{_SIGN_IN}/passkey", opt=public())
async def enter(request: Request, slug: FromPath[str]) -> Response[Any]:
    organization = await organization_at(request, slug)
    try:
        outcome, told = await arriving.by_passkey(request, organization.id)
    except (Unauthenticated, TooManyRequests) as refusal:
        next_page = own_page(str((await request.form()).get("next") or ""), slug)
        return await sign_in_page(request, organization, next_page, refusal=refusal)
    return await arriving.arrived(request, door(request, organization), outcome, told)


@post(f"{_SIGN_IN}/{Step.SECOND_FACTOR}/passkey/begin", opt=public())
async def begin_second(request: Request, slug: FromPath[str]) -> Response[bytes]:
    await organization_at(request, slug)
    return await arriving.ask_for_step(request, Step.SECOND_FACTOR)


@post(f"{_SIGN_IN}/{Step.SET_UP}/passkey/begin", opt=public())
async def begin_first(request: Request, slug: FromPath[str]) -> Response[bytes]:
    await organization_at(request, slug)
    return await arriving.ask_for_step(request, Step.SET_UP)


@post("/portal/{slug:str}/confirm/passkey/begin", opt=customers(Permission.MANAGE_OWN_ACCESS))
async def begin_to_confirm(request: Request, slug: FromPath[str]) -> Response[bytes]:
    async with request.reading() as tx:
        await visit(tx, request, slug)
    session, _ = arriving.session_in(request)
    return await arriving.ask_to_show(request, session.identity)


ROUTES: Final = [show, begin, enter, begin_second, begin_first, begin_to_confirm]
