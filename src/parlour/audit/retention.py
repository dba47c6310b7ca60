"""How long the trail is kept, and the removal of what is older: a checkpoint under a seal stays in its place."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from parlour.audit import chain
from parlour.audit.acts import Act
from parlour.audit.recording import changes, record
from parlour.foundation import clock
from parlour.foundation.database import Database, Transaction
from parlour.foundation.errors import Invalid
from parlour.foundation.installation import Installation

LEAST_DAYS: Final = 90
"""Nobody can shorten the trail to what they did last week. The database insists on it too."""

MOST_DAYS: Final = 3650
DAYS: Final = 730
"""Two years, where nobody chose."""

_AT_ONCE: Final = 5000


class _Oldest(msgspec.Struct):
    position: int
    at: datetime
    hash: bytes


async def keep_days(tx: Transaction) -> int:
    found: int | None = await tx.value("select keep_days from audit_trails")
    return DAYS if found is None else found


async def set_keep_days(tx: Transaction, days: int) -> None:
    """Raises `Invalid`."""
    if not LEAST_DAYS <= days <= MOST_DAYS:
        raise Invalid(details={"keepDays": f"The audit trail is kept for {LEAST_DAYS} to {MOST_DAYS:,} days."})
    before = await keep_days(tx)
    await record(tx, Act.RETENTION_CHANGED, details=changes({"keep_days": before}, {"keep_days": days}))
    tx.at_the_end(lambda tx: _write(tx, days))


async def trim_trails(installation: Installation) -> None:
    """Queue the removal of what organizations no longer keep: a trail that is broken holds up no other."""
    for organization_id in await installation.database.doorways.organizations_with_old_audit_records(clock.now()):
        async with installation.database.transaction(organization_id) as tx:
            tx.queue(trim_trail, lock=f"audit:{organization_id}")


async def trim_trail(installation: Installation, organization_id: UUID) -> None:
    """Remove what this organization no longer keeps, some thousand records in a transaction."""
    while await _trim(installation.database, organization_id):
        pass


async def _trim(database: Database, organization_id: UUID) -> bool:
    async with database.transaction(organization_id) as tx:
        before = clock.now() - timedelta(days=await keep_days(tx))
        oldest = await tx.all(
            _Oldest,
            "select position, at, hash from audit_records order by position limit %(limit)s",
            limit=_AT_ONCE,
        )
        last = None
        for each in oldest:
            # Only from the beginning on, without a gap: where two moments are out of order, the younger one decides.
            if each.at >= before:
                break
            last = each
        if last is None:
            return False
        removed = await _forget(tx, last)
        details = {"removed": removed, "up_to": last.position, "until": last.at}
        await record(tx, Act.TRAIL_TRIMMED, details=details)
    return True


async def _forget(tx: Transaction, last: _Oldest) -> int:
    key = next(iter(chain.keys_of(tx.signer).values()))
    now = clock.now()
    removed: int = await tx.value(
        "select doorway_forget_audit_records(%(up_to)s, %(hash)s, %(now)s, %(key_name)s, %(seal)s)",
        up_to=last.position,
        hash=last.hash,
        now=now,
        key_name=key.name,
        seal=key.hash_of(chain.of_checkpoint(tx.organization_id, last.position, last.hash, now)),
    )
    return removed


async def _write(tx: Transaction, days: int) -> None:
    # After the record of it, which has made the trail's row where there was none.
    await tx.run("update audit_trails set keep_days = %(days)s", days=days)
