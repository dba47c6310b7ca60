"""Templates are inserted without taking the hands off the keyboard."""

from playwright.async_api import expect

from parlour.email import wording
from parlour.email.wording import Draft, Kind, Text
from tests.browser.desks import Desks, is_live
from tests.browser.test_looks import violations
from tests.builders import Company


async def furnish(company: Company) -> None:
    for name, text in [
        ("Greeting", "Hello {{customer.first_name|there}},"),
        ("Refund", "Your refund for #{{ticket.number}} is on its way."),
        ("Warranty", "Two years, as always."),
    ]:
        draft = Draft(Kind.TEMPLATE, {"en": Text(text), "de": Text(f"Auf Deutsch: {text}")}, name=name)
        async with company.database.transaction(company.organization_id) as tx:
            await wording.add_wording(tx, draft, by=company.alice)


async def test_a_template_is_found_and_inserted_by_keyboard(acme: Company, desks: Desks) -> None:
    ticket = await acme.ticket()
    await furnish(acme)
    page = await desks.page(acme, acme.bob)
    await page.goto(f"/dashboard/tickets/{ticket.number}")
    await is_live(page)
    await page.keyboard.press("m")
    await expect(page.get_by_role("combobox", name="Find a template")).to_be_focused()
    await expect(page.locator(".template-option")).to_have_count(3)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowUp")
    await expect(page.locator(".template-option", has_text="Greeting")).to_have_attribute("aria-selected", "true")
    assert await violations(page) == []
    await page.keyboard.press("Enter")
    field = page.locator("#composer-body")
    await expect(field).to_have_value("Hello Carol,")
    await expect(field).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Control+/")
    # Enter comes before the rows for these words do.
    await page.keyboard.type("on its way")
    await page.keyboard.press("Enter")
    await expect(field).to_have_value(f"Hello Carol,\nYour refund for #{ticket.number} is on its way.")
    await page.keyboard.press("Control+z")
    await expect(field).to_have_value("Hello Carol,\n")
    await page.keyboard.press("Control+/")
    await page.keyboard.press("Escape")
    await expect(page.locator(".template-option")).to_have_count(0)
    await expect(field).to_be_focused()
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".message-agent .message-words")).to_have_text("Hello Carol,")


async def test_without_javascript_it_is_a_page_away(acme: Company, desks: Desks) -> None:
    ticket = await acme.ticket()
    await furnish(acme)
    page = await desks.page(acme, acme.bob, script=False)
    await page.goto(f"/dashboard/tickets/{ticket.number}")
    await page.get_by_role("link", name="Insert a template").click()
    await page.get_by_label("Find").fill("refund")
    await page.get_by_role("button", name="Find").click()
    await page.get_by_role("link", name="Use Refund").click()
    await expect(page.locator("#composer-body")).to_have_value(f"Your refund for #{ticket.number} is on its way.")
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.locator(".message-agent .message-words")).to_contain_text("is on its way")
