"""Where a page ended, as text that a client gives back unread."""

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from parlour.tickets import BadCursor

Moment = tuple[Annotated[datetime, Meta(tz=True)], UUID]
Name = tuple[Annotated[str, Meta(max_length=200)], UUID]


def written(*edge: object) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(edge)).decode().rstrip("=")


def moment(after: str | None) -> tuple[datetime, UUID] | None:
    """The time and id a page ended with. Raises `BadCursor`."""
    return _read(after, Moment) if after else None


def name(after: str | None) -> tuple[str, UUID] | None:
    """The name and id a page ended with. Raises `BadCursor`."""
    return _read(after, Name) if after else None


def _read(after: str, kind: Any) -> Any:
    try:
        written = base64.b64decode(after + "=" * (-len(after) % 4), altchars=b"-_", validate=True)
        edge = msgspec.json.decode(written, type=kind)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as wrong:
        raise BadCursor() from wrong
    if isinstance(edge[0], str) and "\x00" in edge[0]:
        raise BadCursor()
    return edge
