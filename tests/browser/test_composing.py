"""Writing an answer: to whom, when, taken back, held where somebody wrote. By keyboard, and before JavaScript."""

from datetime import UTC, datetime, timedelta

from playwright.async_api import Page, expect

from parlour import email, tickets
from parlour.people import Actor
from parlour.tickets import Comment, Source, Ticket, Words
from tests.browser.desks import Desks, is_live
from tests.browser.test_looks import violations
from tests.builders import Company
from tests.waiting import until


async def at_ticket(desks: Desks, company: Company, ticket: Ticket, actor: Actor | None = None) -> Page:
    page = await desks.page(company, actor or company.alice)
    await page.goto(f"/dashboard/tickets/{ticket.number}")
    await is_live(page)
    await page.wait_for_selector(".recipients[data-dressed]")
    return page


async def last(company: Company, ticket: Ticket) -> Comment:
    async with company.database.reading(company.organization_id) as tx:
        return (await tickets.last_comments(tx, ticket, 1, seen_by=company.alice))[-1]


async def writes(company: Company, ticket: Ticket, text: str, actor: Actor | None = None) -> None:
    by = actor or company.carol
    async with company.database.transaction(company.organization_id) as tx:
        held = await tickets.hold(tx, ticket.id, seen_by=by)
        await tickets.reply(tx, held, Words(text), by=by, source=Source.EMAIL)


async def test_recipients_are_added_and_removed_by_keyboard(acme: Company, desks: Desks) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        await email.add_mailbox(tx, f"support@{acme.slug}.test")
    ticket = await acme.ticket()
    page = await at_ticket(desks, acme, ticket)
    to, cc = page.locator("[data-kind=to] .chip"), page.locator("[data-kind=cc] .chip")
    await expect(to).to_have_text(["Carol"])
    await page.get_by_role("button", name="Cc", exact=True).click()
    field = page.locator("#recipients-cc-new")
    await expect(field).to_be_focused()
    await page.keyboard.type("dav")
    await expect(page.locator(".recipient-list [role=option]")).to_have_text("Davedave@customer.test")
    await page.keyboard.press("Enter")
    await expect(cc).to_have_text(["Dave"])
    await expect(page.locator("[data-cautions]")).to_contain_text("Dave is new on this ticket")
    await page.keyboard.type("jo@partner.test,")
    await expect(cc).to_have_text(["Dave", "jo@partner.test"])
    await page.keyboard.type(f"support@{acme.slug}.test")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-cautions]")).to_contain_text("is a mailbox of yours")
    await expect(field).to_be_focused()
    assert await violations(page) == []
    await field.fill("")
    await page.keyboard.press("Backspace")
    await page.keyboard.press("Backspace")
    await expect(cc).to_have_text(["Dave"])
    await page.locator("#composer-body").fill("Hello both")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".message-agent .message-route")).to_have_text(
        "To carol@customer.test Cc dave@customer.test"
    )


async def test_to_all_or_only_to_whoever_asked_is_one_key(acme: Company, desks: Desks) -> None:
    ticket = await acme.ticket()
    async with acme.database.transaction(acme.organization_id) as tx:
        await tickets.add_participants(tx, ticket.id, [acme.dave.user_id])
    page = await at_ticket(desks, acme, ticket)
    await expect(page.locator(".composer-circle")).to_have_text("Reply only to Carol")
    await page.keyboard.press("Shift+R")
    await expect(page.locator(".chip")).to_have_text(["Carol"])
    await expect(page.locator(".composer-circle")).to_have_text("Reply to all 2")
    await expect(page.locator("#composer-body")).to_be_focused()
    await page.keyboard.press("Escape")
    await page.keyboard.press("Shift+R")
    await expect(page.locator(".chip")).to_have_text(["Carol", "Dave"])


async def test_undo_by_keyboard_brings_the_words_back(acme: Company, desks: Desks) -> None:
    ticket = await acme.ticket()
    page = await at_ticket(desks, acme, ticket)
    await page.keyboard.press("r")
    await page.keyboard.type("Too early")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".toast")).to_contain_text("Press z to undo")
    await expect(page.locator("#toasts")).to_have_attribute("aria-live", "polite")
    assert await violations(page) == []
    await expect(page.locator("#composer-body")).to_have_value("")
    await expect(page.locator(".message-waits")).to_contain_text("Too early")
    await page.keyboard.press("Control+z")
    await expect(page.locator("#composer-body")).to_have_value("Too early")
    await expect(page.locator("#composer-body")).to_be_focused()
    await expect(page.locator(".message-waits")).to_have_count(0)
    assert (await last(acme, ticket)).author_id == acme.carol.user_id
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".message-waits")).to_have_count(1)
    await page.keyboard.press("Escape")
    await page.keyboard.press("z")
    await expect(page.locator("#composer-body")).to_have_value("Too early")
    await page.reload()
    await expect(page.locator("#composer-body")).to_have_value("Too early")


