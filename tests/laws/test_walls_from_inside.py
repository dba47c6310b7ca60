"""What raw SQL can do as the application's role, inside one organization: nothing to another's rows, table by table."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import pytest_asyncio
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from parlour.connections import Servers
from tests.laws.test_walls import THE_TENANT, tenant_tables

ACME, GLOBEX = uuid4(), uuid4()
# Of each type that a column without a default has.
VALUES = {
    "bigint": "1",
    "boolean": "true",
    "bytea": "decode(replace(gen_random_uuid()::text, '-', ''), 'hex')",
    "character varying": "'x'",
    "integer": "1",
    "jsonb": "'{}'",
    "smallint": "1",
    "text": "gen_random_uuid()::text",
    "text[]": "'{}'",
    "timestamp with time zone": "now()",
    "tsvector": "''",
    "uuid": "gen_random_uuid()",
}
WAYS = (
    "select 1 from {table} where {own} = %(organization)s",
    "update {table} set {own} = %(organization)s where {own} = %(organization)s returning 1",
    "update {table} set {own} = %(organization)s where {own} = %(other)s returning 1",
    "delete from {table} where {own} = %(organization)s returning 1",
)
"""What is tried on a row of `organization`, from inside `other` and from inside none."""

NOT_IDS = {
    "doorway_forget_audit_records": ("bigint", "how many it removed, inside the organization that is set"),
    "doorway_erase_audit_records": ("bigint", "how many it removed of an organization that is empty and to be erased"),
    "doorway_forget_organization": ("bigint", "that the empty organization that is set is gone"),
}
"""Doorways that answer with something else than ids."""

OWN_IDS = (THE_TENANT, "erasures")
"""Tables whose own id is the organization's."""

COUNTS = {"doorway_count_jobs": "TABLE(status text, jobs bigint)"}
"""Doorways that say how many there are over all organizations, and of none which."""

Connection = psycopg.AsyncConnection[Any]


@pytest_asyncio.fixture(loop_scope="session")
async def root(servers: tuple[Path, Servers], database_name: str) -> AsyncIterator[Connection]:
    """Everything it does is rolled back."""
    address = servers[1].url(servers[0], "postgres", database_name)
    async with await psycopg.AsyncConnection.connect(address) as connection:
        yield connection
        await connection.rollback()


async def test_raw_sql_neither_reads_nor_writes_another_organizations_rows(root: Connection) -> None:
    tables = sorted([*await tenant_tables(root), THE_TENANT])
    assert len(tables) > 30
    for table in tables:
        await put_rows(root, table)
    await root.execute("set local role parlour_app")
    through = []
    for table in tables:
        through += [f"{table}: {what}" for what in await _ways_through(root, table)]
    assert through == []


async def test_a_doorway_answers_with_ids_only(root: Connection) -> None:
    doorways = await rows(
        root,
        """
        select proname, pg_get_function_result(oid), prosrc, provolatile from pg_proc
        where pronamespace = 'public'::regnamespace and prosecdef order by proname
        """,
    )
    assert len(doorways) > 15
    for name, result, source, volatile in doorways:
        if name in NOT_IDS:
            assert result == NOT_IDS[name][0], name
            assert "organization_id = current_organization()" in source, name
            continue
        if name in COUNTS:
            assert (result, "count(*)" in source) == (COUNTS[name], True), name
        else:
            assert result in ("SETOF uuid", "TABLE(organization_id uuid, id uuid)"), name
        # One that is stable can't write, whatever it is asked.
        assert volatile == b"s" or volatile == "s", name
        assert "execute" not in source.lower(), name
    assert {name for name, *_ in doorways} >= {*NOT_IDS, *COUNTS}


async def test_a_doorway_that_writes_reaches_only_the_organization_that_is_set(root: Connection) -> None:
    for table in ("audit_trails", "audit_records", "audit_checkpoints"):
        await put_rows(root, table)
    await root.execute("update audit_records set at = now() - interval '1 year'")
    await root.execute("set local role parlour_app")
    await enter(root, GLOBEX)
    forget = "select doorway_forget_audit_records(1000, '', now(), 'key', '')"
    assert await rows(root, forget) == [(1,)]
    await enter(root, ACME)
    assert await rows(root, "select count(*) from audit_records") == [(1,)]
    await enter(root, None)
    with pytest.raises(psycopg.Error):
        await root.execute(forget)


