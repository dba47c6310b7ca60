"""A hand in the database: somebody with the owner's password, who knows how to switch the triggers off."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, LiteralString
from uuid import UUID

import psycopg

from parlour import audit
from parlour.audit import Act, Subject, Verdict
from parlour.foundation.database import Transaction
from tests.builders import Company

TABLES = ("audit_records", "audit_trails", "audit_checkpoints")


class Hand:
    """Does what it wants in one organization; it can read all of them."""

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self._connection = connection

    async def does(self, statement: LiteralString, **values: object) -> int:
        """How many rows it got hold of."""
        return (await self._connection.execute(statement, values)).rowcount


@asynccontextmanager
async def hand(owner_database_url: str, organization_id: UUID) -> AsyncIterator[Hand]:
    async with await psycopg.AsyncConnection.connect(owner_database_url) as connection:
        for table in TABLES:
            await connection.execute(f"alter table {table} disable trigger user")  # type: ignore[arg-type]
        await connection.execute("select set_config('parlour.organization_id', %s, true)", [str(organization_id)])
        yield Hand(connection)
        for table in TABLES:
            await connection.execute(f"alter table {table} enable trigger user")  # type: ignore[arg-type]


async def write(company: Company, *labels: str) -> None:
    """A record for each, in a transaction of its own."""
    for label in labels:
        async with company.database.transaction(company.organization_id) as tx:
            await record(tx, company, label)


async def record(tx: Transaction, company: Company, label: str) -> None:
    on = Subject("user", company.bob.user_id, label)
    details = audit.changes({"role": "AGENT"}, {"role": "MANAGER"})
    await audit.record(tx, Act.ROLE_CHANGED, by=company.alice, on=on, details=details)


async def verdict(company: Company) -> Verdict:
    return await audit.verify(company.installation, company.organization_id)
