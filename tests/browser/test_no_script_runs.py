"""What strangers write into their mails, in a real browser.

Cleaned it runs nothing, and where nothing is cleaned the policy alone stops it.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Error, Page, Route

from parlour.entrance import POLICY
from parlour.foundation import html

PAYLOADS = (Path(__file__).parents[1] / "email" / "safety" / "xss.txt").read_text().splitlines()
WATCH = "window.ran = 0; window.alert = () => { window.ran += 1; };"
PROVOKE = """() => {
    const events = ['click', 'mouseover', 'mouseenter', 'focus', 'error', 'load', 'toggle', 'animationstart'];
    for (const element of document.querySelectorAll('*')) {
        for (const name of events) element.dispatchEvent(new Event(name, {bubbles: false}));
        if (element.click) element.click();
        if (element.focus) element.focus();
    }
    return window.ran;
}"""
WAYS = {
    "raw": (lambda payload: payload, ""),
    "cleaned": (html.clean, ""),
    "policed": (lambda payload: payload, POLICY),
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shown() -> AsyncIterator[str]:
    """Serves each payload in each way: `/cleaned/17`."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        _, way, number = request.split(b" ")[1].decode().split("/")[:3]
        change, policy = WAYS[way]
        body = f"<!doctype html><meta charset=utf-8><title>x</title><div>{change(PAYLOADS[int(number)])}</div>".encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        head += f"Content-Security-Policy: {policy}\r\n" if policy else ""
        writer.write(head.encode() + b"Connection: close\r\n\r\n" + body)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


class Watched:
    """A page on which every attempt is counted, and which never leaves our server."""

    def __init__(self, context: BrowserContext, home: str) -> None:
        self.context = context
        self.home = home
        self.elsewhere: list[str] = []

    async def try_all(self, way: str, most: int | None = None) -> list[str]:
        """The payloads that ran something, of the first so many or of all."""
        page = await self._fresh()
        found = []
        for number, payload in enumerate(PAYLOADS[:most]):
            try:
                ran = await self._runs(page, f"{self.home}/{way}/{number}")
            except Error:
                # One that navigates away takes the page with it; what it does there is stopped below.
                await page.close()
                page, ran = await self._fresh(), False
            if ran:
                found.append(payload)
        await page.close()
        return found

    async def _fresh(self) -> Page:
        page = await self.context.new_page()
        await page.add_init_script(WATCH)
        await page.route("**/*", self._stay)
        return page

    async def _runs(self, page: Page, address: str) -> bool:
        await page.goto(address, wait_until="load")
        before = await page.evaluate("window.ran")
        return bool(before or await page.evaluate(PROVOKE))

    async def _stay(self, route: Route) -> None:
        asked = urlsplit(route.request.url)
        if asked.netloc == urlsplit(self.home).netloc and asked.path.rpartition("/")[2].isdigit():
            await route.continue_()
            return
        if "favicon" not in asked.path:
            self.elsewhere.append(route.request.url)
        await route.abort()


@pytest_asyncio.fixture(loop_scope="session")
async def watched(browser: Browser, shown: str) -> AsyncIterator[Watched]:
    context = await browser.new_context()
    yield Watched(context, shown)
    await context.close()


def test_the_corpus_is_large_enough() -> None:
    assert len(set(PAYLOADS)) == len(PAYLOADS) >= 60


async def test_the_trap_works(watched: Watched) -> None:
    """Left as they are, many of them run: otherwise the other tests would prove nothing."""
    assert len(await watched.try_all("raw", 40)) > 15


async def test_cleaned_html_runs_nothing_and_asks_nobody(watched: Watched) -> None:
    assert await watched.try_all("cleaned") == []
    # Links open apart, in windows that are not looked at here; the page itself loads nothing.
    assert watched.elsewhere == []


async def test_the_policy_alone_stops_every_script(watched: Watched) -> None:
    assert await watched.try_all("policed") == []
