"""When an answer to a closed ticket opens a new one: an old matter is not dug up by a new question."""

from datetime import timedelta
from typing import Final

from parlour import audit
from parlour.audit import Act
from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Invalid
from parlour.tickets.models import Status, Ticket

_DEFAULT: Final = 14
_MOST: Final = 3650


async def follow_up_days(tx: Transaction) -> int | None:
    """After how many days a closed ticket stays closed, and an answer opens a follow-up. None: it always reopens."""
    found = await tx.values("select days from follow_up_rules")
    return found[0] if found else _DEFAULT


async def set_follow_up_days(tx: Transaction, days: int | None) -> None:
    """Raises `Invalid`."""
    if days is not None and not 0 <= days <= _MOST:
        raise Invalid(details={"days": f"Between 0 and {_MOST} days, or none for never."})
    details = audit.changes({"follow_up_days": await follow_up_days(tx)}, {"follow_up_days": days})
    if not details["after"]:
        return
    await audit.record(tx, Act.MAIL_RULES_CHANGED, details=details)
    await tx.run(
        """
        insert into follow_up_rules (organization_id, days) values (current_organization(), %(days)s)
        on conflict (organization_id) do update set days = excluded.days
        """,
        days=days,
    )


async def needs_follow_up(tx: Transaction, ticket: Ticket) -> bool:
    """Whether it was closed too long ago to be opened again."""
    if ticket.status is not Status.CLOSED or ticket.closed_at is None:
        return False
    days = await follow_up_days(tx)
    return days is not None and clock.now() - ticket.closed_at > timedelta(days=days)
