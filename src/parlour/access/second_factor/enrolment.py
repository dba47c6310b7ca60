"""Setting up a second factor, and being rid of it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from parlour import audit, people
from parlour.access.second_factor import backup_codes, devices, totp
from parlour.access.second_factor.totp import WrongCode
from parlour.audit import Act
from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Conflict
from parlour.foundation.installation import Installation

# Whoever reloads the page finds the code they have scanned already; a page left open for days is not one of them.
_SEED_WAITS: Final = timedelta(hours=1)


class AlreadySetUp(Conflict):
    """A second factor is set up already. Remove it first to set up another."""


class NotSetUp(Conflict):
    """There is no second factor yet. Set one up first."""


class SecondFactor(msgspec.Struct, frozen=True):
    """What somebody has set up."""

    confirmed_at: datetime
    codes_left: int


class Enrolment(msgspec.Struct, frozen=True):
    """What an app needs: the seed to type, or the same in a QR code. Nothing counts until a first code came back."""

    seed: str
    uri: str

    @property
    def qr_code(self) -> str:
        return totp.qr_code(self.uri)

    @property
    def groups(self) -> str:
        """The seed as it is easily typed."""
        return " ".join(self.seed[at : at + 4] for at in range(0, len(self.seed), 4))


async def second_factor_of(tx: Transaction, user_id: UUID) -> SecondFactor | None:
    confirmed_at = await tx.value(
        "select confirmed_at from second_factors where user_id = %(user_id)s and confirmed_at is not null",
        user_id=user_id,
    )
    return SecondFactor(confirmed_at, await backup_codes.count_left(tx, user_id)) if confirmed_at else None


async def users_with_second_factor(tx: Transaction) -> set[UUID]:
    """Of the agents."""
    return set(
        await tx.values(
            """
            select u.id from users u
            where u.role <> 'CUSTOMER' and (
                exists (select 1 from second_factors f where f.user_id = u.id and f.confirmed_at is not null)
                or exists (select 1 from passkeys k where k.user_id = u.id)
            )
            """
        )
    )


async def begin_enrolment(tx: Transaction, installation: Installation, user_id: UUID) -> Enrolment:
    """Raises `AlreadySetUp`."""
    sealer, now = installation.sealer, clock.now()
    fresh = await totp.seal_seed(sealer, tx.organization_id, user_id, totp.new_seed())
    sealed = await tx.value(
        """
        insert into second_factors as known (organization_id, user_id, sealed_seed, created_at)
        values (current_organization(), %(user_id)s, %(fresh)s, %(now)s)
        on conflict (organization_id, user_id) do update set
            (sealed_seed, created_at) = (
                select kept.sealed_seed, kept.created_at
                from (values
                    (known.sealed_seed, known.created_at),
                    (excluded.sealed_seed, excluded.created_at)
                ) as kept (sealed_seed, created_at)
                where kept.created_at > %(now)s - %(waits)s
                order by kept.created_at
                limit 1
            )
        where known.confirmed_at is null
        returning sealed_seed
        """,
        user_id=user_id,
        fresh=fresh,
        now=now,
        waits=_SEED_WAITS,
    )
    if sealed is None:
        raise AlreadySetUp()
    seed = await totp.open_seed(sealer, tx.organization_id, user_id, sealed)
    user, organization = await people.find_user(tx, user_id), await people.this_organization(tx)
    return Enrolment(seed, totp.uri(seed, user.email, organization.name))


async def renew_codes(tx: Transaction, installation: Installation, user_id: UUID) -> list[str]:
    """Ten new backup codes in place of those there were, shown this once. Raises `NotSetUp`."""
    if await second_factor_of(tx, user_id) is None:
        raise NotSetUp()
    await audit.record(tx, Act.BACKUP_CODES_RENEWED, on=people.subject_of(await people.find_user(tx, user_id)))
    return await backup_codes.renew(tx, installation.signer, user_id)


async def confirm_enrolment(tx: Transaction, installation: Installation, user_id: UUID, code: str) -> list[str]:
    """The backup codes, shown this once. Raises `AlreadySetUp` or `WrongCode`."""
    if await second_factor_of(tx, user_id):
        raise AlreadySetUp()
    if not await totp.spend(tx, installation.sealer, user_id, code):
        raise WrongCode(details={"code": WrongCode.__doc__})
    await tx.run(
        "update second_factors set confirmed_at = %(now)s where user_id = %(user_id)s", user_id=user_id, now=clock.now()
    )
    user = await people.find_user(tx, user_id)
    await audit.record(tx, Act.SECOND_FACTOR_SET_UP, on=people.subject_of(user))
    return await backup_codes.renew(tx, installation.signer, user_id)


async def remove_second_factor(
    tx: Transaction,
    user_id: UUID,
    act: Act = Act.SECOND_FACTOR_REMOVED,
    details: Mapping[str, object] | None = None,
) -> None:
    """With its backup codes and every remembered browser."""
    await audit.record(tx, act, on=people.subject_of(await people.find_user(tx, user_id)), details=details)
    await tx.run("delete from second_factors where user_id = %(user_id)s", user_id=user_id)
    await tx.run("delete from backup_codes where user_id = %(user_id)s", user_id=user_id)
    await devices.forget_all(tx, user_id)
