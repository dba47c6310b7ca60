"""The organization's colour as a stylesheet: pages may hold no style of their own."""

from litestar import Response, get
from litestar.params import FromPath

from parlour.entrance import Request, public
from parlour.portal.visit import organization_at


@get("/portal/{slug:str}/brand.css", opt=public())
async def style(request: Request, slug: FromPath[str]) -> Response[str]:
    """The design's tokens make it readable, in the light and in the dark, whatever colour it is."""
    organization = await organization_at(request, slug)
    return Response(
        f":root{{--brand:{organization.colour}}}\n",
        media_type="text/css",
        headers={"cache-control": "public, max-age=300"},
    )
