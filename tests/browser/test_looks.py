"""Every page, light and dark, large and small: readable for everybody, nothing refused by the content policy."""

from collections.abc import Iterator
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
from tests.doors.belongings import Belongings, belongings_of
from tests.doors.every_route import addresses, routes

AXE = Path(__file__).parents[2] / "assets/node_modules/axe-core/axe.min.js"
PARTS = 5
"""The dashboard's pages are shared out, so that no test takes very long."""
VARIANTS = (
    "/dashboard/search?q=nothingofthesort",
    "/dashboard/tickets/1",
    "/dashboard/settings/mailboxes/new?kind=SMTP",
    "/dashboard/settings/mailboxes/new?kind=PUSH",
    "/dashboard/settings/audit?q=nothingofthesort",
    "/dashboard/settings/automatic-mails/new?owner=&language=ar",
    "/dashboard/views/mine",
    "/dashboard/views/bin",
)
"""What is shown otherwise than under the bare addresses: without anything to show, and in other forms."""
PUBLIC = ("/", "/nothing-here")
OWNED = {wording.Kind.TEMPLATE, wording.Kind.SIGNATURE, wording.Kind.ACKNOWLEDGEMENT}
"""Of these there is one among the belongings."""
NO_PAGES = ("/api", "/static", "/dev/", "/sign-in/with/", "/sign-in/at/{slug:str}/{provider_id:uuid}")
"""For programs, or leading to another company's sign-in."""


async def violations(page: Page) -> list[str]:
    """What axe finds, in short. The script is read into the page by the debugger, which no content policy stops."""
    if await page.evaluate("typeof axe === 'undefined'"):
        await page.evaluate(AXE.read_text())
    found: dict[str, Any] = await page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        f"{violation['id']}: {violation['help']}: {[node['html'][:160] for node in violation['nodes'][:3]]}"
        for violation in found["violations"]
    ]


async def is_page(page: Page, path: str) -> bool:
    """Whether a whole page is there: no file, no part of one."""
    answer = await page.context.request.get(path)
    return answer.headers.get("content-type", "").startswith("text/html") and "<!doctype" in await answer.text()


async def look(page: Page, path: str, seen: set[str]) -> list[str]:
    """What is wrong with a page; nothing where the address is a file's or leads to a page that was seen already."""
    if not await is_page(page, path):
        return []
    await page.goto(path)
    if page.url in seen:
        return []
    seen.add(page.url)
    await page.wait_for_load_state("networkidle")
    wrong = await violations(page)
    if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        wrong.append("It is wider than the window.")
    return [f"{path}: {trouble}" for trouble in wrong]


async def look_at_all(desks: Desks, company: Company, actor: Actor | None, paths: list[str], scheme: Scheme) -> int:
    """How many pages were seen in the large window."""
    wrong: list[str] = []
    large: set[str] = set()
    # Colours don't change with the width: in the dark the large window is enough.
    for size in (DESKTOP, PHONE) if scheme == "light" else (DESKTOP,):
        seen = large if size is DESKTOP else set()
        page = await desks.page(company, actor, size=size, scheme=scheme)
        for path in paths:
            wrong += [f"{size[0]} {trouble}" for trouble in await look(page, path, seen)]
        await page.close()
    assert wrong == []
    return len(large)


def every_page(asgi: Any, company: Company, belongings: Belongings) -> Iterator[str]:
    """An address of every route that may show a page, with one of each thing there is."""
    for path, handler in routes(asgi):
        if "GET" in handler.http_methods and not path.startswith(NO_PAGES):
            yield from addresses(path, company, belongings)


async def furnish(company: Company) -> Belongings:
    """Some of everything; of each kind of thing at least one."""
    await company.ticket(priority=Priority.URGENT, tags=("warranty", "order"), assignee_id=company.bob.user_id)
    await company.ticket("The kettle sings", priority=Priority.HIGH, department_id=company.support_id)
    await furnish_mail(company)
    belongings = await belongings_of(company)
    for kind in set(wording.Kind) - OWNED:
        words = "Hello {{customer.name}}" + (" {{link.url}}" if kind.has_link else "")
        draft = wording.Draft(kind, {"en": wording.Text(words)}, name="Greeting")
        async with company.database.transaction(company.organization_id) as tx:
            await wording.add_wording(tx, draft, by=company.alice)
    return belongings


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
async def test_a_page_for_everybody(scheme: Scheme, acme: Company, unlimited: Any, desks: Desks) -> None:
    pages = every_page(unlimited, acme, await belongings_of(acme))
    paths = [*PUBLIC, *(path for path in pages if not path.startswith("/dashboard"))]
    assert await look_at_all(desks, acme, None, paths, scheme) > 10


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("part", range(PARTS))
async def test_a_page_for_agents(part: int, scheme: Scheme, acme: Company, unlimited: Any, desks: Desks) -> None:
    pages = every_page(unlimited, acme, await furnish(acme))
    paths = [*VARIANTS, *(path for path in pages if not path.startswith("/portal"))]
    assert await look_at_all(desks, acme, acme.alice, paths[part::PARTS], scheme) > 8


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_page_for_customers(scheme: Scheme, acme: Company, unlimited: Any, desks: Desks) -> None:
    pages = every_page(unlimited, acme, await furnish(acme))
    paths = [f"/portal/{acme.slug}/tickets/1", *(path for path in pages if path.startswith("/portal"))]
    assert await look_at_all(desks, acme, acme.carol, paths, scheme) > 6


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
