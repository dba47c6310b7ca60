"""The organization's page in the browser: the colour is seen while it is chosen, and readable whatever it is."""

import pytest
from playwright.async_api import expect

from parlour import people
from tests.browser.desks import Desks, Scheme
from tests.browser.screens import DESKTOP, PHONE
from tests.browser.test_looks import violations
from tests.builders import Company
from tests.pictures import picture

PAGE = "/dashboard/settings/organization"
SHOWN = "one => getComputedStyle(one.querySelector('.button')).backgroundColor"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_any_colour_is_readable_on_its_samples_in_both_lights(
    scheme: Scheme, acme: Company, desks: Desks
) -> None:
    for size in (DESKTOP, PHONE):
        page = await desks.page(acme, acme.alice, size=size, scheme=scheme)
        await page.goto(PAGE)
        await page.wait_for_load_state("networkidle")
        for colour in ("#000000", "#ffffff", "#ffff00", "#ff0000", "#00ff00", "#0000ff", "#777777", "#3f5bd9"):
            await page.get_by_label("Your colour").fill(colour)
            assert await violations(page) == [], colour
        assert await page.evaluate("document.documentElement.scrollWidth") <= size[0]
        await page.close()


async def test_colour_and_name_are_seen_while_they_are_chosen(acme: Company, desks: Desks) -> None:
    page = await desks.page(acme, acme.alice)
    await page.goto(PAGE)
    samples = page.locator(".brand-sample")
    before = [await samples.nth(number).evaluate(SHOWN) for number in (0, 1)]
    await page.get_by_label("Your colour").fill("#9a3412")
    after = [await samples.nth(number).evaluate(SHOWN) for number in (0, 1)]
    assert before[0] != after[0] != after[1] != before[1]
    await page.get_by_label("Name", exact=True).fill("Acme & Daughters")
    await expect(samples.first.locator("b")).to_have_text("Acme & Daughters")


async def test_a_logo_is_brought_with_the_keyboard_and_seen_at_once(acme: Company, desks: Desks) -> None:
    page = await desks.page(acme, acme.alice)
    await page.goto(PAGE)
    file = page.get_by_label("Picture")
    await file.set_input_files({"name": "logo.png", "mimeType": "image/png", "buffer": picture(size=(256, 64))})
    await file.focus()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    logo = page.get_by_alt_text("Your logo")
    await expect(logo).to_be_visible()
    assert await logo.evaluate("one => one.decode().then(() => one.naturalWidth)") == 256
    await expect(page.locator(".account-button img.is-logo")).to_be_visible()
    assert await violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_each_state_of_a_limit_is_readable_for_everybody(scheme: Scheme, acme: Company, desks: Desks) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        await people.set_plan(tx, people.Plan.TEAM)
        await people.agree_on(
            tx, {people.Resource.SEATS: 5, people.Resource.MAILBOXES: 0, people.Resource.TICKETS: None}
        )
    for size in (DESKTOP, PHONE):
        page = await desks.page(acme, acme.alice, size=size, scheme=scheme)
        await page.goto("/dashboard/settings/plan")
        await page.wait_for_load_state("networkidle")
        await expect(page.get_by_role("progressbar", name="Seats: 80 % of your limit")).to_be_visible()
        await expect(page.locator("#usage-mailboxes")).to_contain_text("The limit is reached.")
        await expect(page.locator("#usage-tickets")).to_contain_text("No limit.")
        assert await violations(page) == []
        assert await page.evaluate("document.documentElement.scrollWidth") <= size[0]
        await page.close()
