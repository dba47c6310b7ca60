"""One pane at a time."""

from playwright.async_api import expect

from tests.browser.desks import Desks
from tests.browser.screens import PHONE
from tests.builders import Company


async def test_the_list_gives_way_to_the_ticket_and_comes_back(acme: Company, desks: Desks) -> None:
    ticket = await acme.ticket()
    page = await desks.page(acme, acme.alice, size=PHONE)
    await page.goto("/dashboard")
    await expect(page.locator(".list-pane")).to_be_visible()
    await expect(page.locator(".ticket-pane")).to_be_hidden()
    await page.locator(".ticket-row").tap()
    await expect(page.locator("#ticket-subject")).to_be_visible()
    await expect(page.locator(".list-pane")).to_be_hidden()
    await page.get_by_role("link", name="Back to the list").tap()
    await expect(page.locator(f"#row-{ticket.number}")).to_be_visible()
    await expect(page.locator(".ticket-pane")).to_be_hidden()


async def test_views_and_details_slide_in(acme: Company, desks: Desks) -> None:
    ticket = await acme.ticket()
    page = await desks.page(acme, acme.alice, size=PHONE)
    await page.goto("/dashboard")
    await page.get_by_role("button", name="Views").tap()
    await page.get_by_role("link", name="All tickets").tap()
    await expect(page.locator(".list-title")).to_have_text("All tickets")
    await page.locator(f"#row-{ticket.number} .ticket-row").tap()
    await page.get_by_role("link", name="Details").tap()
    await expect(page.locator("#picker-status")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
