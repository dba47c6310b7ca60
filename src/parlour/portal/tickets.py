"""Reading: my tickets, and one of them."""

from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from litestar import Response, get
from litestar.params import FromPath
from markupsafe import Markup

from parlour import people, tickets
from parlour.entrance import SHOWN_INLINE, Request, pages, query
from parlour.foundation import html
from parlour.foundation.database import Transaction
from parlour.people import Actor, Permission
from parlour.portal.files import address_of_file
from parlour.portal.visit import Visit, customers, visit
from parlour.tickets import UNRESOLVED, Attachment, Comment, Filter, Status, Ticket

_PAGE: Final = 20
_MOST_MESSAGES: Final = 500


class Shown(StrEnum):
    """The two halves of a customer's tickets, and the whole."""

    OPEN = "open"
    SOLVED = "solved"
    ALL = "all"


_STATUSES: Final = {Shown.OPEN: UNRESOLVED, Shown.SOLVED: (Status.RESOLVED, Status.CLOSED), Shown.ALL: ()}


class Whose(StrEnum):
    """One's own, or those of the whole company: for whoever may see these."""

    MINE = "mine"
    COMPANY = "company"


class Asked(msgspec.Struct, frozen=True):
    """What the address says."""

    whose: Whose = Whose.MINE
    show: Shown = Shown.OPEN
    q: str = ""
    after: str | None = None


class Message(msgspec.Struct, frozen=True):
    """A comment as the page shows it."""

    comment: Comment
    body: Markup
    pictures: list[Attachment]
    files: list[Attachment]


@get("/portal/{slug:str}", opt=customers(Permission.READ_TICKETS))
async def list_tickets(request: Request, slug: FromPath[str]) -> Response[Any]:
    asked = query(request, Asked)
    async with request.reading() as tx:
        here = await visit(tx, request, slug)
        which, company = _wanted(asked, here.customer), await people.membership_of(tx, here.customer.user_id)
        page = await tickets.list_page(tx, which, seen_by=here.customer, after=asked.after, limit=_PAGE)
        has_any = bool(page.tickets) or await tickets.count(tx, Filter(), seen_by=here.customer) > 0
    shown = {"whose": asked.whose, "show": asked.show, "q": asked.q}
    return pages.render(
        request,
        "portal/tickets.html",
        visit=here,
        asked=asked,
        page=page,
        has_any=has_any,
        company_name=company.company_name if here.customer.company_id else None,
        first=f"{here.home}?{urlencode(shown)}",
        following=f"{here.home}?{urlencode({**shown, 'after': page.next})}" if page.next else None,
    )


def _wanted(asked: Asked, customer: Actor) -> Filter:
    """Whoever sees no more than their own tickets has no second half, whatever the address says."""
    is_company = asked.whose is Whose.COMPANY and customer.company_id is not None
    half = Filter(company_id=customer.company_id) if is_company else Filter(participant_id=customer.user_id)
    if asked.q:
        return msgspec.structs.replace(half, q=asked.q[:200])
    return msgspec.structs.replace(half, statuses=_STATUSES[asked.show])


@get("/portal/{slug:str}/tickets/{number:int}", opt=customers(Permission.READ_TICKETS))
async def read_ticket(request: Request, slug: FromPath[str], number: FromPath[int]) -> Response[Any]:
    return await ticket_page(request, slug, number)


async def ticket_page(
    request: Request, slug: str, number: int, *, status: int = 200, body: str = "", error: str = ""
) -> Response[Any]:
    """One ticket: what everyone on it may read, and a form to go on."""
    async with request.reading() as tx:
        here = await visit(tx, request, slug)
        ticket = await tickets.find(tx, number, seen_by=here.customer)
        messages = await _messages(tx, ticket, here)
        company = await tickets.participants(tx, ticket.id)
    return pages.render(
        request,
        "portal/ticket.html",
        status=status,
        visit=here,
        ticket=ticket,
        messages=messages,
        others=[person for person in company if person.id != here.customer.user_id],
        is_solved=ticket.status not in UNRESOLVED,
        body=body,
        error=error,
    )


async def _messages(tx: Transaction, ticket: Ticket, here: Visit) -> list[Message]:
    found = await tickets.last_comments(tx, ticket, _MOST_MESSAGES, seen_by=here.customer)
    return [_message(comment, here) for comment in found]


def _message(comment: Comment, here: Visit) -> Message:
    inline = {file.content_id: address_of_file(here, file.id) for file in comment.attachments if file.content_id}
    words = html.with_images(comment.html, inline) if comment.html else html.from_text(comment.text)
    loose = [file for file in comment.attachments if not (comment.html and file.content_id)]
    return Message(
        comment,
        # Cleaned when it came in, or made of escaped text just now.
        Markup(words),  # noqa: S704
        [file for file in loose if file.content_type in SHOWN_INLINE],
        [file for file in loose if file.content_type not in SHOWN_INLINE],
    )
