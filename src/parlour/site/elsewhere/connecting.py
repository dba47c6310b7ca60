"""One's own accounts at identity providers: connected by whoever is signed in here, and signs in there."""

from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from parlour import people
from parlour.access import providers
from parlour.entrance import Request, arriving, needs, pages
from parlour.people import Permission

_HERE: Final = "/sign-in/connected"
_OWN: Final = needs(Permission.MANAGE_OWN_ACCESS, fresh=True)


@get(_HERE, opt=_OWN)
async def show(request: Request) -> Response[Any]:
    return await _page(request)


@post(_HERE + "/{provider_id:uuid}", opt=_OWN)
async def connect(request: Request, provider_id: FromPath[UUID]) -> Response[Any]:
    """Answers with a link: our pages' forms lead nowhere else, and another site can't start this in one's name."""
    actor = request.actor
    async with request.reading() as tx:
        provider = await providers.find_provider(tx, provider_id)
    try:
        away = await arriving.address_of_provider(
            request, actor.organization_id, provider, next_page=_HERE, user_id=actor.user_id
        )
    except providers.NotVouchedFor as refusal:
        return pages.redirect(_HERE, refusal.message, tone="error")
    return await _page(request, away=away, to=provider.name)


@post(_HERE + "/{provider_id:uuid}/forget", opt=_OWN)
async def forget(request: Request, provider_id: FromPath[UUID]) -> Response[Any]:
    async with request.transaction() as tx:
        provider = await providers.find_provider(tx, provider_id)
        await providers.disconnect(tx, provider, request.actor.user_id)
    return pages.redirect(_HERE, f"{provider.name} is disconnected.")


async def _page(request: Request, *, away: str = "", to: str = "") -> Response[Any]:
    async with request.reading() as tx:
        offered = await providers.active_providers(tx)
        connected = await providers.connected(tx, request.actor.user_id)
        slug = (await people.this_organization(tx)).slug
    return pages.render(
        request,
        "site/connected.html",
        headers={"cache-control": "no-store"},
        offered=offered,
        connected=connected,
        away=away,
        to=to,
        email=request.actor.email,
        security="/dashboard/settings/security" if request.actor.is_agent else f"/portal/{slug}/security",
    )


ROUTES: Final = [show, connect, forget]
