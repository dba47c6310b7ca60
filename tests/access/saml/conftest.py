"""The identity provider as a process of its own."""

import socket
from collections.abc import AsyncIterator

import httpx
import pytest_asyncio

from parlour.access import providers
from parlour.access.providers.saml.keys import Pair
from tests.access.saml import counterpart
from tests.access.saml.counterpart import Counterpart
from tests.waiting import until


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def away() -> AsyncIterator[Counterpart]:
    """A provider that others have written, running."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with counterpart.running(port):
        address = f"http://127.0.0.1:{port}"
        await until(lambda: _answers(address), within=60)
        yield Counterpart(address)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def pair() -> Pair:
    """A key of ours. They take a second to find."""
    return await providers.new_pair()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def other_pair() -> Pair:
    return await providers.new_pair()


async def _answers(address: str) -> bool:
    async with httpx.AsyncClient() as client:
        try:
            return (await client.get(f"{address}/metadata")).status_code == 200
        except httpx.TransportError:
            return False
