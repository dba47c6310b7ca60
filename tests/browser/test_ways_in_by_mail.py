"""Links and invitations by mail: by the keyboard alone, before JavaScript, in both themes, on a phone."""

from typing import Literal

import pytest
from playwright.async_api import Page, expect

from parlour import access, email
from parlour.access import NewInvitation, Policy, Purpose
from parlour.people import Role
from tests.access.outbox import Notice, letters, run_links
from tests.browser.desks import Desks
from tests.browser.screens import DESKTOP, PHONE
from tests.browser.test_looks import violations
from tests.builders import Company


async def link_for(company: Company, purpose: Purpose) -> Notice:
    await email.ask_for_link(company.installation, company.carol.email, purpose, company.organization_id)
    await run_links(company)
    return (await letters(company))[-1]


async def invited(company: Company) -> Notice:
    async with company.database.transaction(company.organization_id) as tx:
        made = await access.invite(tx, NewInvitation("new@acme.test", message="Come and help"), by=company.alice)
        await email.send_invitation(tx, made)
    return (await letters(company))[-1]


async def is_fine(page: Page, path: str) -> None:
    await page.goto(path)
    await page.wait_for_load_state("networkidle")
    assert await violations(page) == []
    width = page.viewport_size
    assert width
    assert await page.evaluate("document.documentElement.scrollWidth") <= width["width"]


@pytest.mark.parametrize("script", [True, False])
async def test_a_customer_asks_for_a_link_and_comes_in_by_the_keyboard(
    acme: Company, desks: Desks, script: bool
) -> None:
    page = await desks.page(size=PHONE, script=script)
    await page.goto(f"/portal/{acme.slug}/sign-in")
    await page.get_by_role("link", name="First time here?").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("Sign in with a link")
    await expect(page.get_by_label("Email")).to_be_focused()
    await page.keyboard.type(acme.carol.email)
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("Look into your mail")
    await run_links(acme)
    [mail] = await letters(acme)
    await page.goto(mail.path)
    await expect(page.get_by_role("button", name="Sign in to Acme")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{desks.url}/portal/{acme.slug}")
    await page.goto(mail.path)
    await expect(page.locator("h1")).to_have_text("This link is over")


async def test_whoever_is_invited_sets_up_what_the_organization_asks_for(acme: Company, desks: Desks) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        await access.set_policy(tx, Policy(second_factor_for=(Role.AGENT,)))
    mail, page = await invited(acme), await desks.page(script=False)
    await page.goto(mail.path)
    await expect(page.get_by_label("Your name")).to_be_focused()
    await page.keyboard.type("Nora")
    await page.keyboard.press("Tab")
    await page.keyboard.type("plum harbour quiet lantern")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/sign-in/set-up*")
    assert await access.identities_by_password(
        acme.database, "new@acme.test", "plum harbour quiet lantern", acme.organization_id
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_pages_can_be_read_by_everybody(
    acme: Company, desks: Desks, scheme: Literal["light", "dark"]
) -> None:
    sign_in, password, invitation = (
        await link_for(acme, Purpose.SIGN_IN),
        await link_for(acme, Purpose.PASSWORD),
        await invited(acme),
    )
    paths = [mail.path for mail in (sign_in, password, invitation)]
    paths += [f"/portal/{acme.slug}/sign-in{rest}" for rest in ("", "/ask", "/ask/sent", "/link?token=over")]
    paths += ["/sign-in/ask?for=password", "/invitation?token=over", "/address?token=over"]
    settings = [f"/dashboard/settings/{page}" for page in ("invitations", "portal-keys", "security")]
    for size in (DESKTOP, PHONE):
        nobody = await desks.page(size=size, scheme=scheme)
        for path in paths:
            await is_fine(nobody, path)
        alice = await desks.page(acme, acme.alice, size=size, scheme=scheme)
        for path in settings:
            await is_fine(alice, path)
