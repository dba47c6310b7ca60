"""The database itself keeps organizations apart."""

import pytest
from psycopg.errors import ForeignKeyViolation, InsufficientPrivilege, ReadOnlySqlTransaction

from parlour.foundation import ids
from tests.builders import Company


async def test_a_neighbour_reads_nothing_of_it(acme: Company, globex: Company) -> None:
    ticket = await acme.ticket()
    async with globex.database.reading(globex.organization_id) as tx:
        assert await tx.value("select count(*) from tickets where id = %(id)s", id=ticket.id) == 0
        assert await tx.value("select count(*) from organizations") == 1


async def test_a_neighbour_changes_nothing_of_it(acme: Company, globex: Company) -> None:
    ticket = await acme.ticket()
    async with globex.database.transaction(globex.organization_id) as tx:
        assert await tx.run("update tickets set subject = 'Mine now' where id = %(id)s", id=ticket.id) == 0
        assert await tx.run("delete from tickets where id = %(id)s", id=ticket.id) == 0
    assert await acme.now(ticket) == ticket


async def test_a_row_cannot_be_written_into_another_organization(acme: Company, globex: Company) -> None:
    with pytest.raises(InsufficientPrivilege):
        async with globex.database.transaction(globex.organization_id) as tx:
            await tx.run(
                "insert into tags (organization_id, id, name) values (%(organization_id)s, %(id)s, 'smuggled')",
                organization_id=acme.organization_id,
                id=ids.new(),
            )


async def test_a_row_cannot_point_into_another_organization(acme: Company, globex: Company) -> None:
    theirs = await globex.ticket()
    with pytest.raises(ForeignKeyViolation):
        async with globex.database.transaction(globex.organization_id) as tx:
            await tx.run(
                "update tickets set department_id = %(department_id)s where id = %(id)s",
                department_id=acme.billing_id,
                id=theirs.id,
            )


async def test_outside_any_organization_there_is_nothing(acme: Company) -> None:
    await acme.ticket()
    nobody = ids.new()
    async with acme.database.reading(nobody) as tx:
        assert await tx.value("select count(*) from tickets") == 0
        assert await tx.value("select count(*) from users") == 0


async def test_reading_refuses_to_write(acme: Company) -> None:
    with pytest.raises(ReadOnlySqlTransaction):
        async with acme.database.reading(acme.organization_id) as tx:
            await tx.run("update organizations set name = 'Changed'")


async def test_the_search_view_is_behind_the_wall_too(acme: Company, globex: Company) -> None:
    await acme.ticket("Zanzibar")
    async with globex.database.reading(globex.organization_id) as tx:
        assert await tx.value("select count(*) from searchable_tickets") == 0
