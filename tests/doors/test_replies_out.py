"""A reply as a program gives it: to whom, when, and whether its writer has read what came meanwhile."""

from datetime import timedelta

import pytest

from parlour import email, tickets
from parlour.foundation import clock
from parlour.tickets import Source, Ticket, Words
from tests.builders import Company
from tests.doors.conftest import Clients, failure


async def _with_a_mailbox(acme: Company) -> Ticket:
    async with acme.database.transaction(acme.organization_id) as tx:
        await email.add_mailbox(tx, f"support@{acme.slug}.test")
    return await acme.ticket()


async def test_recipients_are_shown_before_and_frozen_after(acme: Company, at_acme: Clients) -> None:
    ticket = await _with_a_mailbox(acme)
    bob = await at_acme.program("bob")
    shown = (await bob.get(f"/api/tickets/{ticket.number}/recipients")).json()
    assert shown == {"to": [{"email": "carol@customer.test", "name": "Carol"}], "cc": [], "bcc": []}
    body = {"body": "Hello", "to": ["carol@customer.test"], "cc": ["Dave@customer.test"], "bcc": ["x@partner.test"]}
    answer = await bob.post(f"/api/tickets/{ticket.id}/reply", json=body)
    assert answer.status_code == 201
    sending = answer.json()["sending"]
    assert (sending["to"], sending["cc"], sending["bcc"]) == (
        ["carol@customer.test"], ["dave@customer.test"], ["x@partner.test"],
    )  # fmt: skip
    assert (sending["state"], sending["sendAt"], sending["refusals"]) == ("QUEUED", None, {})


async def test_a_recipient_that_is_none_is_named(acme: Company, at_acme: Clients) -> None:
    ticket = await _with_a_mailbox(acme)
    bob = await at_acme.program("bob")
    for body in ({"to": ["nobody"]}, {"to": []}, {"cc": ["x@y.test"]}):
        refused = await bob.post(f"/api/tickets/{ticket.id}/reply", json={"body": "Hello", **body})
        assert refused.status_code == 422
        assert list(failure(refused)["details"]) == ["to"]


async def test_a_reply_is_taken_back_in_time_and_not_afterwards(acme: Company, at_acme: Clients) -> None:
    ticket = await _with_a_mailbox(acme)
    bob, carol = await at_acme.program("bob"), await at_acme.program("carol")
    held = (await bob.post(f"/api/tickets/{ticket.id}/reply", json={"body": "Oops", "undoSeconds": 20})).json()
    assert held["sending"]["sendAt"] is not None
    read = (await carol.get(f"/api/tickets/{ticket.id}/comments")).json()
    assert [comment["body"] for comment in read["items"]] == ["It hums, but nothing comes out."]
    draft = await bob.post(f"/api/tickets/{ticket.id}/comments/{held['id']}/undo")
    assert draft.status_code == 200
    assert draft.json() == {
        "body": "Oops",
        "html": None,
        "attachmentIds": [],
        "recipients": {"to": [{"email": "carol@customer.test", "name": "Carol"}], "cc": [], "bcc": []},
    }
    said = (await bob.post(f"/api/tickets/{ticket.id}/reply", json={"body": "Right"})).json()
    late = await bob.post(f"/api/tickets/{ticket.id}/comments/{said['id']}/undo")
    assert (late.status_code, failure(late)["error"]) == (
        409, "This reply has been sent already. Write another one to correct it.",
    )  # fmt: skip
    again = await bob.post(f"/api/tickets/{ticket.id}/comments/{said['id']}/send")
    assert again.status_code == 409


