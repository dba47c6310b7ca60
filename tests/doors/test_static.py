"""The browser's files: named after their content, kept for ever, as small as the browser takes them."""

from pathlib import Path

import httpx
import pytest_asyncio

from parlour.entrance.static import Static


@pytest_asyncio.fixture(loop_scope="session")
async def client(tmp_path: Path) -> httpx.AsyncClient:
    (tmp_path / "app.1A2B.js").write_text("plain")
    (tmp_path / "app.1A2B.js.br").write_bytes(b"brotli")
    (tmp_path / "app.1A2B.js.gz").write_bytes(b"gzip")
    (tmp_path / "icons.svg").write_text("<svg/>")
    (tmp_path / ".hidden").write_text("x")
    (tmp_path.parent / "outside.txt").write_text("x")
    return httpx.AsyncClient(transport=httpx.ASGITransport(Static(tmp_path)), base_url="http://parlour.test/static")


async def _raw(client: httpx.AsyncClient, name: str, accepts: str) -> tuple[str | None, bytes]:
    async with client.stream("GET", name, headers={"accept-encoding": accepts}) as answer:
        return answer.headers.get("content-encoding"), b"".join([piece async for piece in answer.aiter_raw()])


async def test_a_file_is_given_as_small_as_the_browser_takes_it(client: httpx.AsyncClient) -> None:
    assert await _raw(client, "/app.1A2B.js", "gzip, br, zstd") == ("br", b"brotli")
    assert await _raw(client, "/app.1A2B.js", "gzip, br;q=0") == ("gzip", b"gzip")
    assert await _raw(client, "/app.1A2B.js", "identity") == (None, b"plain")
    assert await _raw(client, "/icons.svg", "gzip, br") == (None, b"<svg/>")


async def test_a_file_is_kept_for_ever(client: httpx.AsyncClient) -> None:
    answer = await client.get("/app.1A2B.js", headers={"accept-encoding": "identity"})
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["vary"] == "accept-encoding"
    assert (await client.get("/icons.svg")).headers["content-type"] == "image/svg+xml"


async def test_nothing_else_is_given(client: httpx.AsyncClient) -> None:
    for name in ("nothing.js", "../outside.txt", "..%2foutside.txt", ".hidden", "", "app.1A2B.js/", "%00"):
        assert (await client.get(f"/{name}")).status_code == 404, name
    assert (await client.post("/icons.svg")).status_code == 405
