"""Files: taken in before the comment that names them, given out in whole or in part."""

from uuid import UUID

from litestar.datastructures import UploadFile
from litestar.response.base import ASGIResponse

from parlour import tickets
from parlour.api import shapes
from parlour.api.operations import Answer, operation
from parlour.entrance import Request, give
from parlour.foundation.errors import BadRequest, UnsupportedMediaType
from parlour.people import Permission


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
    refusals=(206, 307, 416),
    headers={"Content-Disposition": "Its name.", "Accept-Ranges": "`bytes`"},
)
async def download_attachment(request: Request, id: UUID) -> ASGIResponse:  # noqa: A002
    """Download a file

    Where the installation keeps files on a host of their own, the answer leads there (307), to an address that is good
    for a minute.
    """
    async with request.reading() as tx:
        file = await tickets.find_attachment(tx, id, seen_by=request.actor)
    # What a file holds never changes, but whether one may still see it does.
    return await give(request, file, to_page=False, keep="private, max-age=300")


@operation("DELETE /attachments/{id}", Permission.REPLY_TO_TICKETS, status=204)
async def discard_attachment(request: Request, id: UUID) -> None:  # noqa: A002
    """Discard an upload

    Only your own, and only before it was sent.
    """
    async with request.transaction() as tx:
        await tickets.discard_attachment(tx, request.installation.blobs, id, by=request.actor)
