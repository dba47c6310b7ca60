"""Pages work before JavaScript."""

from playwright.async_api import expect

from parlour.tickets import Priority, Status
from tests.browser.desks import Desks
from tests.builders import Company


async def test_a_ticket_is_found_read_answered_and_changed(acme: Company, desks: Desks) -> None:
    ticket = await acme.ticket("The kettle sings")
    await acme.ticket("The grinder hums")
    page = await desks.page(acme, acme.alice, script=False)
    await page.goto("/dashboard")
    await page.locator("#search").fill("kettle")
    await page.locator("#search").press("Enter")
    await expect(page.locator(".ticket-row-subject")).to_have_text("The kettle sings")
    await page.locator(".ticket-row").click()
    await expect(page.locator("#ticket-subject")).to_have_text("The kettle sings")

    await page.locator("#composer-body").fill("Take it off the stove.")
    await page.locator("input[name=files]").set_input_files(
        {"name": "how.txt", "mimeType": "text/plain", "buffer": b"Lift it."}
    )
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.locator(".message-agent .message-words")).to_have_text("Take it off the stove.")
    await expect(page.locator(".message-agent .attachment")).to_contain_text("how.txt")

    await page.locator("#picker-priority select").select_option("HIGH")
    await page.locator("#picker-priority").get_by_role("button", name="Save").click()
    await page.locator("#resolve-form button").click()
    await expect(page.locator("#ticket-head .status")).to_have_text("Resolved")
    changed = await acme.now(ticket)
    # The reply can still be undone, so it counts for nobody yet.
    assert (changed.status, changed.priority, changed.comment_count) == (Status.RESOLVED, Priority.HIGH, 1)


async def test_more_rows_are_a_link_away(acme: Company, desks: Desks) -> None:
    for number in range(27):
        await acme.ticket(f"Ticket {number}")
    page = await desks.page(acme, acme.alice, script=False)
    await page.goto("/dashboard")
    await expect(page.locator(".row-item")).to_have_count(25)
    await page.get_by_role("link", name="More tickets").click()
    await expect(page.locator(".row-item")).to_have_count(2)