async def test_later_is_chosen_by_keyboard_and_edited_again(acme: Company, desks: Desks) -> None:
    ticket = await acme.ticket()
    page = await at_ticket(desks, acme, ticket)
    await page.locator("#composer-body").fill("Still well?")
    await page.keyboard.press("Control+Shift+Enter")
    await expect(page.get_by_role("button", name="In 1 hour")).to_be_focused()
    assert await violations(page) == []
    await page.get_by_role("checkbox", name="Call it off if the customer writes first").check()
    await page.get_by_role("button", name="In 1 hour").press("ArrowDown")
    await expect(page.get_by_role("button", name="Tomorrow at 9:00")).to_be_focused()
    await page.keyboard.press("Enter")
    waiting = page.locator(".message-waits")
    await expect(waiting).to_contain_text("unless the customer writes first")
    comment = await last(acme, ticket)
    async with acme.database.reading(acme.organization_id) as tx:
        sending = (await email.sendings(tx, [comment.id]))[comment.id]
    zone = await page.evaluate("new Date().getTimezoneOffset()")
    assert sending.send_at
    local = sending.send_at - timedelta(minutes=zone)
    assert (local.hour, local.minute) == (9, 0)
    assert local.date() == (datetime.now(UTC) - timedelta(minutes=zone)).date() + timedelta(days=1)
    await waiting.get_by_role("button", name="Edit").click()
    await expect(page.locator("#composer-body")).to_have_value("Still well?")
    await expect(waiting).to_have_count(0)


async def test_a_time_of_ones_own_is_the_agents_time(acme: Company, desks: Desks) -> None:
    ticket = await acme.ticket()
    page = await at_ticket(desks, acme, ticket)
    await page.locator("#composer-body").fill("In two days")
    await page.keyboard.press("Control+Shift+Enter")
    at = await page.evaluate(
        "(() => { const at = new Date(Date.now() + 172800000); at.setSeconds(0, 0); return at.getTime(); })()"
    )
    local = await page.evaluate(
        "at => new Date(at - new Date(at).getTimezoneOffset() * 60000).toISOString().slice(0, 16)", at
    )
    await page.get_by_label("Another time").fill(local)
    await page.get_by_role("button", name="Schedule").click()
    await expect(page.locator(".message-waits")).to_contain_text("Scheduled")
    comment = await last(acme, ticket)
    async with acme.database.reading(acme.organization_id) as tx:
        sending = (await email.sendings(tx, [comment.id]))[comment.id]
    assert sending.send_at
    assert sending.send_at.timestamp() * 1000 == at


async def test_a_reply_begun_before_the_customer_wrote_is_held_and_the_page_says_why(
    acme: Company, desks: Desks
) -> None:
    ticket = await acme.ticket()
    page = await at_ticket(desks, acme, ticket)
    await page.locator("#composer-body").press_sequentially("Try the switch.")
    await writes(acme, ticket, "It works again, thank you.")
    await page.evaluate("dispatchEvent(new Event('online'))")
    await expect(page.locator(".newer-notice")).to_have_text("Carol wrote while you are writing.Read it")
    await expect(page.locator("#composer-body")).to_be_focused()
    await page.keyboard.press("Control+Enter")
    panel = page.locator(".newer-words")
    await expect(panel).to_contain_text("Carol wrote while you did.")
    await expect(panel).to_contain_text("It works again, thank you.")
    await expect(panel).to_be_focused()
    assert await violations(page) == []
    assert (await acme.now(ticket)).comment_count == 2
    await page.get_by_role("button", name="Keep editing").click()
    await expect(page.locator("#composer-body")).to_be_focused()
    await expect(page.locator("#composer-body")).to_have_value("Try the switch.")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".message-waits")).to_contain_text("Try the switch.")


async def test_send_anyway_is_a_tab_away(acme: Company, desks: Desks) -> None:
    ticket = await acme.ticket()
    page = await at_ticket(desks, acme, ticket)
    await page.locator("#composer-body").press_sequentially("Try the switch.")
    await writes(acme, ticket, "Hello?")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".newer-words")).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Send anyway")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator(".message-waits")).to_contain_text("Try the switch.")
    await expect(page.locator(".newer-words")).to_have_count(0)


