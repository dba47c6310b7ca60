"""Signed-in people in front of a browser, and what went wrong on their screens."""

from typing import Literal

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Response

from parlour.entrance import COOKIE
from parlour.people import Actor
from tests.browser.screens import DESKTOP
from tests.builders import Company, begin_session

Scheme = Literal["light", "dark"]

# Said aloud, so that it counts as a trouble whatever the browser itself writes of it.
TELL_VIOLATIONS = """addEventListener('securitypolicyviolation', (refused) =>
    console.error('policy', refused.effectiveDirective, refused.blockedURI, refused.sample));"""


class Desks:
    """Opens pages. `troubles` gathers console errors, refused content, uncaught exceptions and server errors."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.troubles: list[str] = []
        self.is_server_away = False
        self.url = url
        self._browser = browser
        self._contexts: list[BrowserContext] = []

    async def page(
        self,
        company: Company | None = None,
        actor: Actor | None = None,
        *,
        size: tuple[int, int] = DESKTOP,
        scheme: Scheme = "light",
        script: bool = True,
    ) -> Page:
        """A new window, of nobody or of somebody signed in."""
        width, height = size
        context = await self._browser.new_context(
            base_url=self.url,
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            java_script_enabled=script,
            has_touch=width < 600,
            is_mobile=width < 600,
            reduced_motion="reduce",
        )
        self._contexts.append(context)
        if company and actor:
            cookie = await begin_session(company, actor)
            await context.add_cookies([{"name": COOKIE, "value": cookie, "url": self.url}])
        page = await context.new_page()
        page.set_default_timeout(20_000)
        if script:
            await page.add_init_script(TELL_VIOLATIONS)
        self.watch(page)
        return page

    def watch(self, page: Page) -> None:
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.troubles.append(f"uncaught: {error}"))
        page.on("response", self._see)

    async def close(self) -> None:
        for context in self._contexts:
            await context.close()

    def _hear(self, message: ConsoleMessage) -> None:
        is_expected = "Failed to load resource" in message.text or (self.is_server_away and "WebSocket" in message.text)
        if message.type == "error" and not is_expected:
            self.troubles.append(f"console: {message.text}")

    def _see(self, response: Response) -> None:
        if response.status >= 500:
            self.troubles.append(f"{response.status}: {response.url}")


async def is_live(page: Page) -> None:
    """Returns once the page hears what happens."""
    await page.wait_for_selector("html[data-live]", state="attached")
