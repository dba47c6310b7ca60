"""Properties changed in place; the bin."""

from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from litestar import Response, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath

from parlour import people, tickets
from parlour.dashboard.answering import changed, refused
from parlour.entrance import Request, needs, pages
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Invalid, Problem
from parlour.people import Permission
from parlour.tickets import Changes, Priority, Status

_CHANGES: Final = needs(Permission.CHANGE_TICKETS)
_DELETES: Final = needs(Permission.DELETE_TICKETS)


@post("/dashboard/tickets/{number:int}/properties", opt=_CHANGES)
async def properties(request: Request, number: FromPath[int]) -> Response[Any]:
    """Each property the form names; the others stay."""
    form = await request.form()
    try:
        async with request.transaction() as tx:
            ticket = await tickets.hold(tx, number, seen_by=request.actor)
            await tickets.change(tx, ticket, await _changes(tx, form), by=request.actor)
            is_passed_on = not await tickets.is_seen(tx, ticket.id, seen_by=request.actor)
    except Problem as problem:
        if problem.status == 404:
            raise
        return await refused(request, number, problem)
    if is_passed_on:
        return pages.redirect(_list_of(request), f"Ticket #{number} is passed on. You don't see it any more.")
    return await changed(request, number)


@post("/dashboard/tickets/{number:int}/delete", opt=_DELETES)
async def delete(request: Request, number: FromPath[int]) -> Response[Any]:
    async with request.transaction() as tx:
        ticket = await tickets.hold(tx, number, seen_by=request.actor)
        await tickets.delete(tx, ticket, by=request.actor)
    return pages.redirect(_list_of(request), f"Ticket #{number} is in the bin.")


@post("/dashboard/tickets/{number:int}/restore", opt=_DELETES)
async def restore(request: Request, number: FromPath[int]) -> Response[Any]:
    async with request.transaction() as tx:
        ticket = await tickets.hold_in_bin(tx, number, seen_by=request.actor)
        await tickets.restore(tx, ticket, by=request.actor)
    return pages.redirect(f"/dashboard/tickets/{number}", f"Ticket #{number} is back.")


async def _changes(tx: Transaction, form: FormMultiDict) -> Changes:
    wanted: dict[str, Any] = {}
    if "subject" in form:
        wanted["subject"] = str(form["subject"])
    if "status" in form:
        wanted["status"] = _one_of(Status, form["status"], "status")
    if "priority" in form:
        wanted["priority"] = _one_of(Priority, form["priority"], "priority")
    if "assignee" in form:
        wanted["assignee_id"] = _id(form["assignee"], "assignee")
    if "department" in form:
        wanted["department_id"] = _id(form["department"], "department")
    if "requester" in form:
        wanted["requester_id"] = (await people.customer_by_email(tx, str(form["requester"]))).id
    if "tags" in form:
        # One name a field from the picker, or several with commas where somebody typed them.
        wanted["tags"] = [
            name.strip() for field in form.getall("tags") for name in str(field).split(",") if name.strip()
        ]
    return Changes(**wanted)


def _one_of(kind: type[Status] | type[Priority], value: object, field: str) -> Any:
    if str(value) not in set(kind):
        raise Invalid(details={field: f"There is no {field} of that name."})
    return kind(str(value))


def _id(value: object, field: str) -> UUID | None:
    if not value:
        return None
    try:
        return UUID(str(value))
    except ValueError as strange:
        raise Invalid(details={field: f"There is no such {field}."}) from strange


def _list_of(request: Request) -> str:
    view = request.query_params.get("view") or tickets.View.UNRESOLVED.value
    return "/dashboard/search" if view == "search" else f"/dashboard/views/{quote(view, safe='')}"
