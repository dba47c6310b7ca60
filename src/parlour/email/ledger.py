"""The ledger of mail that came in: one row for each delivery, written before the sender is told that we have it."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import msgspec

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
