"""Mail that somebody has to look at first: listed, let in, or turned away."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parlour.audit import Act
from parlour.email import accounting
from parlour.email.intake import take_in
from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.foundation.errors import NotFound
from parlour.people import Actor


class Quarantined(msgspec.Struct, frozen=True):
    """A mail that waits for a decision. `authentication` and `spam` are the findings as JSON has them."""

    id: UUID
    mailbox_id: UUID
    mailbox: str
    sender: str | None
    subject: str | None
    received_at: datetime
    size: int
    reason: str
    authentication: dict[str, Any] | None
    spam: dict[str, Any] | None


async def quarantined(tx: Transaction, before: UUID | None = None, limit: int = 50) -> list[Quarantined]:
    """What waits, the newest first; `before` is the last one of the page before."""
    return await tx.all(
        Quarantined,
        """
        select i.id, i.mailbox_id, m.address as mailbox, i.sender, i.subject, i.received_at, i.size, i.reason,
            i.authentication, i.spam
        from inbound_messages i
        join mailboxes m on m.organization_id = i.organization_id and m.id = i.mailbox_id
        where i.outcome = 'QUARANTINED' and (%(before)s::uuid is null or i.id < %(before)s)
        order by i.id desc
        limit %(limit)s
        """,
        before=before,
        limit=limit,
    )


async def release(tx: Transaction, entry_ids: Sequence[UUID], *, by: Actor) -> None:
    """Let them in as if they had just come. Their senders' mail is not held as spam again.

    Raises `NotFound` where one is not in quarantine.
    """
    senders = await _decided(
        tx,
        """
        update inbound_messages
        set outcome = null, reason = null, processed_at = null, identity = null, attempts = 0, failures = 0,
            released_at = %(at)s, released_by = %(by)s
        where id = any(%(ids)s) and outcome = 'QUARANTINED'
        returning coalesce(sender, '')
        """,
        entry_ids,
        by,
    )
    await tx.run(
        """
        insert into trusted_senders (organization_id, email, added_by, added_at)
        select current_organization(), email, %(by)s, %(at)s from unnest(%(senders)s::text[]) as email
        on conflict do nothing
        """,
        senders=sorted({sender for sender in senders if sender}),
        by=by.user_id,
        at=clock.now(),
    )
    for entry_id in entry_ids:
        tx.queue(take_in, entry_id=entry_id)
    await accounting.mails_handled(tx, Act.MAIL_LET_IN, entry_ids, by=by)


async def reject(tx: Transaction, entry_ids: Sequence[UUID], *, by: Actor) -> None:
    """Turn them away; they stay in the ledger. Raises `NotFound` where one is not in quarantine."""
    await _decided(
        tx,
        """
        update inbound_messages
        set outcome = 'REFUSED', reason = 'Turned away from quarantine. ' || reason, processed_at = %(at)s,
            released_by = %(by)s
        where id = any(%(ids)s) and outcome = 'QUARANTINED'
        returning coalesce(sender, '')
        """,
        entry_ids,
        by,
    )
    await accounting.mails_handled(tx, Act.MAIL_TURNED_AWAY, entry_ids, by=by)


async def _decided(tx: Transaction, statement: str, entry_ids: Sequence[UUID], by: Actor) -> list[str]:
    senders: list[str] = await tx.values(statement, ids=list(entry_ids), at=clock.now(), by=by.user_id)
    if len(senders) != len(set(entry_ids)):
        raise NotFound()
    return senders
