"""Erasing an organization takes the rows of every table there is, and nobody else's. Asked of the catalogue."""

from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import namedtuple_row

from parlour.erasure.rows import PIECE, erase_piece, tables
from tests.laws.test_walls import THE_TENANT, tenant_tables
from tests.laws.test_walls_from_inside import ACME, GLOBEX, Connection, enter, put_rows, rows
from tests.laws.test_walls_from_inside import root as root

FORGET = "select doorway_forget_organization(now(), now() + interval '1 day')"
ERASE_TRAIL = "select doorway_erase_audit_records(1000)"


class Within:
    """The raw connection, as far as the erasing of rows asks of a transaction."""

    def __init__(self, root: Connection) -> None:
        self._root = root

    async def all(self, struct: Any, question: str, **values: Any) -> list[Any]:
        async with self._root.cursor(row_factory=namedtuple_row) as cursor:
            await cursor.execute(question, values)  # type: ignore[arg-type]
            return await cursor.fetchall()

    async def run(self, question: str, **values: Any) -> int:
        return (await self._root.execute(question, values or None)).rowcount  # type: ignore[arg-type]


async def test_every_table_is_emptied_of_it_and_keeps_what_is_others(root: Connection) -> None:
    everything = sorted([*await tenant_tables(root), THE_TENANT])
    for table in everything:
        await put_rows(root, table)
    await root.execute("set local session_replication_role = origin")
    await _inside(root)
    tx: Any = Within(root)
    for table in await tables(tx):
        assert await erase_piece(tx, table) == 1, table
        assert await erase_piece(tx, table) == 0, table
    for refused in (FORGET, ERASE_TRAIL):
        # Nobody has asked for it: an empty organization is still one.
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with root.transaction():
                await root.execute("update closings set erasing_since = null")
                await root.execute(refused)
    await root.execute("update closings set erasing_since = now()")
    assert await rows(root, ERASE_TRAIL) == [(1,)]
    assert await rows(root, FORGET) == [(1,)]
    await root.execute("reset role")
    for table in everything:
        own = sql.Identifier("id" if table == THE_TENANT else "organization_id")
        left = sql.SQL("select {} from {} where {} = any(%s)").format(own, sql.Identifier(table), own)
        assert await (await root.execute(left, ([ACME, GLOBEX],))).fetchall() == [(GLOBEX,)], table
    assert await rows(root, "select id from erasures where id = any(%s)", [ACME, GLOBEX]) == [(ACME,)]


async def test_the_trail_of_an_organization_with_people_in_it_is_not_to_be_had(root: Connection) -> None:
    for table in ("organizations", "users", "closings", "audit_trails", "audit_records"):
        await put_rows(root, table)
    await _inside(root)
    await root.execute("update closings set erasing_since = now()")
    for refused in (FORGET, ERASE_TRAIL):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="is not empty"):
            async with root.transaction():
                await root.execute(refused)
    assert await rows(root, "select count(*) from audit_records") == [(1,)]


async def test_a_piece_is_found_by_its_index_and_read_by_its_place(root: Connection) -> None:
    await root.execute("set local session_replication_role = replica")
    for organization in (ACME, GLOBEX):
        await root.execute(
            """
            insert into idempotency_keys (organization_id, user_id, key, fingerprint)
            select %s, gen_random_uuid(), number::text, '' from generate_series(1, 5000) number
            """,
            (organization,),
        )
    await root.execute("analyze idempotency_keys")
    await _inside(root)
    await root.execute("set local enable_seqscan = off")
    table = "idempotency_keys"
    statement = f"explain delete from {table} where ctid = any (array(select ctid from {table} limit {PIECE}))"
    plan = "\n".join(line for (line,) in await rows(root, statement))
    assert "Tid Scan on idempotency_keys" in plan
    assert "Index Scan using idempotency_keys_pkey" in plan
    assert "Seq Scan" not in plan


async def test_the_application_neither_reads_nor_writes_what_is_kept_of_the_erased(root: Connection) -> None:
    await _inside(root)
    for way in ("select 1 from erasures", "delete from erasures", "update erasures set slug = 'x'"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with root.transaction():
                await root.execute(way)  # type: ignore[arg-type]


async def _inside(root: Connection) -> None:
    await root.execute("set local role parlour_app")
    await enter(root, ACME)
