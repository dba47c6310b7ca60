"""Files: taken in before the comment that names them, given out in whole or in part."""

import re
from collections.abc import AsyncIterator
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from litestar.datastructures import UploadFile
from litestar.response.base import ASGIResponse

from parlour import tickets
from parlour.api import shapes
from parlour.api.operations import Answer, operation
from parlour.entrance import Request
from parlour.foundation.errors import BadRequest, Problem, UnsupportedMediaType
from parlour.people import Permission

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


@operation(
    "POST /attachments",
    Permission.REPLY_TO_TICKETS,
    status=201,
    uploads=True,
    file=True,
    refusals=(413, 415),
    headers={"Location": "The file."},
)
async def upload_attachment(request: Request) -> Answer[shapes.Attachment]:
    """Upload a file

    Send it as the field `file`, then name its `id` in a reply or a new ticket. What is not sent within a day is
    discarded.
    """
    if request.content_type[0] != "multipart/form-data":
        raise UnsupportedMediaType("Send the file as `multipart/form-data`, in the field `file`.")
    file = (await request.form()).get("file")
    if not isinstance(file, UploadFile):
        raise BadRequest("There is no file in this request.", {"file": "Send the file in this field."})
    upload = tickets.Upload(file.filename, file.content_type, await file.read())
    async with request.transaction() as tx:
        stored = await tickets.store_attachment(tx, request.installation.blobs, upload, by=request.actor)
    return Answer(shapes.as_attachment(stored), {"location": f"/api/attachments/{stored.id}"})


@operation(
    "GET /attachments/{id}",
    Permission.READ_TICKETS,
    file=True,
    accepts={"Range": "`bytes=0-1023`: this part only."},
    refusals=(206, 416),
    headers={"Content-Disposition": "Its name.", "Accept-Ranges": "`bytes`"},
)
async def download_attachment(request: Request, id: UUID) -> ASGIResponse:  # noqa: A002
    """Download a file"""
    async with request.reading() as tx:
        file = await tickets.find_attachment(tx, id, seen_by=request.actor)
    start, end = _range(request.headers.get("range"), file.size)
    headers = {
        "content-type": _served_as(file.content_type),
        "content-disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
        "content-length": str(end - start),
        "accept-ranges": "bytes",
        "etag": f'"{file.id.hex}"',
        # What a file holds never changes, but whether one may still see it does.
        "cache-control": "private, max-age=300",
    }
    status = 206 if request.headers.get("range") and (start, end) != (0, file.size) else 200
    if status == 206:
        headers["content-range"] = f"bytes {start}-{end - 1}/{file.size}"
    return Streamed(await request.installation.blobs.stream(file.blob_key, start, end), status, headers)


@operation("DELETE /attachments/{id}", Permission.REPLY_TO_TICKETS, status=204)
async def discard_attachment(request: Request, id: UUID) -> None:  # noqa: A002
    """Discard an upload

    Only your own, and only before it was sent.
    """
    async with request.transaction() as tx:
        await tickets.discard_attachment(tx, request.installation.blobs, id, by=request.actor)


class Streamed(ASGIResponse):
    """A blob, piece by piece."""

    def __init__(self, pieces: AsyncIterator[bytes], status: int, headers: dict[str, str]) -> None:
        super().__init__(status_code=status, headers=headers, media_type=headers["content-type"])
        self._pieces = pieces

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.start_response(send)
        async for piece in self._pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _served_as(content_type: str) -> str:
    # A policy that trusts 'self' must find no script and no style here, whoever uploaded one.
    return content_type if _INERT.fullmatch(content_type) else "application/octet-stream"


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
