"""Attachments: uploaded as soon as they are dropped, sent with the comment, downloaded again."""

from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from litestar import Response, delete, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from litestar.response import Stream

from parlour import tickets
from parlour.entrance import Request, needs
from parlour.foundation.errors import Invalid
from parlour.people import Permission
from parlour.tickets import Upload

SHOWN_INLINE: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"})
"""Everything else is downloaded: a page of a stranger must never open as one of ours."""


@post("/dashboard/attachments", opt=needs(Permission.REPLY_TO_TICKETS) | {"uploads": True})
async def upload(request: Request) -> dict[str, Any]:
    file = (await request.form()).get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise Invalid(details={"file": "Send one file in the field `file`."})
    received = Upload(file.filename, file.content_type or "", await file.read())
    async with request.transaction() as tx:
        stored = await tickets.store_attachment(tx, request.installation.blobs, received, by=request.actor)
    return {"id": str(stored.id), "name": stored.name, "size": stored.size}


@delete("/dashboard/attachments/{attachment_id:uuid}", opt=needs(Permission.REPLY_TO_TICKETS))
async def discard(request: Request, attachment_id: FromPath[UUID]) -> None:
    async with request.transaction() as tx:
        await tickets.discard_attachment(tx, request.installation.blobs, attachment_id, by=request.actor)


@get("/dashboard/attachments/{attachment_id:uuid}", opt=needs(Permission.READ_PEOPLE))
async def download(request: Request, attachment_id: FromPath[UUID]) -> Response[Any]:
    async with request.reading() as tx:
        file = await tickets.find_attachment(tx, attachment_id, seen_by=request.actor)
    way = "inline" if file.content_type in SHOWN_INLINE else "attachment"
    return Stream(
        await request.installation.blobs.stream(file.blob_key, 0, file.size),
        media_type=file.content_type if way == "inline" else "application/octet-stream",
        headers={
            "content-disposition": f"{way}; filename*=UTF-8''{quote(file.name)}",
            "content-length": str(file.size),
            "cache-control": "private, max-age=31536000, immutable",
        },
    )
