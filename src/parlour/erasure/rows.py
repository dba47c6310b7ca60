"""An organization's rows: every table there is, asked of the database itself, so that a new one can't be forgotten."""

from graphlib import TopologicalSorter
from typing import Final, LiteralString

import msgspec

from parlour.foundation.database import Transaction

PIECE: Final = 1000
"""Rows in one transaction: some tens of milliseconds, which nobody waits for."""

# These go with the organization itself, at the very end: one says that it is being erased, the other that nothing of it
# can be read any more.
_LAST: Final = ("closings", "data_keys")


class _Table(msgspec.Struct, frozen=True):
    name: str
    points_at: list[str]


async def tables(tx: Transaction) -> list[str]:
    """All that hold rows of tenants and give them up to the application; none before those that point at it."""
    found = await tx.all(_Table, _TABLES, last=list(_LAST))
    order = TopologicalSorter[str]()
    for table in found:
        order.add(table.name)
        for other in table.points_at:
            order.add(other, table.name)
    known = {table.name for table in found}
    return [name for name in order.static_order() if name in known]


async def erase_piece(tx: Transaction, table: str) -> int:
    """At most a thousand rows of the transaction's organization. How many they were."""
    # Without this a table that is almost empty of it would be read from end to end for each piece.
    await tx.run("set local enable_seqscan = off")
    return await tx.run(
        # The name is the database's own, as it writes it.
        f"delete from {table} where ctid = any (array(select ctid from {table} limit {PIECE}))"
    )


_TABLES: LiteralString = """
    select quote_ident(c.relname) as name,
        array(
            select distinct quote_ident(other.relname)
            from pg_constraint f
            join pg_class other on other.oid = f.confrelid
            where f.contype = 'f' and f.conrelid = c.oid and f.confrelid <> c.oid
        ) as points_at
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'organization_id' and not a.attisdropped
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relrowsecurity
        and has_table_privilege(c.oid, 'delete') and c.relname <> all(%(last)s)
    order by c.relname
"""
