"""The ledger of mail that came in: one row for each delivery, written before the sender is told that we have it."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from psycopg.errors import UniqueViolation

from parlour.foundation import clock, ids
from parlour.foundation.database import Transaction
from parlour.foundation.installation import Installation


class Delivery(msgspec.Struct, frozen=True):
    """A mail as a server handed it over."""

    mailbox_id: UUID
    envelope_sender: str
    envelope_recipients: Sequence[str]
    raw: bytes
    client_address: str | None = None
    """The server that handed it over to our listener, and what it called itself; None where another server did."""
    client_name: str | None = None
    source: str = "SMTP"
    """How it came: SMTP, IMAP or PUSH."""


class Entry(msgspec.Struct, frozen=True):
    """A delivery that waits to be read."""

    id: UUID
    mailbox_id: UUID
    envelope_sender: str
    envelope_recipients: list[str]
    blob_key: str
    department_id: UUID | None
    client_address: str | None
    client_name: str | None
    released: bool
    """Somebody has let it out of quarantine."""


class Kept(msgspec.Struct, frozen=True):
    """A mail's bytes, safely stored, with no row in the ledger yet."""

    id: UUID
    blob_key: str
    size: int
    digest: bytes


async def write_down(
    installation: Installation, organization_id: UUID, delivery: Delivery, reader: Callable[..., Awaitable[None]]
) -> UUID:
    """Keep the bytes, the row and the job that will read it. Once this returns, the mail can't be lost."""
    kept = await keep(installation, organization_id, delivery.raw)
    async with installation.database.transaction(organization_id) as tx:
        await enter(tx, delivery, kept, reader)
    return kept.id


async def keep(installation: Installation, organization_id: UUID, raw: bytes) -> Kept:
    """Store the bytes, for a row that the caller is about to enter."""
    entry_id = ids.new()
    key = f"{organization_id}/mail/{entry_id}"
    await installation.blobs.put(key, raw)
    return Kept(entry_id, key, len(raw), hashlib.sha256(raw).digest())


async def enter(tx: Transaction, delivery: Delivery, kept: Kept, reader: Callable[..., Awaitable[None]]) -> None:
    """The row of a mail that is kept, and the job that will read it."""
    await tx.run(
        """
        insert into inbound_messages
            (organization_id, id, mailbox_id, envelope_sender, envelope_recipients, blob_key, size, digest,
             received_at, client_address, client_name, source)
        values
            (current_organization(), %(id)s, %(mailbox_id)s, %(envelope_sender)s, %(envelope_recipients)s,
             %(blob_key)s, %(size)s, %(digest)s, %(received_at)s,
             %(client_address)s, %(client_name)s, %(source)s)
        """,
        id=kept.id,
        mailbox_id=delivery.mailbox_id,
        envelope_sender=delivery.envelope_sender,
        envelope_recipients=list(delivery.envelope_recipients),
        blob_key=kept.blob_key,
        size=kept.size,
        digest=kept.digest,
        received_at=clock.now(),
        client_address=delivery.client_address,
        client_name=delivery.client_name,
        source=delivery.source,
    )
    tx.queue(reader, entry_id=kept.id)


async def waiting(tx: Transaction, entry_id: UUID) -> Entry | None:
    """The entry, unless it is accounted for already."""
    return await tx.maybe(
        Entry,
        """
        select i.id, i.mailbox_id, i.envelope_sender, i.envelope_recipients, i.blob_key, m.department_id,
            i.client_address, i.client_name, i.released_at is not null as released
        from inbound_messages i
        join mailboxes m on m.organization_id = i.organization_id and m.id = i.mailbox_id
        where i.id = %(id)s and i.processed_at is null
        """,
        id=entry_id,
    )


async def claim(tx: Transaction, entry_id: UUID, message_id: str | None) -> bool:
    """Admit the entry, unless it has been accounted for. A second delivery of the same mail is noted as such.

    Whoever claims first holds the row until the commit; others wait here, then find it done.
    """
    try:
        async with tx.savepoint():
            return await tx.run(_CLAIM, id=entry_id, message_id=message_id, at=clock.now()) == 1
    except UniqueViolation:
        await tx.run(_MARK_DUPLICATE, id=entry_id, message_id=message_id, at=clock.now())
        return False


async def conclude(tx: Transaction, entry_id: UUID, ticket_id: UUID, comment_id: UUID) -> None:
    """Where the words of a claimed entry have gone."""
    await tx.run(
        "update inbound_messages set ticket_id = %(ticket_id)s, comment_id = %(comment_id)s where id = %(id)s",
        id=entry_id,
        ticket_id=ticket_id,
        comment_id=comment_id,
    )


async def refuse(tx: Transaction, entry_id: UUID, reason: str) -> None:
    """The mail stays in the ledger, with the reason in words."""
    await tx.run(
        """
        update inbound_messages
        set outcome = 'REFUSED', reason = %(reason)s, processed_at = %(at)s
        where id = %(id)s and processed_at is null
        """,
        id=entry_id,
        reason=reason,
        at=clock.now(),
    )


class Origin(msgspec.Struct, frozen=True):
    """The mail that a comment came in by."""

    comment_id: UUID
    entry_id: UUID
    blob_key: str
    message_id: str | None
    received_at: datetime


async def origins(tx: Transaction, comment_ids: Sequence[UUID]) -> dict[UUID, Origin]:
    """For each of these comments that came by mail, the mail."""
    found = await tx.all(
        Origin,
        """
        select comment_id, id as entry_id, blob_key, message_id, received_at
        from inbound_messages
        where comment_id = any(%(comment_ids)s) and outcome = 'ADMITTED'
        """,
        comment_ids=list(comment_ids),
    )
    return {origin.comment_id: origin for origin in found}


_CLAIM = """
    update inbound_messages
    set outcome = 'ADMITTED', message_id = %(message_id)s, processed_at = %(at)s
    where id = %(id)s and processed_at is null
"""
_MARK_DUPLICATE = """
    update inbound_messages i
    set outcome = 'DUPLICATE', message_id = %(message_id)s, processed_at = %(at)s, ticket_id = earlier.ticket_id,
        reason = 'The same mail was delivered before.'
    from inbound_messages earlier
    where i.id = %(id)s and i.processed_at is null and earlier.outcome = 'ADMITTED'
        and earlier.organization_id = i.organization_id
        and earlier.message_id = %(message_id)s and earlier.digest = i.digest
"""
