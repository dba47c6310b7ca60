"""Identity providers as processes of their own: one that is kept by others, and one that lies on demand."""

import json
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest_asyncio

from tests.access.providers import counterpart
from tests.access.providers.counterpart import Counterpart
from tests.access.providers.desk import Forger
from tests.waiting import until

PEOPLE = (
    {"sub": "b-1", "email": "bob@acme.test", "email_verified": True, "name": "Bob of Acme", "groups": ["help"]},
    {"sub": "n-1", "email": "nora@acme.test", "email_verified": True, "name": "Nora New", "groups": ["help", "leads"]},
)


@contextmanager
def _running(*command: str) -> Iterator[None]:
    with subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()
            process.wait(20)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


async def _answers(issuer: str) -> bool:
    async with httpx.AsyncClient() as client:
        try:
            return (await client.get(f"{issuer}/.well-known/openid-configuration")).status_code == 200
        except httpx.TransportError:
            return False


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def forging() -> AsyncIterator[Forger]:
    port = _free_port()
    with _running(str(Path(__file__).with_name("forger.py")), str(port)):
        issuer = f"http://127.0.0.1:{port}"
        await until(lambda: _answers(issuer), within=60)
        yield Forger(issuer)


@pytest_asyncio.fixture(loop_scope="session")
async def forger(forging: Forger) -> Forger:
    await forging.plan()
    return forging


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def kept_provider() -> AsyncIterator[str]:
    """The issuer of `oidc-provider-mock`."""
    port = _free_port()
    told = [part for person in PEOPLE for part in ("--user-claims", json.dumps(person))]
    with _running("-m", "oidc_provider_mock", "--port", str(port), "--require-nonce", *told):
        issuer = f"http://127.0.0.1:{port}"
        await until(lambda: _answers(issuer), within=60)
        yield issuer


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def keeper() -> AsyncIterator[Counterpart]:
    """A provider with sessions of its own, that ends them and says so."""
    port = _free_port()
    with counterpart.running(port):
        issuer = f"http://127.0.0.1:{port}"
        await until(lambda: _answers(issuer), within=60)
        yield Counterpart(issuer)
