"""A customer in front of the portal, with and without scripts."""

from playwright.async_api import expect

from parlour import email, tickets
from parlour.tickets import Status
from tests.browser.desks import Desks
from tests.browser.screens import PHONE
from tests.builders import Company


async def test_a_customer_writes_reads_and_closes_before_javascript(acme: Company, desks: Desks) -> None:
    page = await desks.page(acme, acme.carol, size=PHONE, script=False)
    await page.goto(f"/portal/{acme.slug}")
    await page.get_by_role("link", name="Write to us").click()
    await page.get_by_label("Subject").fill("The kettle sings")
    await page.get_by_label("What happened?").fill("In B flat.")
    await page.locator("input[name=files]").set_input_files(
        {"name": "song.txt", "mimeType": "text/plain", "buffer": b"la la"}
    )
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator("h1")).to_have_text("The kettle sings")
    await expect(page.locator(".attachment")).to_contain_text("song.txt")

    await page.get_by_label("Your reply").fill("Now in C.")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".portal-said")).to_have_count(2)
    await page.get_by_role("button", name="Mark as solved").click()
    await expect(page.locator(".portal-solved")).to_contain_text("This is solved.")
    async with acme.database.reading(acme.organization_id) as tx:
        ticket = await tickets.find(tx, 1, seen_by=acme.alice)
    assert (ticket.subject, ticket.status, ticket.comment_count) == ("The kettle sings", Status.RESOLVED, 2)


async def test_an_answer_appears_and_what_was_being_written_stays(acme: Company, desks: Desks) -> None:
    ticket = await acme.ticket()
    async with acme.database.transaction(acme.organization_id) as tx:
        await email.set_undo_seconds(tx, 0)
    carol = await desks.page(acme, acme.carol)
    await carol.goto(f"/portal/{acme.slug}/tickets/{ticket.number}")
    await carol.wait_for_selector(".portal-ticket[data-live]")
    await carol.get_by_label("Your reply").fill("I am still writing")

    bob = await desks.page(acme, acme.bob, script=False)
    await bob.goto(f"/dashboard/tickets/{ticket.number}")
    await bob.locator("#composer-body").fill("Please open the lid.")
    await bob.get_by_role("button", name="Send", exact=True).click()

    await expect(carol.locator(".portal-said").last).to_contain_text("Please open the lid.")
    await expect(carol.get_by_label("Your reply")).to_have_value("I am still writing")
    await carol.get_by_label("Your reply").press("Control+Enter")
    await expect(carol.locator(".portal-said").last).to_contain_text("I am still writing")
    await expect(carol.get_by_label("Your reply")).to_have_value("")
