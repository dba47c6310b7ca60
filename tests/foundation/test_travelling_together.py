"""Questions without a transaction around, and statements that travel together: as walled and as whole as any."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from psycopg.errors import DivisionByZero, ForeignKeyViolation, ReadOnlySqlTransaction

from parlour.foundation import ids
from parlour.foundation.crypto import Signer
from parlour.foundation.database import Database, Transaction
from tests.builders import Company

INSERT_TAG = "insert into tags (organization_id, id, name) values (current_organization(), %(id)s, %(name)s)"
LEFT_BEHIND = "select current_setting('parlour.organization_id', true), current_setting('transaction_read_only')"


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """With one connection, so that whatever is left on it is met again."""
    database = Database(database_url, signer=Signer("a secret of the tests"), pool_size=1)
    await database.open()
    yield database
    await database.close()


async def left_behind(database: Database) -> tuple[object, ...]:
    async with database._pool.connection() as connection:
        row: tuple[object, ...] | None = await (await connection.execute(LEFT_BEHIND)).fetchone()
        assert row
        return row


async def test_a_question_sees_its_own_organization_and_leaves_nothing_of_it(
    acme: Company, globex: Company, database: Database
) -> None:
    ours, theirs = await acme.ticket(), await globex.ticket()
    for company, own, other in ((acme, ours, theirs), (globex, theirs, ours)):
        async with database.reading(company.organization_id) as tx:
            count = "select count(*) from tickets where id = %(id)s"
            assert (await tx.value(count, id=own.id), await tx.value(count, id=other.id)) == (1, 0)
            assert await tx.value("select count(*) from organizations") == 1
        assert await left_behind(database) in [("", "off"), (None, "off")]


async def test_reading_writes_nothing_and_undoes_nothing(acme: Company, database: Database) -> None:
    async with database.reading(acme.organization_id) as tx:
        with pytest.raises(ReadOnlySqlTransaction):
            await tx.run("update organizations set name = 'Changed'")
        for unfit in (tx.savepoint, tx.together):
            with pytest.raises(RuntimeError):
                unfit()
        with pytest.raises(RuntimeError):
            await tx.take_turn("the only stamp")


async def test_after_a_question_that_failed_the_connection_is_as_good_as_before(
    acme: Company, database: Database
) -> None:
    async with database.reading(acme.organization_id) as tx:
        with pytest.raises(DivisionByZero):
            await tx.value("select 1 / (count(*) - 1) from organizations")
        assert await tx.value("select count(*) from organizations") == 1
    assert await left_behind(database) in [("", "off"), (None, "off")]


async def test_a_question_that_nobody_waits_for_any_more_holds_nothing_up(acme: Company, database: Database) -> None:
    for look in (database.reading, database.transaction):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2), look(acme.organization_id) as tx:
                await tx.value("select pg_sleep(30)")
        async with asyncio.timeout(10), look(acme.organization_id) as tx:
            assert await tx.value("select count(*) from organizations") == 1
    assert await left_behind(database) in [("", "off"), (None, "off")]


async def test_what_goes_out_together_is_committed_together(acme: Company, database: Database) -> None:
    first, second = ids.new(), ids.new()
    async with database.transaction(acme.organization_id) as tx:
        async with tx.together():
            await tx.tell(INSERT_TAG, id=first, name="first")
            await tx.tell(INSERT_TAG, id=second, name="second")
            assert await tx.run("update tags set colour = colour where name in ('first', 'second')") == 2
            assert await tx.value("select count(*) from tags where id = %(id)s", id=first) == 1
        found = await tx.values("select name from tags where id in (%(a)s, %(b)s) order by name", a=first, b=second)
    assert found == ["first", "second"]
    async with database.reading(acme.organization_id) as tx:
        assert await tx.value("select count(*) from tags where id in (%(a)s, %(b)s)", a=first, b=second) == 2


async def test_what_fails_within_undoes_it_all(acme: Company, database: Database) -> None:
    one = ids.new()
    with pytest.raises(ForeignKeyViolation):
        async with database.transaction(acme.organization_id) as tx, tx.together():
            await tx.tell(INSERT_TAG, id=one, name="one")
            await tx.tell(
                "insert into ticket_tags (organization_id, ticket_id, tag_id)"
                " values (current_organization(), %(nowhere)s, %(one)s)",
                nowhere=ids.new(),
                one=one,
            )
            await tx.tell(INSERT_TAG, id=ids.new(), name="two")
    async with database.reading(acme.organization_id) as tx:
        assert await tx.value("select count(*) from tags where name in ('one', 'two')") == 0


async def test_a_commit_that_is_broken_off_holds_nothing_up(acme: Company, database: Database) -> None:
    """Whether it was committed nobody can say; but the connection serves the next one."""
    one = ids.new()
    async with database.transaction(acme.organization_id) as tx:
        await tx.run(INSERT_TAG, id=one, name="one")
    other = asyncio.Event()

    async def hold() -> None:
        async with acme.database.transaction(acme.organization_id) as tx:
            await tx.run("delete from tags where id = %(id)s", id=one)
            other.set()
            await asyncio.sleep(30)

    holding = asyncio.create_task(hold())
    await other.wait()

    async def wait_for_it(tx: Transaction) -> None:
        await tx.run("update tags set name = 'other' where id = %(id)s", id=one)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3), database.transaction(acme.organization_id) as tx:
            tx.at_the_end(wait_for_it)
    async with asyncio.timeout(10), database.reading(acme.organization_id) as tx:
        assert await tx.value("select count(*) from tags where id = %(id)s", id=one) == 1
    holding.cancel()


async def test_who_takes_a_turn_is_served_in_the_order_of_coming(acme: Company) -> None:
    came: list[int] = []
    order: list[int] = []

    async def come(number: int) -> None:
        async with acme.database.transaction(acme.organization_id) as tx:
            came.append(number)
            await tx.take_turn("the only stamp")
            await tx.take_turn("the only stamp")
            order.append(number)
            await tx.value("select pg_sleep(0.01)")
            order.append(number)

    await asyncio.gather(*(come(number) for number in range(5)))
    # In the order in which they came to ask, and one after the other.
    assert order == [number for number in came for _ in range(2)]
    assert sorted(came) == [0, 1, 2, 3, 4]


async def test_a_turn_that_does_not_come_is_done_without(acme: Company) -> None:
    taken, over = asyncio.Event(), asyncio.Event()

    async def keep() -> None:
        async with acme.database.transaction(acme.organization_id) as tx:
            await tx.take_turn("the only stamp")
            taken.set()
            await over.wait()

    keeping = asyncio.create_task(keep())
    await taken.wait()
    async with asyncio.timeout(10), acme.database.transaction(acme.organization_id) as tx:
        await tx.take_turn("the only stamp")
        assert await tx.value("select 1") == 1
    over.set()
    await keeping


async def test_many_who_write_leave_connections_to_those_who_read(database_url: str, acme: Company) -> None:
    database = Database(database_url, signer=Signer("a secret of the tests"), pool_size=8)
    await database.open()
    over = asyncio.Event()

    async def write() -> None:
        async with database.transaction(acme.organization_id):
            await over.wait()

    writing = [asyncio.create_task(write()) for _ in range(20)]
    await asyncio.sleep(0)
    async with asyncio.timeout(5), database.reading(acme.organization_id) as tx:
        assert await tx.value("select count(*) from organizations") == 1
    over.set()
    await asyncio.gather(*writing)
    await database.close()


async def test_what_is_said_often_is_prepared_and_what_is_not_is_forgotten(acme: Company, database: Database) -> None:
    async with database.transaction(acme.organization_id) as tx:
        for number in range(450):
            for _ in range(2):
                assert await tx.value(f"select {number} + %(one)s", one=1) == number + 1
        prepared = await tx.value("select count(*) from pg_prepared_statements where name like 'said_%%'")
    assert prepared == 200


async def test_a_snapshot_sees_one_moment_only_and_writes_nothing(acme: Company) -> None:
    count = "select count(*) from tags where name = 'late'"
    async with acme.database.snapshot(acme.organization_id) as then, acme.database.reading(acme.organization_id) as now:
        assert (await then.value(count), await now.value(count)) == (0, 0)
        async with acme.database.transaction(acme.organization_id) as tx:
            await tx.run(INSERT_TAG, id=ids.new(), name="late")
        assert (await then.value(count), await now.value(count)) == (0, 1)
        with pytest.raises(ReadOnlySqlTransaction):
            await then.run("update organizations set name = 'Changed'")
