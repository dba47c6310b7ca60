"""A ticket's version as its ETag (RFC 9110, 8.8.3 and 13.1)."""

import re
from typing import Final

from parlour.entrance import Request
from parlour.foundation.errors import BadRequest

_TAG: Final = re.compile(r'(?:W/)?"?([0-9]{1,9})"?')


def of(version: int) -> dict[str, str]:
    return {"etag": f'"{version}"'}


def expected(request: Request) -> int | None:
    """The version of `If-Match`. None where any will do. Raises `BadRequest` where it is no ETag of ours."""
    sent = request.headers.get("if-match")
    if sent is None or sent.strip() == "*":
        return None
    tag = _TAG.fullmatch(sent.strip())
    if tag is None:
        raise BadRequest('If-Match takes one ETag of this ticket, such as "7".')
    return int(tag[1])


def is_known(request: Request, version: int) -> bool:
    """Whether `If-None-Match` names this version."""
    sent = request.headers.get("if-none-match", "")
    return sent.strip() == "*" or any(
        (tag := _TAG.fullmatch(part.strip())) is not None and int(tag[1]) == version for part in sent.split(",")
    )
