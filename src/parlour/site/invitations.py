"""Accepting an invitation to a team."""

from typing import Any, Final

from litestar import Response, get, post

from parlour import access
from parlour.entrance import Request, arriving, pages, public
from parlour.foundation.errors import Gone, Invalid, Problem, TooManyRequests
from parlour.site.sign_in import door

_HERE: Final = "/invitation"
_SECRET: Final = {"cache-control": "no-store", "referrer-policy": "no-referrer"}


@get(_HERE, opt=public())
async def show(request: Request) -> Response[Any]:
    """Changes nothing, however often somebody or something looks."""
    return await _page(request, request.query_params.get("token", ""))


@post(_HERE, opt=public())
async def accept(request: Request) -> Response[Any]:
    form = await request.form()
    token, client = str(form.get("token") or ""), arriving.newcomer(request)
    name, password = str(form.get("name") or "").strip(), str(form.get("password") or "")
    try:
        await access.count(request.installation, access.of_address(arriving.client_of(request)))
        identity = await access.accept_invitation(request.installation, token, name, password)
    except (Gone, Invalid, TooManyRequests) as problem:
        return await _page(request, token, problem, name)
    await access.end_sessions_of(request.installation, identity.organization_id, identity.user_id)
    outcome, told = await arriving.arrive(request, (identity,), client)
    return await arriving.arrived(request, await door(request), outcome, told)


async def _page(request: Request, token: str, problem: Problem | None = None, name: str = "") -> Response[Any]:
    try:
        asked = await access.asked_by_link(request.installation, token)
    except Gone as over:
        return pages.render(
            request, "site/invitation_over.html", status=over.status, headers=_SECRET, said=over.message
        )
    details = (problem.details or {}) if problem else {}
    return pages.render(
        request,
        "site/invitation.html",
        status=problem.status if problem else 200,
        headers=_SECRET,
        asked=asked,
        token=token,
        typed=name or asked.known_name,
        errors={"name": details.get("name"), "password": details.get("password")},
        refusal=problem.message if problem and not details else "",
    )


ROUTES: Final = [show, accept]
