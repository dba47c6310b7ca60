"""The secrets of mailboxes: sealed in the database, opened only where they are used."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from parlour.foundation.database import Transaction
from parlour.foundation.sealing import Place, SealBroken, Sealer

BY_HAND: Final = (
    "imap_password",
    "client_secret",
    "refresh_token",
    "outgoing_password",
    "signing_key",
    "push_password",
)
"""What an administrator enters; an access token is fetched."""


class Secret(msgspec.Struct, frozen=True):
    """An opened one. None of it is ever logged or shown."""

    text: str
    expires_at: datetime | None


class _Sealed(msgspec.Struct):
    name: str
    sealed: bytes
    expires_at: datetime | None


async def put_secret(
    tx: Transaction, sealer: Sealer, mailbox_id: UUID, name: str, text: str, expires_at: datetime | None = None
) -> None:
    """Keep it in place of what was there; an empty one is forgotten."""
    if not text:
        await tx.run(
            "delete from mailbox_secrets where mailbox_id = %(id)s and name = %(name)s", id=mailbox_id, name=name
        )
        return
    await tx.run(
        """
        insert into mailbox_secrets (organization_id, mailbox_id, name, sealed, expires_at)
        values (current_organization(), %(id)s, %(name)s, %(sealed)s, %(expires_at)s)
        on conflict (organization_id, mailbox_id, name)
        do update set sealed = excluded.sealed, expires_at = excluded.expires_at
        """,
        id=mailbox_id,
        name=name,
        sealed=await sealer.seal(_place(tx, mailbox_id, name), text.encode()),
        expires_at=expires_at,
    )


async def secrets_of(tx: Transaction, sealer: Sealer, mailbox_id: UUID) -> Mapping[str, Secret]:
    """By name. One that doesn't open, because its key was destroyed or it was moved, is as good as not there."""
    rows = await tx.all(
        _Sealed, "select name, sealed, expires_at from mailbox_secrets where mailbox_id = %(id)s", id=mailbox_id
    )
    found = {}
    for row in rows:
        try:
            text = (await sealer.open(_place(tx, mailbox_id, row.name), row.sealed)).decode()
        except SealBroken:
            continue
        found[row.name] = Secret(text, row.expires_at)
    return found


def _place(tx: Transaction, mailbox_id: UUID, name: str) -> Place:
    return Place("mailbox_secrets", f"sealed.{name}", tx.organization_id, mailbox_id)
