"""Ways in by mail: a link to sign in, a link to choose a password."""

from typing import Any, Final

from litestar import Response, get, post

from parlour.access import Purpose
from parlour.entrance import Request, arriving, public
from parlour.site.sign_in import door

_HERE: Final = "/sign-in"


@get(f"{_HERE}/ask", opt=public())
async def ask_form(request: Request) -> Response[Any]:
    return await arriving.ask_form(request, await door(request))


@post(f"{_HERE}/ask", opt=public())
async def ask(request: Request) -> Response[Any]:
    return await arriving.asked(request, await door(request))


@get(f"{_HERE}/ask/sent", opt=public())
async def sent(request: Request) -> Response[Any]:
    return await arriving.sent(request, await door(request))


@get(f"{_HERE}/link", opt=public())
async def link_form(request: Request) -> Response[Any]:
    return await arriving.link_form(request, await door(request), Purpose.SIGN_IN)


@post(f"{_HERE}/link", opt=public())
async def link(request: Request) -> Response[Any]:
    return await arriving.link_opened(request, await door(request))


@get(f"{_HERE}/password", opt=public())
async def password_form(request: Request) -> Response[Any]:
    return await arriving.link_form(request, await door(request), Purpose.PASSWORD)


@post(f"{_HERE}/password", opt=public())
async def password(request: Request) -> Response[Any]:
    return await arriving.password_sent(request, await door(request))


ROUTES: Final = [ask_form, ask, sent, link_form, link, password_form, password]
