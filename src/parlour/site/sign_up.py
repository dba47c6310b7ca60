"""Signing up: an organization, its first administrator, and the mailbox it answers from."""

import ipaddress
import secrets
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.response import Redirect

from parlour import access, email, people
from parlour.access import Identity, Method
from parlour.entrance import Request, arriving, pages, public
from parlour.foundation import ids
from parlour.foundation.errors import Conflict, Invalid, Problem, TooManyRequests
from parlour.site.home import DASHBOARD, home_of

_LONGEST_NAME: Final = 120


class Sent(msgspec.Struct, frozen=True):
    """What was filled in."""

    organization: str = ""
    name: str = ""
    email: str = ""
    password: str = ""


class Errors(msgspec.Struct, frozen=True):
    """What to say about each field."""

    organization: str | None = None
    name: str | None = None
    email: str | None = None
    password: str | None = None


@get("/sign-up", opt=public())
async def form(request: Request) -> Response[Any]:
    if request.visitor:
        return Redirect(await home_of(request.installation.database, request.visitor), status_code=303)
    return _form(request, Sent())


@post("/sign-up", opt=public())
async def found(request: Request) -> Response[Any]:
    sent = _read(await request.form())
    try:
        _check(sent)
        await access.count(request.installation, access.of_address(arriving.client_of(request)))
        organization_id, user_id = await _found(request, sent)
    except (Invalid, Conflict, TooManyRequests) as refusal:
        return _form(request, sent, refusal)
    founder = Identity(organization_id, user_id, (access.proof(Method.PASSWORD),))
    _, cookies = await arriving.arrive(request, (founder,), arriving.newcomer(request))
    return Redirect(DASHBOARD, status_code=303, cookies=cookies)


async def _found(request: Request, sent: Sent) -> tuple[UUID, UUID]:
    for slug in _slugs(sent.organization):
        wanted = access.SignUp(sent.organization, slug, sent.name, sent.email, sent.password)
        try:
            async with request.installation.database.transaction(ids.new()) as tx:
                administrator = await access.sign_up(tx, wanted)
                await email.add_mailbox(tx, f"support@{slug}.{_mail_domain(request)}", sent.organization)
                await email.send_address_link(tx, administrator.id, administrator.name, administrator.email)
        except (people.SlugTaken, Invalid) as refused:
            # The short name is ours to find; everything else is for the person to put right.
            if "slug" not in (refused.details or {}):
                raise
            continue
        return tx.organization_id, administrator.id
    raise people.SlugTaken()


def _slugs(organization: str) -> list[str]:
    short = people.slug_from(organization)[:50].strip("-") or "team"
    return [short, f"{short}-{secrets.token_hex(2)}", f"{short}-{secrets.token_hex(4)}"]


def _mail_domain(request: Request) -> str:
    host = urlsplit(request.installation.settings.public_url).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host if "." in host else "parlour.test"
    # On somebody's own machine nothing can be delivered anyway, but every organization has an address.
    return "parlour.test"


def _read(form: FormMultiDict) -> Sent:
    return Sent(
        **{name: str(form.get(name) or "").strip() for name in Sent.__struct_fields__ if name != "password"},
        password=str(form.get("password") or ""),
    )


def _check(sent: Sent) -> None:
    if not 1 <= len(sent.organization) <= _LONGEST_NAME:
        raise Invalid(details={"organization": "Your organization's name has 1 to 120 characters."})
    if len(sent.password) > access.LONGEST_PASSWORD:
        raise Invalid(details={"password": "That is longer than anybody can type: at most 1,000 characters."})


def _form(request: Request, sent: Sent, refusal: Problem | None = None) -> Response[Any]:
    status, headers = 200 if refusal is None else 422, {"cache-control": "no-store"}
    if isinstance(refusal, TooManyRequests):
        status, headers["retry-after"] = 429, str(refusal.retry_after)
    details = {str(name): str(said) for name, said in (refusal.details or {}).items()} if refusal else {}
    known = {name: details.get(name) for name in Errors.__struct_fields__}
    return pages.render(
        request,
        "site/sign_up.html",
        status=status,
        headers=headers,
        form=sent,
        errors=Errors(**known),
        refusal=refusal.message if refusal and not any(known.values()) else "",
    )
