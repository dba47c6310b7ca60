"""Public replies on their way: sent, tried again with growing patience, and their state told on the comment."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from parlour import tickets
from parlour.email.events import ReplyNotSent, ReplySent
from parlour.email.outgoing import SendingState, freeze
from parlour.email.posting import TIME_LIMIT, NotTaken, Parcel, post
from parlour.email.threading import overseer
from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.foundation.installation import Installation
from parlour.foundation.jobs import TryAgain

_WAITS: Final = tuple(timedelta(seconds=s) for s in (5, 15, 60, 180, 600, 1200, 1800, 3600))
_PATIENCE: Final = timedelta(hours=48)
# Longer than an attempt can take: after that, whoever was sending is dead.
_LEASE: Final = timedelta(seconds=2 * TIME_LIMIT)


class Sending(msgspec.Struct, frozen=True):
    """How far the mail of a comment has come. `last_error` holds the server's own words."""

    comment_id: UUID
    state: SendingState
    to: list[str]
    cc: list[str]
    attempts: int
    last_error: str | None
    next_attempt_at: datetime
    sent_at: datetime | None


class _Claimed(msgspec.Struct, frozen=True):
    id: UUID
    envelope_sender: str
    recipients: list[str]
    blob_key: str
    attempts: int
    created_at: datetime
    ticket_id: UUID
    comment_id: UUID


async def send_reply(installation: Installation, organization_id: UUID, *, fact: tickets.AgentReplied) -> None:
    """Job: an agent's public reply goes to the people outside. However often it runs, it is one mail.

    It is sent once, except where a server's acknowledgement itself was lost: then the same message goes again, under
    the same Message-ID.
    """
    message_id = await freeze(installation, organization_id, fact.comment_id)
    if message_id:
        await _attempt(installation, organization_id, message_id)


async def sendings(tx: Transaction, comment_ids: Sequence[UUID]) -> dict[UUID, Sending]:
    """For each of these comments that is a mail, how far it has come."""
    found = await tx.all(
        Sending,
        """
        select comment_id, state, to_addresses as "to", cc_addresses as cc, attempts, last_error, next_attempt_at,
            sent_at
        from outbound_messages
        where comment_id = any(%(comment_ids)s)
        """,
        comment_ids=list(comment_ids),
    )
    return {sending.comment_id: sending for sending in found}


async def _attempt(installation: Installation, organization_id: UUID, message_id: UUID) -> None:
    async with installation.database.transaction(organization_id) as tx:
        claimed = await _claim(tx, message_id)
        if claimed is None:
            wait = await _until_next_attempt(tx, message_id)
    if claimed is None:
        if wait is not None:
            raise TryAgain(after=max(wait, timedelta(seconds=1)))
        return
    raw = await installation.blobs.get(claimed.blob_key)
    parcel = Parcel(claimed.id, claimed.envelope_sender, claimed.recipients, raw)
    try:
        refused = await post(installation.settings, parcel)
    except NotTaken as answer:
        await _not_taken(installation, organization_id, claimed, answer)
        return
    async with installation.database.transaction(organization_id) as tx:
        await tx.run(_SENT, id=claimed.id, last_error=refused, at=clock.now())
        tx.record(ReplySent(**tickets.about(await _ticket(tx, claimed), None), comment_id=claimed.comment_id))


async def _not_taken(installation: Installation, organization_id: UUID, claimed: _Claimed, answer: NotTaken) -> None:
    is_over = answer.for_good or clock.now() - claimed.created_at > _PATIENCE
    wait = _WAITS[min(claimed.attempts, len(_WAITS)) - 1]
    async with installation.database.transaction(organization_id) as tx:
        await tx.run(
            _NOT_SENT,
            id=claimed.id,
            state=SendingState.FAILED if is_over else SendingState.QUEUED,
            last_error=answer.words[:1000],
            next_attempt_at=clock.now() + wait,
        )
        if is_over:
            tx.record(ReplyNotSent(**tickets.about(await _ticket(tx, claimed), None), comment_id=claimed.comment_id))
    if not is_over:
        raise TryAgain(after=wait)


async def _claim(tx: Transaction, message_id: UUID) -> _Claimed | None:
    # Committed before a word is said to the server: two runs of the job never send at once.
    return await tx.maybe(
        _Claimed,
        """
        update outbound_messages
        set state = 'SENDING', attempts = attempts + 1, next_attempt_at = %(lease_ends_at)s
        where id = %(id)s and state in ('QUEUED', 'SENDING') and next_attempt_at <= %(now)s
        returning id, envelope_sender, to_addresses || cc_addresses as recipients, blob_key, attempts, created_at,
            ticket_id, comment_id
        """,
        id=message_id,
        now=clock.now(),
        lease_ends_at=clock.now() + _LEASE,
    )


async def _until_next_attempt(tx: Transaction, message_id: UUID) -> timedelta | None:
    """None where it is over: sent, or given up."""
    at: datetime | None = await tx.value(
        "select next_attempt_at from outbound_messages where id = %(id)s and state in ('QUEUED', 'SENDING')",
        id=message_id,
    )
    return at - clock.now() if at else None


async def _ticket(tx: Transaction, claimed: _Claimed) -> tickets.Ticket:
    return await tickets.find(tx, claimed.ticket_id, seen_by=overseer(tx.organization_id))


_SENT: Final = """
    update outbound_messages
    set state = 'SENT', sent_at = %(at)s, last_error = %(last_error)s
    where id = %(id)s
"""
_NOT_SENT: Final = """
    update outbound_messages
    set state = %(state)s, last_error = %(last_error)s, next_attempt_at = %(next_attempt_at)s
    where id = %(id)s
"""