async def test_what_is_to_be_sent_later_can_be_sent_now(acme: Company, at_acme: Clients) -> None:
    ticket = await _with_a_mailbox(acme)
    bob = await at_acme.program("bob")
    tomorrow = (clock.now() + timedelta(days=1)).isoformat()
    body = {"body": "News", "sendAt": tomorrow, "unlessAnswered": True}
    held = (await bob.post(f"/api/tickets/{ticket.id}/reply", json=body)).json()
    assert held["sending"]["unlessAnswered"] is True
    now = await bob.post(f"/api/tickets/{ticket.id}/comments/{held['id']}/send")
    assert now.status_code == 200
    assert now.json()["sending"]["sendAt"] is None
    other = await acme.ticket()
    elsewhere = await bob.post(f"/api/tickets/{other.id}/comments/{held['id']}/undo")
    assert elsewhere.status_code == 404


async def test_a_stale_reply_is_refused_with_the_newer_comments(acme: Company, at_acme: Clients) -> None:
    ticket = await _with_a_mailbox(acme)
    async with acme.database.transaction(acme.organization_id) as tx:
        found = await tickets.hold(tx, ticket.id, seen_by=acme.carol)
        newer = await tickets.reply(tx, found, Words("Wait"), by=acme.carol, source=Source.EMAIL)
    bob = await at_acme.program("bob")
    stale = await bob.post(f"/api/tickets/{ticket.id}/reply", json={"body": "Hello", "seenVersion": ticket.version})
    assert (stale.status_code, failure(stale)["details"]) == (409, {"newerCommentIds": [str(newer.id)]})
    fresh = {"body": "Hello", "seenCommentId": str(newer.id)}
    assert (await bob.post(f"/api/tickets/{ticket.id}/reply", json=fresh)).status_code == 201


async def test_customers_only_write(acme: Company, at_acme: Clients) -> None:
    ticket = await _with_a_mailbox(acme)
    carol = await at_acme.program("carol")
    for more in ({"to": ["x@y.test"]}, {"undoSeconds": 5}, {"bcc": ["x@y.test"]}, {"unlessAnswered": True}):
        refused = await carol.post(f"/api/tickets/{ticket.id}/reply", json={"body": "Hello", **more})
        assert refused.status_code in (403, 422)
    assert (await carol.get(f"/api/tickets/{ticket.id}/recipients")).status_code == 403
    assert (await carol.post(f"/api/tickets/{ticket.id}/reply", json={"body": "Hello"})).status_code == 201


async def test_how_long_replies_can_be_undone_is_for_administrators(acme: Company, at_acme: Clients) -> None:
    alice, bob = await at_acme.program("alice"), await at_acme.program("bob")
    assert (await bob.get("/api/sending/settings")).json() == {"undoSeconds": 10}
    assert (await bob.put("/api/sending/settings", json={"undoSeconds": 5})).status_code == 403
    assert (await alice.put("/api/sending/settings", json={"undoSeconds": 5})).json() == {"undoSeconds": 5}


@pytest.mark.parametrize("door", ["program", "page"])
async def test_a_change_of_customer_right_after_sending_redirects_no_reply(
    acme: Company, at_acme: Clients, door: str
) -> None:
    ticket = await _with_a_mailbox(acme)
    if door == "program":
        bob = await at_acme.program("bob")
        answer = await bob.post(f"/api/tickets/{ticket.id}/reply", json={"body": "For Carol's eyes only."})
    else:
        bob = await at_acme.browser("bob")
        data = {"body": "For Carol's eyes only."}
        answer = await bob.post(f"/dashboard/tickets/{ticket.number}/reply", data=data, follow_redirects=False)
    assert answer.status_code in (200, 201, 303)
    async with acme.database.transaction(acme.organization_id) as tx:
        held = await tickets.hold(tx, ticket.id, seen_by=acme.bob)
        await tickets.change(tx, held, tickets.Changes(requester_id=acme.dave.user_id), by=acme.bob)
    async with acme.database.reading(acme.organization_id) as tx:
        frozen = await tx.values("select array_to_string(to_addresses || cc_addresses, ' ') from outbound_messages")
    assert frozen == ["carol@customer.test"]
