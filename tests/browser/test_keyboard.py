"""Everything an agent does all day has a key."""

from playwright.async_api import Page, expect

from parlour.tickets import Priority, Status
from tests.browser.desks import Desks, is_live
from tests.builders import Company
from tests.waiting import until


async def open_list(desks: Desks, company: Company) -> Page:
    page = await desks.page(company, company.alice)
    await page.goto("/dashboard/views/unresolved")
    await is_live(page)
    return page


async def test_j_and_k_walk_enter_opens_and_escape_leads_back(acme: Company, desks: Desks) -> None:
    first, second, third = [await acme.ticket(subject) for subject in ("First", "Second", "Third")]
    page = await open_list(desks, acme)
    await page.keyboard.press("j")
    await expect(page.locator(f"#row-{third.number} .ticket-row")).to_be_focused()
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await page.keyboard.press("k")
    await expect(page.locator(f"#row-{second.number} .ticket-row")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#ticket-subject")).to_have_text("Second")
    await expect(page).to_have_url(f"{desks.url}/dashboard/tickets/{second.number}?view=unresolved")
    # With a ticket open, walking reads on.
    await page.keyboard.press("j")
    await expect(page.locator("#ticket-subject")).to_have_text("First")
    await expect(page.locator(f"#row-{first.number} .ticket-row")).to_have_attribute("aria-current", "true")
    await page.keyboard.press("Escape")
    await expect(page).to_have_url(f"{desks.url}/dashboard/views/unresolved")
    await expect(page.locator("#ticket-subject")).to_have_count(0)
    await page.go_back()
    await expect(page.locator("#ticket-subject")).to_have_text("First")


async def test_properties_change_by_key(acme: Company, desks: Desks) -> None:
    ticket = await acme.ticket()
    page = await open_list(desks, acme)
    await page.locator(".ticket-row").click()
    await expect(page.locator("#ticket-subject")).to_be_visible()

    await page.keyboard.press("s")
    await page.keyboard.type("pend")
    await page.keyboard.press("Enter")
    await expect(page.locator("#ticket-head .status")).to_have_text("Pending")
    await page.keyboard.press("p")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")
    await expect(page.locator("#picker-priority .priority")).to_have_text("Urgent")
    await page.keyboard.press("a")
    await page.keyboard.type("bob")
    await page.keyboard.press("Enter")
    await expect(page.locator("#picker-assignee .picker-button")).to_contain_text("Bob")
    await page.keyboard.press("t")
    await page.keyboard.type("Warranty")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Escape")
    await expect(page.locator("#picker-tags .tag")).to_have_text("Warranty")
    await expect(page.locator("#picker-tags .picker-button")).to_be_focused()

    # Shown at once, before the server has answered: so the row is waited for.
    async def is_saved() -> bool:
        saved = await acme.now(ticket)
        return bool(saved.tags) and saved.assignee_id is not None and saved.priority is Priority.URGENT

    await until(is_saved)
    changed = await acme.now(ticket)
    assert changed.status is Status.PENDING
    assert changed.priority is Priority.URGENT
    assert changed.assignee_id == acme.bob.user_id
    assert [tag.name for tag in changed.tags] == ["Warranty"]


async def test_e_resolves_i_takes_and_n_writes_a_note(acme: Company, desks: Desks) -> None:
    ticket = await acme.ticket()
    page = await open_list(desks, acme)
    await page.locator(".ticket-row").click()
    await expect(page.locator("#ticket-subject")).to_be_visible()
    await page.keyboard.press("i")
    await expect(page.locator("#picker-assignee .picker-button")).to_contain_text("Alice")
    await page.keyboard.press("n")
    await page.keyboard.type("Check the fuse")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".message-note:not([data-pending])")).to_contain_text("Check the fuse")
    await page.keyboard.press("Escape")
    await page.keyboard.press("e")
    await expect(page.locator("#ticket-head .status")).to_have_text("Resolved")
    await expect(page.locator(".row-item")).to_have_count(0)
    changed = await acme.now(ticket)
    assert (changed.status, changed.assignee_id) == (Status.RESOLVED, acme.alice.user_id)


async def test_slash_searches_as_one_types_and_question_mark_helps(acme: Company, desks: Desks) -> None:
    await acme.ticket("The kettle sings")
    await acme.ticket("The grinder hums")
    page = await open_list(desks, acme)
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.keyboard.press("/")
    await page.keyboard.type("kett")
    await expect(page.locator(".row-item")).to_have_count(1)
    await expect(page.locator(".ticket-row-subject")).to_have_text("The kettle sings")
    await expect(page.locator("#search")).to_be_focused()
    await page.locator("#search").fill("")
    await expect(page.locator(".row-item")).to_have_count(2)
    await page.keyboard.press("Escape")
    await page.keyboard.press("g")
    await page.keyboard.press("m")
    await expect(page.locator(".list-title")).to_have_text("Mine")
    await expect(page.get_by_text("All yours is done")).to_be_visible()
