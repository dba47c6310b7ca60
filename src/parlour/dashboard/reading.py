"""Everything a page shows of one ticket, asked in one transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from parlour import people, tickets
from parlour.dashboard.composing import Composing, composing
from parlour.dashboard.messages import Message, Showing, messages
from parlour.dashboard.timeline import Line, lines
from parlour.entrance import Request
from parlour.foundation.database import Transaction
from parlour.people import Actor, Department, Permission, User
from parlour.tickets import Comment, Filter, Reference, Span, Tag, Ticket

MOST_COMMENTS: Final = 40
_MOST_SINCE: Final = 500
_OTHERS: Final = 6


class TicketView(msgspec.Struct, frozen=True):
    """One ticket, open on the screen. `earlier` continues before the first message shown."""

    ticket: Ticket
    messages: list[Message]
    earlier: str | None
    lines: list[Line]
    participants: list[User]
    company_name: str | None
    others: list[Ticket]
    agents: list[User]
    departments: list[Department]
    tags: list[Tag]
    may_change: bool
    may_delete: bool

    composing: Composing | None

    @property
    def last_seen(self) -> str:
        """The newest message here that everyone on the ticket reads, which a reply answers."""
        said = (one.comment.id for one in reversed(self.messages) if one.is_said)
        return str(next(said, ""))

    @property
    def circle(self) -> str:
        """Changes where somebody joins or leaves the ticket."""
        return ",".join(sorted(user.email for user in self.participants))


def since_of(request: Request) -> str:
    """Where the conversation on the asking page begins, if that is not its very beginning."""
    return request.headers.get("x-since", "")


async def ticket_view(
    tx: Transaction,
    reference: Reference,
    departments: list[Department],
    *,
    seen_by: Actor,
    since: str | None = None,
    showing: Showing | None = None,
) -> TicketView:
    """Without `since` the whole page, composer included; with it what changes of one, from where the page begins.

    Raises `NotFound`.
    """
    ticket = await tickets.find(tx, reference, seen_by=seen_by)
    comments = await _conversation(tx, ticket, since or "", seen_by)
    agents = await people.agents(tx)
    others = await tickets.list_page(tx, Filter(requester_id=ticket.requester_id), seen_by=seen_by, limit=_OTHERS)
    activities = await tickets.activities(tx, ticket, seen_by=seen_by, limit=60)
    tags = await tickets.tags(tx)
    shown = comments if since else comments[-MOST_COMMENTS:]
    return TicketView(
        ticket=ticket,
        messages=await messages(tx, shown, agents, showing),
        earlier=since or (earlier_of(shown) if len(comments) > MOST_COMMENTS else None),
        lines=lines(activities, agents, departments, tags),
        participants=await tickets.participants(tx, ticket.id),
        company_name=await _company_name(tx, ticket),
        others=[other for other in others.tickets if other.id != ticket.id],
        agents=agents,
        departments=departments,
        tags=tags,
        may_change=seen_by.may(Permission.CHANGE_TICKETS) and not ticket.deleted_at,
        may_delete=seen_by.may(Permission.DELETE_TICKETS),
        composing=await composing(tx, ticket, by=seen_by) if since is None else None,
    )


async def _company_name(tx: Transaction, ticket: Ticket) -> str | None:
    if ticket.company_id is None:
        return None
    return (await people.membership_of(tx, ticket.requester_id)).company_name


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
