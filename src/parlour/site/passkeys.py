"""Coming in with a passkey: as the only proof, as the second step, and before a dangerous act."""

from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Redirect

from parlour.access import Step
from parlour.entrance import Request, arriving, needs, public
from parlour.foundation.errors import TooManyRequests, Unauthenticated
from parlour.people import Permission
from parlour.site import sign_in

_HERE: Final = "/sign-in/passkey"


@get(_HERE, opt=public())
async def show(request: Request) -> Response[Any]:
    """Whoever reloads the page of a refusal."""
    return Redirect("/sign-in", status_code=303)


@post(f"{_HERE}/begin", opt=public())
async def begin(request: Request) -> Response[bytes]:
    return await arriving.ask_whose(request)


@post(_HERE, opt=public())
async def enter(request: Request) -> Response[Any]:
    try:
        outcome, told = await arriving.by_passkey(request)
    except (Unauthenticated, TooManyRequests) as refusal:
        return await sign_in.refused(request, refusal)
    return await arriving.arrived(request, await sign_in.door(request), outcome, told)


@post(f"/sign-in/{Step.SECOND_FACTOR}/passkey/begin", opt=public())
async def begin_second(request: Request) -> Response[bytes]:
    return await arriving.ask_for_step(request, Step.SECOND_FACTOR)


@post(f"/sign-in/{Step.SET_UP}/passkey/begin", opt=public())
async def begin_first(request: Request) -> Response[bytes]:
    return await arriving.ask_for_step(request, Step.SET_UP)


@post("/confirm/passkey/begin", opt=needs(Permission.MANAGE_OWN_ACCESS))
async def begin_to_confirm(request: Request) -> Response[bytes]:
    session, _ = arriving.session_in(request)
    return await arriving.ask_to_show(request, session.identity)


ROUTES: Final = [show, begin, enter, begin_second, begin_first, begin_to_confirm]
