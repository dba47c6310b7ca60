"""The words on a ticket: replies, notes, and the timeline."""

from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import fields

from parlour import email, tickets
from parlour.api import shapes
from parlour.api.conventions import Body, Ids, Moment, PageQuery, cursor, moment_after
from parlour.api.operations import operation
from parlour.api.writing import Files, Text, shown_to, words
from parlour.entrance import Request
from parlour.foundation import clock
from parlour.foundation.errors import Invalid
from parlour.people import Actor, Permission
from parlour.tickets import Reference, Source, Status

Version = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Addresses = Annotated[list[Annotated[str, Meta(max_length=254)]], Meta(max_length=50)]


class NewReply(Body, frozen=True, kw_only=True):
    """An answer that everyone on the ticket reads."""

    body: Annotated[Text, Meta(description="Plain text. May be left out where `html` is given.")] = ""
    html: Annotated[Text | None, Meta(description="The same with formatting; cleaned before it is kept.")] = None
    attachment_ids: Files = []
    status: Annotated[Status | UnsetType, Meta(description="Agents: where the ticket stands afterwards.")] = UNSET
    to: Annotated[Addresses | None, Meta(description="Agents: whom it is for; the customer, where left out.")] = None
    cc: Annotated[Addresses, Meta(description="Agents: who gets a copy. Counts together with `to`.")] = []
    bcc: Annotated[Addresses, Meta(description="Agents: who gets a copy unseen. Counts together with `to`.")] = []
    undo_seconds: Annotated[int, Meta(ge=0, le=120, description="Agents: how long it can be taken back.")] = 0
    send_at: Annotated[Moment | None, Meta(description="Agents: when it is sent, instead of now.")] = None
    unless_answered: Annotated[bool, Meta(description="Agents: don't send it if the customer writes first.")] = False
    seen_version: Annotated[Version | None, Meta(description="The version of the ticket that you have read.")] = None
    seen_comment_id: Annotated[UUID | None, Meta(description="The newest comment that you have read.")] = None


class NewNote(Body, frozen=True, kw_only=True):
    """A comment among agents. With `readerIds` it is PRIVATE to you and them."""

    body: Text = ""
    html: Text | None = None
    attachment_ids: Files = []
    reader_ids: Ids = []


_FOR_AGENTS: Final = ("status", "to", "cc", "bcc", "undo_seconds", "send_at", "unless_answered")


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

    An agent's reply is sent to the customer by mail, and to whom its recipients are is frozen with it; a customer's
    reply reopens the ticket. With `seenVersion` or `seenCommentId` it answers 409, naming the newer comments, where
    somebody else wrote since.
    """
    way = _way(body, request.actor)
    async with request.transaction() as tx:
        ticket = await tickets.hold(tx, reference, seen_by=request.actor)
        written = words(body.body, body.html, body.attachment_ids)
        if request.actor.is_agent:
            comment = await email.answer(tx, ticket, written, way, by=request.actor, source=Source.API)
        else:
            if way.seen:
                await tickets.check_seen(tx, ticket, way.seen, by=request.actor)
            comment = await tickets.reply(tx, ticket, written, by=request.actor, source=Source.API)
        return (await shown_to(tx, [comment], request.actor))[0]


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


def _way(body: NewReply, actor: Actor) -> email.Way:
    """Raises `Forbidden` where it asks for what only agents may."""
    defaults = {field.name: field.default for field in fields(body)}
    if any(getattr(body, name) not in (defaults[name], []) for name in _FOR_AGENTS):
        actor.must(Permission.CHANGE_TICKETS)
    if body.to is None and (body.cc or body.bcc):
        raise Invalid(details={"to": "Name whom it is for, where you name who gets a copy."})
    send_at = body.send_at or (clock.now() + timedelta(seconds=body.undo_seconds) if body.undo_seconds else None)
    seen = tickets.Seen(body.seen_version, body.seen_comment_id)
    return email.Way(
        recipients=None if body.to is None else email.Recipients(*map(_addressed, (body.to, body.cc, body.bcc))),
        send_at=send_at,
        unless_answered=body.unless_answered,
        status=None if body.status is UNSET else body.status,
        seen=seen if seen != tickets.Seen() else None,
    )


def _addressed(addresses: list[str]) -> list[email.Address]:
    return [email.Address(address) for address in addresses]
