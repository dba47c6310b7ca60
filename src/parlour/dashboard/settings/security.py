"""One's own security: password, second factor, passkeys, browsers, sessions."""

from typing import Any, Final

from litestar import Response

from parlour.dashboard.settings.sheet import sheet
from parlour.entrance import Request, arriving, needs
from parlour.foundation.errors import Problem
from parlour.people import Permission

_HERE: Final = "/dashboard/settings/security"


async def _show(request: Request, page: str, problem: Problem | None = None, **context: Any) -> Response[Any]:
    about: dict[str, Any] = {"mine": await arriving.own_security.mine(request)} if page == "overview" else {}
    answer = await sheet(
        request, f"security_{page}", problem, base=_HERE, standing=request.standing, **about, **context
    )
    answer.headers["cache-control"] = "no-store"
    return answer


_PLACE: Final = arriving.own_security.Place(
    _HERE, lambda fresh: needs(Permission.MANAGE_OWN_ACCESS, fresh=fresh), _show
)
ROUTES = [*arriving.own_security.routes(_PLACE), *arriving.own_passkeys.routes(_PLACE)]