async def test_a_draft_outlives_reload_another_ticket_and_a_colleagues_hand(acme: Company, desks: Desks) -> None:
    ticket, other = await acme.ticket("First"), await acme.ticket("Second")
    page = await at_ticket(desks, acme, ticket)
    await page.locator("#composer-body").press_sequentially("Dear Carol, I")
    await expect(page.locator(".composer-hint")).to_have_text("Draft kept")
    async with acme.database.transaction(acme.organization_id) as tx:
        held = await tickets.hold(tx, ticket.id, seen_by=acme.bob)
        await tickets.change(tx, held, tickets.Changes(assignee_id=acme.bob.user_id), by=acme.bob)
    await page.evaluate("dispatchEvent(new Event('online'))")
    await expect(page.locator("#picker-assignee")).to_contain_text("Bob")
    # Both the event and the reconnection fetch; a click between press and release would meet a row that was put anew.
    await page.wait_for_load_state("networkidle")
    await page.locator(f"#row-{other.number} .ticket-row").click()
    await expect(page.locator("#ticket-subject")).to_have_text("Second")
    await expect(page.locator("#composer-body")).to_have_value("")
    await page.locator(f"#row-{ticket.number} .ticket-row").click()
    await expect(page.locator("#ticket-subject")).to_have_text("First")
    await expect(page.locator("#composer-body")).to_have_value("Dear Carol, I")
    # On another machine as well, and for nobody else.
    elsewhere = await at_ticket(desks, acme, ticket)
    await expect(elsewhere.locator("#composer-body")).to_have_value("Dear Carol, I")
    bobs = await at_ticket(desks, acme, ticket, acme.bob)
    await expect(bobs.locator("#composer-body")).to_have_value("")


async def test_what_the_server_never_got_is_kept_here_until_it_has_it_and_signing_out_clears_the_desk(
    acme: Company, desks: Desks
) -> None:
    ticket = await acme.ticket()
    page = await at_ticket(desks, acme, ticket)
    await page.route("**/draft", lambda route: route.abort())
    await page.locator("#composer-body").press_sequentially("Offline words")
    kept = "Object.keys(localStorage).filter(name => name.startsWith('parlour:draft:')).length"
    assert await page.evaluate(kept) == 1
    await page.reload()
    await expect(page.locator("#composer-body")).to_have_value("Offline words")
    await page.unroute("**/draft")
    await page.locator(".account-button").click()
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url(f"{desks.url}/")
    assert await page.evaluate(kept) == 0

    async def is_with_the_server() -> bool:
        async with acme.database.reading(acme.organization_id) as tx:
            draft = await tickets.draft_of(tx, ticket, by=acme.alice)
        return draft is not None and draft.text == "Offline words"

    await until(is_with_the_server)


async def test_pictures_are_shown_when_asked_for_and_stay(acme: Company, desks: Desks) -> None:
    picture = '<p>Look <img data-remote-src="https://127.0.0.1:1/kettle.png" alt="Kettle"></p>'
    ticket = await acme.ticket(words=Words("Look", picture))
    page = await at_ticket(desks, acme, ticket)
    await expect(page.locator(".message-words img")).not_to_have_attribute("src", "")
    await page.get_by_role("link", name="Show it").click()
    await expect(page.locator(".message-words img[src^='/images?']")).to_have_count(1)
    await writes(acme, ticket, "And?")
    await page.evaluate("dispatchEvent(new Event('online'))")
    await expect(page.locator(".message-customer")).to_have_count(2)
    await expect(page.locator(".message-words img[src^='/images?']")).to_have_count(1)


async def test_all_of_it_works_before_javascript(acme: Company, desks: Desks) -> None:
    ticket = await acme.ticket()
    page = await desks.page(acme, acme.alice, script=False)
    await page.goto(f"/dashboard/tickets/{ticket.number}")
    await page.get_by_label("Cc", exact=True).fill("Dave <dave@customer.test>")
    await page.locator("#composer-body").fill("Too early")
    await page.get_by_role("button", name="Send", exact=True).click()
    waiting = page.locator(".message-waits")
    await expect(waiting.locator(".message-route")).to_have_text("To carol@customer.test Cc dave@customer.test")
    await waiting.get_by_role("button", name="Undo").click()
    await expect(page.locator("#composer-body")).to_have_value("Too early")
    await expect(page.get_by_label("Cc", exact=True)).to_have_value("Dave <dave@customer.test>")

    await writes(acme, ticket, "It works again.")
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.locator(".newer-words")).to_contain_text("It works again.")
    await expect(page.locator("#composer-body")).to_have_value("Too early")
    await page.get_by_role("button", name="Send anyway").click()
    await expect(waiting).to_contain_text("Too early")
    await expect(page.locator("#composer-body")).to_have_value("")

    await page.locator("#composer-body").fill("A reminder")
    await page.locator(".later-plain summary").click()
    moment = (datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    await page.get_by_label("Day and time, in UTC").fill(moment)
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(waiting.last).to_contain_text("Scheduled")
    await waiting.last.get_by_role("button", name="Cancel").click()
    await expect(page.locator("#composer-body")).to_have_value("A reminder")
