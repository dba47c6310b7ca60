"""Pages elsewhere that call the API (CORS): those an organization named, with a token, never with a cookie."""

from typing import Final
from uuid import UUID

from parlour import people
from parlour.entrance.request import Request

_API: Final = "/api/"
_METHODS: Final = "GET, HEAD, POST, PUT, PATCH, DELETE"
_HEADERS: Final = "authorization, content-type, idempotency-key, if-match, if-none-match, range, x-request-id"
EXPOSED: Final = (
    b"content-disposition, content-range, etag, location, ratelimit-limit, ratelimit-remaining, ratelimit-reset, "
    b"retry-after, x-request-id"
)


async def asked_beforehand(request: Request) -> dict[str, str]:
    """What a browser is told that asks before it sends (Fetch, 3.2.2). Nothing where nobody named its page.

    It comes without a token, so that it is not known yet in whose name: whether it may is decided when it asks.
    """
    origin = request.headers.get("origin")
    if not origin or not _is_api(request) or "access-control-request-method" not in request.headers:
        return {}
    if await request.installation.database.doorways.organization_by_origin(origin) is None:
        return {}
    return {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": _METHODS,
        "access-control-allow-headers": _HEADERS,
        "access-control-max-age": "600",
        "vary": "origin, access-control-request-method, access-control-request-headers",
    }


async def note(request: Request, organization_id: UUID) -> None:
    """For somebody with a token: its organization decides whether the page they are on may read the answer."""
    origin = request.headers.get("origin")
    if not origin or not _is_api(request):
        return
    async with request.installation.database.reading(organization_id) as tx:
        if await people.allows_origin(tx, origin):
            request.scope["state"]["origin"] = origin


def _is_api(request: Request) -> bool:
    path: str = request.scope["path"]
    return path.startswith(_API)
