"""How an organization sends."""

from typing import Final

from parlour import audit
from parlour.audit import Act
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Invalid

UNDO_SECONDS: Final = 10
_LONGEST: Final = 120


async def undo_seconds(tx: Transaction) -> int:
    """How long a reply of the dashboard can be undone; 0 where it is sent at once."""
    found: int | None = await tx.value("select undo_seconds from sending_settings")
    return UNDO_SECONDS if found is None else found


async def set_undo_seconds(tx: Transaction, seconds: int) -> None:
    """Raises `Invalid`."""
    if not 0 <= seconds <= _LONGEST:
        raise Invalid(details={"undoSeconds": f"A reply can be undone for 0 to {_LONGEST} seconds."})
    details = audit.changes({"undo_seconds": await undo_seconds(tx)}, {"undo_seconds": seconds})
    if details["after"]:
        await audit.record(tx, Act.SENDING_CHANGED, details=details)
    await tx.run(
        """
        insert into sending_settings (organization_id, undo_seconds) values (current_organization(), %(seconds)s)
        on conflict (organization_id) do update set undo_seconds = excluded.undo_seconds
        """,
        seconds=seconds,
    )
