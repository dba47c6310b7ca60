"""Files on a customer's tickets: coming in with a form, going out again."""

from uuid import UUID

from litestar import get
from litestar.datastructures import FormMultiDict, UploadFile
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from parlour import tickets
from parlour.entrance import Request, give
from parlour.foundation.database import Transaction
from parlour.people import Permission
from parlour.portal.visit import Visit, customers, visit
from parlour.tickets import Upload


@get("/portal/{slug:str}/files/{attachment_id:uuid}", opt=customers(Permission.READ_TICKETS))
async def show(request: Request, slug: FromPath[str], attachment_id: FromPath[UUID]) -> ASGIResponse:
    async with request.reading() as tx:
        here = await visit(tx, request, slug)
        file = await tickets.find_attachment(tx, attachment_id, seen_by=here.customer)
    return await give(request, file, to_page=True, keep="private, max-age=300")


def address_of_file(here: Visit, attachment_id: UUID) -> str:
    return f"{here.home}/files/{attachment_id}"


async def taken_in(tx: Transaction, request: Request, form: FormMultiDict) -> list[UUID]:
    """The files of a form, stored for the comment that is about to name them."""
    stored = []
    for file in form.getall("files", []):
        if isinstance(file, UploadFile) and file.filename:
            upload = Upload(file.filename, file.content_type or "", await file.read())
            stored.append(await tickets.store_attachment(tx, request.installation.blobs, upload, by=request.actor))
    return [attachment.id for attachment in stored]
