"""Signing in and out."""

from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Redirect

from parlour import access
from parlour.access import Waiting, WrongCredentials
from parlour.entrance import (
    Limit,
    Request,
    address_of,
    arrive,
    farewell,
    limits_of,
    newcomer,
    pages,
    public,
    step_page,
)
from parlour.foundation.errors import Problem, TooManyRequests
from parlour.site.home import home_of, our_path

DEMO: Final = (
    ("alice@acme.test", "administrator"),
    ("mara@acme.test", "manager"),
    ("bob@acme.test", "agent"),
    ("carol@customer.test", "customer"),
    ("gina@globex.test", "next door, at Globex"),
)


@get("/sign-in", opt=public())
async def form(request: Request) -> Response[Any]:
    next_page = our_path(request.query_params.get("next", "")) or ""
    if request.visitor:
        home = await home_of(request.installation.database, request.visitor)
        return Redirect(next_page if next_page and request.visitor.is_agent else home, status_code=303)
    return await _form(request, next_page=next_page)


@post("/sign-in", opt=public())
async def enter(request: Request) -> Response[Any]:
    sent = await request.form()
    email, password = str(sent.get("email") or ""), str(sent.get("password") or "")
    next_page = our_path(str(sent.get("next") or "")) or ""
    try:
        await limits_of(request).spend(request, Limit.SIGN_IN, address_of(request), f"to:{email.strip().lower()}")
        identities = await access.identities_by_password(request.installation.database, email, password)
        outcome, cookies = await arrive(request, identities, newcomer(request))
    except (WrongCredentials, TooManyRequests) as refusal:
        return await _form(request, next_page=next_page, email=email, refusal=refusal)
    if isinstance(outcome, Waiting):
        answer = step_page("/sign-in", outcome, next_page)
    else:
        actor = outcome.standing.actor
        home = await home_of(request.installation.database, actor)
        answer = Redirect(next_page if next_page and actor.is_agent else home, status_code=303)
    answer.cookies.extend(cookies)
    return answer


@post("/sign-out", opt=public())
async def leave(request: Request) -> Response[Any]:
    answer = pages.redirect("/", "You are signed out.")
    answer.cookies.append(await farewell(request))
    return answer


async def _form(request: Request, *, next_page: str, email: str = "", refusal: Problem | None = None) -> Response[Any]:
    status, headers = 200, {"cache-control": "no-store"}
    if isinstance(refusal, TooManyRequests):
        status, headers["retry-after"] = 429, str(refusal.retry_after)
    elif refusal:
        status = 422
    return pages.render(
        request,
        "site/sign_in.html",
        status=status,
        headers=headers,
        next=next_page,
        email=email[:254],
        refusal=refusal.message if refusal else "",
        demo=DEMO if await _shows_demo(request) else (),
    )


async def _shows_demo(request: Request) -> bool:
    installation = request.installation
    if not installation.settings.development:
        return False
    return await installation.database.doorways.organization_by_slug("acme") is not None
