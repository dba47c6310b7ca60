"""What customers read in their pages, and what nobody else does, over the real app."""

import re
from uuid import UUID, uuid4

import httpx

from parlour import people, tickets
from parlour.entrance import COOKIE
from parlour.people import Actor
from parlour.tickets import Changes, Source, Status, Ticket, Upload, Words
from tests.builders import Company
from tests.doors.conftest import Clients, Connect

PAGE = {"accept": "text/html"}
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


def _home(company: Company) -> str:
    return f"/portal/{company.slug}"


async def _get(client: httpx.AsyncClient, path: str) -> httpx.Response:
    return await client.get(path, headers=PAGE)


async def _answered(company: Company, ticket: Ticket) -> None:
    """An agent's reply, an internal note, a private one."""
    async with company.database.transaction(company.organization_id) as tx:
        held = await tickets.hold(tx, ticket.id, seen_by=company.bob)
        await tickets.reply(tx, held, Words("Please open the <lid>."), by=company.bob, source=Source.WEB_FORM)
        await tickets.note(tx, held, Words("She is on the goodwill list."), by=company.bob)
        await tickets.note(tx, held, Words("Between us two."), by=company.bob, readers=[company.mara.user_id])


async def _with_file(company: Company, ticket: Ticket, upload: Upload, *, by: Actor, note: bool = False) -> UUID:
    async with company.database.transaction(company.organization_id) as tx:
        held = await tickets.hold(tx, ticket.id, seen_by=by)
        stored = await tickets.store_attachment(tx, company.installation.blobs, upload, by=by)
        words = Words("A file.", attachment_ids=[stored.id])
        if note:
            await tickets.note(tx, held, words, by=by)
        else:
            await tickets.reply(tx, held, words, by=by, source=Source.WEB_FORM)
    return stored.id


# --- reading


async def test_a_customer_finds_their_tickets_and_nobody_elses(acme: Company, at_acme: Clients) -> None:
    await acme.ticket("The grinder hums")
    await acme.ticket("The kettle sings")
    page = await _get(await at_acme.browser("carol"), _home(acme))
    assert page.status_code == 200
    assert re.findall(r'class="portal-subject">([^<]+)<', page.text) == ["The kettle sings", "The grinder hums"]
    stranger = await _get(await at_acme.browser("dave"), _home(acme))
    assert "No tickets yet" in stranger.text
    assert "grinder" not in stranger.text


async def test_open_and_solved_tickets_are_apart_and_search_goes_over_both(acme: Company, at_acme: Clients) -> None:
    await acme.ticket("The grinder hums")
    solved = await acme.ticket("The kettle sings")
    async with acme.database.transaction(acme.organization_id) as tx:
        held = await tickets.hold(tx, solved.id, seen_by=acme.bob)
        await tickets.change(tx, held, Changes(status=Status.CLOSED), by=acme.bob)
    carol = await at_acme.browser("carol")
    shown = {
        query: re.findall(r'class="portal-subject">([^<]+)<', (await _get(carol, f"{_home(acme)}{query}")).text)
        for query in ("", "?show=solved", "?show=all", "?q=kettle", "?q=nothingofthesort")
    }
    assert shown == {
        "": ["The grinder hums"],
        "?show=solved": ["The kettle sings"],
        "?show=all": ["The kettle sings", "The grinder hums"],
        "?q=kettle": ["The kettle sings"],
        "?q=nothingofthesort": [],
    }


async def test_a_long_list_comes_in_pages(acme: Company, at_acme: Clients) -> None:
    for number in range(21):
        await acme.ticket(f"Question {number}")
    carol = await at_acme.browser("carol")
    first = await _get(carol, _home(acme))
    following = re.search(r'href="(/portal/[^"]+after=[^"]+)"', first.text)
    assert following
    second = await _get(carol, following[1].replace("&amp;", "&"))
    assert re.findall(r'class="portal-subject">([^<]+)<', second.text) == ["Question 0"]


async def test_a_ticket_shows_what_was_said_and_no_note(acme: Company, at_acme: Clients) -> None:
    ticket = await acme.ticket()
    await _answered(acme, ticket)
    page = await _get(await at_acme.browser("carol"), f"{_home(acme)}/tickets/{ticket.number}")
    assert page.status_code == 200
    assert "It hums, but nothing comes out." in page.text
    assert "Please open the &lt;lid&gt;." in page.text
    for secret in ("goodwill", "Between us", "PRIVATE", "INTERNAL"):
        assert secret not in page.text


async def test_no_search_finds_a_note(acme: Company, at_acme: Clients) -> None:
    await _answered(acme, await acme.ticket())
    carol = await at_acme.browser("carol")
    assert "Nothing has “goodwill” in it." in (await _get(carol, f"{_home(acme)}?q=goodwill")).text
    assert "portal-subject" in (await _get(carol, f"{_home(acme)}?q=lid")).text


async def test_another_customers_ticket_is_not_there(acme: Company, at_acme: Clients) -> None:
    ticket = await acme.ticket()
    answer = await _get(await at_acme.browser("dave"), f"{_home(acme)}/tickets/{ticket.number}")
    assert answer.status_code == 404


