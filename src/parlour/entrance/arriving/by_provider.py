"""To another identity provider and back, in a browser: bound to a cookie that only this browser was given."""

from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response
from litestar.response import Redirect

from parlour import access
from parlour.access import Outcome, Waiting, providers
from parlour.entrance import pages
from parlour.entrance.arriving import admission, cookies
from parlour.entrance.arriving.clients import client_of
from parlour.entrance.request import Request
from parlour.foundation import crypto
from parlour.foundation.errors import Problem, TooManyRequests, Unauthenticated

_DOOR: Final = "/sign-in"
_FRESH: Final = {"cache-control": "no-store"}

There = Callable[[Outcome, str], Awaitable[str]]
"""Where somebody goes who is in, and wanted to go somewhere."""


async def sent_away(
    request: Request, organization_id: UUID, provider: providers.Provider, next_page: str
) -> Response[Any]:
    """On the way to the provider; or back to the beginning, where it does not answer."""
    try:
        address = await address_for(request, organization_id, provider, next_page=next_page)
    except providers.NotVouchedFor as refusal:
        return back_to_the_door(refusal)
    return Redirect(address, status_code=303, headers=_FRESH)


async def address_for(
    request: Request,
    organization_id: UUID,
    provider: providers.Provider,
    *,
    next_page: str = "",
    user_id: UUID | None = None,
) -> str:
    """The provider's own page; the cookie that belongs to it goes along with this answer. Raises `NotVouchedFor`."""
    browser = _marked(request)
    return await providers.address_of(
        request.installation, organization_id, provider, browser, next_page=next_page, user_id=user_id
    )


async def began_there(
    request: Request, provider_id: UUID, ticket: str, next_page: str
) -> providers.Asked | Response[Any]:
    """Whom an answer names that nobody had asked for, so that they can be asked; or the beginning with a sentence."""
    browser = _marked(request)
    try:
        async with access.counted(request.installation, access.of_address(client_of(request))):
            return await providers.ask_whether(request.installation, provider_id, browser, ticket, next_page)
    except (Unauthenticated, TooManyRequests) as refusal:
        return back_to_the_door(refusal)


async def left_unasked(request: Request, provider_id: UUID, answer: str) -> str:
    """Posted from the provider's page, with no sign-in under way. Raises `NotVouchedFor` or `TooManyRequests`."""
    async with access.counted(request.installation, access.of_address(client_of(request))):
        return await providers.hold_unasked(request.installation, provider_id, answer)


async def came_back(request: Request, provider_id: UUID, brought: providers.Brought, there: There) -> Response[Any]:
    """What became of it: a session, the step that is due, or the beginning with a sentence."""
    installation = request.installation
    signed_in = request.visitor.user_id if request.visitor and request.auth else None
    try:
        async with access.counted(installation, access.of_address(client_of(request))):
            arrival = await providers.arrival(
                installation, provider_id, _browser(request), brought, signed_in=signed_in
            )
        if arrival.identity is None:
            return pages.redirect(arrival.next_page, f"{arrival.provider.name} is connected.")
        outcome, told = await admission.arrive(request, (arrival.identity,), admission.newcomer(request))
    except (Unauthenticated, TooManyRequests) as refusal:
        return back_to_the_door(refusal)
    if isinstance(outcome, Waiting):
        return admission.with_cookies(admission.step_page(_DOOR, outcome, arrival.next_page), told)
    answer = Redirect(await there(outcome, arrival.next_page), status_code=303, headers=_FRESH)
    return admission.with_cookies(answer, told)


async def signed_out(request: Request, home: str) -> Response[Any]:
    """Somebody leaves. Where a provider had vouched for them they are asked whether to leave there too."""
    session = request.auth
    # A portal under its own name serves nothing else.
    may_ask = session is not None and not session.is_app and "portal" not in request.scope["state"]
    identity = session.identity if session and may_ask else None
    ticket = await providers.offer_to_leave(request.installation, identity, home) if identity else ""
    answer = (
        Redirect(f"/sign-out/there?{urlencode({'ticket': ticket})}", status_code=303, headers=_FRESH)
        if ticket
        else pages.redirect(home, "You are signed out.")
    )
    answer.cookies.append(await admission.farewell(request))
    return answer


async def told_to_end(request: Request, provider_id: UUID, token: str) -> int:
    """By the provider itself, of somebody who signed out there. Raises `NotVouchedFor` or `TooManyRequests`."""
    async with access.counted(request.installation, access.of_address(client_of(request))):
        return await providers.told_to_end(request.installation, provider_id, token)


def _marked(request: Request) -> str:
    """What the browser's cookie holds; where it has none it is given one with this answer."""
    # The one that is there already: two windows are two attempts of one browser.
    browser = _browser(request) or crypto.new_secret()
    kept = cookies.cookie(request.installation.settings, cookies.PROVIDER, browser, providers.ATTEMPT_SECONDS)
    admission.also_tell(request, kept)
    return browser


def back_to_the_door(refusal: Problem) -> Response[Any]:
    return pages.redirect(_DOOR, refusal.message, tone="error")


def _browser(request: Request) -> str:
    return request.cookies.get(cookies.name_of(request.installation.settings, cookies.PROVIDER), "")[:100]
