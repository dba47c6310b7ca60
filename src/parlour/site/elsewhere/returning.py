"""The way back from another identity provider; and SAML's answers, which its page posts from elsewhere."""

from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from parlour.access import Entered, Outcome, providers
from parlour.entrance import Request, arriving, pages, public
from parlour.foundation.errors import TooManyRequests
from parlour.site.home import home_of

_HERE: Final = "/sign-in/with/{provider_id:uuid}"
_FRESH: Final = {"cache-control": "no-store"}


@get(_HERE + "/back", opt=public())
async def back(request: Request, provider_id: FromPath[UUID]) -> Response[Any]:
    asked = request.query_params
    brought = providers.Brought(
        state=asked.get("state", "")[:200],
        code=asked.get("code", ""),
        error=asked.get("error", ""),
        issuer=asked.get("iss", ""),
    )
    return await _came_back(request, provider_id, brought)


@post(_HERE + "/saml", opt=public() | {"from_elsewhere": True})
async def posted(request: Request, provider_id: FromPath[UUID]) -> Response[Any]:
    """SAML's answer, from the provider's page. It changes nothing: the visit that it leads to brings the cookie."""
    form = await request.form()
    state, answer = str(form.get("RelayState") or "")[:2000], str(form.get("SAMLResponse") or "")
    installation, base = request.installation, f"/sign-in/with/{provider_id}"
    try:
        if await providers.is_awaited(installation.cache, state, provider_id):
            ticket = await providers.hold_saml_answer(installation, provider_id, state, answer)
            address = f"{base}/back?{urlencode({'state': state, 'code': ticket})}"
        else:
            ticket = await arriving.left_unasked(request, provider_id, answer)
            address = f"{base}/unasked?{urlencode({'ticket': ticket, 'next': pages.our_path(state) or ''})}"
    except (providers.NotVouchedFor, TooManyRequests) as refusal:
        return arriving.back_to_the_door(refusal)
    return Redirect(address, status_code=303, headers=_FRESH)


@get(_HERE + "/unasked", opt=public())
async def unasked(request: Request, provider_id: FromPath[UUID]) -> Response[Any]:
    """The answer may have been put into somebody else's browser: they see as whom they would go on."""
    ticket, next_page = request.query_params.get("ticket", "")[:200], request.query_params.get("next", "")
    asked = await arriving.began_there(request, provider_id, ticket, pages.our_path(next_page) or "")
    if isinstance(asked, Response):
        return asked
    signed_in = request.visitor.email if request.visitor else ""
    return pages.render(request, "site/unasked.html", headers=_FRESH, asked=asked, ticket=ticket, signed_in=signed_in)


@post(_HERE + "/unasked", opt=public())
async def go_on(request: Request, provider_id: FromPath[UUID]) -> Response[Any]:
    form = await request.form()
    brought = providers.Brought(state=str(form.get("state") or "")[:200], code=str(form.get("ticket") or "")[:200])
    return await _came_back(request, provider_id, brought)


async def _came_back(request: Request, provider_id: UUID, brought: providers.Brought) -> Response[Any]:
    async def there(outcome: Outcome, wanted: str) -> str:
        if not isinstance(outcome, Entered):
            return "/"
        home = await home_of(request.installation.database, outcome.standing.actor)
        may = outcome.standing.actor.is_agent or wanted.startswith(f"{home}/")
        return wanted if wanted and may else home

    return await arriving.came_back(request, provider_id, brought, there)


ROUTES: Final = [back, posted, unasked, go_on]
