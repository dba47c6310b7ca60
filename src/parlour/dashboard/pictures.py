"""Pictures that a mail wants from elsewhere, shown because an agent asked for them; fetched by us, trackers never."""

from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath

from parlour import people, tickets
from parlour.dashboard.answering import uuids
from parlour.dashboard.messages import Showing, messages
from parlour.entrance import Request, needs, pages
from parlour.foundation.errors import NotFound
from parlour.people import Permission


@get("/dashboard/tickets/{number:int}/comments/{comment_id:uuid}/pictures", opt=needs(Permission.READ_PEOPLE))
async def show(request: Request, number: FromPath[int], comment_id: FromPath[UUID]) -> Response[Any]:
    """The one message, its pictures shown: as part of the page, or, before JavaScript, the page at that message."""
    async with request.reading() as tx:
        ticket = await tickets.find(tx, number, seen_by=request.actor)
        comment = await tickets.find_comment(tx, comment_id, seen_by=request.actor)
        if comment.ticket_id != ticket.id:
            raise NotFound()
        showing = Showing(request.installation.signer, comment.id)
        [item] = await messages(tx, [comment], await people.agents(tx), showing)
    if not pages.wants_frame(request, f"words-{comment_id}"):
        return pages.redirect(f"/dashboard/tickets/{number}?pictures={comment_id}#comment-{comment_id}")
    return pages.render(request, "dashboard/pictures.html", item=item, ticket=ticket)


def showing_of(request: Request) -> Showing | None:
    """Before JavaScript, the address of a ticket's page says whose pictures it shows."""
    asked = uuids([request.query_params.get("pictures", "")])
    return Showing(request.installation.signer, asked[0]) if asked else None
