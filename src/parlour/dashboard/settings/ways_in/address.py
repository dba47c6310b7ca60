"""An agent's own address."""

from typing import Any, Final

from litestar import Response, post

from parlour.entrance import Request, arriving, needs
from parlour.people import Permission

_BACK: Final = "/dashboard/settings/security"


@post(f"{_BACK}/address", opt=needs(Permission.MANAGE_OWN_ACCESS, fresh=True))
async def ask(request: Request) -> Response[Any]:
    return await arriving.own_address.ask(request, _BACK)
