"""What many operations share: parameters of lists, cursors, ETags, and how bodies come in."""

import base64
import binascii
import re
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from parlour.entrance import Request
from parlour.foundation.errors import BadRequest
from parlour.tickets import BadCursor

Limit = Annotated[int, Meta(ge=1, le=100, description="How many at most, 1 to 100.")]
After = Annotated[str, Meta(max_length=500, description="The `next` of the page before.")]
Moment = Annotated[datetime, Meta(tz=True)]
Ids = Annotated[list[UUID], Meta(max_length=100)]

_ETAG: Final = re.compile(r'(?:W/)?"?([0-9]{1,9})"?')
_MomentEdge = tuple[Annotated[datetime, Meta(tz=True)], UUID]
_NameEdge = tuple[Annotated[str, Meta(max_length=200)], UUID]


class Query(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """Parameters of the address."""


class Body(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """JSON that comes in."""


class PageQuery(Query, frozen=True, kw_only=True):
    """Which page of a list."""

    after: After | None = None
    limit: Limit = 25


def cursor(*edge: object) -> str:
    """Where a page ended, as text that a client gives back unread."""
    return base64.urlsafe_b64encode(msgspec.json.encode(edge)).decode().rstrip("=")


def moment_after(cursor: str | None) -> tuple[datetime, UUID] | None:
    """The time and id a page ended with. Raises `BadCursor`."""
    return _read(cursor, _MomentEdge) if cursor else None


def name_after(cursor: str | None) -> tuple[str, UUID] | None:
    """The name and id a page ended with. Raises `BadCursor`."""
    return _read(cursor, _NameEdge) if cursor else None


def etag(version: int) -> dict[str, str]:
    """A ticket's version as its ETag (RFC 9110, 8.8.3)."""
    return {"etag": f'"{version}"'}


def expected_version(request: Request) -> int | None:
    """The version of `If-Match`. None where any will do. Raises `BadRequest` where it is no ETag of ours."""
    sent = request.headers.get("if-match")
    if sent is None or sent.strip() == "*":
        return None
    tag = _ETAG.fullmatch(sent.strip())
    if tag is None:
        raise BadRequest('If-Match takes one ETag of this ticket, such as "7".')
    return int(tag[1])


def is_known(request: Request, version: int) -> bool:
    """Whether `If-None-Match` names this version."""
    sent = request.headers.get("if-none-match", "")
    return sent.strip() == "*" or any(
        (tag := _ETAG.fullmatch(part.strip())) is not None and int(tag[1]) == version for part in sent.split(",")
    )


def decoded(after: str | None, kind: Any) -> Any:
    """The edge a page ended with, as the kind says. Raises `BadCursor`."""
    return _read(after, kind) if after else None


def _read(after: str, kind: Any) -> Any:
    try:
        written = base64.b64decode(after + "=" * (-len(after) % 4), altchars=b"-_", validate=True)
        edge = msgspec.json.decode(written, type=kind)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as wrong:
        raise BadCursor() from wrong
    if isinstance(edge[0], str) and "\x00" in edge[0]:
        raise BadCursor()
    return edge
