"""Attachments: uploaded as soon as they are dropped, sent with the comment, downloaded again."""

from typing import Any
from uuid import UUID

from litestar import delete, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from parlour import tickets
from parlour.entrance import Request, give, needs
from parlour.foundation.errors import Invalid
from parlour.people import Permission
from parlour.tickets import Upload


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
async def download(request: Request, attachment_id: FromPath[UUID]) -> ASGIResponse:
    async with request.reading() as tx:
        file = await tickets.find_attachment(tx, attachment_id, seen_by=request.actor)
    return await give(request, file, to_page=True, keep="private, max-age=31536000, immutable")
