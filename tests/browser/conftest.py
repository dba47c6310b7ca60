"""The real web process, a real browser, and desks: signed-in people in front of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from parlour.foundation.settings import Settings
from tests.browser.desks import Desks
from tests.browser.screens import FLAGS, chromium
from tests.browser.web import Web, web
from tests.doors.conftest import unlimited
from tests.journeys.desk import journey

__all__ = ["journey", "unlimited"]

# A machine may be busy with other tests; what is expected is waited for, no longer than it takes.
expect.set_options(timeout=20_000)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield launched
        await launched.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def site(settings: Settings, tmp_path_factory) -> AsyncIterator[Web]:  # type: ignore[no-untyped-def]
    """A web process that all tests share."""
    folder: Path = tmp_path_factory.mktemp("web")
    async with web(settings, folder / "web.log") as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def desks(browser: Browser, site: Web) -> AsyncIterator[Desks]:
    """Opens screens; at the end of the test none of them may have met an error or a refused inline style or script."""
    opened = Desks(browser, site.url)
    yield opened
    await opened.close()
    assert opened.troubles == []


@pytest_asyncio.fixture(loop_scope="session")
async def named(browser: Browser, site: Web) -> AsyncIterator[Desks]:
    """Desks at the server's name: browsers make no passkeys for a bare address."""
    opened = Desks(browser, site.url.replace("127.0.0.1", "localhost"))
    yield opened
    await opened.close()
    assert opened.troubles == []