JOB = """
    insert into procrastinate_jobs (queue_name, task_name, args)
    values ('parlour', 'test', jsonb_build_object('organization_id', %(organization)s::text, 'email', 'b@acme.test'))
    returning 1
"""
OF_JOBS = {
    "select": "select 1 from procrastinate_jobs where args ->> 'organization_id' = %(organization)s::text",
    "update": "update procrastinate_jobs set args = '{}' where args ->> 'organization_id' = %(organization)s::text"
    " returning 1",
    "take over": "update procrastinate_jobs set args = jsonb_build_object('organization_id', %(organization)s::text)"
    " where args ->> 'organization_id' = %(other)s::text returning 1",
    "delete": "delete from procrastinate_jobs where args ->> 'organization_id' = %(organization)s::text returning 1",
    "insert": JOB,
}


async def test_jobs_are_seen_by_their_organization_and_by_the_worker(root: Connection) -> None:
    for organization in (ACME, GLOBEX):
        await root.execute(JOB, {"organization": organization})
    await root.execute("set local role parlour_app")
    theirs = {"organization": ACME, "other": GLOBEX}

    async def through() -> set[str]:
        return {name for name, way in OF_JOBS.items() if await _gives(root, sql.SQL(way), theirs)}

    for inside, ways in ((None, set()), (GLOBEX, set()), (ACME, {"select", "delete", "insert"})):
        await enter(root, inside)
        assert await through() == ways
    await root.execute(JOB, {"organization": ACME})
    await enter(root, None)
    await root.execute("set local application_name = 'parlour worker'")
    assert await through() == set(OF_JOBS)


async def test_the_application_asks_the_doorkeepers_tables_through_its_functions_alone(root: Connection) -> None:
    allowed = await rows(
        root,
        """
        select relname from pg_class
        where relkind in ('v', 'm') and relnamespace = 'public'::regnamespace
        and has_table_privilege('parlour_app', oid, 'insert, update, delete')
        """,
    )
    assert allowed == []
    await put_rows(root, "ticket_search")
    await root.execute("set local role parlour_app")
    for organization, count in ((ACME, 1), (GLOBEX, 1), (None, 0), (uuid4(), 0)):
        await enter(root, organization)
        assert await rows(root, "select count(*) from searchable_tickets") == [(count,)]


async def put_rows(root: Connection, table: str) -> None:
    """One row of Acme's and one of Globex's, whatever they say: no constraint or trigger is looked at."""
    await root.execute("reset role")
    await root.execute("set local session_replication_role = replica")
    theirs = "select conname from pg_constraint where contype = 'c' and conrelid = %s::regclass"
    checks = await rows(root, theirs, table)
    for (check,) in checks:
        await root.execute(
            sql.SQL("alter table {} drop constraint {}").format(sql.Identifier(table), sql.Identifier(check))
        )
    for organization in (ACME, GLOBEX):
        await root.execute(await _insertion(root, table), {"organization": organization})


async def _insertion(root: Connection, table: str) -> sql.Composed:
    own = "id" if table in OWN_IDS else "organization_id"
    columns = await rows(
        root,
        """
        select attname, format_type(atttypid, null) from pg_attribute
        where attrelid = %s::regclass and attnum > 0 and not attisdropped and attgenerated = ''
        and attidentity = '' and attnotnull and (not atthasdef or attname = %s)
        """,
        table,
        own,
    )
    values = [sql.Placeholder("organization") if name == own else sql.SQL(VALUES[kind]) for name, kind in columns]
    names = [sql.Identifier(name) for name, _ in columns]
    return sql.SQL("insert into {} ({}) values ({})").format(
        sql.Identifier(table), sql.SQL(", ").join(names), sql.SQL(", ").join(values)
    )


async def _ways_through(root: Connection, table: str) -> list[str]:
    own = "id" if table == THE_TENANT else "organization_id"
    named = {"table": sql.Identifier(table), "own": sql.Identifier(own)}
    theirs = {"organization": ACME, "other": GLOBEX}
    insertion = await _insertion(root, table) + sql.SQL(" returning 1")
    ways = {way: sql.SQL(way).format(**named) for way in WAYS} | {"insert": insertion}
    found = []
    for inside in (None, GLOBEX):
        await enter(root, inside)
        found += [f"{way} inside {inside}" for way, asked in ways.items() if await _gives(root, asked, theirs)]
    await enter(root, ACME)
    # Not for want of a row: from its own side it is there.
    if not await _gives(root, ways[WAYS[0]], theirs):
        found.append("nothing was there")
    return found


async def _gives(root: Connection, question: sql.Composable, values: dict[str, Any]) -> bool:
    try:
        async with root.transaction():
            return bool(await (await root.execute(question, values)).fetchall())
    except InsufficientPrivilege:
        return False


async def enter(root: Connection, organization: UUID | None) -> None:
    await root.execute("select set_config('parlour.organization_id', %s, true)", (str(organization or ""),))


async def rows(root: Connection, question: str, *values: object) -> list[tuple[Any, ...]]:
    return await (await root.execute(question, values or None)).fetchall()  # type: ignore[arg-type]
