"""A password changed by its owner."""

from uuid import UUID

from parlour import audit
from parlour.access.passwords import hashing, strength
from parlour.access.passwords.signing_in import LONGEST
from parlour.access.second_factor import devices
from parlour.audit import Act
from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Conflict, Unauthenticated
from parlour.foundation.installation import Installation
from parlour.people import Actor


class WrongPassword(Unauthenticated):
    """That is not your present password."""


class NoPassword(Conflict):
    """You sign in without a password."""


async def check_password(installation: Installation, organization_id: UUID, user_id: UUID, password: str) -> None:
    """Raises `WrongPassword`, also where they have none."""
    async with installation.database.reading(organization_id) as tx:
        known = await _password_hash(tx, user_id)
    if len(password) > LONGEST or not await hashing.matches(password, known):
        raise WrongPassword(details={"password": WrongPassword.__doc__})


async def set_password(installation: Installation, actor: Actor, password: str) -> None:
    """A new one. Every remembered browser is forgotten; the caller ends the sessions. Raises `WeakPassword`."""
    await strength.check(password, actor.email, actor.name)
    password_hash = await hashing.hashed(password)
    async with installation.database.transaction(actor.organization_id) as tx:
        await tx.run(
            "update users set password_hash = %(hash)s, password_changed_at = %(now)s where id = %(id)s",
            hash=password_hash,
            now=clock.now(),
            id=actor.user_id,
        )
        await devices.forget_all(tx, actor.user_id)
        await audit.record(tx, Act.PASSWORD_CHANGED, by=actor)


async def has_password(tx: Transaction, user_id: UUID) -> bool:
    return await _password_hash(tx, user_id) is not None


async def _password_hash(tx: Transaction, user_id: UUID) -> str | None:
    found: str | None = await tx.value("select password_hash from users where id = %(id)s", id=user_id)
    return found
