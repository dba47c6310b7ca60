"""Destroying an organization's keys: what they sealed can't be read any more, here or in any backup."""

from uuid import UUID

from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Conflict
from parlour.foundation.installation import Installation


class NotAllSealed(Conflict):
    """Some of it may still lie in the clear, from before there were data keys. Rotate its key first."""


async def destroy(here: Installation, organization_id: UUID) -> None:
    """There is no way back. Every process knows within seconds; to begin again where this was stopped does no harm.

    Raises `NotAllSealed`, and nothing is destroyed.
    """
    async with here.database.transaction(organization_id) as tx:
        if not await tx.value("select all_sealed from organizations where id = current_organization() for update"):
            raise NotAllSealed()
        await _strike_out(tx)
    await _end(here, organization_id)


async def destroy_with_everything(here: Installation, organization_id: UUID) -> None:
    """The same where all that the keys have sealed, and all that lies in the clear, is erased next."""
    async with here.database.transaction(organization_id) as tx:
        await _strike_out(tx)
    await _end(here, organization_id)


async def _strike_out(tx: Transaction) -> None:
    # An organization that never had one must not get one either.
    await tx.run(
        """
        insert into data_keys (organization_id, version, master, created_at, destroyed_at)
        select current_organization(), 1, '', %(now)s, %(now)s
        where not exists (select from data_keys)
        """,
        now=clock.now(),
    )
    await tx.run(
        "update data_keys set wrapped = null, destroyed_at = %(now)s where destroyed_at is null", now=clock.now()
    )


async def _end(here: Installation, organization_id: UUID) -> None:
    # The database's backups and journals have the wrapped keys for ever. Without this they are noise.
    await here.keys.halves.destroy(organization_id)
    here.keys.forget(organization_id)
