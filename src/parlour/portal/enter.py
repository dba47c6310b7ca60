"""The way in from the organization's own site, which signs who its visitor is."""

from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath

from parlour import access
from parlour.access import WrongToken
from parlour.entrance import Request, arriving, public
from parlour.foundation.errors import TooManyRequests
from parlour.portal.sign_in import door, own_page, sign_in_page
from parlour.portal.visit import organization_at

_HERE: Final = "/portal/{slug:str}/enter"


@get(_HERE, opt=public())
async def enter(request: Request, slug: FromPath[str]) -> Response[Any]:
    return await _enter(request, slug, request.query_params.get("token", ""), request.query_params.get("next", ""))


# Sent from the organization's page: the signed token shows that it was meant, so no form of ours has to.
@post(_HERE, opt=public() | {"from_elsewhere": True})
async def enter_by_form(request: Request, slug: FromPath[str]) -> Response[Any]:
    form = await request.form()
    return await _enter(request, slug, str(form.get("token") or ""), str(form.get("next") or ""))


async def _enter(request: Request, slug: str, token: str, wanted: str) -> Response[Any]:
    organization = await organization_at(request, slug)
    there, installation = own_page(wanted, slug), request.installation
    try:
        async with access.counted(installation, access.of_address(arriving.client_of(request))):
            identity = await access.identity_by_portal_token(installation, organization, token)
    except (WrongToken, TooManyRequests) as refusal:
        return await sign_in_page(request, organization, there, refusal=refusal)
    outcome, told = await arriving.arrive(request, (identity,), arriving.newcomer(request))
    return await arriving.arrived(request, door(request, organization, there), outcome, told, wanted=there)


ROUTES: Final = [enter, enter_by_form]
