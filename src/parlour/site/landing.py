"""The front page; at an organization's own host, the way to its portal."""

from typing import Any

from litestar import Response, get
from litestar.response import Redirect

from parlour.entrance import Request, pages, public
from parlour.site.home import home_of


@get("/", opt=public())
async def show(request: Request) -> Response[Any]:
    slug = request.scope["state"].get("portal")
    if slug:
        return Redirect(f"/portal/{slug}", status_code=303)
    visitor = request.visitor
    home = await home_of(request.installation.database, visitor) if visitor else None
    return pages.render(request, "site/landing.html", home=home)
