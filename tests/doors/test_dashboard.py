"""The agents' pages: who gets in, what an address names, what a form may do."""

import httpx
import pytest

from parlour import email
from parlour.entrance import COOKIE
from parlour.people import Actor
from parlour.tickets import Priority, Status
from tests.builders import Company
from tests.doors.conftest import Connect, session_of

STREAM = {"accept": "text/vnd.turbo-stream.html, text/html"}


async def desk(connect: Connect, company: Company, actor: Actor) -> httpx.AsyncClient:
    """A browser of somebody signed in."""
    cookie, token = await session_of(company, actor)
    client = connect(accept="text/html", **{"x-csrf-token": token})
    client.cookies.set(COOKIE, cookie)
    return client


async def test_customers_have_no_dashboard(acme: Company, connect: Connect) -> None:
    carol = await desk(connect, acme, acme.carol)
    assert (await carol.get("/dashboard/views/all")).status_code == 403
    ticket = await acme.ticket()
    assert (await carol.post(f"/dashboard/tickets/{ticket.number}/note", data={"body": "Hi"})).status_code == 403
    assert (await acme.now(ticket)).version == ticket.version


async def test_a_stranger_is_sent_to_sign_in_and_back(acme: Company, connect: Connect) -> None:
    answer = await connect(accept="text/html").get("/dashboard/views/mine?sort=createdAt")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=/dashboard/views/mine%3Fsort%3DcreatedAt"


@pytest.mark.parametrize("path", ["views/nowhere", "views/all?assignee=x", "tickets/999999", "tickets/99999999999999"])
async def test_an_address_that_names_nothing_is_not_found(path: str, acme: Company, connect: Connect) -> None:
    alice = await desk(connect, acme, acme.alice)
    assert (await alice.get(f"/dashboard/{path}")).status_code == 404


@pytest.mark.parametrize("query", ["status=NOPE", "rows=0", "rows=9999", "after=garbled", f"q={'x' * 201}", "sort=no"])
async def test_a_query_that_makes_no_sense_is_refused_in_words(query: str, acme: Company, connect: Connect) -> None:
    alice = await desk(connect, acme, acme.alice)
    answer = await alice.get(f"/dashboard/views/all?{query}")
    assert answer.status_code == 400
    assert "<h1" in answer.text


async def test_filters_narrow_a_view_and_empty_ones_do_not(acme: Company, connect: Connect) -> None:
    await acme.ticket("A leak", priority=Priority.HIGH, tags=["gasket, small"])
    await acme.ticket("A bill")
    alice = await desk(connect, acme, acme.alice)
    form = {"status": "", "priority": "HIGH", "assignee": "none", "tag": "gasket, small", "sort": "createdAt"}
    narrow = (await alice.get("/dashboard/views/unresolved", params=form)).text
    assert "A leak" in narrow
    assert "A bill" not in narrow
    nothing = dict.fromkeys(form, "") | {"sort": "-updatedAt"}
    wide = (await alice.get("/dashboard/views/unresolved", params=nothing)).text
    assert "A leak" in wide
    assert "A bill" in wide


async def test_an_agent_may_pass_a_ticket_on_to_where_they_do_not_see_it(acme: Company, connect: Connect) -> None:
    ticket = await acme.ticket("A bill", department_id=acme.billing_id, assignee_id=acme.erin.user_id)
    erin = await desk(connect, acme, acme.erin)
    properties = f"/dashboard/tickets/{ticket.number}/properties?view=all"
    # Their own it stays in whichever department, so that the first step answers with the ticket.
    kept = await erin.post(properties, data={"department": str(acme.support_id)}, headers=STREAM)
    assert (kept.status_code, (await acme.now(ticket)).department_id) == (200, acme.support_id)
    away = await erin.post(properties, data={"assignee": ""}, headers=STREAM)
    assert (away.status_code, away.headers["location"]) == (303, "/dashboard/views/all")
    assert (await acme.now(ticket)).assignee_id is None
    assert (await erin.get(f"/dashboard/tickets/{ticket.number}")).status_code == 404
    assert "A bill" not in (await erin.get("/dashboard/views/all")).text
    back = await erin.post(properties, data={"assignee": str(acme.erin.user_id)}, headers=STREAM)
    assert (back.status_code, (await acme.now(ticket)).assignee_id) == (404, None)


