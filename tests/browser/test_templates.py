"""Templates are inserted without taking the hands off the keyboard."""

from playwright.async_api import Dialog, expect

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
    await page.get_by_label("Find", exact=True).fill("refund")
    await page.get_by_role("button", name="Find").click()
    await page.get_by_role("link", name="Use Refund").click()
    await expect(page.locator("#composer-body")).to_have_value(f"Your refund for #{ticket.number} is on its way.")
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.locator(".message-agent .message-words")).to_contain_text("is on its way")


async def test_a_preview_follows_what_is_typed(acme: Company, desks: Desks) -> None:
    ticket = await acme.ticket("The kettle sings")
    page = await desks.page(acme, acme.bob)
    await page.goto("/dashboard/settings/signatures/new")
    preview = page.locator("[data-words-target=preview]")
    await expect(preview).to_contain_text("Write something, and it is shown here.")
    await page.get_by_label("Text", exact=True).fill("Cheers, {{agent.name}} for ")
    await expect(preview.locator(".prose")).to_have_text("Cheers, Bob for")
    await page.get_by_text("Placeholders", exact=True).click()
    await page.get_by_role("button", name="{{customer.name}}").click()
    await expect(preview.locator(".words-text")).to_have_text("-- \nCheers, Bob for Carol Weber")
    await page.get_by_role("textbox", name="Ticket").fill(str(ticket.number))
    await expect(preview.locator(".prose")).to_have_text("Cheers, Bob for Carol")
    assert await violations(page) == []
    await page.get_by_label("Text", exact=True).press("End")
    await page.keyboard.type("{{oops}}")
    await expect(preview).to_contain_text("There is no placeholder {{oops}}.")
    # Nothing unsaved is left unasked.
    asked: list[str] = []

    async def stay(dialog: Dialog) -> None:
        asked.append(dialog.message)
        await dialog.dismiss()

    page.once("dialog", stay)
    await page.get_by_role("link", name="All signatures").click()
    assert asked == ["Leave without saving?"]
    await page.get_by_label("Text", exact=True).fill("Cheers, {{agent.name}}")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await page.get_by_role("link", name="All signatures").click()
    await expect(page.locator(".words-sheet")).to_contain_text("Cheers, Bob")
