"""One's own page: who one is here, and how it looks."""

from litestar import Response, get

from parlour.dashboard.settings.sheet import sheet
from parlour.entrance import Request, needs
from parlour.people import Permission


@get("/dashboard/settings", opt=needs(Permission.READ_PEOPLE))
async def show(request: Request) -> Response[str]:
    return await sheet(request, "profile")
