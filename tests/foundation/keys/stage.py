"""What the tests of keys share: another process's view of the same organization, and raw looks at what is stored."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from parlour.foundation import installation
from parlour.foundation.installation import Installation
from parlour.foundation.sealing import Place
from parlour.foundation.settings import Settings
from parlour.reactions import REACTIONS
from tests.builders import Company


@asynccontextmanager
async def another_process(settings: Settings, **changes: Any) -> AsyncIterator[Installation]:
    """An installation over the same database and folder, that remembers nothing yet."""
    async with installation.running(installation.build(settings.model_copy(update=changes), REACTIONS)) as built:
        yield built


def place(company: Company, row: str = "a row", column: str = "sealed_seed") -> Place:
    return Place("users", column, company.organization_id, row)


def blob_file(company: Company, name: str) -> Path:
    return Path(company.installation.settings.data) / "blobs" / name


async def from_before(company: Company) -> None:
    """As if the organization were older than its data keys."""
    async with company.database.transaction(company.organization_id) as tx:
        await tx.run("update organizations set all_sealed = false")
    company.installation.keys.forget(company.organization_id)


async def read(company: Company, name: str, start: int, end: int) -> bytes:
    return b"".join([piece async for piece in await company.installation.blobs.stream(name, start, end)])
