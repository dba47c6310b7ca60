"""Writing: a new ticket, a reply, and "that is solved"."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from parlour import people, tickets
from parlour.entrance import Limit, Request, pages
from parlour.foundation.errors import Invalid
from parlour.people import Permission
from parlour.portal.files import taken_in
from parlour.portal.tickets import ticket_page
from parlour.portal.visit import customers, visit
from parlour.tickets import Changes, Opening, Source, Status, Words


class Sent(msgspec.Struct, frozen=True):
    """A new ticket as it was filled in."""

    subject: str = ""
    body: str = ""
    department: str = ""


@get("/portal/{slug:str}/tickets/new", opt=customers(Permission.OPEN_TICKETS))
async def new_ticket(request: Request, slug: FromPath[str]) -> Response[Any]:
    return await _form(request, slug, Sent())


@post("/portal/{slug:str}/tickets", opt=customers(Permission.OPEN_TICKETS, uploads=True, limit=Limit.TICKETS))
async def open_ticket(request: Request, slug: FromPath[str]) -> Response[Any]:
    form = await request.form()
    sent = Sent(*(str(form.get(name) or "") for name in Sent.__struct_fields__))
    try:
        async with request.transaction() as tx:
            here = await visit(tx, request, slug)
            opening = Opening(
                subject=sent.subject,
                words=Words(sent.body, attachment_ids=await taken_in(tx, request, form)),
                requester_id=here.customer.user_id,
                source=Source.WEB_FORM,
                department_id=_id(sent.department),
            )
            ticket = await tickets.open(tx, opening, by=here.customer)
    except Invalid as refusal:
        return await _form(request, slug, sent, refusal)
    return pages.redirect(f"{here.home}/tickets/{ticket.number}", "We have it. You will hear from us.")


@post("/portal/{slug:str}/tickets/{number:int}/reply", opt=customers(Permission.REPLY_TO_TICKETS, uploads=True))
async def reply(request: Request, slug: FromPath[str], number: FromPath[int]) -> Response[Any]:
    form = await request.form()
    body = str(form.get("body") or "")
    try:
        async with request.transaction() as tx:
            here = await visit(tx, request, slug)
            ticket = await tickets.hold(tx, number, seen_by=here.customer)
            words = Words(body, attachment_ids=await taken_in(tx, request, form))
            await tickets.reply(tx, ticket, words, by=here.customer, source=Source.WEB_FORM)
    except Invalid as refusal:
        said = _sentences(refusal)
        return await ticket_page(request, slug, number, status=422, body=body, error=said)
    return pages.redirect(f"{here.home}/tickets/{number}#latest", "Sent.")


@post("/portal/{slug:str}/tickets/{number:int}/solved", opt=customers(Permission.REPLY_TO_TICKETS))
async def mark_as_solved(request: Request, slug: FromPath[str], number: FromPath[int]) -> Response[Any]:
    async with request.transaction() as tx:
        here = await visit(tx, request, slug)
        ticket = await tickets.hold(tx, number, seen_by=here.customer)
        # What an agent has closed stays closed: it is solved already.
        if ticket.status is not Status.CLOSED:
            await tickets.change(tx, ticket, Changes(status=Status.RESOLVED), by=here.customer)
    return pages.redirect(f"{here.home}/tickets/{number}", "Glad to hear it. It is marked as solved.")


async def _form(request: Request, slug: str, sent: Sent, refusal: Invalid | None = None) -> Response[Any]:
    async with request.reading() as tx:
        here = await visit(tx, request, slug)
        departments = await people.departments(tx)
    details = {str(name): str(said) for name, said in (refusal.details or {}).items()} if refusal else {}
    return pages.render(
        request,
        "portal/new_ticket.html",
        status=422 if refusal else 200,
        visit=here,
        sent=sent,
        departments=[("", "Not sure, anyone")] + [(str(found.id), found.name) for found in departments],
        subject_error=details.pop("subject", None),
        body_error=details.pop("body", None),
        refusal=" ".join(details.values()) or (refusal.message if refusal and not refusal.details else ""),
    )


def _sentences(refusal: Invalid) -> str:
    return " ".join(str(said) for said in (refusal.details or {}).values()) or refusal.message


def _id(sent: str) -> UUID | None:
    try:
        return UUID(sent) if sent else None
    except ValueError as garbled:
        raise Invalid(details={"departmentId": "There is no such department."}) from garbled
