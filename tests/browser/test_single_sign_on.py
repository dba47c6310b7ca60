"""Setting up an identity provider in the browser: readable for everybody, and done with the keyboard alone."""

import pytest
from playwright.async_api import expect

from parlour.access import providers
from parlour.access.providers import GroupRule
from parlour.people import Role
from tests.access.providers import desk
from tests.access.saml import desk as saml
from tests.access.saml.conftest import away  # noqa: F401
from tests.access.saml.counterpart import PASSWORD, Counterpart
from tests.browser.desks import Desks, Scheme
from tests.browser.screens import DESKTOP, PHONE
from tests.browser.test_looks import violations
from tests.builders import Company

HERE = "/dashboard/settings/single-sign-on"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_each_page_is_readable_for_everybody(scheme: Scheme, acme: Company, desks: Desks) -> None:
    await desk.claim(acme, f"{acme.slug}.test")
    provider = await desk.add(acme, "https://sign-in.acme.test")
    async with acme.database.transaction(acme.organization_id) as tx:
        await providers.claim_domain(tx, "waiting.test", by=acme.alice)
        await providers.set_rules(tx, provider, [GroupRule("leads", Role.MANAGER, acme.billing_id)], by=acme.alice)
    paths = [HERE, f"{HERE}/{provider.id}", *(f"{HERE}/new?kind={kind}" for kind in providers.Kind)]
    ways = [f"/sign-in/at/{acme.slug}", f"/portal/{acme.slug}/sign-in", "/sign-in/elsewhere"]
    for size in (DESKTOP, PHONE):
        page = await desks.page(acme, acme.alice, size=size, scheme=scheme)
        for path in (*paths, *ways):
            await page.goto(path)
            await page.wait_for_load_state("networkidle")
            assert await violations(page) == [], path
            assert await page.evaluate("document.documentElement.scrollWidth") <= size[0], path
        await page.close()


async def test_a_provider_is_set_up_with_the_keyboard_alone(acme: Company, desks: Desks) -> None:
    page = await desks.page(acme, acme.alice)
    await page.goto(f"{HERE}/new?kind=OPENID")
    address = await page.locator(".copy-line code").first.inner_text()
    for label, text in (("Name", "Keykeeper"), ("Issuer", "https://sign-in.acme.test"), ("Client ID", "parlour")):
        await page.get_by_label(label, exact=True).focus()
        await page.keyboard.press("ControlOrMeta+a")
        await page.keyboard.type(text)
    await page.get_by_label("Client secret").focus()
    await page.keyboard.type("secret")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Keykeeper", exact=True).first).to_be_attached()
    async with acme.database.reading(acme.organization_id) as tx:
        (provider,) = await providers.providers(tx)
    assert (provider.name, provider.issuer, provider.newcomers_are) == ("Keykeeper", "https://sign-in.acme.test", None)
    # The address that was shown before there was a provider is the one that it has.
    assert address.endswith(f"/sign-in/with/{provider.id}/back")


async def test_what_is_copied_can_still_be_copied_after_the_page_was_sent_and_shown_again(
    acme: Company, desks: Desks
) -> None:
    provider = await saml.connect(acme)
    page = await desks.page(acme, acme.alice)
    await page.goto(f"{HERE}/{provider.id}")
    copies = page.get_by_role("button", name="Copy")
    await expect(copies).to_have_count(4)
    for _ in range(2):
        await page.get_by_role("button", name="Test", exact=True).click()
        await expect(page.get_by_text("1 certificate may sign").last).to_be_visible()
        for number in range(4):
            await expect(copies.nth(number)).to_be_visible()
    await copies.first.click()
    await expect(page.get_by_text("Copied").or_(page.get_by_text("Press Ctrl+C"))).to_be_visible()


async def test_somebody_comes_in_by_a_post_from_another_site(
    acme: Company,
    desks: Desks,
    away: Counterpart,  # noqa: F811
) -> None:
    await saml.person(acme)
    # By another name than ours: to the browser it is another site, and no cookie goes along with its post.
    elsewhere = away.address.replace("127.0.0.1", "localhost")
    provider = await saml.connect(acme, metadata=await Counterpart(elsewhere).metadata())
    page = await desks.page()
    ours = await page.request.get(f"/sign-in/with/{provider.id}/metadata")
    await away.learn(await ours.text(), saml.address_of(acme))
    await page.goto(f"/sign-in/at/{acme.slug}?next=/dashboard/settings")
    await page.get_by_role("link", name="Continue with Their SAML").click()
    await page.wait_for_url(f"{elsewhere}/sso?**")
    await page.get_by_label("User name").fill("bob")
    await page.get_by_label("Password").fill(PASSWORD)
    async with page.expect_request("**/saml") as posted:
        await page.get_by_role("button", name="Sign in").click()
    sent = await (await posted.value).all_headers()
    assert (sent["sec-fetch-site"], sent.get("cookie")) == ("cross-site", None)
    await page.wait_for_url("**/dashboard/settings**")
    await expect(page.get_by_text(f"{saml.address_of(acme)} · Agent")).to_be_visible()
