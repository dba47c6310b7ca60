"""Confirming an address, wherever one's link was asked for."""

from typing import Any, Final

from litestar import Response, get, post

from parlour import access, email
from parlour.entrance import Request, pages, public
from parlour.foundation.errors import Problem

_HERE: Final = "/address"
_SECRET: Final = {"cache-control": "no-store", "referrer-policy": "no-referrer"}


@get(_HERE, opt=public())
async def show(request: Request) -> Response[Any]:
    """Changes nothing, however often somebody or something looks."""
    token = request.query_params.get("token", "")
    try:
        wanted = await access.address_by_link(request.installation, token)
    except access.LinkOver as over:
        return _is_over(request, over)
    return pages.render(request, "site/address.html", headers=_SECRET, wanted=wanted, token=token)


@post(_HERE, opt=public())
async def confirm(request: Request) -> Response[Any]:
    token = str((await request.form()).get("token") or "")
    try:
        await email.confirm_address(request.installation, token)
    except access.LinkOver as over:
        return _is_over(request, over)
    request.forget_identities()
    return pages.redirect("/sign-in", "Your address is confirmed.")


def _is_over(request: Request, over: Problem) -> Response[Any]:
    return pages.render(request, "site/address_over.html", status=over.status, headers=_SECRET)


ROUTES: Final = [show, confirm]
