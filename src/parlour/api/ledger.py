"""Mail that came in: handing it in, and the ledger that accounts for each."""

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from litestar.response.base import ASGIResponse
from msgspec import Meta

from parlour import email
from parlour.api import shapes
from parlour.api.conventions import Limit, Query
from parlour.api.operations import Answer, operation
from parlour.email import Delivery, LedgerFilter, Outcome
from parlour.entrance import Request, Streamed
from parlour.foundation.database import Transaction
from parlour.foundation.errors import NotFound
from parlour.people import Permission

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
MailboxName = Annotated[str, Meta(max_length=300, description="A mailbox: its address, or its id.")]


class WhichOutcome(StrEnum):
    """How a mail is accounted for; WAITING where it is not yet."""

    WAITING = "WAITING"
    ADMITTED = "ADMITTED"
    DUPLICATE = "DUPLICATE"
    REFUSED = "REFUSED"
    QUARANTINED = "QUARANTINED"
    AUTOMATIC = "AUTOMATIC"
    BOUNCE = "BOUNCE"
    FAILED = "FAILED"


class OfMailbox(Query, frozen=True, kw_only=True):
    """Of which mailbox."""

    mailbox: MailboxName | None = None


class IntoMailbox(Query, frozen=True, kw_only=True):
    """For which mailbox."""

    mailbox: MailboxName
    sender: Annotated[str, Meta(max_length=300, description="MAIL FROM, where it is known; empty for a bounce.")] = ""


class LedgerQuery(OfMailbox, frozen=True, kw_only=True):
    """Which rows."""

    outcome: WhichOutcome | None = None
    q: Annotated[str, Meta(max_length=200, description="Words in sender, subject or Message-ID.")] = ""
    after: Annotated[UUID | None, Meta(description="The `next` of the page before.")] = None
    limit: Limit = 25


class Summary(shapes.Shape, frozen=True):
    """All that was seen is accounted for, except what is WAITING just now."""

    seen: int
    accounted: int
    by_outcome: dict[str, int]


class Entry(shapes.Shape, frozen=True):
    """One mail that came in. `reason` says in words why it was not simply admitted."""

    id: UUID
    mailbox_id: UUID
    mailbox: str
    source: str
    received_at: datetime
    sender: str
    subject: str | None
    message_id: str | None
    size: int
    outcome: WhichOutcome
    reason: str | None
    ticket_id: UUID | None
    ticket_number: int | None
    comment_id: UUID | None
    processed_at: datetime | None
    attempts: int
    last_error: str | None
    unchecked: str | None
    """What a scanner was to look at and did not, in words."""


class Entries(shapes.Shape, frozen=True, omit_defaults=True):
    """A page of the ledger, the newest first."""

    items: list[Entry]
    next: str | None = None


class Taken(shapes.Shape, frozen=True):
    """The mail is in the ledger."""

    id: UUID


class Admitted(shapes.Shape, frozen=True):
    """The ticket that the mail is on."""

    ticket_id: UUID


@operation(
    "POST /email/inbound",
    Permission.HAND_IN_MAIL,
    status=201,
    raw=True,
    mails=True,
    uncounted=True,
    refusals=(404, 413),
    headers={"Location": "Its entry in the ledger."},
)
async def hand_in_mail(request: Request, query: IntoMailbox) -> Answer[Taken]:
    """Hand in a mail

    The body is the mail itself, as RFC 5322 and MIME have it. Once this is answered it can't be lost; handed in twice
    it has one effect.
    """
    raw = await request.body()
    async with request.reading() as tx:
        mailbox_id = await _mailbox_id(tx, query.mailbox)
        address = (await email.find_mailbox(tx, mailbox_id)).address
    kept = await email.keep(request.installation, request.actor.organization_id, raw)
    delivery = Delivery(mailbox_id, query.sender or email.sender_of(raw), [address], raw, source="PUSH")
    async with request.transaction() as tx:
        await email.enter(tx, delivery, kept, email.take_in)
    return Answer(Taken(kept.id), {"location": f"/api/email/ledger/{kept.id}"})


