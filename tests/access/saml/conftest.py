"""The identity provider as a process of its own."""

import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest_asyncio

from tests.access.saml import provider as there
from tests.waiting import until


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def away() -> AsyncIterator[str]:
    """A provider in a process of its own: its address."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    process = _begun(port)
    try:
        address = f"http://127.0.0.1:{port}"
        await until(lambda: _answers(address), within=60)
        yield address
    finally:
        process.terminate()
        process.wait(20)


def _begun(port: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, str(Path(there.__file__)), str(port)])


async def _answers(address: str) -> bool:
    async with httpx.AsyncClient() as client:
        try:
            return (await client.get(f"{address}/metadata")).status_code == 200
        except httpx.TransportError:
            return False
