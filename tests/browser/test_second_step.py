"""The second step in a browser: set up, asked for, with the keyboard alone and without JavaScript."""

import pytest
from playwright.async_api import expect

from parlour.foundation import clock
from tests.access.authenticator import code
from tests.browser.desks import Desks
from tests.browser.screens import DESKTOP, PHONE
from tests.browser.test_looks import violations
from tests.builders import Company
from tests.doors.test_signing_in import PASSWORD, with_password, with_second_factor


@pytest.mark.parametrize(("script", "size"), [(True, DESKTOP), (False, PHONE)])
async def test_it_is_set_up_and_kept(acme: Company, desks: Desks, script: bool, size: tuple[int, int]) -> None:
    page = await desks.page(acme, acme.bob, script=script, size=size)
    await page.goto("/dashboard/settings/security")
    await page.get_by_role("link", name="Set it up").click()
    await expect(page.get_by_role("img", name="QR code that holds the key below")).to_be_visible()
    await page.get_by_text("You can’t scan it?").click()
    seed = (await page.locator(".seed").inner_text()).replace(" ", "")
    await page.get_by_label("Code the app shows").fill(code(seed, clock.now()))
    await page.get_by_role("button", name="Turn it on").click()
    await expect(page.locator(".backup-codes code")).to_have_count(10)
    await page.get_by_role("link", name="I have kept them").click()
    await expect(page.get_by_text("10 backup codes")).to_be_visible()


@pytest.mark.parametrize("script", [True, False])
async def test_one_signs_in_with_the_keyboard_alone(acme: Company, desks: Desks, script: bool) -> None:
    address = await with_password(acme, acme.bob)
    seed, codes = await with_second_factor(acme, acme.bob)
    page = await desks.page(script=script, size=PHONE)
    await page.goto("/sign-in")
    await page.keyboard.type(address)
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    field = page.get_by_label("Code", exact=True)
    await expect(field).to_be_focused()
    assert await field.get_attribute("autocomplete") == "one-time-code"
    if script:
        assert await violations(page) == []
    await page.keyboard.type(codes[0] if script else code(seed, clock.now()))
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/dashboard**")
