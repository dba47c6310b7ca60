"""What an organization's portal looks like: its colour as a stylesheet, for pages may hold no style, and its logo."""

from typing import Final

from litestar import Response, get
from litestar.params import FromPath

from parlour import people
from parlour.entrance import Request, public
from parlour.foundation.errors import NotFound
from parlour.portal.visit import organization_at

_A_WHILE: Final = "public, max-age=300"
_FOR_GOOD: Final = "public, max-age=31536000, immutable"


@get("/portal/{slug:str}/brand.css", opt=public())
async def style(request: Request, slug: FromPath[str]) -> Response[str]:
    """The design's tokens make it readable, in the light and in the dark, whatever colour it is."""
    organization = await organization_at(request, slug)
    return Response(
        f":root{{--brand:{organization.colour}}}\n", media_type="text/css", headers={"cache-control": _A_WHILE}
    )


@get("/portal/{slug:str}/logo", opt=public())
async def logo(request: Request, slug: FromPath[str]) -> Response[bytes]:
    """Drawn by ourselves, so that it is a picture and nothing else. Under its name, `v`, it never changes."""
    organization = await organization_at(request, slug)
    content = await people.logo_of(request.installation.blobs, organization)
    if content is None:
        raise NotFound()
    named = request.query_params.get("v") == organization.logo
    return Response(
        content,
        media_type="image/png",
        headers={"cache-control": _FOR_GOOD if named else _A_WHILE, "content-disposition": "inline"},
    )
