"""The front page; at an organization's own host, the way to its portal."""

from typing import Any
from urllib.parse import urlsplit

from litestar import Response, get
from litestar.response import Redirect

from parlour import people
from parlour.entrance import Request, pages, public
from parlour.site.home import home_of


@get("/", opt=public())
async def show(request: Request) -> Response[Any]:
    slug = await _portal_of(request)
    if slug:
        return Redirect(f"/portal/{slug}", status_code=303)
    visitor = request.visitor
    home = await home_of(request.installation.database, visitor) if visitor else None
    return pages.render(request, "site/landing.html", home=home)


async def _portal_of(request: Request) -> str | None:
    host = request.headers.get("host", "").partition(":")[0].lower()
    if not host or host == urlsplit(request.installation.settings.public_url).hostname:
        return None
    database = request.installation.database
    organization_id = await database.doorways.organization_by_host(host)
    if organization_id is None:
        return None
    async with database.reading(organization_id) as tx:
        return (await people.this_organization(tx)).slug
