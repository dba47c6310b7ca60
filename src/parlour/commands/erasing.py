"""`parlour organizations erase`: everything of an organization, now and for good."""

import asyncio
from typing import Final
from uuid import UUID

from parlour import access, erasure, people
from parlour.foundation.installation import Installation
from parlour.foundation.jobs import TryAgain

_WHO: Final = "the operator of this installation"


async def erase(here: Installation, organization_id: UUID, *, is_sure: bool) -> int:
    """Ends with 1 where the short name was not typed. Stopped in the middle, it goes on when it is called again."""
    async with here.database.reading(organization_id) as tx:
        organization = await people.this_organization(tx)
    if not is_sure:
        print(f"Everything of {organization.name} will be erased now. There is no way back.")
        typed = await asyncio.to_thread(input, "Type its short name to go on: ")
        if typed.strip() != organization.slug:
            print("That is not its short name. Nothing was erased.")
            return 1
    async with here.database.transaction(organization_id) as tx:
        await people.close_at_once(tx, _WHO)
    await access.announce(here.cache, organization_id, None)
    while True:
        try:
            await erasure.erase(here, organization_id, lambda words: print(f"  {words}", flush=True))
            break
        except TryAgain as busy:
            print("Another process is erasing it. Waiting for what is left.", flush=True)
            await asyncio.sleep(busy.after.total_seconds())
    print(f"{organization.name} is erased. Its short name is nobody's for {erasure.SLUG_KEPT_FOR.days} days.")
    return 0
