"""Every table of a tenant has its wall. Asked of the database itself, after all migrations."""

from collections.abc import AsyncIterator
from typing import Any, LiteralString

import psycopg
import pytest_asyncio

WITHOUT_A_WALL = {
    "alembic_version": "the schema's own revision",
    "erasures": "what the installation keeps of organizations that are gone: ids, and short names for a while",
    "procrastinate_events": "the queue: ids only, workers serve every organization",
    "procrastinate_jobs": "the queue: its wall asks what a job names, and workers serve everybody",
    "procrastinate_periodic_defers": "the queue's clock",
    "procrastinate_workers": "which workers are alive",
}
# The organization itself is walled by its own id.
THE_TENANT = "organizations"

Rows = list[tuple[Any, ...]]


@pytest_asyncio.fixture(loop_scope="session")
async def catalog(owner_database_url: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    async with await psycopg.AsyncConnection.connect(owner_database_url, autocommit=True) as connection:
        yield connection


async def ask(catalog: psycopg.AsyncConnection[Any], question: LiteralString, *values: object) -> Rows:
    return await (await catalog.execute(question, values)).fetchall()


async def names(catalog: psycopg.AsyncConnection[Any], question: LiteralString, *values: object) -> set[str]:
    return {str(row[0]) for row in await ask(catalog, question, *values)}


async def tenant_tables(catalog: psycopg.AsyncConnection[Any]) -> set[str]:
    return await names(
        catalog,
        """
        select relname from pg_class join pg_attribute on attrelid = pg_class.oid
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
        and attname = 'organization_id' and not attisdropped
        """,
    )


async def test_a_table_is_a_tenants_or_says_why_not(catalog: psycopg.AsyncConnection[Any]) -> None:
    tables = await names(
        catalog,
        "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')",
    )
    assert tables - await tenant_tables(catalog) == {*WITHOUT_A_WALL, THE_TENANT}


async def test_every_tenant_table_has_row_security_enabled_and_forced(catalog: psycopg.AsyncConnection[Any]) -> None:
    open_tables = await names(
        catalog,
        "select relname from pg_class where relname = any(%s) and not (relrowsecurity and relforcerowsecurity)",
        [*await tenant_tables(catalog), THE_TENANT],
    )
    assert open_tables == set()


async def test_the_application_passes_a_wall_only_inside_its_organization(
    catalog: psycopg.AsyncConnection[Any],
) -> None:
    policies = await ask(
        catalog,
        """
        select tablename, qual, with_check from pg_policies
        where schemaname = 'public' and roles && array['public', 'parlour_app']::name[]
        """,
    )
    own = "(organization_id = current_organization())"
    expected = [(table, own, own) for table in sorted(await tenant_tables(catalog))]
    itself = "(id = current_organization())"
    (queue,) = [(table, qual, check) for table, qual, check in policies if table == "procrastinate_jobs"]
    assert " ".join(queue[1].split()) == (
        "CASE WHEN (current_setting('application_name'::text) = 'parlour worker'::text) THEN true "
        "ELSE ((args ->> 'organization_id'::text) = (current_organization())::text) END"
    )
    assert queue[2] is None, "what may be read may be written"
    assert sorted(policies) == sorted([*expected, (THE_TENANT, itself, itself), queue])


async def test_every_primary_key_begins_with_the_organization(catalog: psycopg.AsyncConnection[Any]) -> None:
    beginnings = await ask(
        catalog,
        """
        select relname, attname from pg_constraint
        join pg_class on pg_class.oid = conrelid
        join pg_attribute on attrelid = conrelid and attnum = conkey[1]
        where contype = 'p' and relname = any(%s)
        """,
        list(await tenant_tables(catalog)),
    )
    assert set(beginnings) == {(table, "organization_id") for table in await tenant_tables(catalog)}


async def test_no_row_can_point_into_another_organization(catalog: psycopg.AsyncConnection[Any]) -> None:
    tables = list(await tenant_tables(catalog))
    astray = await names(
        catalog,
        """
        select conrelid::regclass || '.' || conname from pg_constraint
        where contype = 'f' and conrelid::regclass::text = any(%s) and confrelid::regclass::text = any(%s)
        and (
            (select attname from pg_attribute where attrelid = conrelid and attnum = conkey[1]) <> 'organization_id'
            or (select attname from pg_attribute where attrelid = confrelid and attnum = confkey[1])
                <> 'organization_id'
        )
        """,
        tables,
        tables,
    )
    assert astray == set()


async def test_the_application_owns_nothing_and_bypasses_nothing(catalog: psycopg.AsyncConnection[Any]) -> None:
    roles = await ask(
        catalog,
        """
        select rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles
        where rolname like 'parlour\\_%%' order by rolname
        """,
    )
    assert roles == [(f"parlour_{name}", False, False, False, False) for name in ("app", "doorkeeper", "owner")]
    owned = await names(
        catalog,
        """
        select relname from pg_class where pg_get_userbyid(relowner) = 'parlour_app'
        union all select proname from pg_proc where pg_get_userbyid(proowner) = 'parlour_app'
        """,
    )
    memberships = await ask(catalog, "select 1 from pg_auth_members where member = 'parlour_app'::regrole")
    assert (owned, memberships) == (set(), [])


async def test_every_doorway_belongs_to_the_doorkeeper_and_finds_no_foreign_table(
    catalog: psycopg.AsyncConnection[Any],
) -> None:
    doorways = await ask(
        catalog,
        """
        select proname, pg_get_userbyid(proowner), coalesce(array_to_string(proconfig, ','), '') from pg_proc
        where pronamespace = 'public'::regnamespace and prosecdef
        """,
    )
    assert doorways
    for name, owner, configuration in doorways:
        assert (name.startswith("doorway_"), owner) == (True, "parlour_doorkeeper"), name
        assert "search_path=" in configuration, name
