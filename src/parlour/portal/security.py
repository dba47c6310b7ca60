"""A customer's own security."""

from typing import Any, Final

from litestar import Response

from parlour.entrance import Request, arriving, pages
from parlour.foundation.errors import Problem
from parlour.people import Permission
from parlour.portal.visit import customers, visit

_HERE: Final = "/portal/{slug:str}/security"


async def _show(request: Request, page: str, problem: Problem | None = None, **context: Any) -> Response[Any]:
    async with request.reading() as tx:
        here = await visit(tx, request, str(request.path_params["slug"]))
    about: dict[str, Any] = {"mine": await arriving.own_security.mine(request)} if page == "overview" else {}
    details = {str(name): str(said) for name, said in (problem.details or {}).items()} if problem else {}
    return pages.render(
        request,
        f"portal/security_{page}.html",
        status=problem.status if problem else 200,
        headers={"cache-control": "no-store"},
        visit=here,
        base=f"{here.home}/security",
        standing=request.standing,
        problem=problem,
        errors={"present": "", "new": "", "code": "", "name": ""} | details,
        **about,
        **context,
    )


async def _enter(request: Request) -> None:
    async with request.reading() as tx:
        await visit(tx, request, str(request.path_params["slug"]))


def _may(fresh: bool) -> dict[str, Any]:
    return customers(Permission.MANAGE_OWN_ACCESS, fresh=fresh)


_PLACE: Final = arriving.own_security.Place(_HERE, _may, _show, _enter)
ROUTES = [*arriving.own_security.routes(_PLACE), *arriving.own_passkeys.routes(_PLACE)]
