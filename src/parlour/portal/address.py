"""A customer's own address."""

from typing import Any

from litestar import Response, post
from litestar.params import FromPath

from parlour.entrance import Request, arriving
from parlour.people import Permission
from parlour.portal.visit import customers, visit


@post("/portal/{slug:str}/security/address", opt=customers(Permission.MANAGE_OWN_ACCESS, fresh=True))
async def ask(request: Request, slug: FromPath[str]) -> Response[Any]:
    async with request.reading() as tx:
        here = await visit(tx, request, slug)
    return await arriving.own_address.ask(request, f"{here.home}/security")
