"""The organization's key that SAML providers encrypt for: made anew, and its certificate to take along."""

from typing import Any

from litestar import Response, get, post

from parlour.access import providers
from parlour.dashboard.settings.single_sign_on.pages import HERE, LOOKS, MANAGES, listed
from parlour.entrance import Request, pages
from parlour.foundation.errors import NotFound, Problem


@post(HERE + "/key", opt=MANAGES)
async def renew(request: Request) -> Response[Any]:
    pair = await providers.new_pair()
    try:
        async with request.transaction() as tx:
            await providers.show_key(tx, request.installation, pair, by=request.actor)
    except Problem as problem:
        return await listed(request, problem=problem)
    return pages.redirect(HERE, "The key is made. Give your SAML providers the metadata anew.")


@get(HERE + "/certificate", opt=LOOKS)
async def certificate(request: Request) -> Response[str]:
    async with request.reading() as tx:
        shown = await providers.shown_certificate(tx)
    if not shown:
        raise NotFound()
    headers = {"content-disposition": 'attachment; filename="parlour.pem"', "cache-control": "no-store"}
    return Response(shown, media_type="application/x-pem-file", headers=headers)
