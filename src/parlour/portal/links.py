"""Ways in by mail, at a portal's door: for customers who never had a password, too."""

from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath

from parlour.access import Purpose
from parlour.entrance import Request, arriving, public
from parlour.portal.sign_in import door
from parlour.portal.visit import organization_at

_HERE: Final = "/portal/{slug:str}/sign-in"


@get(f"{_HERE}/ask", opt=public())
async def ask_form(request: Request, slug: FromPath[str]) -> Response[Any]:
    return await arriving.ask_form(request, door(request, await organization_at(request, slug)))


@post(f"{_HERE}/ask", opt=public())
async def ask(request: Request, slug: FromPath[str]) -> Response[Any]:
    organization = await organization_at(request, slug)
    return await arriving.asked(request, door(request, organization), organization.id)


@get(f"{_HERE}/ask/sent", opt=public())
async def sent(request: Request, slug: FromPath[str]) -> Response[Any]:
    return await arriving.sent(request, door(request, await organization_at(request, slug)))


@get(f"{_HERE}/link", opt=public())
async def link_form(request: Request, slug: FromPath[str]) -> Response[Any]:
    organization = await organization_at(request, slug)
    return await arriving.link_form(request, door(request, organization), Purpose.SIGN_IN, organization.id)


@post(f"{_HERE}/link", opt=public())
async def link(request: Request, slug: FromPath[str]) -> Response[Any]:
    organization = await organization_at(request, slug)
    return await arriving.link_opened(request, door(request, organization), organization.id)


@get(f"{_HERE}/password", opt=public())
async def password_form(request: Request, slug: FromPath[str]) -> Response[Any]:
    organization = await organization_at(request, slug)
    return await arriving.link_form(request, door(request, organization), Purpose.PASSWORD, organization.id)


@post(f"{_HERE}/password", opt=public())
async def password(request: Request, slug: FromPath[str]) -> Response[Any]:
    organization = await organization_at(request, slug)
    return await arriving.password_sent(request, door(request, organization), organization.id)


ROUTES: Final = [ask_form, ask, sent, link_form, link, password_form, password]
