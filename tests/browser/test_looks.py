"""Every page, light and dark, large and small: readable for everybody, nothing refused by the content policy."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from parlour import email
from parlour.email import sources, wording
from parlour.people import Actor
from parlour.tickets import Priority
from tests.browser.desks import Desks, Scheme
from tests.browser.screens import DESKTOP, PHONE
from tests.builders import Company

AXE = Path(__file__).parents[2] / "assets/node_modules/axe-core/axe.min.js"
PUBLIC = ("/", "/sign-in", "/sign-up", "/nothing-here")
AGENTS = (
    "/dashboard/views/unresolved",
    "/dashboard/views/mine",
    "/dashboard/views/bin",
    "/dashboard/search?q=nothingofthesort",
    "/dashboard/tickets/1",
    "/dashboard/tickets/new",
    "/dashboard/notifications",
    "/dashboard/settings",
    "/dashboard/settings/security",
    "/dashboard/settings/security/second-factor",
    "/dashboard/settings/sign-in",
    "/confirm",
    "/switch",
    "/dashboard/settings/people",
    "/dashboard/settings/departments",
    "/dashboard/settings/tags",
    "/dashboard/settings/tokens",
    "/dashboard/settings/organization",
    "/dashboard/settings/plan",
    "/dashboard/settings/mailboxes",
    "/dashboard/settings/mailboxes/new",
    "/dashboard/settings/mailboxes/new?kind=SMTP",
    "/dashboard/settings/mailboxes/new?kind=PUSH",
    "/dashboard/settings/audit",
    "/dashboard/settings/audit?q=nothingofthesort",
    "/dashboard/settings/domains",
    "/dashboard/settings/signatures",
    "/dashboard/settings/signatures/new",
    "/dashboard/settings/templates",
    "/dashboard/settings/templates/new",
    "/dashboard/settings/automatic-mails",
    "/dashboard/settings/automatic-mails/new?owner=&language=ar",
    "/dashboard/tickets/1/templates",
    "/dashboard/settings/mail-rules",
    "/dashboard/settings/ledger",
    "/dashboard/settings/quarantine",
)
CUSTOMERS = ("/portal/{slug}", "/portal/{slug}/tickets/1", "/portal/{slug}/tickets/new", "/portal/{slug}/security")


async def violations(page: Page) -> list[str]:
    """What axe finds, in short. The script is read into the page by the debugger, which no content policy stops."""
    await page.evaluate(AXE.read_text())
    found: dict[str, Any] = await page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        f"{violation['id']}: {violation['help']}: {[node['html'][:160] for node in violation['nodes'][:3]]}"
        for violation in found["violations"]
    ]


async def look(desks: Desks, company: Company, actor: Actor | None, path: str, scheme: Scheme) -> None:
    # Colours don't change with the width: in the dark the large window is enough.
    for size in (DESKTOP, PHONE) if scheme == "light" else (DESKTOP,):
        page = await desks.page(company, actor, size=size, scheme=scheme)
        await page.goto(path.format(slug=company.slug))
        await page.wait_for_load_state("networkidle")
        assert await violations(page) == []
        assert await page.evaluate("document.documentElement.scrollWidth") <= size[0]
        await page.close()


async def furnish(company: Company) -> None:
    await company.ticket(priority=Priority.URGENT, tags=("warranty", "order"), assignee_id=company.bob.user_id)
    await company.ticket("The kettle sings", priority=Priority.HIGH, department_id=company.support_id)
    await furnish_mail(company)
    for kind in wording.Kind:
        words = "Hello {{customer.name}}" + (" {{link.url}}" if kind.has_link else "")
        draft = wording.Draft(kind, {"en": wording.Text(words)}, name="Greeting")
        async with company.database.transaction(company.organization_id) as tx:
            await wording.add_wording(tx, draft, by=company.alice)


async def furnish_mail(company: Company) -> None:
    """A mailbox that fails, one that is well, and a mail in quarantine."""
    server = email.ImapSettings(host="imap.example.com")
    elsewhere = email.NewMailbox(address=f"help@{company.slug}.test", kind=email.MailboxKind.IMAP, imap=server)
    async with company.database.transaction(company.organization_id) as tx:
        mailbox = await email.add_mailbox(tx, f"support@{company.slug}.test", "Support", company.support_id)
        failing = await email.set_up_mailbox(tx, company.installation.sealer, elsewhere)
        trouble = sources.Trouble(sources.Step.LOGIN, "The server refuses the password.")
        await sources.note_trouble(tx, failing.id, trouble)
    raw = b"From: Carol <carol@customer.test>\r\nSubject: A prize\r\n\r\nFor you.\r\n"
    for sender in ("carol@customer.test", "dave@customer.test"):
        delivery = email.Delivery(mailbox.id, sender, [mailbox.address], raw)
        entry_id = await email.receive(company.installation, company.organization_id, delivery)
    async with company.database.transaction(company.organization_id) as tx:
        await tx.run(
            """
            update inbound_messages
            set outcome = 'QUARANTINED', reason = 'It looks like spam.', processed_at = now(), subject = 'A prize',
                authentication = '{"spf": "fail", "dkim": "none", "dmarc": "fail"}',
                spam = '{"isSpam": true, "score": 9.5, "limit": 6.0}'
            where id = %(id)s
            """,
            id=entry_id,
        )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PUBLIC)
async def test_a_page_for_everybody(path: str, scheme: Scheme, acme: Company, desks: Desks) -> None:
    await look(desks, acme, None, path, scheme)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", AGENTS)
async def test_a_page_for_agents(path: str, scheme: Scheme, acme: Company, desks: Desks) -> None:
    await furnish(acme)
    await look(desks, acme, acme.alice, path, scheme)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", CUSTOMERS)
async def test_a_page_for_customers(path: str, scheme: Scheme, acme: Company, desks: Desks) -> None:
    await furnish(acme)
    await look(desks, acme, acme.carol, path, scheme)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_an_open_menu_and_dialog(scheme: Scheme, acme: Company, desks: Desks) -> None:
    await furnish(acme)
    page = await desks.page(acme, acme.alice, scheme=scheme)
    await page.goto("/dashboard/tickets/1")
    await page.wait_for_load_state("networkidle")
    await page.keyboard.press("t")
    await page.wait_for_selector(".picker-list:popover-open")
    assert await violations(page) == []
    await page.keyboard.press("Escape")
    await page.keyboard.press("?")
    await page.wait_for_selector("#help[open]")
    assert await violations(page) == []
