"""A company's directory, as a client of ours."""

from collections.abc import Callable

import httpx
import pytest_asyncio

from parlour import access
from tests.builders import Company

Directory = Callable[..., httpx.AsyncClient]


async def directory_token(company: Company) -> str:
    async with company.database.transaction(company.organization_id) as tx:
        return (await access.create_directory_token(tx, "Entra", by=company.alice))[1]


@pytest_asyncio.fixture(loop_scope="session")
async def directory(acme: Company, connect: Directory) -> httpx.AsyncClient:
    client = connect(authorization=f"Bearer {await directory_token(acme)}")
    client.base_url = httpx.URL("http://parlour.test/api/scim/v2")
    return client
