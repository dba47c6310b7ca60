"""New keys while two processes read every sealed column there is, and write: nothing is lost, nothing forgotten."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest

from parlour.connections import Servers
from parlour.foundation.settings import Settings
from tests.builders import build_company
from tests.ground.every_column import fill, opened, values_of
from tests.ground.safe import Safe, make_safe
from tests.waiting import until

ROOT = Path(__file__).parents[2]


@pytest.fixture
def safe(servers: tuple[Path, Servers], settings: Settings, tmp_path: Path) -> Safe:
    return make_safe(servers, settings, tmp_path / "data")


class Load:
    """A process that reads and writes until it is ended, or finds something wrong."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.rounds = 0
        self.listening = asyncio.create_task(self._listen())

    async def goes_on(self) -> None:
        """It comes round twice from here."""
        wanted = self.rounds + 2

        async def has_come_round() -> bool:
            assert not self.listening.done(), f"ended after {self.rounds} rounds"
            return self.rounds >= wanted

        await until(has_come_round, within=60)

    async def _listen(self) -> None:
        assert self.process.stdout
        while line := await self.process.stdout.readline():
            self.rounds = int(line)


@asynccontextmanager
async def loaded(safe: Safe, organization_id: UUID) -> AsyncIterator[Load]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.ground.every_column",
        str(organization_id),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, **safe.environment},
    )
    load = Load(process)
    try:
        yield load
    finally:
        if process.returncode is None:
            process.kill()
        await load.listening
        await process.wait()


async def test_new_keys_under_two_processes_lose_no_value_of_any_column(safe: Safe) -> None:
    async with safe.process() as here, AsyncExitStack() as stack:
        company = await build_company(here, "Acme")
        await fill(here, company.slug, company.alice, company.bob)
        before = await opened(here, company.organization_id)
        assert all((await values_of(here, company.organization_id)).values())
        loads = [await stack.enter_async_context(loaded(safe, company.organization_id)) for _ in range(2)]
        await asyncio.gather(*[load.goes_on() for load in loads])
        code, told = await asyncio.to_thread(safe.run, "rotate", "--organization", company.slug)
        assert code == 0, told
        await asyncio.gather(*[load.goes_on() for load in loads])
        after = await values_of(here, company.organization_id)
        versions = {column: {int.from_bytes(sealed[1:5]) for _, sealed in values} for column, values in after.items()}
        assert versions == {column: {2} for column in versions}
    async with safe.process() as afterwards:
        assert await opened(afterwards, company.organization_id) == before
