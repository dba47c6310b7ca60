"""A customer's way in and out, at their organization's own door."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
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
from parlour.people import Organization
from parlour.portal.visit import home_of, organization_at


@get("/portal/{slug:str}/sign-in", opt=public())
async def form(request: Request, slug: FromPath[str]) -> Response[Any]:
    organization = await organization_at(request, slug)
    next_page = _own_page(request.query_params.get("next", ""), slug)
    visitor = request.visitor
    if visitor and visitor.organization_id == organization.id and not visitor.is_agent:
        return Redirect(next_page, status_code=303)
    return _form(request, organization, next_page)


@post("/portal/{slug:str}/sign-in", opt=public())
async def enter(request: Request, slug: FromPath[str]) -> Response[Any]:
    organization = await organization_at(request, slug)
    sent = await request.form()
    email, password = str(sent.get("email") or ""), str(sent.get("password") or "")
    next_page = _own_page(str(sent.get("next") or ""), slug)
    try:
        await limits_of(request).spend(request, Limit.SIGN_IN, address_of(request), f"to:{email.strip().lower()}")
        database = request.installation.database
        identities = await access.identities_by_password(database, email, password, organization.id)
        outcome, cookies = await arrive(request, identities, newcomer(request))
    except (WrongCredentials, TooManyRequests) as refusal:
        return _form(request, organization, next_page, email=email, refusal=refusal)
    if isinstance(outcome, Waiting):
        answer = step_page(f"{home_of(slug)}/sign-in", outcome, next_page)
    else:
        answer = Redirect(next_page, status_code=303)
    answer.cookies.extend(cookies)
    return answer


@post("/portal/{slug:str}/sign-out", opt=public())
async def leave(request: Request, slug: FromPath[str]) -> Response[Any]:
    answer = pages.redirect(f"{home_of(slug)}/sign-in", "You are signed out.")
    answer.cookies.append(await farewell(request))
    return answer


def _own_page(asked: str, slug: str) -> str:
    # Only back into this very portal, and not to its door again.
    home = home_of(slug)
    inside = asked.startswith(f"{home}/") and not asked.startswith(f"{home}/sign-")
    return asked if inside and asked.isprintable() and "\\" not in asked else home


def _form(
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
        agent=visitor if visitor and visitor.is_agent and visitor.organization_id == organization.id else None,
    )
