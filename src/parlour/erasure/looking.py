"""What the clock looks for: whose time has come, and who must be told again."""

from datetime import timedelta
from typing import Final

from parlour import people
from parlour.email import Unchangeable
from parlour.erasure.asking import tell
from parlour.erasure.erasing import erase_organization
from parlour.foundation import clock
from parlour.foundation.installation import Installation
from parlour.foundation.jobs import name_of

TOLD_AGAIN: Final = timedelta(days=3)
"""So long before the end every administrator gets another mail."""


async def erase_due_organizations(installation: Installation) -> None:
    """Queue the erasing of each whose time has come, unless that is under way; a worker that died is taken over."""
    for organization_id in await installation.database.doorways.organizations_to_erase(clock.now()):
        async with installation.database.transaction(organization_id) as tx:
            if not await tx.value(_UNDER_WAY, organization_id=str(organization_id), name=name_of(erase_organization)):
                tx.queue(erase_organization, lock=f"erase:{organization_id}")


async def remind_of_erasures(installation: Installation) -> None:
    """Tell administrators again, three days before."""
    database = installation.database
    for organization_id in await database.doorways.organizations_to_remind(clock.now() + TOLD_AGAIN):
        async with database.transaction(organization_id) as tx:
            closing = await people.closing_of(tx)
            # Whoever has asked for it since yesterday has had a mail of it.
            is_news = closing is not None and closing.erase_at - closing.asked_at > TOLD_AGAIN
            await tx.run("update closings set reminded_at = %(now)s where reminded_at is null", now=clock.now())
            if closing and is_news and not closing.erasing_since:
                await tell(tx, Unchangeable.ERASURE_NEAR, closing, closing.asked_by_name)


_UNDER_WAY: Final = """
    select exists (
        select from procrastinate_jobs
        where task_name = %(name)s and status in ('todo', 'doing') and args ->> 'organization_id' = %(organization_id)s
    )
"""
