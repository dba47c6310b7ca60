"""Drafts: what an agent is writing on a ticket, kept with the server while they write."""

from typing import Any, Final

from litestar import get, post
from litestar.params import FromPath

from parlour import tickets
from parlour.dashboard.sending.forms import read
from parlour.entrance import Request, needs
from parlour.foundation.errors import NotFound
from parlour.people import Permission
from parlour.tickets import DraftKind

_HERE: Final = "/dashboard/tickets/{number:int}/draft"
_WRITES: Final = needs(Permission.WRITE_NOTES)


@get(_HERE, opt=_WRITES)
async def show(request: Request, number: FromPath[int]) -> dict[str, Any]:
    """One's own. Raises `NotFound` where there is none."""
    async with request.reading() as tx:
        ticket = await tickets.find(tx, number, seen_by=request.actor)
        draft = await tickets.draft_of(tx, ticket, by=request.actor)
    if draft is None:
        raise NotFound("There is no draft of yours on this ticket.")
    typed = draft.recipients
    return {
        "mode": draft.kind.lower(),
        "text": draft.text,
        "recipients": {"to": typed.to, "cc": typed.cc, "bcc": typed.bcc} if typed else None,
        "files": [{"id": str(file.id), "name": file.name, "size": file.size} for file in draft.attachments],
        "seen": str(draft.seen_comment_id or ""),
    }


@post(_HERE, opt=_WRITES | {"uploads": True}, status_code=204)
async def keep(request: Request, number: FromPath[int]) -> None:
    """The composer's form as it stands; an empty one drops the draft."""
    form = await request.form()
    written = await read(request)
    kind = DraftKind.NOTE if form.get("mode") == "note" else DraftKind.REPLY
    async with request.transaction() as tx:
        ticket = await tickets.find(tx, number, seen_by=request.actor)
        await tickets.keep_draft(tx, ticket, written.as_draft(kind), by=request.actor)
