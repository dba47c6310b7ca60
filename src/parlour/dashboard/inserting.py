"""Templates while one writes: found by their words, filled in by the server, so that one sees what is sent."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.params import FromPath

from parlour import people, tickets
from parlour.dashboard.places import place_of
from parlour.dashboard.shell import shell
from parlour.email import wording
from parlour.entrance import Request, needs, pages
from parlour.foundation.database import Transaction
from parlour.people import Permission

_MOST_WORDS: Final = 100
_READS: Final = needs(Permission.CHANGE_TICKETS)


class Inserted(msgspec.Struct, frozen=True):
    """What goes into the field."""

    text: str
    language: str


@get("/dashboard/tickets/{number:int}/templates", opt=_READS)
async def templates(request: Request, number: FromPath[int]) -> Response[str]:
    """The menu's rows where a script asks, else a page of them."""
    q = request.query_params.get("q", "").replace("\x00", "").strip()[:_MOST_WORDS]
    public_url = request.installation.settings.public_url
    async with request.reading() as tx:
        ticket = await tickets.find(tx, number, seen_by=request.actor)
        found = await wording.offers(tx, ticket, to=request.actor, public_url=public_url, q=q)
        context: dict[str, Any] = {"offers": found, "q": q, "first_language": (await wording.languages(tx))[0]}
        if "x-menu" in request.headers:
            return pages.render(request, "dashboard/parts/template_options.html", **context)
        departments = await people.departments(tx)
        surroundings = await shell(tx, request.actor, departments)
    back = place_of(request, "", departments).ticket_href(number)
    view = request.query_params.get("view", "")
    return pages.render(
        request, "dashboard/templates.html", shell=surroundings, ticket=ticket, back=back, view=view, **context
    )


@get("/dashboard/tickets/{number:int}/templates/{template_id:uuid}", opt=_READS)
async def template(request: Request, number: FromPath[int], template_id: FromPath[UUID]) -> Inserted:
    async with request.reading() as tx:
        ticket = await tickets.find(tx, number, seen_by=request.actor)
        return await _inserted(tx, request, ticket, template_id)


async def wanted_words(tx: Transaction, request: Request, ticket: tickets.Ticket) -> str:
    """Before JavaScript the address of a ticket's page names the template that its field begins with."""
    try:
        template_id = UUID(request.query_params.get("template", ""))
    except ValueError:
        return ""
    return (await _inserted(tx, request, ticket, template_id)).text


async def _inserted(tx: Transaction, request: Request, ticket: tickets.Ticket, template_id: UUID) -> Inserted:
    public_url = request.installation.settings.public_url
    offer = await wording.inserted(tx, ticket, template_id, by=request.actor, public_url=public_url)
    return Inserted(offer.text, offer.language)
