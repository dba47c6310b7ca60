"""Looking through the ledger: how many were seen, how many are accounted for, and what became of each."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from parlour.audit import Act
from parlour.email.accounting import Outcome, mails_handled
from parlour.foundation.database import Transaction

WAITING: Final = "WAITING"
"""Where there is no outcome yet."""
_MOST_SEARCHED: Final = 10_000
"""Mails that one page looks through for words: some 30 ms, however large the ledger is."""


class Summary(msgspec.Struct, frozen=True):
    """Seen is accounted for, and what still waits."""

    seen: int
    accounted: int
    by_outcome: dict[str, int]


class LedgerFilter(msgspec.Struct, frozen=True):
    """Which rows: of a mailbox, with an outcome, or `WAITING`, with words in sender, subject or Message-ID."""

    mailbox_id: UUID | None = None
    outcome: Outcome | None = None
    is_waiting: bool = False
    words: str = ""


class LedgerRow(msgspec.Struct, frozen=True):
    """One mail that came in."""

    id: UUID
    mailbox_id: UUID
    mailbox: str
    source: str
    received_at: datetime
    sender: str
    subject: str | None
    message_id: str | None
    size: int
    outcome: Outcome | None
    reason: str | None
    ticket_id: UUID | None
    ticket_number: int | None
    comment_id: UUID | None
    processed_at: datetime | None
    attempts: int
    last_error: str | None
    unchecked: str | None
    """What a scanner was to look at and did not."""
    blob_key: str


class LedgerPage(msgspec.Struct, frozen=True):
    """Some rows, and the id that the next page comes before, if more may follow."""

    rows: list[LedgerRow]
    older: UUID | None


class _Count(msgspec.Struct):
    outcome: str | None
    mails: int


async def ledger_summary(tx: Transaction, mailbox_id: UUID | None = None) -> Summary:
    """Of one mailbox or of all. Read from an index alone: 100,000 rows take some 20 ms."""
    counts = await tx.all(
        _Count,
        f"""
        select outcome, count(*) as mails
        from inbound_messages
        {"where mailbox_id = %(mailbox_id)s" if mailbox_id else ""}
        group by outcome
        """,
        mailbox_id=mailbox_id,
    )
    found = {count.outcome or WAITING: count.mails for count in counts}
    seen = sum(found.values())
    return Summary(seen, seen - found.get(WAITING, 0), found)


async def summaries(tx: Transaction) -> dict[UUID, Summary]:
    """For each mailbox that ever had mail."""
    rows = await tx.all(
        _OfMailbox,
        "select mailbox_id, outcome, count(*) as mails from inbound_messages group by mailbox_id, outcome",
    )
    found: dict[UUID, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row.mailbox_id, {})[row.outcome or WAITING] = row.mails
    return {
        mailbox_id: Summary(sum(counts.values()), sum(counts.values()) - counts.get(WAITING, 0), counts)
        for mailbox_id, counts in found.items()
    }


async def ledger_page(
    tx: Transaction, wanted: LedgerFilter, *, before: UUID | None = None, limit: int = 50
) -> LedgerPage:
    """The newest first. Ids grow with the time, so they are the edge of a page.

    Words are looked for among 10,000 mails at a time, so a page may hold few or none while more follow.
    """
    conditions = ["true"]
    if wanted.mailbox_id:
        conditions.append("i.mailbox_id = %(mailbox_id)s")
    if wanted.is_waiting:
        # The same as having no outcome, and an index holds only these.
        conditions.append("i.processed_at is null")
    elif wanted.outcome:
        conditions.append("i.outcome = %(outcome)s")
    if before:
        conditions.append("i.id < %(before)s")
    looked_through = f"inbound_messages i where {' and '.join(conditions)} order by i.id desc"
    asked = {
        "mailbox_id": wanted.mailbox_id,
        "outcome": wanted.outcome,
        "like": f"%{_literally(wanted.words)}%",
        "before": before,
        "most": _MOST_SEARCHED if wanted.words else limit + 1,
    }
    found = await tx.all(
        LedgerRow,
        f"""
        {_SELECT} (select i.* from {looked_through} limit %(most)s) i {_NEIGHBOURS}
        where {f"{_SEARCHED} ilike %(like)s" if wanted.words else "true"}
        order by i.id desc limit %(limit)s
        """,
        limit=limit + 1,
        **asked,
    )
    if len(found) > limit:
        return LedgerPage(found[:limit], found[limit - 1].id)
    if not wanted.words:
        return LedgerPage(found, None)
    return LedgerPage(found, await tx.value(f"select i.id from {looked_through} offset %(most)s - 1 limit 1", **asked))


async def ledger_row(tx: Transaction, entry_id: UUID) -> LedgerRow:
    """Raises `NotFound`."""
    return await tx.one(LedgerRow, f"{_SELECT} inbound_messages i {_NEIGHBOURS} where i.id = %(id)s", id=entry_id)


async def open_raw(tx: Transaction, entry_id: UUID) -> LedgerRow:
    """The row of a mail whose very bytes somebody is about to see; they are seen to do so. Raises `NotFound`."""
    row = await ledger_row(tx, entry_id)
    await mails_handled(tx, Act.RAW_MAIL_OPENED, [entry_id])
    return row


def _literally(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


class _OfMailbox(msgspec.Struct):
    mailbox_id: UUID
    outcome: str | None
    mails: int


_SEARCHED: Final = "concat_ws(' ', i.sender, i.envelope_sender, i.subject, i.message_id)"
_SELECT: Final = """
    select i.id, i.mailbox_id, m.address as mailbox, i.source, i.received_at,
        coalesce(i.sender, i.envelope_sender) as sender, i.subject, i.message_id, i.size, i.outcome, i.reason,
        i.ticket_id, t.number as ticket_number, i.comment_id, i.processed_at, i.attempts, i.last_error, i.unchecked,
        i.blob_key
    from
"""
_NEIGHBOURS: Final = """
    join mailboxes m on m.organization_id = i.organization_id and m.id = i.mailbox_id
    left join tickets t on t.organization_id = i.organization_id and t.id = i.ticket_id
"""
