"""`parlour limits`: how much an organization may ask of the installation, where that is not what the settings say."""

import argparse
import asyncio
from collections.abc import Sequence
from uuid import UUID

import limits

from parlour import people
from parlour.foundation import settings
from parlour.foundation.crypto import Signer
from parlour.foundation.database import Database
from parlour.people import Allowance

_USUAL = "usual"


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="parlour limits", description="How much an organization may ask.")
    parser.add_argument("organization", metavar="SLUG")
    parser.add_argument("--data", help="the data folder of `parlour up`")
    for kind in Allowance:
        parser.add_argument(f"--{kind}", metavar="LIMIT", help=f"such as 1000/minute, or {_USUAL} for the settings'")
    asked = parser.parse_args(words)
    known = settings.load(**({"data": asked.data} if asked.data else {}))
    database = Database(known.database_url, signer=Signer(known.secret_key), pool_size=1)
    wanted = {kind: getattr(asked, kind) for kind in Allowance if getattr(asked, kind)}
    return asyncio.run(_run(database, asked.organization, {kind: _parsed(kind, wanted[kind]) for kind in wanted}))


def _parsed(kind: Allowance, written: str) -> tuple[int, int] | None:
    if written == _USUAL:
        return None
    try:
        item = limits.parse(written)
    except ValueError as wrong:
        raise SystemExit(f"--{kind} is written like 1000/minute.") from wrong
    return item.amount, item.get_expiry()


async def _run(database: Database, slug: str, wanted: dict[Allowance, tuple[int, int] | None]) -> int:
    await database.open()
    try:
        organization_id = await database.doorways.organization_by_slug(slug)
        if organization_id is None:
            raise SystemExit(f"There is no organization called {slug}.")
        await _set(database, organization_id, wanted)
        async with database.reading(organization_id) as tx:
            found = await people.allowances(tx)
        for kind in Allowance:
            print(f"{kind:<8}{found[kind][0]:,} in {found[kind][1]} s" if kind in found else f"{kind:<8}{_USUAL}")
        return 0
    finally:
        await database.close()


async def _set(database: Database, organization_id: UUID, wanted: dict[Allowance, tuple[int, int] | None]) -> None:
    async with database.transaction(organization_id) as tx:
        for kind, allowance in wanted.items():
            if allowance is None:
                await people.end_allowance(tx, kind)
            else:
                await people.set_allowance(tx, kind, *allowance)
