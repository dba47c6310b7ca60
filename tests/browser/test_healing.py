"""A page that was deaf for a while catches up by itself."""

from pathlib import Path

from playwright.async_api import expect

from parlour import tickets
from parlour.foundation.settings import Settings
from parlour.tickets import Source, Words
from tests.browser.desks import Desks, is_live
from tests.browser.web import web
from tests.builders import Company

ANOTHER_IS_OPENED_BEFORE_THE_REPAINT = """
    (number) => addEventListener("turbo:before-stream-render", () => {
        const open = document.querySelector("[data-ticket-number-value]");
        open.id = `ticket-${number}`;
        open.dataset.ticketNumberValue = number;
    }, { once: true })
"""


async def test_what_happened_while_the_server_was_away_is_fetched(
    acme: Company, desks: Desks, settings: Settings, tmp_path: Path
) -> None:
    ticket = await acme.ticket()
    async with web(settings, tmp_path / "web.log") as process:
        desks.url = process.url
        page = await desks.page(acme, acme.alice)
        await page.goto(f"/dashboard/tickets/{ticket.number}")
        await is_live(page)
        await page.locator("#composer-body").fill("Half a thought")
        # Refused connections while nobody listens are no trouble of the page's.
        desks.is_server_away = True
        await process.stop()
        await expect(page.get_by_text("Reconnecting…")).to_be_visible()

        await acme.ticket("Opened meanwhile")
        async with acme.database.transaction(acme.organization_id) as tx:
            held = await tickets.hold(tx, ticket.id, seen_by=acme.alice)
            await tickets.reply(tx, held, Words("Still humming."), by=acme.carol, source=Source.EMAIL)
        await process.start()

        await expect(page.locator(".ticket-row", has_text="Opened meanwhile")).to_be_visible(timeout=20_000)
        await expect(page.locator(".message-customer")).to_have_count(2)
        await expect(page.get_by_text("Reconnecting…")).to_be_hidden()
        await expect(page.locator("#composer-body")).to_have_value("Half a thought")


async def test_what_was_fetched_of_one_ticket_is_not_put_into_another(acme: Company, desks: Desks) -> None:
    ticket, other = await acme.ticket("First"), await acme.ticket("Second")
    page = await desks.page(acme, acme.alice)
    await page.goto(f"/dashboard/tickets/{ticket.number}")
    await is_live(page)
    await page.evaluate(ANOTHER_IS_OPENED_BEFORE_THE_REPAINT, str(other.number))
    async with acme.database.transaction(acme.organization_id) as tx:
        held = await tickets.hold(tx, ticket.id, seen_by=acme.alice)
        await tickets.change(tx, held, tickets.Changes(subject="Of the first"), by=acme.alice)
    await page.evaluate("dispatchEvent(new Event('online'))")
    await expect(page.locator(".ticket-row", has_text="Of the first")).to_be_visible()
    await expect(page.locator("#ticket-subject")).to_have_text("First")


async def test_a_burst_costs_few_requests(acme: Company, desks: Desks) -> None:
    page = await desks.page(acme, acme.alice)
    await page.goto("/dashboard")
    await is_live(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/refresh" in request.url else None)
    for number in range(20):
        await acme.ticket(f"Ticket {number}")
    await page.evaluate("dispatchEvent(new Event('parlour:changed'))")
    await expect(page.locator(".row-item")).to_have_count(20)
    assert 1 <= len(asked) <= 4


async def test_a_draft_survives_a_reload(acme: Company, desks: Desks) -> None:
    ticket = await acme.ticket()
    page = await desks.page(acme, acme.alice)
    await page.goto(f"/dashboard/tickets/{ticket.number}")
    await page.locator("#composer-body").press_sequentially("Dear Carol")
    await page.reload()
    await expect(page.locator("#composer-body")).to_have_value("Dear Carol")
