"""All that a company has in the database."""

from parlour.foundation.database import Transaction
from tests.builders import Company


async def everything_of(company: Company) -> list[str]:
    """All rows of all of a company's tables, as text, each with its table's name."""
    async with company.database.reading(company.organization_id) as tx:
        return [row for table in await tx.values(_WALLED_TABLES) for row in await _rows(tx, table)]


async def _rows(tx: Transaction, table: str) -> list[str]:
    rows: list[str] = await tx.values(f"select to_jsonb(one)::text from {table} one")  # type: ignore[arg-type]
    return [f"{table}: {row}" for row in sorted(rows)]


_WALLED_TABLES = """
    select relname from pg_class
    where relrowsecurity and relkind = 'r' and has_table_privilege(oid, 'select')
        -- What anybody may ask for at an open door is looked up by a job: the queue grows, and nothing has changed.
        and relname <> 'procrastinate_jobs'
    order by relname
"""


async def mark_of(company: Company) -> list[str]:
    """Another one after anything of a company's was written: of each table how many rows, and by whom the last."""
    async with company.database.reading(company.organization_id) as tx:
        tables = await tx.values(_WALLED_TABLES)
        each = (f"select concat_ws(':', '{one}', count(*), max(xmin::text::bigint)) from {one}" for one in tables)
        return list(await tx.values(" union all ".join(each)))  # type: ignore[arg-type]
