"""What became of each mail in the ledger: one outcome, one reason, and where its words have gone."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import msgspec
from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from parlour import audit
from parlour.audit import Act, Subject
from parlour.email.ledger import Entry
from parlour.email.reading import Address
from parlour.email.understanding import Understood
from parlour.foundation import clock
from parlour.foundation.circumstances import Somebody
from parlour.foundation.database import Transaction
from parlour.foundation.jobs import TryAgain

_MOST_CRASHES: Final = 8
_CRASHES_BEFORE_REST: Final = 3
MOST_FAILURES: Final = 20
"""Some two hours of trying, with growing patience."""


class Outcome(StrEnum):
    """How a mail is accounted for. One that has none yet waits."""

    ADMITTED = "ADMITTED"
    DUPLICATE = "DUPLICATE"
    REFUSED = "REFUSED"
    QUARANTINED = "QUARANTINED"
    AUTOMATIC = "AUTOMATIC"
    """Recorded, not answered."""
    BOUNCE = "BOUNCE"
    FAILED = "FAILED"
    """Given up; it can be tried again by hand."""


class Conclusion(msgspec.Struct, frozen=True):
    """What became of an entry. Only ADMITTED needs no reason."""

    outcome: Outcome = Outcome.ADMITTED
    reason: str | None = None
    ticket_id: UUID | None = None
    comment_id: UUID | None = None


class Begun(msgspec.Struct, frozen=True):
    """An entry that waits, and how often reading it was begun, this time included, and failed."""

    entry: Entry
    attempts: int
    failures: int

    @property
    def is_hopeless(self) -> bool:
        """Whether reading it has ended the process again and again."""
        return self.attempts - self.failures > _MOST_CRASHES


class Origin(msgspec.Struct, frozen=True):
    """The mail that a comment came in by. `authentication` is the verdict as JSON has it."""

    comment_id: UUID
    entry_id: UUID
    blob_key: str
    message_id: str | None
    received_at: datetime
    sender: Address | None
    to: list[Address]
    cc: list[Address]
    authentication: dict[str, Any] | None
    automatic: str | None
    language: str | None
    left_out: str | None
    """Which of its files the organization's limits keep out, in words."""


async def begin(tx: Transaction, entry_id: UUID) -> Begun | None:
    """Another attempt at an entry, unless it is accounted for already. Counted beforehand: it may end the process.

    Raises `TryAgain` where it ended the process lately: not every death is the mail's doing, so it gets more time.
    """
    # Forgetting an attempt in a power cut does no harm, so nobody waits for the disk.
    await tx.value("select set_config('synchronous_commit', 'off', true)")
    before = await tx.maybe(_Tried, _TRIED, id=entry_id)
    if before is None:
        return None
    rest = before.rest_until() - clock.now()
    if rest > timedelta(0):
        raise TryAgain(rest)
    found = await tx.one(_Attempt, _BEGIN, id=entry_id, at=clock.now())
    values = {name: getattr(found, name) for name in Entry.__struct_fields__}
    return Begun(Entry(**values), found.attempts, found.failures)


async def entry_of(tx: Transaction, entry_id: UUID) -> Entry:
    """An entry, whatever has become of it. Raises `NotFound`."""
    return await tx.one(Entry, _ENTRY, id=entry_id)


async def claim(tx: Transaction, entry_id: UUID, identity: bytes | None, message_id: str | None) -> bool:
    """Admit the entry, unless it has been accounted for. A second delivery of the same mail is noted as such.

    Whoever claims first holds the row until the commit; others wait here, then find it done.
    """
    mail = {"id": entry_id, "identity": identity, "message_id": message_id, "at": clock.now()}
    try:
        async with tx.savepoint():
            return await tx.run(_CLAIM, **mail) == 1
    except UniqueViolation:
        if not await tx.run(_MARK_DUPLICATE, **mail):
            # The earlier one was taken out of the ledger's effects this very moment, to be read again.
            raise TryAgain(timedelta(seconds=1)) from None
        return False


async def conclude(tx: Transaction, entry_id: UUID, conclusion: Conclusion) -> None:
    """What a claimed entry has come to."""
    await tx.run(
        """
        update inbound_messages
        set outcome = %(outcome)s, reason = %(reason)s, ticket_id = %(ticket_id)s, comment_id = %(comment_id)s
        where id = %(id)s
        """,
        id=entry_id,
        **msgspec.structs.asdict(conclusion),
    )


async def keep_correspondence(tx: Transaction, entry_id: UUID, understood: Understood) -> None:
    """Who wrote to whom in which language, for those who must not read the mail again."""
    mail = understood.mail
    await tx.run(
        """
        update inbound_messages
        set sent_from = %(sent_from)s, sent_to = %(sent_to)s, sent_cc = %(sent_cc)s, language = %(language)s
        where id = %(id)s
        """,
        id=entry_id,
        sent_from=Jsonb(msgspec.to_builtins(mail.sender)) if mail.sender else None,
        sent_to=Jsonb(msgspec.to_builtins(mail.to)),
        sent_cc=Jsonb(msgspec.to_builtins(mail.cc)),
        language=understood.language,
    )


