"""The pages around a link that comes by mail, the same at every door: asking for it, opening it, a new password.

Opening only shows a button: programs that look through mail open every link, and must not use it up.
"""

from typing import Any, Final
from uuid import UUID

from litestar import Response
from litestar.response import Redirect

from parlour import access, email
from parlour.access import Purpose
from parlour.entrance import pages
from parlour.entrance.arriving import admission, steps
from parlour.entrance.arriving.clients import client_of
from parlour.entrance.arriving.steps import Door
from parlour.entrance.request import Request
from parlour.foundation.errors import Invalid, Problem, TooManyRequests

_SECRET: Final = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
_TEMPLATES: Final = {Purpose.SIGN_IN: "sign_in/link.html", Purpose.PASSWORD: "sign_in/new_password.html"}


async def ask_form(request: Request, door: Door, problem: Problem | None = None) -> Response[Any]:
    """Which address to send it to."""
    form = await request.form() if problem else request.query_params
    return pages.render(
        request,
        "sign_in/ask.html",
        status=problem.status if problem else 200,
        headers=_headers(problem),
        wants=_wanted(form.get("for")),
        email=str(form.get("email") or "")[:254],
        sign_in=door.sign_in,
        refusal=problem.message if problem else "",
        **door.look,
    )


async def asked(request: Request, door: Door, organization_id: UUID | None = None) -> Response[Any]:
    """The same answer to everybody, whether we know the address or not."""
    form = await request.form()
    wants, address = _wanted(form.get("for")), str(form.get("email") or "")
    installation = request.installation
    try:
        await access.count(installation, access.of_mail(client_of(request), address))
    except TooManyRequests as problem:
        return await ask_form(request, door, problem)
    await email.ask_for_link(installation, address, wants, organization_id)
    return Redirect(f"{door.sign_in}/ask/sent?for={wants.lower()}", status_code=303)


async def sent(request: Request, door: Door) -> Response[Any]:
    """Look into your mail."""
    return pages.render(
        request,
        "sign_in/sent.html",
        wants=_wanted(request.query_params.get("for")),
        minutes=access.LINK_MINUTES,
        sign_in=door.sign_in,
        outbox="/dev/mail" if request.installation.settings.development else "",
        **door.look,
    )


async def link_form(
    request: Request, door: Door, purpose: Purpose, organization_id: UUID | None = None
) -> Response[Any]:
    """What somebody sees who opens the link: changes nothing, however often."""
    text = request.query_params.get("token", "")
    try:
        return await _show(request, door, purpose, text, organization_id)
    except access.LinkOver as over:
        return _is_over(request, door, purpose, over)


async def link_opened(request: Request, door: Door, organization_id: UUID | None = None) -> Response[Any]:
    """Signs in, or goes on with what the organization asks for besides."""
    form = await request.form()
    text, installation, client = str(form.get("token") or ""), request.installation, admission.newcomer(request)
    try:
        identities = await access.identities_by_link(installation, text, organization_id, chosen=_chosen(form))
    except access.LinkOver as over:
        return _is_over(request, door, Purpose.SIGN_IN, over)
    outcome = await access.arrive(installation, identities, client)
    told = await admission.cookies_for(request, outcome, client)
    return await steps.arrived(request, door, outcome, told)


async def password_sent(request: Request, door: Door, organization_id: UUID | None = None) -> Response[Any]:
    """A new password: every session ends, the owner of the address is told, and the steps follow as ever."""
    form = await request.form()
    text, password = str(form.get("token") or ""), str(form.get("password") or "")
    installation, client = request.installation, admission.newcomer(request)
    try:
        if len(password) > access.LONGEST_PASSWORD:
            raise Invalid(details={"password": "That is longer than anybody can type: at most 1,000 characters."})
        identity = await access.set_password_by_link(
            installation, text, password, organization_id, chosen=_chosen(form)
        )
    except access.LinkOver as over:
        return _is_over(request, door, Purpose.PASSWORD, over)
    except Invalid as weak:
        try:
            return await _show(request, door, Purpose.PASSWORD, text, organization_id, weak)
        except access.LinkOver as over:
            return _is_over(request, door, Purpose.PASSWORD, over)
    await access.end_sessions_of(installation, identity.organization_id, identity.user_id)
    await email.tell_of_new_password(installation, identity.organization_id, identity.user_id)
    outcome = await access.arrive(installation, (identity,), client)
    told = await admission.cookies_for(request, outcome, client)
    return await steps.arrived(request, door, outcome, told)


async def _show(
    request: Request,
    door: Door,
    purpose: Purpose,
    text: str,
    organization_id: UUID | None,
    problem: Problem | None = None,
) -> Response[Any]:
    places = await access.places_by_link(request.installation, purpose, text, organization_id)
    return pages.render(
        request,
        _TEMPLATES[purpose],
        status=problem.status if problem else 200,
        headers=_SECRET,
        action=request.url.path,
        token=text,
        places=places,
        chosen=await _form_organization(request) if problem else "",
        error=str((problem.details or {}).get("password", problem.message)) if problem else None,
        sign_in=door.sign_in,
        **door.look,
    )


def _is_over(request: Request, door: Door, purpose: Purpose, over: Problem) -> Response[Any]:
    return pages.render(
        request,
        "sign_in/over.html",
        status=over.status,
        headers=_SECRET,
        wants=purpose,
        sign_in=door.sign_in,
        said=over.message,
        **door.look,
    )


async def _form_organization(request: Request) -> str:
    return str((await request.form()).get("organization") or "")


def _wanted(asked_for: Any) -> Purpose:
    return Purpose.PASSWORD if str(asked_for or "").upper() == Purpose.PASSWORD else Purpose.SIGN_IN


def _chosen(form: Any) -> UUID | None:
    try:
        return UUID(str(form.get("organization") or ""))
    except ValueError:
        return None


def _headers(problem: Problem | None) -> dict[str, str]:
    headers = dict(_SECRET)
    if isinstance(problem, TooManyRequests):
        headers["retry-after"] = str(problem.retry_after)
    return headers
