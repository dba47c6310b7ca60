"""What every change of a ticket answers with: fresh parts of the page, or, before JavaScript, the page itself."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response

from parlour import people
from parlour.dashboard.places import place_of
from parlour.dashboard.reading import since_of, ticket_view
from parlour.entrance import Request, pages
from parlour.foundation.errors import Problem
from parlour.tickets import Comment


class Besides(msgspec.Struct, frozen=True):
    """What an answer shows beside the ticket: a reply that can still be undone, or what came before one was sent."""

    held_id: UUID | None = None
    seconds: int = 0
    newer: Sequence[Comment] = ()
    wanted: str = ""


_NOTHING = Besides()


async def changed(request: Request, number: int, said: str = "", besides: Besides = _NOTHING) -> Response[Any]:
    """After the commit: the ticket as it is now, in the place the agent stands in."""
    return await _shown(request, number, ("done", said), besides=besides)


async def refused(request: Request, number: int, problem: Problem, besides: Besides = _NOTHING) -> Response[Any]:
    """What could not be done, in words, beside the ticket as it is; the browser keeps what was written."""
    said = " ".join(str(value) for value in (problem.details or {}).values()) or problem.message
    return await _shown(request, number, ("error", said), problem.status, besides=besides)


async def _shown(
    request: Request, number: int, flash: tuple[str, str], status: int = 200, *, besides: Besides
) -> Response[Any]:
    tone, said = flash
    async with request.reading() as tx:
        departments = await people.departments(tx)
        place = place_of(request, "", departments)
        if not pages.wants_stream(request):
            return pages.redirect(f"{place.ticket_href(number)}#latest", said, tone=tone)
        opened = await ticket_view(tx, number, departments, seen_by=request.actor, since=since_of(request))
    return pages.stream(
        request,
        "dashboard/ticket.stream.html",
        status=status,
        opened=opened,
        place=place,
        actor=request.actor,
        besides=besides,
        # What is held or came meanwhile says so itself.
        flashes=[flash] if said and not (besides.held_id or besides.newer) else [],
    )


def uuids(values: list[str]) -> list[UUID]:
    """The ids among what a form sent; what is none is left out."""
    found = []
    for value in values:
        try:
            found.append(UUID(value))
        except ValueError:
            continue
    return found
