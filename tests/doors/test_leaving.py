"""Signing out here and at the provider: one from the other, with a provider that others have written."""

import asyncio
import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from parlour.access.providers import Provider
from tests.access.providers import counterpart, desk
from tests.access.providers.conftest import keeper  # noqa: F401
from tests.access.providers.counterpart import Counterpart, logout_path
from tests.builders import Company
from tests.doors.conftest import Connect
from tests.doors.test_providers import BROWSER, near  # noqa: F401


async def entered(company: Company, client: httpx.AsyncClient, there: httpx.AsyncClient, provider: Provider) -> None:
    """Signed in through the provider's own pages."""
    away = await client.get(f"/sign-in/at/{company.slug}/{provider.id}")
    back = await counterpart.signed_in(there, away.headers["location"], f"bob@{company.slug}.test")
    assert (await client.get(back)).headers["location"] == "/dashboard"
    assert await is_in(client)


async def is_in(client: httpx.AsyncClient) -> bool:
    return (await client.get("/dashboard/settings")).status_code == 200


async def leave(client: httpx.AsyncClient) -> httpx.Response:
    page = (await client.get("/dashboard/settings")).text
    token = re.findall(r'name="csrf" value="([^"]+)"', page)[0]
    return await client.post("/sign-out", data={"csrf": html.unescape(token)})


async def introduced(company: Company, there: Counterpart, told_at: str = "") -> Provider:
    await desk.claim(company, f"{company.slug}.test")
    provider = await there.introduced(company, told_at)
    async with company.database.transaction(company.organization_id) as tx:
        # As their administrator would: newcomers become agents.
        await tx.run("update identity_providers set newcomers_are = 'AGENT' where id = %(id)s", id=provider.id)
    return provider


async def test_whoever_signs_out_here_may_sign_out_there_and_comes_back(
    acme: Company,
    keeper: Counterpart,  # noqa: F811
    near: Any,  # noqa: F811
    connect: Connect,
) -> None:
    provider, client = await introduced(acme, keeper), connect(near, **BROWSER)
    async with httpx.AsyncClient() as there:
        await entered(acme, client, there, provider)
        left = await leave(client)
        assert left.status_code == 303 and left.headers["location"].startswith("/sign-out/there?ticket=")
        assert not await is_in(client)
        page = await client.get(left.headers["location"])
        assert page.headers["cache-control"] == "no-store" and "At Keykeeper you may still be signed in" in page.text
        address = html.unescape(re.findall(rf'href="({re.escape(keeper.issuer)}[^"]+)"', page.text)[0])
        asked = httpx.URL(address).params
        assert asked["id_token_hint"].count(".") == 2 and asked["client_id"] == provider.client_id
        back = await counterpart.signed_out(there, address)
        assert back.startswith(f"/sign-in/with/{provider.id}/left?state={asked['state']}")
        home = await client.get(back)
        assert (home.status_code, home.headers["location"]) == (303, "/")
        assert "here and there" in (await client.get("/")).text
        # Once; and there somebody is asked who they are again.
        assert "here and there" not in (await client.get(back, follow_redirects=True)).text
        away = await client.get(f"/sign-in/at/{acme.slug}/{provider.id}")
        form = await there.get(away.headers["location"], follow_redirects=True)
        assert 'name="password"' in form.text


async def test_who_came_in_otherwise_is_not_asked(
    acme: Company,
    keeper: Counterpart,  # noqa: F811
    near: Any,  # noqa: F811
    connect: Connect,
) -> None:
    provider, client = await introduced(acme, keeper), connect(near, **BROWSER)
    async with httpx.AsyncClient() as there:
        await entered(acme, client, there, provider)
        async with acme.database.transaction(acme.organization_id) as tx:
            await tx.run("update identity_providers set offers_sign_out = false where id = %(id)s", id=provider.id)
        assert (await leave(client)).headers["location"] == "/"
    for path in (
        "/sign-out/there",
        "/sign-out/there?ticket=made-up",
        f"/sign-in/with/{provider.id}/left?state=made-up",
    ):
        assert (await client.get(path)).headers["location"] == "/"


async def test_whoever_signs_out_there_is_out_here(
    acme: Company,
    keeper: Counterpart,  # noqa: F811
    near: Any,  # noqa: F811
    connect: Connect,
) -> None:
    told: list[int] = []
    async with relay(connect(near), told) as address:
        provider = await introduced(acme, keeper, address)
        home, work = connect(near, **BROWSER), connect(near, **BROWSER)
        async with httpx.AsyncClient() as at_home, httpx.AsyncClient() as at_work:
            await entered(acme, home, at_home, provider)
            await entered(acme, work, at_work, provider)
            await counterpart.signed_out(at_home, f"{keeper.issuer}/session/end")
            async with asyncio.timeout(20):
                while not told:
                    await asyncio.sleep(0.05)
        assert told == [200]
        assert (await is_in(home), await is_in(work)) == (False, True)


async def test_a_made_up_token_is_refused_without_a_reason(acme: Company, near: Any, connect: Connect) -> None:  # noqa: F811
    provider = await desk.add(acme, "https://sign-in.acme.test")
    for token in ("", "a.b.c", "x" * 70_000):
        answer = await connect(near).post(
            logout_path(provider.id), data={"logout_token": token}, headers={"origin": "https://sign-in.acme.test"}
        )
        assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"})
        assert answer.headers["cache-control"] == "no-store"


@asynccontextmanager
async def relay(app: httpx.AsyncClient, told: list[int]) -> AsyncIterator[str]:
    """An address at which the provider reaches the app of this process."""

    async def passed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])}
        body = await reader.readexactly(int(fields.get("content-length", 0)))
        path = head[0].split()[1]
        answer = await app.post(path, content=body, headers={"content-type": fields["content-type"]})
        told.append(answer.status_code)
        writer.write(f"HTTP/1.1 {answer.status_code} OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(passed_on, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
