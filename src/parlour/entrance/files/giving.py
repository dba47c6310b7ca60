"""How a door gives a file to whoever may have it: itself, or by sending them to the files' own host."""

import hashlib
from urllib.parse import urlencode

from litestar.response.base import ASGIResponse

from parlour.entrance.files.parts import Streamed, part_of
from parlour.entrance.files.passes import Pass, written
from parlour.entrance.request import Request
from parlour.tickets import StoredAttachment

ATTACHMENTS, PICTURES = "/attachment/", "/picture/"


async def give(request: Request, file: StoredAttachment, *, to_page: bool, keep: str) -> ASGIResponse:
    """After it was asked whether they may see it. `keep` says how long a browser may keep what we give ourselves."""
    settings = request.installation.settings
    if settings.files_url:
        return _led(request, ATTACHMENTS, file.id.bytes, to_page=to_page)
    part = await part_of(request.installation.blobs, file, request.headers.get("range"), to_page=to_page)
    return Streamed(part.pieces, part.status, part.headers | {"cache-control": keep})


def lead_to_picture(request: Request, url: str) -> ASGIResponse | None:
    """To a picture that a mail wants from elsewhere. None where we show it ourselves."""
    if not request.installation.settings.files_url:
        return None
    return _led(request, PICTURES, about_picture(url), to_page=True, query=urlencode({"url": url}))


def about_picture(url: str) -> bytes:
    return hashlib.sha256(url.encode()).digest()


def _led(request: Request, kind: str, about: bytes, *, to_page: bool, query: str = "") -> ASGIResponse:
    installation, actor = request.installation, request.actor
    session_id = request.auth.id if request.auth else None
    text = written(installation.signer, Pass(actor.organization_id, actor.user_id, session_id, about, to_page))
    address = f"{installation.settings.files_origin}{kind}{text}{f'?{query}' if query else ''}"
    # Asked anew each time: whether one may still see it changes. 307 keeps the range that is asked for.
    return ASGIResponse(status_code=307, headers={"location": address, "cache-control": "private, no-store"})
