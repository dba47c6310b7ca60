"""A database that was restarted costs nobody an error: connections that died in the pool are passed over."""

from collections.abc import AsyncIterator

import psycopg
import pytest
import pytest_asyncio

from parlour.foundation.crypto import Signer
from parlour.foundation.database import Database
from parlour.foundation.errors import Unavailable
from tests.builders import Company

_OPEN = 4
_END_ALL = """
    select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity
    where application_name = 'parlour of this test' and pid <> pg_backend_pid()
"""


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, signer=Signer("a secret of the tests"), pool_size=_OPEN, kept_open=_OPEN)
    # So that only these are ended, and not those of other tests.
    database._pool.kwargs["application_name"] = "parlour of this test"
    await database.open()
    yield database
    await database.close()


async def end_all(database_url: str) -> None:
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        [ended] = await (await connection.execute(_END_ALL)).fetchone() or (0,)
    assert ended == _OPEN


async def test_connections_that_died_while_nobody_used_them_are_passed_over(
    acme: Company, database: Database, database_url: str
) -> None:
    await end_all(database_url)
    async with database.reading(acme.organization_id) as tx:
        assert await tx.value("select count(*) from organizations") == 1
    await end_all(database_url)
    async with database.transaction(acme.organization_id) as tx:
        assert await tx.value("select count(*) from organizations") == 1


async def test_questions_before_an_organization_is_known_pass_over_them_too(
    acme: Company, database: Database, database_url: str
) -> None:
    await end_all(database_url)
    assert await database.doorways.organization_by_slug(acme.slug) == acme.organization_id


async def test_what_was_begun_on_a_connection_that_died_is_not_done_again_by_itself(
    acme: Company, database: Database, database_url: str
) -> None:
    with pytest.raises(Unavailable):
        async with database.transaction(acme.organization_id) as tx:
            await tx.value("select 1")
            await end_all(database_url)
            await tx.value("select 1")
