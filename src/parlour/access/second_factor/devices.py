"""Browsers that showed a second factor and are remembered for some days: listed, named, taken back."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from parlour import audit
from parlour.access.client import Client
from parlour.access.policy import policy_of
from parlour.access.proofs import Identity, Method, Proof, proof
from parlour.audit import Act, Subject
from parlour.foundation import clock, ids
from parlour.foundation.crypto import Signer
from parlour.foundation.database import Transaction
from parlour.foundation.errors import NotFound
from parlour.foundation.installation import Installation

_PURPOSE: Final = "remembered browser"
# What the organization says today counts for those that were remembered under an earlier policy too.
_ENDS_AT: Final = "least(expires_at, created_at + make_interval(days => %(days)s))"


class Device(msgspec.Struct, frozen=True):
    """A remembered browser."""

    id: UUID
    name: str
    address: str
    created_at: datetime
    used_at: datetime
    expires_at: datetime


async def remember_device(tx: Transaction, signer: Signer, identity: Identity, client: Client, days: int) -> str:
    """The mark this browser keeps: signed, and worth nothing for another user or without its row."""
    device_id, now = ids.new(), clock.now()
    await tx.run(
        """
        insert into devices (organization_id, id, user_id, name, address, created_at, used_at, expires_at)
        values (current_organization(), %(id)s, %(user_id)s, %(name)s, %(address)s, %(now)s, %(now)s, %(expires_at)s)
        """,
        id=device_id,
        user_id=identity.user_id,
        name=client.name,
        address=client.address[:100],
        now=now,
        expires_at=now + timedelta(days=days),
    )
    await audit.record(tx, Act.DEVICE_REMEMBERED, on=Subject("device", device_id, client.name))
    return signer.sign(_PURPOSE, identity.user_id.bytes + device_id.bytes)


async def recognise(installation: Installation, identity: Identity, client: Client) -> Proof | None:
    """The proof that a remembered browser is, if this is one of theirs."""
    known = [found for mark in client.devices if (found := _device(installation.signer, identity.user_id, mark))]
    if not known:
        return None
    async with installation.database.transaction(identity.organization_id) as tx:
        used = await tx.run(
            f"""
            update devices set used_at = %(now)s, address = %(address)s
            where id = any(%(known)s) and user_id = %(user_id)s and {_ENDS_AT} > %(now)s
            """,
            known=known,
            user_id=identity.user_id,
            address=client.address[:100],
            days=(await policy_of(tx)).device_days,
            now=clock.now(),
        )
    return proof(Method.DEVICE) if used else None


async def devices_of(tx: Transaction, user_id: UUID) -> list[Device]:
    """Those that are still remembered, the last used first."""
    return await tx.all(
        Device,
        f"""
        select id, name, address, created_at, used_at, {_ENDS_AT} as expires_at
        from devices
        where user_id = %(user_id)s and {_ENDS_AT} > %(now)s
        order by used_at desc, id
        """,
        user_id=user_id,
        days=(await policy_of(tx)).device_days,
        now=clock.now(),
    )


async def forget_device(tx: Transaction, user_id: UUID, device_id: UUID) -> None:
    """Raises `NotFound`."""
    name: str | None = await tx.value(
        "delete from devices where id = %(id)s and user_id = %(user_id)s returning name", id=device_id, user_id=user_id
    )
    if name is None:
        raise NotFound()
    await audit.record(tx, Act.DEVICE_FORGOTTEN, on=Subject("device", device_id, name))


async def forget_all(tx: Transaction, user_id: UUID) -> None:
    await tx.run("delete from devices where user_id = %(user_id)s", user_id=user_id)


def _device(signer: Signer, user_id: UUID, mark: str) -> UUID | None:
    payload = signer.verify(_PURPOSE, mark)
    if payload is None or len(payload) != 32 or payload[:16] != user_id.bytes:
        return None
    return UUID(bytes=payload[16:])
