"""A sending domain in the browser: every state readable for everybody, its values copied with a press."""

import pytest
from playwright.async_api import expect

from parlour.email import domains
from parlour.foundation import clock
from tests.browser.desks import Desks, Scheme
from tests.browser.screens import DESKTOP, PHONE
from tests.browser.test_looks import violations
from tests.builders import Company


async def furnish(company: Company) -> domains.SendingDomain:
    """One domain of which a record was found, one is missing and one says something else; and one that was lost."""
    pairs = await domains.new_pairs()
    async with company.database.transaction(company.organization_id) as tx:
        sealer = company.installation.sealer
        domain = await domains.add_domain(tx, sealer, f"{company.slug}.test", pairs)
        await domains.add_domain(tx, sealer, f"lost.{company.slug}.test", pairs)
        rsa, ed25519 = await domains.keys_of(tx, domain.id)
        await tx.run(
            """
            update sending_domains
            set checked_at = %(now)s, verified_at = case when id = %(id)s then %(now)s::timestamptz end,
                lost_at = case when id <> %(id)s then %(now)s::timestamptz end,
                findings = jsonb_build_object(
                    %(rsa)s::text, '{"finding": "FOUND", "there": []}'::jsonb,
                    %(ed25519)s::text, '{"finding": "DIFFERS", "there": ["v=DKIM1; k=ed25519; p=AAAA"]}'::jsonb,
                    'dmarc', '{"finding": "MISSING", "there": []}'::jsonb)
            """,
            now=clock.now(),
            id=domain.id,
            rsa=rsa.selector,
            ed25519=ed25519.selector,
        )
    return domain


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_each_state_is_readable_for_everybody(scheme: Scheme, acme: Company, desks: Desks) -> None:
    domain = await furnish(acme)
    for path in ("", f"/{domain.id}"):
        for size in (DESKTOP, PHONE):
            page = await desks.page(acme, acme.alice, size=size, scheme=scheme)
            await page.goto(f"/dashboard/settings/domains{path}")
            await page.wait_for_load_state("networkidle")
            assert await violations(page) == []
            assert await page.evaluate("document.documentElement.scrollWidth") <= size[0]
            await page.close()


async def test_a_value_is_copied_whole(acme: Company, desks: Desks) -> None:
    domain = await furnish(acme)
    page = await desks.page(acme, acme.alice)
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.goto(f"/dashboard/settings/domains/{domain.id}")
    button = page.locator(".copy-line").nth(1).get_by_role("button")
    await expect(button).to_have_accessible_name("Copy the value of Signature (DKIM)")
    await button.click()
    await expect(button).to_contain_text("Copied")
    async with acme.database.reading(acme.organization_id) as tx:
        key = (await domains.keys_of(tx, domain.id))[0]
    assert await page.evaluate("navigator.clipboard.readText()") == f"v=DKIM1; k=rsa; p={key.public}"
