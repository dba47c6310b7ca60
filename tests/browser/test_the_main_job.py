"""A mail becomes a card on an open page; the agent answers; the customer's answer joins the conversation."""

from playwright.async_api import expect

from parlour import email
from tests.browser.desks import Desks, is_live
from tests.journeys.desk import Journey
from tests.journeys.test_there_and_back import answer_to, question


async def test_a_mail_is_answered_live_and_the_answer_to_the_answer_appears(journey: Journey, desks: Desks) -> None:
    async with journey.company.database.transaction(journey.company.organization_id) as tx:
        await email.set_undo_seconds(tx, 2)
    page = await desks.page(journey.company, journey.company.bob)
    await page.goto("/dashboard")
    await expect(page.get_by_text("Inbox zero")).to_be_visible()
    await is_live(page)
    await page.evaluate("window.neverReloaded = true")

    asked = question(journey.address)
    await journey.write(asked)
    card = page.locator(".ticket-row", has_text="The grinder hums")
    await expect(card).to_be_visible()
    await expect(page.locator(".view[data-view=unassigned] .count")).to_contain_text("1")

    await card.click()
    await expect(page.locator("#ticket-subject")).to_have_text("The grinder hums")
    await expect(page.locator(".message-customer .message-words")).to_contain_text("nothing comes out")
    await page.keyboard.press("r")
    await page.keyboard.type("Switch it on first.")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".message-agent .message-words")).to_have_text("Switch it on first.")
    await expect(page.locator("#composer-body")).to_have_value("")

    [taken] = await journey.server.mails(1)
    assert taken.recipients == ["carol@customer.test"]
    assert taken.message["In-Reply-To"] == asked["Message-ID"]
    assert taken.message["References"] == asked["Message-ID"]
    await expect(page.locator(".message-agent .delivery")).to_have_text("Sent")

    await page.keyboard.type("A thought not finished")
    await journey.write(answer_to(taken.message, "It was the switch. Thank you!"))
    await expect(page.locator(".message-customer")).to_have_count(2)
    await expect(page.locator(".message-customer").last).to_contain_text("It was the switch.")
    # What the mail repeated is folded away.
    await expect(page.locator(".message-customer").last.locator(".quoted .prose")).to_be_hidden()
    # What was being written is still there, and still has the cursor.
    await expect(page.locator("#composer-body")).to_have_value("A thought not finished")
    await expect(page.locator("#composer-body")).to_be_focused()
    assert await page.evaluate("window.neverReloaded") is True


async def test_two_agents_see_each_other_and_a_reply_to_what_was_not_read_is_held_back(
    journey: Journey, desks: Desks
) -> None:
    company = journey.company
    ticket = await company.ticket()
    bob, alice = await desks.page(company, company.bob), await desks.page(company, company.alice)
    for page in (bob, alice):
        await page.goto(f"/dashboard/tickets/{ticket.number}")
        await is_live(page)
    await expect(alice.locator("#viewers")).to_contain_text("Bob is here")
    await bob.locator("#composer-body").press_sequentially("On it")
    await expect(alice.locator("#viewers")).to_contain_text("Bob is writing")
    await expect(alice.locator(".composer-warning")).to_contain_text("Bob is writing on this ticket too.")

    # Alice has begun before Bob's words came.
    await alice.locator("#composer-body").fill("On it too")
    await bob.keyboard.press("Control+Enter")
    await expect(bob.locator(".message-agent")).to_have_count(1)
    await expect(alice.locator(".message-agent")).to_have_count(1)
    await expect(alice.locator(".message-agent[data-said]")).to_have_count(1)
    await alice.keyboard.press("Control+Enter")
    await expect(alice.locator(".newer-words")).to_contain_text("Bob wrote while you did.")
    await expect(alice.locator("#composer-body")).to_have_value("On it too")
    assert (await company.now(ticket)).comment_count == 2