async def test_an_agent_of_one_department_sees_its_tickets_and_views_only(acme: Company, connect: Connect) -> None:
    theirs = await acme.ticket("A bill", department_id=acme.billing_id)
    others = await acme.ticket("A leak", department_id=acme.support_id)
    erin = await desk(connect, acme, acme.erin)
    page = (await erin.get("/dashboard/views/all")).text
    assert "A bill" in page
    assert "A leak" not in page
    assert f"/dashboard/views/{acme.billing_id}" in page
    assert f"/dashboard/views/{acme.support_id}" not in page
    assert (await erin.get(f"/dashboard/tickets/{theirs.number}")).status_code == 200
    assert (await erin.get(f"/dashboard/tickets/{others.number}")).status_code == 404


async def test_an_empty_reply_is_refused_and_changes_nothing(acme: Company, connect: Connect) -> None:
    ticket = await acme.ticket()
    alice = await desk(connect, acme, acme.alice)
    answer = await alice.post(f"/dashboard/tickets/{ticket.number}/reply", data={"body": " "}, headers=STREAM)
    assert answer.status_code == 422
    assert "Write something, or attach a file." in answer.text
    assert (await acme.now(ticket)).version == ticket.version


async def test_send_and_resolve_is_one_step(acme: Company, connect: Connect) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        await email.set_undo_seconds(tx, 0)
    ticket = await acme.ticket()
    alice = await desk(connect, acme, acme.alice)
    form = {"body": "Turn it on.", "then": "RESOLVED"}
    answer = await alice.post(f"/dashboard/tickets/{ticket.number}/reply?view=mine", data=form)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/dashboard/tickets/{ticket.number}?view=mine#latest"
    assert (await acme.now(ticket)).status is Status.RESOLVED


async def test_a_form_without_its_token_is_refused(acme: Company, connect: Connect) -> None:
    ticket = await acme.ticket()
    cookie, _ = await session_of(acme, acme.alice)
    client = connect(accept="text/html")
    client.cookies.set(COOKIE, cookie)
    answer = await client.post(f"/dashboard/tickets/{ticket.number}/properties", data={"status": "CLOSED"})
    assert answer.status_code == 403
    assert (await acme.now(ticket)).status is Status.OPEN


async def test_markup_of_a_stranger_stays_text(acme: Company, connect: Connect) -> None:
    ticket = await acme.ticket("<script>alert(1)</script>")
    alice = await desk(connect, acme, acme.alice)
    page = (await alice.get(f"/dashboard/tickets/{ticket.number}")).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


async def test_only_administrators_add_agents(acme: Company, connect: Connect) -> None:
    form = {"name": "Zoe", "email": "zoe@acme.test", "role": "AGENT", "password": "long enough to be safe"}
    bob = await desk(connect, acme, acme.bob)
    assert (await bob.post("/dashboard/settings/people", data=form)).status_code == 403
    alice = await desk(connect, acme, acme.alice)
    assert (await alice.post("/dashboard/settings/people", data=form)).status_code == 303
    assert "zoe@acme.test" in (await alice.get("/dashboard/settings/people")).text


async def test_a_token_is_shown_once(acme: Company, connect: Connect) -> None:
    alice = await desk(connect, acme, acme.alice)
    made = await alice.post("/dashboard/settings/tokens", data={"name": "Reports"})
    assert made.status_code == 200
    assert made.headers["cache-control"] == "no-store"
    token = made.text.partition('<code data-copy-target="text">parlour_')[2].partition("<")[0]
    assert len(token) > 20
    again = await alice.get("/dashboard/settings/tokens")
    assert "Reports" in again.text
    assert token not in again.text


async def test_the_bell_rings_for_what_another_gives(acme: Company, connect: Connect) -> None:
    alice = await desk(connect, acme, acme.alice)
    assert "Nothing rang" in (await alice.get("/dashboard/notifications")).text
