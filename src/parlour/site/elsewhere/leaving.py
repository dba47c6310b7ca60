"""Signing out at another identity provider: offered here, and told by it."""

from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from parlour.access import providers
from parlour.entrance import Request, arriving, pages, public
from parlour.foundation.errors import TooManyRequests

_FRESH: Final = {"cache-control": "no-store"}


@get("/sign-out/there", opt=public())
async def there(request: Request) -> Response[Any]:
    """After signing out here, where the provider has a page for it too."""
    ticket = request.query_params.get("ticket", "")[:200]
    way_out = await providers.way_out(request.installation, ticket)
    if way_out is None:
        return pages.redirect("/", "You are signed out.")
    return pages.render(request, "site/signed_out.html", headers=_FRESH, way_out=way_out)


@get("/sign-in/with/{provider_id:uuid}/left", opt=public())
async def left(request: Request, provider_id: FromPath[UUID]) -> Response[Any]:
    """Back from there. Anybody can be led here: it does nothing but go on."""
    next_page = await providers.has_left(request.installation, provider_id, request.query_params.get("state", "")[:200])
    if next_page is None:
        return pages.redirect("/", "You are signed out.")
    return pages.redirect(next_page, "You are signed out, here and there.")


@post("/sign-in/with/{provider_id:uuid}/logout", opt=public() | {"from_elsewhere": True})
async def logout(request: Request, provider_id: FromPath[UUID]) -> Response[dict[str, str]]:
    """Told by the provider itself (Back-Channel Logout 1.0, 2.8)."""
    token = str((await request.form()).get("logout_token") or "")
    try:
        await arriving.told_to_end(request, provider_id, token)
    except (providers.NotVouchedFor, TooManyRequests):
        # The reason is in the log; whoever forges tokens is told none.
        return Response({"error": "invalid_request"}, status_code=400, headers=_FRESH)
    return Response({}, status_code=200, headers=_FRESH)


ROUTES: Final = [there, left, logout]
