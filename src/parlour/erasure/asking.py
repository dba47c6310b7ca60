"""An administrator closes their organization to have it deleted, or calls that off. All of them hear of it by mail."""

from parlour import email, people
from parlour.email import Notice, Unchangeable
from parlour.foundation.database import Transaction
from parlour.people import Actor, Closing


async def close_for_deletion(tx: Transaction, written_slug: str, days: int, *, by: Actor) -> Closing:
    """From the commit on only administrators come in. Tell the web processes then: `access.announce`.

    Raises `Invalid` where another short name was written, `ClosedAlready`.
    """
    closing = await people.close(tx, written_slug, days, by=by)
    await tell(tx, Unchangeable.ORGANIZATION_CLOSED, closing, by.name)
    return closing


async def call_off(tx: Transaction, *, by: Actor) -> None:
    """Everything goes on as before. Raises `NotClosed`, or `TooLate`."""
    closing = await people.closing_of(tx)
    await people.open_again(tx, by=by)
    if closing:
        await tell(tx, Unchangeable.ORGANIZATION_REOPENED, closing, by.name)


async def tell(tx: Transaction, kind: Unchangeable, closing: Closing, who: str) -> None:
    """A mail to each of its administrators."""
    more = {"erasure.day": f"{closing.erase_at:%Y-%m-%d, %H:%M} UTC", "erasure.who": who}
    for user in await people.team(tx):
        if user.role is people.Role.ADMIN and user.status is people.UserStatus.ACTIVE:
            await email.write_notice(tx, Notice(kind=kind, email=user.email, name=user.name, more=more))
