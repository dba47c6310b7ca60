"""Long lists and long conversations come in pieces, and news leave the pieces where they are."""

from playwright.async_api import expect

from parlour import tickets
from parlour.tickets import Source, Ticket, Words
from tests.browser.desks import Desks, is_live
from tests.builders import Company


async def say(company: Company, ticket: Ticket, *texts: str) -> None:
    for text in texts:
        async with company.database.transaction(company.organization_id) as tx:
            held = await tickets.hold(tx, ticket.id, seen_by=company.alice)
            await tickets.reply(tx, held, Words(text), by=company.carol, source=Source.EMAIL)


async def test_earlier_messages_unfold_and_stay_unfolded(acme: Company, desks: Desks) -> None:
    ticket = await acme.ticket()
    await say(acme, ticket, *(f"Message {number}" for number in range(2, 51)))
    page = await desks.page(acme, acme.alice)
    await page.goto(f"/dashboard/tickets/{ticket.number}")
    await is_live(page)
    await expect(page.locator(".message")).to_have_count(40)
    await expect(page.locator(".message").last).to_be_in_viewport()
    await page.get_by_role("link", name="Earlier messages").click()
    await expect(page.locator(".message")).to_have_count(50)
    await expect(page.locator(".message-words").first).to_have_text("It hums, but nothing comes out.")

    await say(acme, ticket, "Message 51")
    await page.evaluate("dispatchEvent(new Event('online'))")
    await expect(page.locator(".message")).to_have_count(51)
    texts = await page.locator(".message-words").all_inner_texts()
    assert texts[1:] == [f"Message {number}" for number in range(2, 52)]


async def test_more_rows_come_with_scrolling_and_stay(acme: Company, desks: Desks) -> None:
    for number in range(60):
        await acme.ticket(f"Ticket {number}")
    page = await desks.page(acme, acme.alice)
    await page.goto("/dashboard")
    await is_live(page)
    for loaded in (50, 60):
        await page.locator(".row-item").last.scroll_into_view_if_needed()
        await page.locator(".list-scroll").evaluate("box => box.scrollTo(0, box.scrollHeight)")
        await expect(page.locator(".row-item")).to_have_count(loaded)
    await acme.ticket("One more")
    await page.evaluate("dispatchEvent(new Event('parlour:changed'))")
    await expect(page.locator(".ticket-row-subject").first).to_have_text("One more")
    await expect(page.locator(".row-item")).to_have_count(61)
    numbers = await page.locator(".row-item").evaluate_all("rows => rows.map(row => row.id)")
    assert numbers == [f"row-{number}" for number in range(61, 0, -1)]


async def test_a_file_is_uploaded_at_once_and_sent_with_the_reply(acme: Company, desks: Desks) -> None:
    ticket = await acme.ticket()
    page = await desks.page(acme, acme.alice)
    await page.goto(f"/dashboard/tickets/{ticket.number}")
    await page.locator("input[name=files]").set_input_files(
        [{"name": "how to.txt", "mimeType": "text/plain", "buffer": b"Lift it."}]
    )
    await expect(page.locator(".composer-files input[name=attachment]")).to_have_count(1)
    await page.locator("#composer-body").fill("See the file.")
    await page.keyboard.press("Control+Enter")
    file = page.locator(".message-agent .attachment")
    await expect(file).to_contain_text("how to.txt")
    await expect(page.locator(".composer-files .attachment")).to_have_count(0)
    async with page.expect_download() as download:
        await file.click()
    assert (await download.value).suggested_filename == "how to.txt"
