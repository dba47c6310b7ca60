"""The words on a ticket: replies, notes, and the timeline."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from parlour import tickets
from parlour.api import shapes
from parlour.api.conventions import Body, Ids, PageQuery, cursor, moment_after
from parlour.api.operations import operation
from parlour.api.writing import Files, Text, shown_to, words
from parlour.entrance import Request
from parlour.people import Permission
from parlour.tickets import Reference, Source, Status


class NewReply(Body, frozen=True, kw_only=True):
    """An answer that everyone on the ticket reads."""

    body: Annotated[Text, Meta(description="Plain text. May be left out where `html` is given.")] = ""
    html: Annotated[Text | None, Meta(description="The same with formatting; cleaned before it is kept.")] = None
    attachment_ids: Files = []
    status: Annotated[Status | UnsetType, Meta(description="Agents: where the ticket stands afterwards.")] = UNSET


class NewNote(Body, frozen=True, kw_only=True):
    """A comment among agents. With `readerIds` it is PRIVATE to you and them."""

    body: Text = ""
    html: Text | None = None
    attachment_ids: Files = []
    reader_ids: Ids = []


class Timeline(shapes.Shape, frozen=True):
    """What happened to a ticket, from old to new."""

    items: list[shapes.Activity]


@operation(
    "POST /tickets/{reference}/reply",
    Permission.REPLY_TO_TICKETS,
    status=201,
    example={"body": "The corrected invoice is attached.", "status": "RESOLVED"},
)
async def reply_to_ticket(request: Request, reference: Reference, body: NewReply) -> shapes.Comment:
    """Reply to a ticket

    An agent's reply is sent to the customer by mail; a customer's reply reopens the ticket.
    """
    async with request.transaction() as tx:
        ticket = await tickets.hold(tx, reference, seen_by=request.actor)
        written = words(body.body, body.html, body.attachment_ids)
        comment = await tickets.reply(tx, ticket, written, by=request.actor, source=Source.API)
        if body.status is not UNSET:
            request.actor.must(Permission.CHANGE_TICKETS)
            held = await tickets.hold(tx, ticket.id, seen_by=request.actor)
            await tickets.change(tx, held, tickets.Changes(status=body.status), by=request.actor)
    return shapes.as_comment(comment)


@operation("GET /tickets/{reference}/comments", Permission.READ_TICKETS)
async def list_comments(request: Request, reference: Reference, query: PageQuery) -> shapes.Page[shapes.Comment]:
    """List a ticket's comments

    From old to new, as far as they are yours to read.
    """
    span = tickets.Span(after=moment_after(query.after), limit=query.limit + 1)
    async with request.reading() as tx:
        ticket = await tickets.find(tx, reference, seen_by=request.actor)
        found = await tickets.comments(tx, ticket, span, seen_by=request.actor)
        shown = await shown_to(tx, found[: query.limit], request.actor)
    last = found[query.limit - 1] if len(found) > query.limit else None
    return shapes.Page(shown, cursor(last.created_at, last.id) if last else None)


@operation(
    "POST /tickets/{reference}/comments",
    Permission.WRITE_NOTES,
    status=201,
    example={"body": "The warehouse has two left, I asked them to keep one."},
)
async def add_note(request: Request, reference: Reference, body: NewNote) -> shapes.Comment:
    """Add a note to a ticket"""
    async with request.transaction() as tx:
        ticket = await tickets.hold(tx, reference, seen_by=request.actor)
        written = words(body.body, body.html, body.attachment_ids)
        comment = await tickets.note(tx, ticket, written, by=request.actor, readers=body.reader_ids)
    return shapes.as_comment(comment)


@operation("GET /tickets/{reference}/activities", Permission.WRITE_NOTES)
async def list_activities(request: Request, reference: Reference) -> Timeline:
    """Read a ticket's timeline

    The newest 200 lines, from old to new.
    """
    async with request.reading() as tx:
        ticket = await tickets.find(tx, reference, seen_by=request.actor)
        found = await tickets.activities(tx, ticket, seen_by=request.actor)
    return Timeline([shapes.as_activity(activity) for activity in found])
