"""Every page with the keyboard alone: whatever can be clicked is reached by Tab, in turn, and shows that it is."""

from typing import Any

from playwright.async_api import Page

from tests.browser.desks import Desks
from tests.browser.test_looks import every_page, furnish, is_page
from tests.builders import Company

MOST_KEYS = 400
CLICKABLE = """() => {
    const all = document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']");
    const reachable = [...all].filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.disabled
        && one.tabIndex >= 0 && one.type !== "hidden" && !one.closest("[inert]"));
    // Of a group of radio buttons Tab reaches the one that is chosen; arrows do the rest.
    const names = new Set();
    const counted = reachable.filter((one) => one.type !== "radio" || !names.has(one.name) && names.add(one.name));
    window.reached = new Set();
    document.addEventListener("focusin", (event) => {
        const one = event.target;
        const style = getComputedStyle(one);
        const shows = style.outlineStyle !== "none" || style.boxShadow !== "none";
        window.reached.add(one.type === "radio" ? one.name : one);
        if (!shows) window.unseen = (window.unseen || []).concat(one.outerHTML.slice(0, 120));
    });
    window.wanted = counted.map((one) => (one.type === "radio" ? one.name : one));
    return counted.length;
}"""
MISSED = """() => window.wanted.filter((one) => !window.reached.has(one))
    .map((one) => one.outerHTML ? one.outerHTML.slice(0, 120) : one).concat(window.unseen || [])"""


async def _walk(page: Page, path: str) -> list[str]:
    if not await is_page(page, path):
        return []
    await page.goto(path)
    count: int = await page.evaluate(CLICKABLE)
    missed: list[str] = []
    for _ in range(0, min(count + 40, MOST_KEYS), 20):
        for _ in range(20):
            await page.keyboard.press("Tab")
        missed = await page.evaluate(MISSED)
        if not missed:
            return []
    return [f"{path}: {one}" for one in missed]


async def test_whatever_can_be_clicked_is_reached_by_tab(unlimited: Any, acme: Company, desks: Desks) -> None:
    pages = [
        path for path in every_page(unlimited, acme, await furnish(acme)) if path.startswith("/dashboard/settings")
    ]
    page = await desks.page(acme, acme.alice)
    missed: list[str] = []
    for path in pages:
        missed += await _walk(page, path)
    assert missed == []
    assert len(pages) > 30