async def test_a_colleague_who_takes_part_reads_along(acme: Company, at_acme: Clients) -> None:
    ticket = await acme.ticket()
    async with acme.database.transaction(acme.organization_id) as tx:
        await tickets.add_participants(tx, ticket.id, [acme.dave.user_id])
    page = await _get(await at_acme.browser("dave"), f"{_home(acme)}/tickets/{ticket.number}")
    assert page.status_code == 200
    assert "It hums" in page.text


async def test_agents_are_strangers_here_lest_they_show_notes(acme: Company, at_acme: Clients) -> None:
    ticket = await acme.ticket()
    await _answered(acme, ticket)
    bob = await at_acme.browser("bob")
    answer = await _get(bob, f"{_home(acme)}/tickets/{ticket.number}")
    assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, f"{_home(acme)}/sign-in")
    door = await _get(bob, f"{_home(acme)}/sign-in")
    assert "who answers here" in door.text
    assert 'href="/dashboard"' in door.text


async def test_customers_of_the_neighbour_are_strangers_too(acme: Company, globex: Company, at_globex: Clients) -> None:
    ticket = await acme.ticket("The grinder hums")
    await globex.ticket("A neighbour's secret")
    carol = await at_globex.browser("carol")
    for path in ("", "/tickets/new", f"/tickets/{ticket.number}", f"/files/{uuid4()}"):
        answer = await _get(carol, f"{_home(acme)}{path}")
        assert answer.status_code == 303
        assert answer.headers["location"].startswith(f"{_home(acme)}/sign-in")
    for path in ("/tickets", f"/tickets/{ticket.number}/reply", f"/tickets/{ticket.number}/solved"):
        answer = await carol.post(f"{_home(acme)}{path}", data={"subject": "x", "body": "x"}, headers=PAGE)
        assert answer.status_code == 401
    assert await acme.now(ticket) == ticket
    own = await _get(carol, _home(globex))
    assert "neighbour&#39;s secret" in own.text


async def test_a_portal_that_is_nowhere_is_not_found(connect: Connect, acme: Company) -> None:
    for path in ("/portal/nowhere/sign-in", "/portal/nowhere/brand.css", f"/portal/{acme.slug.upper()}/sign-in"):
        assert (await _get(connect(), path)).status_code == 404


async def test_the_organizations_colour_is_the_only_thing_its_stylesheet_says(acme: Company, connect: Connect) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        await people.change_organization(tx, people.OrganizationChanges(colour="#9A3412"))
    answer = await connect().get(f"{_home(acme)}/brand.css")
    assert (answer.text, answer.headers["content-type"]) == (":root{--brand:#9a3412}\n", "text/css; charset=utf-8")
    page = await _get(connect(), f"{_home(acme)}/sign-in")
    assert f'href="{_home(acme)}/brand.css?v=9a3412"' in page.text
    assert not re.search(r"\sstyle=|<style", page.text)


async def test_what_anybody_may_keep_never_holds_somebodys_cookie(acme: Company, at_acme: Clients) -> None:
    carol, alice = await at_acme.browser("carol"), await at_acme.program("alice")
    kept = await carol.get(f"{_home(acme)}/brand.css")
    assert (kept.headers["cache-control"], "set-cookie" in kept.headers) == ("public, max-age=300", False)
    assert (await alice.put(f"/api/users/{acme.carol.user_id}", json={"role": "AGENT"})).status_code == 200
    renewed = await carol.get(f"{_home(acme)}/brand.css")
    assert f"{COOKIE}=" in renewed.headers["set-cookie"]
    assert renewed.headers.get_list("cache-control") == ["private, no-store"]


# --- files


async def test_a_picture_is_shown_and_everything_else_is_downloaded(acme: Company, at_acme: Clients) -> None:
    ticket = await acme.ticket()
    picture = await _with_file(acme, ticket, Upload("a b.png", "image/png", PNG), by=acme.bob)
    trap = await _with_file(acme, ticket, Upload("x.html", "text/html", b"<script>alert(1)</script>"), by=acme.bob)
    carol = await at_acme.browser("carol")
    shown = await carol.get(f"{_home(acme)}/files/{picture}")
    assert (shown.content, shown.headers["content-type"]) == (PNG, "image/png")
    assert shown.headers["content-disposition"] == "inline; filename*=UTF-8''a%20b.png"
    saved = await carol.get(f"{_home(acme)}/files/{trap}")
    assert saved.headers["content-type"] == "application/octet-stream"
    assert saved.headers["content-disposition"].startswith("attachment;")
    page = await _get(carol, f"{_home(acme)}/tickets/{ticket.number}")
    assert f'<img src="{_home(acme)}/files/{picture}"' in page.text
    assert f'<img src="{_home(acme)}/files/{trap}"' not in page.text


async def test_a_notes_file_and_a_strangers_file_are_not_there(acme: Company, at_acme: Clients) -> None:
    ticket = await acme.ticket()
    hidden = await _with_file(acme, ticket, Upload("cost.csv", "text/csv", b"1"), by=acme.bob, note=True)
    shown = await _with_file(acme, ticket, Upload("price.csv", "text/csv", b"2"), by=acme.bob)
    carol, dave = await at_acme.browser("carol"), await at_acme.browser("dave")
    assert (await carol.get(f"{_home(acme)}/files/{hidden}")).status_code == 404
    assert (await carol.get(f"{_home(acme)}/files/{shown}")).status_code == 200
    assert (await dave.get(f"{_home(acme)}/files/{shown}")).status_code == 404
