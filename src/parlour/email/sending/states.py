"""How far a mail has come, as everybody may ask."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from parlour.foundation.database import Transaction


class SendingState(StrEnum):
    """How far a mail has come."""

    QUEUED = "QUEUED"
    """It waits: for its moment, or for a server that is not there. `send_at` tells the two apart."""
    SENDING = "SENDING"
    SENT = "SENT"
    """The next server has taken it, for at least one of its recipients."""
    BOUNCED = "BOUNCED"
    """It came back."""
    FAILED = "FAILED"
    """It was given up."""
    CANCELLED = "CANCELLED"
    """It was to be sent later, and is not: the customer wrote first, or the ticket is in the bin."""


class Sending(msgspec.Struct, frozen=True):
    """How far the mail of a comment has come.

    `send_at` is set while the reply is held back, for its moment or to be undone; `refusals` are the servers' own
    words, an address each; `last_error` is the last thing that went wrong.
    """

    comment_id: UUID
    state: SendingState
    to: list[str]
    cc: list[str]
    bcc: list[str]
    attempts: int
    last_error: str | None
    refusals: dict[str, str]
    next_attempt_at: datetime
    sent_at: datetime | None
    send_at: datetime | None
    unless_answered: bool


async def sendings(tx: Transaction, comment_ids: Sequence[UUID]) -> dict[UUID, Sending]:
    """For each of these comments that is a mail, how far it has come."""
    found = await tx.all(
        Sending,
        """
        select m.comment_id, m.state, m.to_addresses as "to", m.cc_addresses as cc, m.bcc_addresses as bcc,
            m.attempts, m.last_error, m.refusals, m.next_attempt_at, m.sent_at,
            h.release_at as send_at, coalesce(h.unless_answered, false) as unless_answered
        from outbound_messages m
        left join held_replies h on h.organization_id = m.organization_id and h.comment_id = m.comment_id
        where m.comment_id = any(%(comment_ids)s) and m.kind = 'REPLY'
        """,
        comment_ids=list(comment_ids),
    )
    return {sending.comment_id: sending for sending in found}