@operation("GET /email/ledger/summary", Permission.MANAGE_MAIL, refusals=(404,))
async def read_ledger_summary(request: Request, query: OfMailbox) -> Summary:
    """Count the ledger

    Seen and accounted for, by outcome.
    """
    async with request.reading() as tx:
        mailbox_id = await _mailbox_id(tx, query.mailbox) if query.mailbox else None
        found = await email.ledger_summary(tx, mailbox_id)
    return Summary(found.seen, found.accounted, found.by_outcome)


@operation("GET /email/ledger", Permission.MANAGE_MAIL, refusals=(404,))
async def list_ledger(request: Request, query: LedgerQuery) -> Entries:
    """List the ledger

    The newest first, each with its outcome and the reason in words. Words are looked for among 10,000 mails at a time:
    a page may be empty and still have a `next`.
    """
    async with request.reading() as tx:
        wanted = LedgerFilter(
            mailbox_id=await _mailbox_id(tx, query.mailbox) if query.mailbox else None,
            outcome=Outcome(query.outcome) if query.outcome and query.outcome is not WhichOutcome.WAITING else None,
            is_waiting=query.outcome is WhichOutcome.WAITING,
            words=query.q,
        )
        found = await email.ledger_page(tx, wanted, before=query.after, limit=query.limit)
    return Entries([_entry(row) for row in found.rows], str(found.older) if found.older else None)


@operation("GET /email/ledger/{id}", Permission.MANAGE_MAIL)
async def read_ledger_entry(request: Request, id: UUID) -> Entry:  # noqa: A002
    """Read an entry of the ledger"""
    async with request.reading() as tx:
        return _entry(await email.ledger_row(tx, id))


@operation(
    "GET /email/ledger/{id}/raw", Permission.MANAGE_MAIL, file=True, headers={"Content-Disposition": "A name for it."}
)
async def download_mail(request: Request, id: UUID) -> ASGIResponse:  # noqa: A002
    """Download a mail as it came"""
    async with request.transaction() as tx:
        row = await email.open_raw(tx, id)
    headers = {
        "content-type": "message/rfc822",
        "content-disposition": f'attachment; filename="{row.id}.eml"',
        "content-length": str(row.size),
    }
    return Streamed(await request.installation.blobs.stream(row.blob_key, 0, row.size), 200, headers)


@operation("POST /email/ledger/{id}/retry", Permission.MANAGE_MAIL, status=204)
async def retry_mail(request: Request, id: UUID) -> None:  # noqa: A002
    """Read a mail again

    One that was refused or given up, as if it had just come.
    """
    async with request.transaction() as tx:
        await email.retry(tx, id)


@operation("POST /email/ledger/{id}/admit", Permission.MANAGE_MAIL)
async def admit_mail(request: Request, id: UUID) -> Admitted:  # noqa: A002
    """Make a ticket of a mail by hand

    One that was held back, whatever was found about it.
    """
    actor = request.actor
    async with request.transaction() as tx:
        # An Idempotency-Key is used up here; what follows happens once by itself.
        await email.ledger_row(tx, id)
    return Admitted(await email.admit_by_hand(request.installation, actor.organization_id, id, by=actor))


async def _mailbox_id(tx: Transaction, name: str) -> UUID:
    if _UUID.fullmatch(name):
        return (await email.find_mailbox(tx, UUID(name))).id
    wanted = name.strip().lower()
    for mailbox in await email.mailboxes(tx):
        if mailbox.address == wanted:
            return mailbox.id
    raise NotFound("There is no mailbox of that address.")


def _entry(row: email.LedgerRow) -> Entry:
    return Entry(
        id=row.id,
        mailbox_id=row.mailbox_id,
        mailbox=row.mailbox,
        source=row.source,
        received_at=row.received_at,
        sender=row.sender,
        subject=row.subject,
        message_id=row.message_id,
        size=row.size,
        outcome=WhichOutcome(row.outcome or WhichOutcome.WAITING),
        reason=row.reason,
        ticket_id=row.ticket_id,
        ticket_number=row.ticket_number,
        comment_id=row.comment_id,
        processed_at=row.processed_at,
        attempts=row.attempts,
        last_error=row.last_error,
        unchecked=row.unchecked,
    )