async def end_without(tx: Transaction, entry_id: UUID, outcome: Outcome, reason: str) -> bool:
    """A waiting entry is accounted for without having been claimed. Whether it was still waiting."""
    ended = await tx.run(
        """
        update inbound_messages
        set outcome = %(outcome)s, reason = %(reason)s, processed_at = %(at)s
        where id = %(id)s and processed_at is null
        """,
        id=entry_id,
        outcome=outcome,
        reason=reason[:1000],
        at=clock.now(),
    )
    return ended == 1


async def count_failure(tx: Transaction, entry_id: UUID, words: str) -> int:
    """How often reading the entry has failed by now. Zero where it is accounted for."""
    failures: int | None = await tx.value(
        """
        update inbound_messages set failures = failures + 1, last_error = %(words)s
        where id = %(id)s and processed_at is null
        returning failures
        """,
        id=entry_id,
        words=words[:1000],
    )
    return failures or 0


async def origins(tx: Transaction, comment_ids: Sequence[UUID]) -> dict[UUID, Origin]:
    """For each of these comments that came by mail, the mail."""
    found = await tx.all(
        Origin,
        """
        select comment_id, id as entry_id, blob_key, message_id, received_at, sent_from as sender, sent_to as "to",
            sent_cc as cc, authentication, automatic, language, left_out
        from inbound_messages
        where comment_id = any(%(comment_ids)s) and outcome in ('ADMITTED', 'AUTOMATIC')
        """,
        comment_ids=list(comment_ids),
    )
    return {origin.comment_id: origin for origin in found}


class _Attempt(Entry, frozen=True):
    attempts: int
    failures: int


class _Tried(msgspec.Struct, frozen=True):
    """How often it was begun before, and how often that ended in order."""

    attempts: int
    failures: int
    begun_at: datetime | None

    def rest_until(self) -> datetime:
        crashes = self.attempts - self.failures
        if self.begun_at is None or crashes < _CRASHES_BEFORE_REST:
            return clock.now()
        return self.begun_at + timedelta(seconds=2 ** (crashes - _CRASHES_BEFORE_REST + 1))


_TRIED = """
    select attempts, failures, begun_at from inbound_messages where id = %(id)s and processed_at is null for update
"""
_ENTRY = """
    select i.id, i.mailbox_id, i.envelope_sender, i.envelope_recipients, i.blob_key, m.department_id,
        i.client_address, i.client_name, i.released_at is not null as released
    from inbound_messages i
    join mailboxes m on m.organization_id = i.organization_id and m.id = i.mailbox_id
    where i.id = %(id)s
"""
_BEGIN = """
    update inbound_messages i
    set attempts = attempts + 1, begun_at = %(at)s
    from mailboxes m
    where m.organization_id = i.organization_id and m.id = i.mailbox_id and i.id = %(id)s and i.processed_at is null
    returning i.id, i.mailbox_id, i.envelope_sender, i.envelope_recipients, i.blob_key, m.department_id,
        i.client_address, i.client_name, i.released_at is not null as released, i.attempts, i.failures
"""
_CLAIM = """
    update inbound_messages
    set outcome = 'ADMITTED', identity = %(identity)s, message_id = %(message_id)s, processed_at = %(at)s
    where id = %(id)s and processed_at is null
"""
_MARK_DUPLICATE = """
    update inbound_messages i
    set outcome = 'DUPLICATE', message_id = %(message_id)s, processed_at = %(at)s, ticket_id = earlier.ticket_id,
        reason = 'The same mail was delivered before.'
    from inbound_messages earlier
    where i.id = %(id)s and i.processed_at is null and earlier.organization_id = i.organization_id
        and earlier.identity = %(identity)s and earlier.outcome in ('ADMITTED', 'AUTOMATIC', 'BOUNCE', 'QUARANTINED')
"""


class _Handled(msgspec.Struct):
    id: UUID
    sender: str | None
    subject: str | None


async def mails_handled(
    tx: Transaction, act: Act, entry_ids: Sequence[UUID], *, by: Somebody | None = None, ticket_id: UUID | None = None
) -> None:
    """What somebody did with these mails by hand: a record in the audit trail for each."""
    mails = await tx.all(
        _Handled,
        "select id, sender, subject from inbound_messages where id = any(%(ids)s) order by id",
        ids=list(entry_ids),
    )
    for mail in mails:
        on = Subject("mail", mail.id, f"{mail.subject or 'No subject'} from {mail.sender or 'nobody'}")
        await audit.record(tx, act, by=by, on=on, details={"ticket": ticket_id} if ticket_id else None)
