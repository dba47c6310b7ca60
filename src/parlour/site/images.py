"""Pictures of mails, fetched by us: their owners learn neither who reads nor when."""

import asyncio

from litestar import Response, get
from litestar.response.base import ASGIResponse

from parlour.email import safety
from parlour.entrance import Request, lead_to_picture, needs
from parlour.foundation.errors import NotFound
from parlour.people import Permission

# Each may hold some megabytes.
_AT_ONCE = asyncio.Semaphore(8)


@get("/images", opt=needs(Permission.READ_TICKETS))
async def show(request: Request) -> ASGIResponse | Response[bytes]:
    """Only what we have signed ourselves, for the organization of whoever asks: this is no open proxy."""
    url, until, mark = (request.query_params.get(name, "") for name in ("url", "until", "mark"))
    installation = request.installation
    if not safety.is_signed(installation.signer, request.actor.organization_id, url, until, mark):
        raise NotFound()
    if elsewhere := lead_to_picture(request, url):
        return elsewhere
    async with _AT_ONCE:
        picture = await safety.fetch_picture(url)
    headers = {"cache-control": "private, max-age=86400", "content-disposition": "inline"}
    return Response(picture.content, media_type=picture.content_type, headers=headers)


ROUTES = [show]
