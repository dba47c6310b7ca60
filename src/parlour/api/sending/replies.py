"""Replies on their way: whom they go to, taken back, sent at once."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from parlour import email, tickets
from parlour.api import shapes
from parlour.api.conventions import Body
from parlour.api.operations import operation
from parlour.api.writing import shown_to
from parlour.entrance import Request
from parlour.foundation.database import Transaction
from parlour.foundation.errors import NotFound
from parlour.people import Permission
from parlour.tickets import Reference


class Addressee(shapes.Shape, frozen=True):
    """Somebody a reply goes to."""

    email: str
    name: str


class Recipients(shapes.Shape, frozen=True):
    """Whom a reply goes to."""

    to: list[Addressee]
    cc: list[Addressee]
    bcc: list[Addressee]


class Draft(shapes.Shape, frozen=True):
    """A reply that was taken back. Its files can be sent again by whoever uploaded them."""

    body: str
    html: str | None
    attachment_ids: list[UUID]
    recipients: Recipients


class SendingSettings(shapes.Shape, frozen=True):
    """How the organization sends. For `undoSeconds` a reply of the dashboard can be taken back."""

    undo_seconds: int


class SendingChanges(Body, frozen=True, kw_only=True):
    """What to change."""

    undo_seconds: Annotated[int, Meta(ge=0, le=120, description="0 sends at once.")]


@operation("GET /tickets/{reference}/recipients", Permission.CHANGE_TICKETS)
async def read_recipients(request: Request, reference: Reference) -> Recipients:
    """Read whom a reply goes to

    Unless it names others itself: the requester, with copies to the others on the ticket who are no agents.
    """
    async with request.reading() as tx:
        ticket = await tickets.find(tx, reference, seen_by=request.actor)
        return _as_recipients(await email.recipients_for(tx, ticket, by=request.actor.user_id))


@operation("POST /tickets/{reference}/comments/{comment_id}/undo", Permission.CHANGE_TICKETS)
async def undo_reply(request: Request, reference: Reference, comment_id: UUID) -> Draft:
    """Take a reply back

    While it waits to be sent: nobody outside has seen it. Its words come back as a draft. A reply that was said
    already answers 409.
    """
    async with request.transaction() as tx:
        ticket = await tickets.hold(tx, reference, seen_by=request.actor)
        await _check(tx, ticket, comment_id, request)
        draft = await email.undo(tx, ticket, comment_id, by=request.actor)
    recipients = _as_recipients(draft.recipients)
    return Draft(draft.words.text, draft.words.html, list(draft.words.attachment_ids), recipients)


@operation("POST /tickets/{reference}/comments/{comment_id}/send", Permission.CHANGE_TICKETS)
async def send_reply_now(request: Request, reference: Reference, comment_id: UUID) -> shapes.Comment:
    """Send a reply now, or again

    One that waits is sent at once; one that failed or came back goes again to those it did not reach.
    """
    async with request.transaction() as tx:
        ticket = await tickets.hold(tx, reference, seen_by=request.actor)
        await _check(tx, ticket, comment_id, request)
        await email.send_now(tx, ticket, comment_id)
        comment = await tickets.find_comment(tx, comment_id, seen_by=request.actor)
        return (await shown_to(tx, [comment], request.actor))[0]


@operation("GET /sending/settings", Permission.READ_DEPARTMENTS)
async def read_sending_settings(request: Request) -> SendingSettings:
    """Read how the organization sends"""
    async with request.reading() as tx:
        return SendingSettings(await email.undo_seconds(tx))


@operation("PUT /sending/settings", Permission.MANAGE_ORGANIZATION, example={"undoSeconds": 20})
async def change_sending_settings(request: Request, body: SendingChanges) -> SendingSettings:
    """Change how the organization sends"""
    async with request.transaction() as tx:
        await email.set_undo_seconds(tx, body.undo_seconds)
        return SendingSettings(await email.undo_seconds(tx))


async def _check(tx: Transaction, ticket: tickets.Ticket, comment_id: UUID, request: Request) -> None:
    comment = await tickets.find_comment(tx, comment_id, seen_by=request.actor)
    if comment.ticket_id != ticket.id:
        raise NotFound()


def _as_recipients(recipients: email.Recipients) -> Recipients:
    kinds = (recipients.to, recipients.cc, recipients.bcc)
    return Recipients(*([Addressee(one.email, one.name) for one in kind] for kind in kinds))
