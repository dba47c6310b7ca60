"""`parlour audit verify`: whether every organization's audit trail is whole; a line each."""

import argparse
import asyncio
from collections.abc import Sequence

from parlour import audit
from parlour.audit import Verdict
from parlour.foundation import settings
from parlour.foundation.crypto import Signer
from parlour.foundation.database import Database


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="parlour audit", description="The audit trail.")
    actions = parser.add_subparsers(dest="action", required=True, metavar="verify")
    verify = actions.add_parser("verify", help="read every record again; ends with 1 where one is broken")
    verify.add_argument("--data", help="the data folder of `parlour up`")
    verify.add_argument("--organization", metavar="SLUG", help="only this one")
    asked = parser.parse_args(words)
    known = settings.load(**({"data": asked.data} if asked.data else {}))
    database = Database(known.database_url, signer=Signer(known.secret_key), pool_size=2)
    return asyncio.run(_verify(database, asked.organization))


async def _verify(database: Database, slug: str | None) -> int:
    await database.open()
    try:
        organizations = await database.doorways.organizations()
        if slug is not None:
            found = await database.doorways.organization_by_slug(slug)
            if found is None:
                raise SystemExit(f"There is no organization called {slug}.")
            organizations = [found]
        are_whole = True
        for organization_id in organizations:
            verdict = await audit.verify(database, organization_id)
            are_whole = are_whole and verdict.is_whole
            print(_line(verdict), flush=True)
        return 0 if are_whole else 1
    finally:
        await database.close()


def _line(verdict: Verdict) -> str:
    if verdict.trouble:
        return f"BROKEN {verdict.slug}: {verdict.trouble}"
    if not verdict.last_position:
        return f"whole  {verdict.slug}: nothing is recorded yet"
    records = "1 record" if verdict.records == 1 else f"{verdict.records:,} records"
    return f"whole  {verdict.slug}: {records}, the last is {verdict.last_position} {verdict.last_hash.hex()[:16]}"
