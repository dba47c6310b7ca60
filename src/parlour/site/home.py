"""Where people go once they are in."""

import re
from typing import Final

from parlour import people
from parlour.foundation.database import Database
from parlour.people import Actor

DASHBOARD: Final = "/dashboard"

# A path of ours: not `//elsewhere`, nor what a browser would read as that.
_OUR_PATH: Final = re.compile(r"/(?![/\\])[^\x00-\x20\\]*")


async def home_of(database: Database, actor: Actor) -> str:
    """Agents work in the dashboard, customers have their organization's portal."""
    if actor.is_agent:
        return DASHBOARD
    async with database.reading(actor.organization_id) as tx:
        return f"/portal/{(await people.this_organization(tx)).slug}"


def our_path(asked: str) -> str | None:
    """The page somebody was sent here from, if it is one of ours and not this very door."""
    if _OUR_PATH.fullmatch(asked) and not asked.startswith(("/sign-", "/api/")):
        return asked
    return None
