"""Somebody's passkeys: listed, named, renamed, removed."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from parlour import audit
from parlour.access.passkeys.events import PasskeyRemoved
from parlour.access.policy import policy_of
from parlour.access.second_factor import devices, enrolment
from parlour.audit import Act, Subject
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Conflict, Invalid, NotFound
from parlour.people import Actor, Role

LONGEST_NAME: Final = 100


class LastSecondFactor(Conflict):
    """Your organization asks you for a second factor, and this is your last. Set up another first."""


class Passkey(msgspec.Struct, frozen=True):
    """What its owner is shown of it."""

    id: UUID
    name: str
    is_backed_up: bool
    rp_id: str
    """The host it was made at. Browsers show it to no other."""
    created_at: datetime
    used_at: datetime | None


async def passkeys_of(tx: Transaction, user_id: UUID) -> list[Passkey]:
    """The oldest first."""
    return await tx.all(
        Passkey,
        """
        select id, name, is_backed_up, rp_id, created_at, used_at
        from passkeys where user_id = %(user_id)s order by created_at, id
        """,
        user_id=user_id,
    )


async def rename_passkey(tx: Transaction, user_id: UUID, passkey_id: UUID, name: str) -> None:
    """Raises `NotFound` or `Invalid`."""
    new = checked_name(name)
    before = await tx.value(
        "select name from passkeys where id = %(id)s and user_id = %(user_id)s for update",
        id=passkey_id,
        user_id=user_id,
    )
    if before is None:
        raise NotFound()
    await tx.run("update passkeys set name = %(new)s where id = %(id)s", id=passkey_id, new=new)
    details = audit.changes({"name": before}, {"name": new})
    await audit.record(tx, Act.PASSKEY_RENAMED, on=Subject("passkey", passkey_id, new), details=details)


async def remove_passkey(tx: Transaction, user_id: UUID, role: Role, passkey_id: UUID) -> None:
    """With the last second factor go the remembered browsers, which stood for it.

    Raises `NotFound`, or `LastSecondFactor` where the organization's policy asks for one.
    """
    # All of them are held, so that of two who remove the last two at once one is told no.
    held = await tx.values(
        "select id from passkeys where user_id = %(user_id)s order by id for update", user_id=user_id
    )
    if passkey_id not in held:
        raise NotFound()
    is_last = len(held) == 1 and await enrolment.second_factor_of(tx, user_id) is None
    if is_last and (await policy_of(tx)).asks_second_factor_of(role):
        raise LastSecondFactor()
    name: str = await tx.value("delete from passkeys where id = %(id)s returning name", id=passkey_id)
    if is_last:
        await devices.forget_all(tx, user_id)
    await audit.record(tx, Act.PASSKEY_REMOVED, on=Subject("passkey", passkey_id, name))
    tx.record(PasskeyRemoved(actor_id=user_id, user_id=user_id, passkey_id=passkey_id))


async def forget_all_passkeys(tx: Transaction, user_id: UUID, *, by: Actor) -> int:
    """How many there were. Their owner is told once."""
    gone: list[UUID] = await tx.values("delete from passkeys where user_id = %(user_id)s returning id", user_id=user_id)
    if gone:
        tx.record(PasskeyRemoved(actor_id=by.user_id, user_id=user_id, passkey_id=min(gone)))
    return len(gone)


def checked_name(name: str) -> str:
    """Raises `Invalid`."""
    plain = " ".join(name.split())
    if not plain or len(plain) > LONGEST_NAME:
        raise Invalid(details={"name": f"Give it a name of at most {LONGEST_NAME} characters."})
    return plain
