"""Slow and endless requests, over real sockets to a real web process."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import uvicorn

from parlour import app
from parlour.commands import protocol
from parlour.foundation.settings import Settings
from tests.builders import Company
from tests.doors.conftest import Clients, failure, token_of


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def port(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[int]:
    """The app behind the very server that `parlour web` runs, with little patience."""
    assert isinstance(tmp_path_factory.getbasetemp(), Path)
    known = settings.model_copy(update={"rate_limits": "off", "request_seconds": 1.5, "statement_seconds": 0.5})
    listener = socket.create_server(("127.0.0.1", 0))
    kept, protocol.HEAD_SECONDS = protocol.HEAD_SECONDS, 1.0  # type: ignore[misc]
    config = uvicorn.Config(
        app.build(known),
        http=protocol.ImpatientProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        server_header=False,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
        await asyncio.sleep(0.02)
    yield int(listener.getsockname()[1])
    server.should_exit = True
    await serving
    protocol.HEAD_SECONDS = kept  # type: ignore[misc]


async def _said(port: int, *pieces: bytes, pause: float = 0.0) -> bytes:
    """Everything the server says until it hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    heard = asyncio.create_task(reader.read())
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)
            if heard.done():
                break
    except ConnectionError:
        pass
    try:
        async with asyncio.timeout(20):
            return await heard
    except ConnectionError:
        return b""
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def _status(said: bytes) -> str:
    return said.split(b"\r\n")[0].decode()


async def test_headers_that_trickle_in_are_not_waited_for(port: int) -> None:
    lines = [b"GET /sign-in HTTP/1.1\r\n", *[b"X-%d: a\r\n" % number for number in range(30)]]
    assert _status(await _said(port, *lines, pause=0.1)) == "HTTP/1.1 408 Request Timeout"


async def test_a_connection_that_says_nothing_is_closed(port: int) -> None:
    assert _status(await _said(port)) == "HTTP/1.1 408 Request Timeout"


@pytest.mark.parametrize(
    "head",
    [
        [b"X-Long: " + b"a" * 80_000 + b"\r\n"],
        [b"X-%d: a\r\n" % number for number in range(150)],
        [b"X-Endless: ", *[b"a" * 10_000 for _ in range(20)]],
    ],
    ids=["long", "many", "endless"],
)
async def test_headers_without_measure_are_refused(port: int, head: list[bytes]) -> None:
    said = await _said(port, b"GET /sign-in HTTP/1.1\r\nHost: x\r\n", *head, b"\r\n")
    # What is refused while it still comes may be cut before the answer is read.
    assert _status(said) in ("HTTP/1.1 431 Request Header Fields Too Large", "")
    assert b"200 OK" not in said


async def test_a_body_that_trickles_in_is_not_waited_for(port: int, acme: Company) -> None:
    token = await token_of(acme, acme.bob)
    head = (
        f"POST /api/tickets HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n"
        "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    )
    said = await _said(port, head.encode(), *[b"{"] * 12, pause=0.2)
    assert _status(said) == "HTTP/1.1 408 Request Timeout"
    assert b"did not arrive in time" in said


async def test_two_requests_on_one_line_and_a_body_are_answered_as_ever(port: int) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        assert [(await client.get("/sign-in")).status_code for _ in range(3)] == [200, 200, 200]
        await asyncio.sleep(1.3)
        form = {"email": "nobody@x.test", "password": "wrong" * 2_000}
        assert (await client.post("/sign-in", data=form)).status_code == 422


async def test_nothing_is_told_of_what_serves(port: int) -> None:
    for request in (b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"NONSENSE\r\n\r\n"):
        said = (await _said(port, request)).lower()
        assert b"\nserver:" not in said
        for word in (b"uvicorn", b"litestar", b"python", b"x-powered-by"):
            assert word not in said.partition(b"\r\n\r\n")[0]


async def test_a_statement_that_takes_too_long_is_ended_by_the_database(
    settings: Settings, acme: Company, port: int
) -> None:
    known = settings.model_copy(update={"statement_seconds": 0.3})
    asgi = app.build(known)
    database = asgi.other_asgi_app.app.state["installation"].database
    await database.open()
    try:
        began = time.monotonic()
        with pytest.raises(Exception, match="statement timeout"):
            async with database.reading(acme.organization_id) as tx:
                await tx.value("select pg_sleep(20)")
        assert time.monotonic() - began < 15
    finally:
        await database.close()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"data": {f"field{number}": "x" for number in range(2_000)}}, (400,)),
        ({"files": [("file", (f"{number}.txt", b"x")) for number in range(2_000)]}, (400, 413)),
    ],
)
async def test_a_form_without_measure_is_refused(sent: Any, status: tuple[int, ...], at_acme: Clients) -> None:
    answer = await (await at_acme.browser("alice", with_csrf=True)).post("/dashboard/tickets/new", **sent)
    assert answer.status_code in status, answer.text


@pytest.mark.parametrize("body", ["[" * 100_000, '{"a":' * 100_000, '{"subject": ' + "[" * 50_000 + "]" * 50_000 + "}"])
async def test_json_without_a_bottom_is_refused(body: str, at_acme: Clients) -> None:
    headers = {"content-type": "application/json"}
    answer = await (await at_acme.program("bob")).post("/api/tickets", content=body, headers=headers)
    assert answer.status_code in (400, 422)
    failure(answer)
