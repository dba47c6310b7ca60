"""The three panes: views, a list, and the ticket that is open; and their parts, when only a part is asked for."""

from typing import Any

from litestar import Response, get
from litestar.params import FromPath
from litestar.response import Redirect

from parlour import people, tickets
from parlour.dashboard.inserting import wanted_words
from parlour.dashboard.pictures import showing_of
from parlour.dashboard.places import SEARCH, SORTS, Place, place_of
from parlour.dashboard.reading import earlier_messages, since_of, ticket_view
from parlour.dashboard.shell import shell
from parlour.entrance import Request, needs, pages
from parlour.foundation.database import Transaction
from parlour.people import Department, Permission
from parlour.tickets import View

READS = needs(Permission.READ_PEOPLE)
"""Every page of this door: customers have the portal."""


@get("/dashboard", opt=READS)
async def begin() -> Redirect:
    return Redirect(f"/dashboard/views/{View.UNRESOLVED.value}", status_code=303)


@get("/dashboard/views/{key:str}", opt=READS)
async def view(request: Request, key: FromPath[str]) -> Response[str]:
    return await _list(request, key)


@get("/dashboard/search", opt=READS)
async def search(request: Request) -> Response[str]:
    return await _list(request, SEARCH)


@get("/dashboard/tickets/{number:int}", opt=READS)
async def ticket(request: Request, number: FromPath[int]) -> Response[str]:
    async with request.reading() as tx:
        departments = await people.departments(tx)
        place = place_of(request, "", departments)
        opened = await ticket_view(tx, number, departments, seen_by=request.actor, showing=showing_of(request))
        inserted = await wanted_words(tx, request, opened.ticket)
        if pages.wants_frame(request, "ticket"):
            return pages.render(
                request,
                "dashboard/ticket_frame.html",
                opened=opened,
                place=place,
                actor=request.actor,
                inserted=inserted,
            )
        context = await _panes(tx, request, place, departments)
    return pages.render(request, "dashboard/inbox.html", **context, opened=opened, inserted=inserted)


@get("/dashboard/tickets/{number:int}/earlier", opt=READS)
async def earlier(request: Request, number: FromPath[int]) -> Response[str]:
    before = request.query_params.get("before", "")
    async with request.reading() as tx:
        found, messages, more = await earlier_messages(tx, number, before, seen_by=request.actor)
    return pages.render(
        request,
        "dashboard/earlier.html",
        ticket=found,
        messages=messages,
        earlier=more,
        before=before,
        actor=request.actor,
    )


@get("/dashboard/refresh", opt=READS)
async def refresh(request: Request) -> Response[str]:
    """What a page asks for when it heard that something changed: views and list, and the open ticket if it is named."""
    async with request.reading() as tx:
        departments = await people.departments(tx)
        place = place_of(request, "", departments)
        context = await _panes(tx, request, place, departments)
        opened = None
        if place.asked.ticket:
            opened = await ticket_view(
                tx, place.asked.ticket, departments, seen_by=request.actor, since=since_of(request)
            )
    return pages.stream(request, "dashboard/refresh.stream.html", **context, opened=opened)


async def _list(request: Request, key: str) -> Response[str]:
    async with request.reading() as tx:
        departments = await people.departments(tx)
        place = place_of(request, key, departments)
        if place.asked.after:
            page = await _page(tx, request, place)
            return pages.render(request, "dashboard/more.html", place=place, page=page, opened=None)
        context = await _panes(tx, request, place, departments)
    name = "dashboard/list_frame.html" if pages.wants_frame(request, "list") else "dashboard/inbox.html"
    return pages.render(request, name, **context, opened=None)


async def _panes(tx: Transaction, request: Request, place: Place, departments: list[Department]) -> dict[str, Any]:
    return {
        "shell": await shell(tx, request.actor, departments),
        "actor": request.actor,
        "place": place,
        "page": await _page(tx, request, place),
        "agents": await people.agents(tx),
        "tags": await tickets.tags(tx),
        "sorts": list(SORTS.items()),
    }


async def _page(tx: Transaction, request: Request, place: Place) -> tickets.Page:
    asked = place.asked
    return await tickets.list_page(
        tx, place.which, seen_by=request.actor, sort=place.sort, after=asked.after, limit=asked.rows
    )
