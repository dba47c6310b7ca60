"""`parlour token create`: an API token for a person, printed and nothing else."""

import argparse
import asyncio
from collections.abc import Sequence
from uuid import UUID

from parlour import access, people
from parlour.foundation import settings
from parlour.foundation.crypto import Signer
from parlour.foundation.database import Database


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="parlour token", description="Tokens for programs that call the API.")
    actions = parser.add_subparsers(dest="action", required=True, metavar="create")
    create = actions.add_parser("create", help="print a new token")
    create.add_argument("--data", help="the data folder of `parlour up`")
    create.add_argument("--email", required=True, help="whose token it is")
    create.add_argument("--organization", metavar="SLUG", help="where the address is known in several")
    create.add_argument("--name", default="command line", help="how it is listed among the person's tokens")
    asked = parser.parse_args(words)
    known = settings.load(**({"data": asked.data} if asked.data else {}))
    print(asyncio.run(_create(Database(known.database_url, signer=Signer(known.secret_key), pool_size=1), asked)))
    return 0


async def _create(database: Database, asked: argparse.Namespace) -> str:
    await database.open()
    try:
        organization_id, user_id = await _find(database, asked)
        async with database.transaction(organization_id) as tx:
            _, text = await access.create_token(tx, user_id, asked.name)
        return text
    finally:
        await database.close()


async def _find(database: Database, asked: argparse.Namespace) -> tuple[UUID, UUID]:
    found = await database.doorways.users_by_email(people.normal_email(asked.email))
    if asked.organization:
        organization_id = await database.doorways.organization_by_slug(asked.organization)
        found = [where for where in found if where.organization_id == organization_id]
    if not found:
        raise SystemExit(f"Nobody who can sign in has the address {asked.email}.")
    if len(found) > 1:
        raise SystemExit(f"{asked.email} is known in {len(found)} organizations: say which with --organization.")
    return found[0].organization_id, found[0].id
