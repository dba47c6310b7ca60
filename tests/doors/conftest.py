"""The real app in this process, and clients of it."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio

from parlour import access, app
from parlour.entrance import COOKIE, csrf
from parlour.foundation.settings import Settings
from parlour.people import Actor
from tests.builders import Company, begin_session
from tests.doors.screens import Client, connect_screen
from tests.waiting import until

HOST = "http://parlour.test"
Connect = Callable[..., httpx.AsyncClient]
Opens = Callable[..., Any]


@asynccontextmanager
async def started(settings: Settings) -> AsyncIterator[Any]:
    """The application between its startup and its shutdown."""
    asgi = app.build(settings)
    inbox: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    outbox: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    life = asyncio.create_task(asgi({"type": "lifespan", "asgi": {}, "state": {}}, inbox.get, outbox.put))
    await inbox.put({"type": "lifespan.startup"})
    assert (await outbox.get())["type"] == "lifespan.startup.complete"
    yield asgi
    await inbox.put({"type": "lifespan.shutdown"})
    await life


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def unlimited(settings: Settings) -> AsyncIterator[Any]:
    """The app without rate limits."""
    async with started(settings.model_copy(update={"rate_limits": "off"})) as asgi:
        yield asgi


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def limited(settings: Settings) -> AsyncIterator[Any]:
    """The app as it comes."""
    async with started(settings.model_copy(update={"rate_limits": "on"})) as asgi:
        yield asgi


@pytest_asyncio.fixture(loop_scope="session")
async def connect(unlimited: Any) -> AsyncIterator[Connect]:
    """Makes clients: nobody's, or with headers of their own."""
    async with AsyncExitStack() as open_clients:
        clients: list[httpx.AsyncClient] = []

        def client(asgi: Any = unlimited, *, address: str = "127.0.0.1", **headers: str) -> httpx.AsyncClient:
            transport = httpx.ASGITransport(asgi, raise_app_exceptions=False, client=(address, 123))
            made = httpx.AsyncClient(transport=transport, base_url=HOST, headers=headers)
            clients.append(made)
            open_clients.push_async_callback(made.aclose)
            return made

        yield client


async def token_of(company: Company, actor: Actor) -> str:
    """A new API token of somebody's."""
    async with company.database.transaction(company.organization_id) as tx:
        return (await access.create_token(tx, actor.user_id, "test"))[1]


async def session_of(company: Company, actor: Actor, *, ago: timedelta = timedelta()) -> tuple[str, str]:
    """A new session's cookie, and what its forms must send back."""
    cookie = await begin_session(company, actor, ago=ago)
    session = await access.session_of(company.installation, cookie)
    assert session
    return cookie, csrf.masked(session.csrf)


@pytest.fixture(scope="session")
def environment(settings: Settings) -> dict[str, str]:
    known = settings.model_copy(update={"rate_limits": "on"}).model_dump(mode="json")
    names = {"database_url": "DATABASE_URL", "redis_url": "REDIS_URL"}
    given = {names.get(name, f"PARLOUR_{name.upper()}"): str(value) for name, value in known.items() if value}
    return {
        **os.environ,
        **given,
        "PARLOUR_API_LIMIT": "10000/minute",
        "PARLOUR_TICKET_LIMIT": "10000/minute",
        "PARLOUR_SOCKET_LIMIT": "40/minute",
        "PARLOUR_REFUSAL_SECONDS": "0",
    }


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def processes(environment: dict[str, str]) -> AsyncIterator[list[str]]:
    """Two web processes over the same database and Valkey."""
    ports = [_free_port(), _free_port()]
    running = [_start(port, environment) for port in ports]
    addresses = [f"http://127.0.0.1:{port}" for port in ports]
    try:
        for address in addresses:
            await until(lambda address=address: _answers(address), within=60)  # type: ignore[misc]
        yield addresses
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
        for process in running:
            process.wait(20)


@pytest_asyncio.fixture(loop_scope="session")
async def screen(processes: list[str], acme: Company) -> AsyncIterator[Opens]:
    """Opens screens of somebody, at the first or the second process."""
    async with AsyncExitStack() as stack:

        async def opened(actor: Actor, company: Company = acme, at: int = 0) -> Client:
            client = Client()
            await connect_screen(client, processes[at], auth={"token": await token_of(company, actor)})
            stack.push_async_callback(client.socket.disconnect)
            return client

        yield opened


class Clients:
    """Everybody of a company, as clients of the API with a token, or of the pages with a session."""

    def __init__(self, company: Company, connect: Connect) -> None:
        self._company = company
        self._connect = connect

    async def program(self, first: str, asgi: Any = None) -> httpx.AsyncClient:
        token = await token_of(self._company, getattr(self._company, first))
        more = {"asgi": asgi} if asgi else {}
        return self._connect(**more, authorization=f"Bearer {token}")

    async def browser(self, first: str, *, with_csrf: bool = True, ago: timedelta = timedelta()) -> httpx.AsyncClient:
        cookie, token = await session_of(self._company, getattr(self._company, first), ago=ago)
        headers = {"x-csrf-token": token} if with_csrf else {}
        return self._connect(**headers, cookie=f"{COOKIE}={cookie}", accept="text/html,*/*;q=0.8")


@pytest_asyncio.fixture(loop_scope="session")
async def at_acme(acme: Company, connect: Connect) -> Clients:
    return Clients(acme, connect)


@pytest_asyncio.fixture(loop_scope="session")
async def at_globex(globex: Company, connect: Connect) -> Clients:
    return Clients(globex, connect)


def failure(answer: httpx.Response) -> dict[str, Any]:
    """The error of an answer, in the shape that all of them have."""
    body: dict[str, Any] = answer.json()
    assert set(body) - {"details"} == {"error", "timestamp", "requestId"}, body
    assert body["requestId"] == answer.headers["x-request-id"]
    assert msgspec.convert(body["timestamp"], type=str)
    return body


async def _answers(address: str) -> bool:
    async with httpx.AsyncClient() as client:
        try:
            return (await client.get(f"{address}/api/openapi.json")).status_code == 200
        except httpx.ConnectError:
            return False


def _start(port: int, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "uvicorn", "--factory", "parlour.app:build", "--no-access-log"]
    return subprocess.Popen([*command, "--port", str(port)], env=environment)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
