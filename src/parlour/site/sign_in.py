"""Signing in and out."""

from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from parlour import access
from parlour.access import Entered, Step, WrongCredentials
from parlour.entrance import Request, arriving, needs, pages, public
from parlour.foundation.errors import Problem, TooManyRequests
from parlour.people import Permission
from parlour.site.home import home_of

DEMO: Final = (
    ("alice@acme.test", "administrator"),
    ("mara@acme.test", "manager"),
    ("bob@acme.test", "agent"),
    ("carol@customer.test", "customer"),
    ("gina@globex.test", "next door, at Globex"),
)
_HERE: Final = "/sign-in"


@get(_HERE, opt=public())
async def form(request: Request) -> Response[Any]:
    next_page = pages.our_path(request.query_params.get("next", "")) or ""
    if request.visitor:
        home = await home_of(request.installation.database, request.visitor)
        return Redirect(next_page if next_page and request.visitor.is_agent else home, status_code=303)
    return await _form(request, next_page=next_page)


@post(_HERE, opt=public())
async def enter(request: Request) -> Response[Any]:
    try:
        outcome, told = await arriving.by_password(request)
    except (WrongCredentials, TooManyRequests) as refusal:
        return await refused(request, refusal)
    return await arriving.arrived(request, await door(request), outcome, told)


@get(f"{_HERE}/{Step.SECOND_FACTOR}", opt=public())
async def code_form(request: Request) -> Response[Any]:
    return await arriving.step_form(request, await door(request), Step.SECOND_FACTOR)


@post(f"{_HERE}/{Step.SECOND_FACTOR}", opt=public())
async def code(request: Request) -> Response[Any]:
    return await arriving.code_sent(request, await door(request))


@get(f"{_HERE}/{Step.SET_UP}", opt=public())
async def set_up_form(request: Request) -> Response[Any]:
    return await arriving.step_form(request, await door(request), Step.SET_UP)


@post(f"{_HERE}/{Step.SET_UP}", opt=public())
async def set_up(request: Request) -> Response[Any]:
    return await arriving.set_up_sent(request, await door(request))


@get("/confirm", opt=needs(Permission.MANAGE_OWN_ACCESS))
async def confirm_form(request: Request) -> Response[Any]:
    return await arriving.confirm_form(request, await door(request))


@post("/confirm", opt=needs(Permission.MANAGE_OWN_ACCESS))
async def confirm(request: Request) -> Response[Any]:
    return await arriving.confirm_sent(request, await door(request))


@get("/switch", opt=needs(Permission.MANAGE_OWN_ACCESS))
async def places(request: Request) -> Response[Any]:
    """Which organizations this session may switch to, and a way to add another to it."""
    return await _places(request)


@post("/switch", opt=needs(Permission.MANAGE_OWN_ACCESS))
async def add_place(request: Request) -> Response[Any]:
    """Signs in to a further organization, by its own password, in the session that is there."""
    try:
        outcome, told = await arriving.by_password(request, beside=True)
    except (WrongCredentials, TooManyRequests) as refusal:
        return await _places(request, refusal)
    return await arriving.arrived(request, await door(request), outcome, told)


@post("/switch/{organization_id:uuid}", opt=needs(Permission.MANAGE_OWN_ACCESS))
async def switch(request: Request, organization_id: FromPath[UUID]) -> Response[Any]:
    outcome, told = await arriving.switch(request, organization_id)
    return await arriving.arrived(request, await door(request), outcome, told)


@post("/sign-out", opt=public())
async def leave(request: Request) -> Response[Any]:
    return await arriving.signed_out(request, "/")


async def refused(request: Request, refusal: Problem) -> Response[Any]:
    """The page again, with what was typed and a sentence."""
    sent = await request.form()
    next_page = pages.our_path(str(sent.get("next") or "")) or ""
    return await _form(request, next_page=next_page, email=str(sent.get("email") or ""), refusal=refusal)


async def door(request: Request) -> arriving.Door:
    """Where the pages between a first proof and a session lead, at this door."""

    async def there(outcome: Entered) -> str:
        actor = outcome.standing.actor
        sent = await request.form()
        next_page = pages.our_path(str(sent.get("next") or ""))
        if next_page and actor.is_agent and not outcome.is_continued:
            return next_page
        return await home_of(request.installation.database, actor)

    return arriving.Door(_HERE, there)


async def _places(request: Request, refusal: Problem | None = None) -> Response[Any]:
    session, _ = arriving.session_in(request)
    return pages.render(
        request,
        "site/switch.html",
        status=_status(refusal),
        headers={"cache-control": "no-store"},
        places=await access.places_of(request.installation, session),
        email=request.actor.email,
        home=await home_of(request.installation.database, request.actor),
        refusal=refusal.message if refusal else "",
    )


async def _form(request: Request, *, next_page: str, email: str = "", refusal: Problem | None = None) -> Response[Any]:
    headers = {"cache-control": "no-store"}
    if isinstance(refusal, TooManyRequests):
        headers["retry-after"] = str(refusal.retry_after)
    return pages.render(
        request,
        "site/sign_in.html",
        status=_status(refusal),
        headers=headers,
        next=next_page,
        email=email[:254],
        refusal=refusal.message if refusal else "",
        passkeys=arriving.party_of(request).has_name,
        demo=DEMO if await _shows_demo(request) else (),
    )


def _status(refusal: Problem | None) -> int:
    if refusal is None:
        return 200
    return 429 if isinstance(refusal, TooManyRequests) else 422


async def _shows_demo(request: Request) -> bool:
    installation = request.installation
    if not installation.settings.development:
        return False
    return await installation.database.doorways.organization_by_slug("acme") is not None
