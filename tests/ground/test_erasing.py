"""`parlour organizations erase` as a process, killed on its way."""

import asyncio
from pathlib import Path

import pytest

from parlour.connections import Servers
from parlour.foundation.installation import Installation
from parlour.foundation.settings import Settings
from tests.builders import Company, build_company
from tests.doors.all_rows import everything_of
from tests.ground.safe import Safe, make_safe

ROWS = 30_000


@pytest.fixture
def safe(servers: tuple[Path, Servers], settings: Settings, tmp_path: Path) -> Safe:
    return make_safe(servers, settings, tmp_path / "data")


async def rows_of(company: Company) -> int:
    async with company.database.reading(company.organization_id) as tx:
        count: int = await tx.value("select count(*) from activities")
    return count


async def fill(company: Company) -> None:
    async with company.database.transaction(company.organization_id) as tx:
        await tx.run(
            """
            insert into activities (organization_id, id, name, at, details)
            select current_organization(), gen_random_uuid(), 'TicketOpened', now(), '{}'
            from generate_series(1, %(rows)s)
            """,
            rows=ROWS,
        )


async def test_an_erasing_that_is_killed_goes_on_where_it_was(safe: Safe) -> None:
    async with safe.process() as here:
        acme, globex = await build_company(here, "Acme"), await build_company(here, "Globex")
        await fill(acme)
        whole, neighbours = await rows_of(acme), await everything_of(globex)
        assert await asyncio.to_thread(safe.run, "erase", acme.slug, named="organizations", says="globex\n") == (
            1,
            "Everything of Acme will be erased now. There is no way back.\n"
            "Type its short name to go on: That is not its short name. Nothing was erased.\n",
        )
        assert await rows_of(acme) == whole
        left = await _kill_in_the_middle(safe, here, acme)
        assert 0 < left < whole
        # The hold of a process that has died runs out by itself; nobody waits for that here.
        await here.cache.delete(f"erasing:{acme.organization_id}")
        code, told = await asyncio.to_thread(safe.run, "erase", acme.slug, "--yes", named="organizations")
        assert (code, told.splitlines()[-1]) == (
            0,
            "Acme is erased. Its short name is nobody's for 90 days.",
        )
        assert await everything_of(acme) == []
        assert await everything_of(globex) == neighbours
        assert (await asyncio.to_thread(safe.run, "list", named="organizations"))[1].split()[0] == globex.slug


async def _kill_in_the_middle(safe: Safe, here: Installation, company: Company) -> int:
    process = safe.command("erase", company.slug, "--yes", named="organizations")
    whole = left = await rows_of(company)
    while left == whole and process.poll() is None:
        left = await rows_of(company)
    process.kill()
    await asyncio.to_thread(process.communicate, timeout=30)
    assert process.returncode == -9
    return await rows_of(company)
