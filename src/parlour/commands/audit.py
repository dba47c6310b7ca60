"""`parlour audit`: whether every organization's trail is whole, and what is to count after a backup was put back."""

import argparse
import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from parlour import audit
from parlour.audit import Act, Verdict
from parlour.foundation import installation, settings
from parlour.foundation.installation import Installation


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="parlour audit", description="The audit trail.")
    actions = parser.add_subparsers(dest="action", required=True, metavar="verify | accept")
    verify = actions.add_parser("verify", help="read every record again; ends with 1 where one is broken")
    accept = actions.add_parser("accept", help="after a backup was put back: what is there now is the trail")
    for action in verify, accept:
        action.add_argument("--data", help="the data folder of `parlour up`")
        action.add_argument("--organization", metavar="SLUG", help="only this one")
    asked = parser.parse_args(words)
    known = settings.load(**({"data": asked.data} if asked.data else {}))
    do = {"verify": _verify, "accept": _accept}[asked.action]
    return asyncio.run(do(installation.build(known, reactions={}), asked.organization))


async def _verify(here: Installation, slug: str | None) -> int:
    are_whole = True
    async with _connected(here):
        for organization_id in await _organizations(here, slug):
            verdict = await audit.verify(here, organization_id)
            are_whole = are_whole and verdict.is_whole
            print(_line(verdict), flush=True)
    return 0 if are_whole else 1


async def _accept(here: Installation, slug: str | None) -> int:
    async with _connected(here):
        for organization_id in await _organizations(here, slug):
            async with here.database.transaction(organization_id) as tx:
                await audit.record(tx, Act.TRAIL_ACCEPTED)
            await audit.anchor_anew(here, organization_id)
            print(_line(await audit.verify(here, organization_id)), flush=True)
    return 0


@asynccontextmanager
async def _connected(here: Installation) -> AsyncIterator[None]:
    # To the database alone: a trail is looked at wherever that can be reached, Valkey or no Valkey.
    await here.database.open()
    try:
        yield
    finally:
        await here.database.close()


async def _organizations(here: Installation, slug: str | None) -> list[UUID]:
    if slug is None:
        return await here.database.doorways.organizations()
    found = await here.database.doorways.organization_by_slug(slug)
    if found is None:
        raise SystemExit(f"There is no organization called {slug}.")
    return [found]


def _line(verdict: Verdict) -> str:
    if verdict.trouble:
        return f"BROKEN {verdict.slug}: {verdict.trouble}"
    records = "1 record" if verdict.records == 1 else f"{verdict.records:,} records"
    return f"whole  {verdict.slug}: {records}, the last is {verdict.last_position} {verdict.last_hash.hex()[:16]}"
