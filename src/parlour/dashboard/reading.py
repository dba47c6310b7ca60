"""Everything a page shows of one ticket, asked in one transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from parlour import email, people, tickets
from parlour.dashboard.timeline import Line, lines
from parlour.entrance import Request
from parlour.foundation import clock, html
from parlour.foundation.database import Transaction
from parlour.people import Actor, Department, Permission, User
from parlour.tickets import Comment, Filter, Reference, Span, Tag, Ticket, Visibility

MOST_COMMENTS: Final = 40
_MOST_SINCE: Final = 500
_OTHERS: Final = 6
_LEAVES_WITHIN: Final = timedelta(seconds=20)


class Message(msgspec.Struct, frozen=True):
    """A comment as the page shows it.

    `sending` is how far its mail has come; at first there is no mail yet. `origin` is the mail that it came in by.
    """

    comment: Comment
    html: str
    quoted_html: str | None
    files: list[tickets.Attachment]
    sending: email.Sending | None
    is_leaving: bool
    readers: list[str]
    origin: email.Origin | None

    @property
    def is_forged(self) -> bool:
        """Whether the domain in From says that this is not its mail."""
        return bool(self.origin and self.origin.authentication and self.origin.authentication.get("dmarc") == "fail")


class TicketView(msgspec.Struct, frozen=True):
    """One ticket, open on the screen. `earlier` continues before the first message shown."""

    ticket: Ticket
    messages: list[Message]
    earlier: str | None
    lines: list[Line]
    participants: list[User]
    others: list[Ticket]
    agents: list[User]
    departments: list[Department]
    tags: list[Tag]
    may_change: bool
    may_delete: bool

    @property
    def recipients(self) -> list[User]:
        """Whom a reply reaches: everyone on the ticket who is no agent, the requester first."""
        outside = [user for user in self.participants if user.role is people.Role.CUSTOMER]
        return sorted(outside, key=lambda user: user.id != self.ticket.requester_id)

    @property
    def last_seen(self) -> str:
        """The newest message here, which a reply answers."""
        return str(self.messages[-1].comment.id) if self.messages else ""


def since_of(request: Request) -> str:
    """Where the conversation on the asking page begins, if that is not its very beginning."""
    return request.headers.get("x-since", "")


async def ticket_view(
    tx: Transaction, reference: Reference, departments: list[Department], *, seen_by: Actor, since: str = ""
) -> TicketView:
    """With `since`, the conversation begins where the reader's page begins. Raises `NotFound`."""
    ticket = await tickets.find(tx, reference, seen_by=seen_by)
    comments = await _conversation(tx, ticket, since, seen_by)
    agents = await people.agents(tx)
    others = await tickets.list_page(tx, Filter(requester_id=ticket.requester_id), seen_by=seen_by, limit=_OTHERS)
    activities = await tickets.activities(tx, ticket, seen_by=seen_by, limit=60)
    tags = await tickets.tags(tx)
    shown = comments if since else comments[-MOST_COMMENTS:]
    return TicketView(
        ticket=ticket,
        messages=await messages(tx, shown, agents),
        earlier=since or (earlier_of(shown) if len(comments) > MOST_COMMENTS else None),
        lines=lines(activities, agents, departments, tags),
        participants=await tickets.participants(tx, ticket.id),
        others=[other for other in others.tickets if other.id != ticket.id],
        agents=agents,
        departments=departments,
        tags=tags,
        may_change=seen_by.may(Permission.CHANGE_TICKETS) and not ticket.deleted_at,
        may_delete=seen_by.may(Permission.DELETE_TICKETS),
    )


async def _conversation(tx: Transaction, ticket: Ticket, since: str, seen_by: Actor) -> list[Comment]:
    if not since:
        return await tickets.last_comments(tx, ticket, MOST_COMMENTS + 1, seen_by=seen_by)
    at, first = _point(since)
    # The span begins after its point; a moment earlier, the message at the point is in it.
    span = Span(after=(at - timedelta(microseconds=1), first), limit=_MOST_SINCE)
    return await tickets.comments(tx, ticket, span, seen_by=seen_by)


async def earlier_messages(
    tx: Transaction, reference: Reference, before: str, *, seen_by: Actor
) -> tuple[Ticket, list[Message], str | None]:
    """The messages before a point of the conversation, and where still earlier ones continue."""
    ticket = await tickets.find(tx, reference, seen_by=seen_by)
    span = Span(before=_point(before), limit=MOST_COMMENTS + 1)
    comments = await tickets.comments(tx, ticket, span, seen_by=seen_by)
    shown = comments[-MOST_COMMENTS:]
    more = earlier_of(shown) if len(comments) > MOST_COMMENTS else None
    return ticket, await messages(tx, shown, await people.agents(tx)), more


async def messages(tx: Transaction, comments: Sequence[Comment], agents: list[User]) -> list[Message]:
    """Comments with what their pages need besides."""
    ids = [comment.id for comment in comments]
    sendings, origins = await email.sendings(tx, ids), await email.origins(tx, ids)
    names = {agent.id: agent.name for agent in agents}
    return [_message(one, sendings.get(one.id), origins.get(one.id), names) for one in comments]


def earlier_of(comments: Sequence[Comment]) -> str:
    return f"{comments[0].created_at.isoformat()}_{comments[0].id}"


def _point(before: str) -> tuple[datetime, UUID]:
    at, _, comment_id = before.partition("_")
    try:
        moment, last = datetime.fromisoformat(at.replace(" ", "+")), UUID(comment_id)
    except ValueError as strange:
        raise tickets.BadCursor() from strange
    if moment.tzinfo is None:
        raise tickets.BadCursor()
    return moment, last


def _message(
    comment: Comment, sending: email.Sending | None, origin: email.Origin | None, names: dict[UUID, str]
) -> Message:
    inline = {file.content_id: address_of(file) for file in comment.attachments if file.content_id}
    body = html.with_images(comment.html, inline) if comment.html else html.from_text(comment.text)
    return Message(
        comment=comment,
        html=body,
        quoted_html=html.from_text(comment.quoted_text) if comment.quoted_text else None,
        # An image that the words already show is not listed again.
        files=[file for file in comment.attachments if not (file.content_id and address_of(file) in body)],
        sending=sending,
        is_leaving=sending is None and _may_become_a_mail(comment),
        readers=[names.get(reader, "a former agent") for reader in comment.reader_ids if reader != comment.author_id],
        origin=origin,
    )


def _may_become_a_mail(comment: Comment) -> bool:
    is_reply = comment.author_role is not people.Role.CUSTOMER and comment.visibility is Visibility.PUBLIC
    return is_reply and clock.now() - comment.created_at < _LEAVES_WITHIN


def address_of(file: tickets.Attachment) -> str:
    return f"/dashboard/attachments/{file.id}"
