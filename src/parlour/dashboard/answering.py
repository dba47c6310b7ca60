"""What every change of a ticket answers with: fresh parts of the page, or, before JavaScript, the page itself."""

from typing import Any
from uuid import UUID

from litestar import Response

from parlour import people
from parlour.dashboard.places import place_of
from parlour.dashboard.reading import since_of, ticket_view
from parlour.entrance import Request, pages
from parlour.foundation.errors import Problem


async def changed(request: Request, number: int, said: str = "") -> Response[Any]:
    """After the commit: the ticket as it is now, in the place the agent stands in."""
    async with request.reading() as tx:
        departments = await people.departments(tx)
        place = place_of(request, "", departments)
        if not pages.wants_stream(request):
            return pages.redirect(f"{place.ticket_href(number)}#latest", said)
        opened = await ticket_view(tx, number, departments, seen_by=request.actor, since=since_of(request))
    flashes = [("done", said)] if said else []
    return pages.stream(
        request, "dashboard/ticket.stream.html", opened=opened, place=place, actor=request.actor, flashes=flashes
    )


async def refused(request: Request, number: int, problem: Problem) -> Response[Any]:
    """What could not be done, in words, beside the ticket as it is; the browser keeps what was written."""
    said = " ".join(str(value) for value in (problem.details or {}).values()) or problem.message
    async with request.reading() as tx:
        departments = await people.departments(tx)
        place = place_of(request, "", departments)
        if not pages.wants_stream(request):
            return pages.redirect(place.ticket_href(number), said, tone="error")
        opened = await ticket_view(tx, number, departments, seen_by=request.actor, since=since_of(request))
    return pages.stream(
        request,
        "dashboard/ticket.stream.html",
        status=problem.status,
        opened=opened,
        place=place,
        actor=request.actor,
        flashes=[("error", said)],
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
