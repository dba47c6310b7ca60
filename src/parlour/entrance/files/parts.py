"""A file's bytes on their way: which of them are wanted, and the headers that keep a browser from running them."""

import re
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final
from urllib.parse import quote

import msgspec
from litestar.response.base import ASGIResponse

from parlour.foundation.errors import Problem
from parlour.foundation.storage import Blobs
from parlour.tickets import StoredAttachment

SHOWN_INLINE: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"})
"""Everything else is downloaded: a page of a stranger must never open as one of ours."""
_INERT: Final = re.compile(
    r"image/(png|jpeg|gif|webp|avif|bmp|tiff|heic)|(audio|video)/[a-z0-9.+-]+|application/pdf|text/plain"
)
_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class OutsideTheFile(Problem):
    """The file ends before that range begins."""

    status = 416

    def __init__(self, size: int) -> None:
        super().__init__()
        self.headers = {"content-range": f"bytes */{size}"}


class Part(msgspec.Struct, frozen=True):
    """What is sent of a file, and how."""

    status: int
    headers: dict[str, str]
    pieces: AsyncIterator[bytes]


class Streamed(ASGIResponse):
    """A blob, piece by piece."""

    def __init__(self, pieces: AsyncIterator[bytes], status: int, headers: dict[str, str]) -> None:
        super().__init__(status_code=status, headers=headers, media_type=headers["content-type"])
        self._pieces = pieces

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.start_response(send)
        await send_pieces(self._pieces, send)


async def part_of(blobs: Blobs, file: StoredAttachment, asked: str | None, *, to_page: bool) -> Part:
    """The whole file, or the range that is asked for. `to_page`: a picture may stand within a page of ours.

    Raises `OutsideTheFile`.
    """
    start, end = _range(asked, file.size)
    is_shown = to_page and file.content_type in SHOWN_INLINE
    way = "inline" if is_shown else "attachment"
    headers = {
        "content-type": _served_as(file.content_type, is_shown=is_shown, to_page=to_page),
        "content-disposition": f"{way}; filename*=UTF-8''{quote(file.name, safe='')}",
        "content-length": str(end - start),
        "accept-ranges": "bytes",
        "etag": f'"{file.id.hex}"',
    }
    status = 206 if asked and (start, end) != (0, file.size) else 200
    if status == 206:
        headers["content-range"] = f"bytes {start}-{end - 1}/{file.size}"
    return Part(status, headers, await blobs.stream(file.blob_key, start, end))


def with_headers(part: Part, more: Mapping[str, str]) -> Part:
    return msgspec.structs.replace(part, headers=part.headers | dict(more))


async def send_pieces(pieces: AsyncIterator[bytes], send: Any) -> None:
    async for piece in pieces:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _served_as(content_type: str, *, is_shown: bool, to_page: bool) -> str:
    # A policy that trusts 'self' must find no script and no style here, whoever uploaded one.
    is_harmless = is_shown or (not to_page and _INERT.fullmatch(content_type))
    return content_type if is_harmless else "application/octet-stream"


def _range(sent: str | None, size: int) -> tuple[int, int]:
    """The part that is asked for (RFC 9110, 14.1.2): one range; several, or what is no range, mean the whole file."""
    asked = _RANGE.fullmatch(sent.strip()) if sent else None
    if asked is None or asked[0] == "bytes=-":
        return 0, size
    first, last = asked[1], asked[2]
    if not first:
        if int(last) == 0:
            raise OutsideTheFile(size)
        return max(0, size - int(last)), size
    start = int(first)
    if start >= size:
        raise OutsideTheFile(size)
    if last and int(last) < start:
        return 0, size
    return start, min(int(last) + 1, size) if last else size
