"""Where people go once they are in."""

from typing import Final

from parlour import people
from parlour.foundation.database import Database
from parlour.people import Actor

DASHBOARD: Final = "/dashboard"


async def home_of(database: Database, actor: Actor) -> str:
    """Agents work in the dashboard, customers have their organization's portal."""
    if actor.is_agent:
        return DASHBOARD
    async with database.reading(actor.organization_id) as tx:
        return f"/portal/{(await people.this_organization(tx)).slug}"
