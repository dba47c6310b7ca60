"""Tickets over the API."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from parlour import email, tickets
from parlour.foundation import clock, ids
from parlour.tickets.events import about
from tests.builders import Company
from tests.doors.conftest import Clients, failure


async def _numbers(client: httpx.AsyncClient, **parameters: Any) -> list[int]:
    answer = await client.get("/api/tickets", params=parameters)
    assert answer.status_code == 200, answer.text
    return [ticket["number"] for ticket in answer.json()["items"]]


async def test_an_agent_opens_a_ticket_for_a_customer_by_address(acme: Company, at_acme: Clients) -> None:
    bob = await at_acme.program("bob")
    body = {
        "subject": "Invoice shows the wrong address",
        "body": "Please send it again.",
        "requester": {"email": "Carol@Customer.test"},
        "priority": "HIGH",
        "tags": ["billing", "vip"],
        "departmentId": str(acme.billing_id),
        "assigneeId": str(acme.bob.user_id),
    }
    answer = await bob.post("/api/tickets", json=body)
    assert answer.status_code == 201, answer.text
    ticket = answer.json()
    assert answer.headers["location"] == f"/api/tickets/{ticket['id']}"
    assert answer.headers["etag"] == '"1"'
    assert {name: ticket[name] for name in ("number", "subject", "status", "priority", "source", "version")} == {
        "number": 1,
        "subject": "Invoice shows the wrong address",
        "status": "OPEN",
        "priority": "HIGH",
        "source": "API",
        "version": 1,
    }
    assert ticket["requester"] == {"id": str(acme.carol.user_id), "name": "Carol", "email": "carol@customer.test"}
    assert ticket["assignee"]["name"] == "Bob"
    assert ticket["department"] == {"id": str(acme.billing_id), "name": "Billing"}
    assert [tag["name"] for tag in ticket["tags"]] == ["billing", "vip"]
    assert (ticket["commentCount"], ticket["preview"]) == (1, "Please send it again.")


async def test_a_customer_opens_their_own_ticket_and_nothing_more(acme: Company, at_acme: Clients) -> None:
    carol = await at_acme.program("carol")
    answer = await carol.post("/api/tickets", json={"subject": "Leak", "body": "Water.", "priority": "URGENT"})
    assert answer.status_code == 422
    assert failure(answer)["details"] == {"priority": "Only agents choose this. Leave it out."}
    answer = await carol.post("/api/tickets", json={"subject": "Leak", "body": "Water."})
    assert answer.status_code == 201
    assert answer.json()["requester"]["id"] == str(acme.carol.user_id)
    assert await _numbers(carol) == [1]


async def test_a_ticket_is_read_by_id_and_by_number(acme: Company, at_acme: Clients) -> None:
    ticket, bob = await acme.ticket(), await at_acme.program("bob")
    by_id, by_number = await bob.get(f"/api/tickets/{ticket.id}"), await bob.get("/api/tickets/1")
    assert by_id.status_code == by_number.status_code == 200
    assert by_id.json() == by_number.json()
    assert by_id.json()["id"] == str(ticket.id)
    assert "comments" not in by_id.json()


async def test_a_ticket_comes_with_its_comments_and_participants_when_asked(acme: Company, at_acme: Clients) -> None:
    ticket, bob = await acme.ticket(), await at_acme.program("bob")
    detail = (await bob.get(f"/api/tickets/{ticket.id}", params={"comments": "true"})).json()
    assert [comment["body"] for comment in detail["comments"]] == ["It hums, but nothing comes out."]
    assert [person["email"] for person in detail["participants"]] == ["carol@customer.test"]


@pytest.mark.parametrize("reference", ["7", "0", "99999999999", "nothing", "018f0000-0000-7000-8000-000000000000"])
async def test_what_does_not_exist_is_not_found(reference: str, at_acme: Clients) -> None:
    bob = await at_acme.program("bob")
    answer = await bob.get(f"/api/tickets/{reference}")
    assert answer.status_code == 404
    assert failure(answer)["error"] == "There is nothing here, or it is not yours to see."


async def test_lists_filter_by_everything(acme: Company, at_acme: Clients) -> None:
    bob = await at_acme.program("bob")
    await acme.ticket("Plain")
    await acme.ticket("Urgent", priority="URGENT", tags=["vip"])
    await acme.ticket("Billing", department_id=acme.billing_id, assignee_id=acme.bob.user_id)
    await acme.ticket("Of Dave", requester_id=acme.dave.user_id)
    assert await _numbers(bob) == [4, 3, 2, 1]
    assert await _numbers(bob, priority="URGENT") == [2]
    assert await _numbers(bob, priority="URGENT,MEDIUM") == [4, 3, 2, 1]
    assert await _numbers(bob, status=["RESOLVED", "CLOSED"]) == []
    assert await _numbers(bob, tag="VIP") == [2]
    assert await _numbers(bob, department=str(acme.billing_id)) == [3]
    assert await _numbers(bob, assignee="me") == [3]
    assert await _numbers(bob, assignee=str(acme.bob.user_id)) == [3]
    assert await _numbers(bob, assignee="none") == [4, 2, 1]
    assert await _numbers(bob, requester=str(acme.dave.user_id)) == [4]
    assert await _numbers(bob, source="EMAIL", sort="createdAt") == [1, 2, 3, 4]
    assert await _numbers(bob, q="urgent") == [2]
    assert await _numbers(bob, q="#3") == [3]
    assert await _numbers(bob, createdFrom=clock.now().isoformat()) == []
    assert await _numbers(bob, updatedTo=clock.now().isoformat()) == [4, 3, 2, 1]


async def test_pages_follow_one_another_without_gap_or_double(acme: Company, at_acme: Clients) -> None:
    bob = await at_acme.program("bob")
    for index in range(5):
        await acme.ticket(f"Ticket {index}")
    seen: list[int] = []
    after: dict[str, str] = {}
    while True:
        page = (await bob.get("/api/tickets", params={"limit": 2, "total": "true", **after})).json()
        assert page["total"] == 5
        seen += [ticket["number"] for ticket in page["items"]]
        if "next" not in page:
            break
        after = {"after": page["next"]}
    assert seen == [5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"status": "LOST"}, "status"),
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"createdFrom": "yesterday"}, "createdFrom"),
        ({"createdFrom": "2026-01-01T00:00:00"}, "createdFrom"),
        ({"assignee": "somebody"}, "assignee"),
        ({"department": "x"}, "department"),
        ({"sort": "colour"}, "sort"),
        ({"colour": "red"}, "colour"),
        ({"q": "x" * 201}, "q"),
        ({"total": "maybe"}, "total"),
        ([("limit", "1"), ("limit", "2")], "limit"),
    ],
)
async def test_a_wrong_parameter_is_named(parameters: Any, field: str, at_acme: Clients) -> None:
    bob = await at_acme.program("bob")
    answer = await bob.get("/api/tickets", params=parameters)
    assert answer.status_code == 400, answer.text
    assert list(failure(answer)["details"]) == [field]


@pytest.mark.parametrize("cursor", ["x", "!!", "bnVsbA", "W10", "%00"])
async def test_a_cursor_that_is_not_ours_is_refused(cursor: str, at_acme: Clients) -> None:
    bob = await at_acme.program("bob")
    for path in ("tickets", "users", "notifications"):
        answer = await bob.get(f"/api/{path}?after={cursor}")
        assert answer.status_code == 400, answer.text
        failure(answer)


async def test_only_the_fields_given_are_changed(acme: Company, at_acme: Clients) -> None:
    ticket, bob = await acme.ticket(assignee_id=acme.bob.user_id, tags=["vip"]), await at_acme.program("bob")
    answer = await bob.put(f"/api/tickets/{ticket.id}", json={"status": "PENDING", "assigneeId": None})
    assert answer.status_code == 200, answer.text
    changed = answer.json()
    assert (changed["status"], changed["assignee"], changed["version"]) == ("PENDING", None, 2)
    assert (changed["subject"], [tag["name"] for tag in changed["tags"]]) == (ticket.subject, ["vip"])
    assert answer.headers["etag"] == '"2"'


async def test_a_change_from_a_stale_version_is_refused(acme: Company, at_acme: Clients) -> None:
    ticket, bob = await acme.ticket(), await at_acme.program("bob")
    first = await bob.put(f"/api/tickets/{ticket.id}", json={"priority": "LOW"}, headers={"if-match": '"1"'})
    assert first.status_code == 200
    stale = await bob.put(f"/api/tickets/{ticket.id}", json={"priority": "HIGH"}, headers={"if-match": '"1"'})
    assert stale.status_code == 412
    assert failure(stale)["details"] == {"version": "It is version 2 now."}
    assert (await acme.now(ticket)).priority == "LOW"
    nonsense = await bob.put(f"/api/tickets/{ticket.id}", json={"priority": "HIGH"}, headers={"if-match": "new"})
    assert nonsense.status_code == 400


async def test_what_is_known_already_is_not_sent_again(acme: Company, at_acme: Clients) -> None:
    ticket, bob = await acme.ticket(), await at_acme.program("bob")
    known = await bob.get(f"/api/tickets/{ticket.id}", headers={"if-none-match": '"1"'})
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", '"1"')
    newer = await bob.get(f"/api/tickets/{ticket.id}", headers={"if-none-match": '"0"'})
    assert newer.status_code == 200


async def test_a_ticket_goes_to_the_bin_and_comes_back(acme: Company, at_acme: Clients) -> None:
    ticket, mara = await acme.ticket(), await at_acme.program("mara")
    assert (await mara.delete(f"/api/tickets/{ticket.id}")).status_code == 204
    assert await _numbers(mara) == []
    assert await _numbers(mara, bin="true") == [1]
    assert (await mara.put(f"/api/tickets/{ticket.id}", json={"priority": "LOW"})).status_code == 409
    assert (await mara.delete(f"/api/tickets/{ticket.id}")).status_code == 409
    restored = await mara.post(f"/api/tickets/{ticket.id}/restore")
    assert (restored.status_code, restored.json()["deletedAt"]) == (200, None)
    assert (await mara.post(f"/api/tickets/{ticket.id}/restore")).status_code == 404


async def test_replies_and_notes_land_on_the_ticket(acme: Company, at_acme: Clients) -> None:
    ticket, bob, carol = await acme.ticket(), await at_acme.program("bob"), await at_acme.program("carol")
    reply = await bob.post(f"/api/tickets/{ticket.number}/reply", json={"body": "On its way.", "status": "PENDING"})
    assert reply.status_code == 201, reply.text
    assert (reply.json()["visibility"], reply.json()["author"]["name"]) == ("PUBLIC", "Bob")
    note = await bob.post(f"/api/tickets/{ticket.id}/comments", json={"html": "<p>Hm<script>alert(1)</script></p>"})
    assert note.status_code == 201, note.text
    assert (note.json()["visibility"], note.json()["html"], note.json()["body"]) == ("INTERNAL", "<p>Hm</p>", "Hm")
    private = await bob.post(
        f"/api/tickets/{ticket.id}/comments", json={"body": "Psst", "readerIds": [str(acme.mara.user_id)]}
    )
    assert private.json()["visibility"] == "PRIVATE"
    assert (await acme.now(ticket)).status == "PENDING"
    seen_by_carol = (await carol.get(f"/api/tickets/{ticket.id}/comments")).json()["items"]
    assert [comment["body"] for comment in seen_by_carol] == ["It hums, but nothing comes out.", "On its way."]
    again = await carol.post(f"/api/tickets/{ticket.id}/reply", json={"body": "Thanks!"})
    assert again.status_code == 201
    assert (await acme.now(ticket)).status == "OPEN"


async def test_a_customer_can_not_set_the_status_with_a_reply(acme: Company, at_acme: Clients) -> None:
    ticket, carol = await acme.ticket(), await at_acme.program("carol")
    answer = await carol.post(f"/api/tickets/{ticket.id}/reply", json={"body": "Done", "status": "CLOSED"})
    assert answer.status_code == 403
    assert (await acme.now(ticket)).version == 1


async def test_comments_come_in_pages(acme: Company, at_acme: Clients) -> None:
    ticket, bob = await acme.ticket(), await at_acme.program("bob")
    for word in ("two", "three"):
        await bob.post(f"/api/tickets/{ticket.id}/reply", json={"body": word})
    first = (await bob.get(f"/api/tickets/{ticket.id}/comments", params={"limit": 2})).json()
    assert [comment["body"] for comment in first["items"]] == ["It hums, but nothing comes out.", "two"]
    rest = (await bob.get(f"/api/tickets/{ticket.id}/comments", params={"after": first["next"]})).json()
    assert [comment["body"] for comment in rest["items"]] == ["three"]
    assert "next" not in rest


async def test_the_timeline_tells_what_happened(acme: Company, at_acme: Clients) -> None:
    ticket, bob = await acme.ticket(), await at_acme.program("bob")
    await bob.put(f"/api/tickets/{ticket.id}", json={"priority": "URGENT"})
    items = (await bob.get(f"/api/tickets/{ticket.id}/activities")).json()["items"]
    assert [(item["name"], item["actor"]["name"]) for item in items] == [
        ("TicketOpened", "Carol"),
        ("PriorityChanged", "Bob"),
    ]
    assert (items[1]["details"]["before"], items[1]["details"]["after"]) == ("MEDIUM", "URGENT")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"assigneeId": str(ids.new())}, "assigneeId"),
        ({"departmentId": str(ids.new())}, "departmentId"),
        ({"requesterId": str(ids.new())}, "requesterId"),
        ({"subject": " "}, "subject"),
        ({"subject": "x" * 501}, "subject"),
        ({"status": "LOST"}, "status"),
        ({"tags": ["x" * 51]}, "tags[0]"),
        ({"tags": [str(index) for index in range(31)]}, "tags"),
        ({"priority": None}, "priority"),
        ({"priority": 3}, "priority"),
        ({"number": 3}, "number"),
        ({"subject": "a\x00b"}, "subject"),
        ({"tags": ["a\x00b"]}, "tags"),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_changes(
    body: dict[str, Any], field: str, acme: Company, at_acme: Clients
) -> None:
    ticket, bob = await acme.ticket(), await at_acme.program("bob")
    answer = await bob.put(f"/api/tickets/{ticket.id}", json=body)
    assert answer.status_code == 422, answer.text
    assert list(failure(answer)["details"]) == [field]
    assert (await acme.now(ticket)).version == 1


async def test_a_ticket_for_a_requester_who_is_unknown_is_refused(acme: Company, at_acme: Clients) -> None:
    bob = await at_acme.program("bob")
    for wrong in ({"requesterId": str(UUID(int=7))}, {"requester": {"email": "no address"}}):
        answer = await bob.post("/api/tickets", json={"subject": "Leak", "body": "Water", **wrong})
        assert answer.status_code == 422, answer.text
        failure(answer)
    assert await _numbers(bob) == []


async def test_an_agent_learns_how_far_a_reply_has_come_by_mail(acme: Company, at_acme: Clients) -> None:
    ticket, bob, carol = await acme.ticket(), await at_acme.program("bob"), await at_acme.program("carol")
    async with acme.database.transaction(acme.organization_id) as tx:
        await email.add_mailbox(tx, f"support@{acme.slug}.test")
    reply = (await bob.post(f"/api/tickets/{ticket.id}/reply", json={"body": "On its way."})).json()
    fact = tickets.AgentReplied(**about(ticket, acme.bob.user_id), comment_id=UUID(reply["id"]))
    await email.send_reply(acme.installation, acme.organization_id, fact=fact)
    seen = [(await each.get(f"/api/tickets/{ticket.id}/comments")).json()["items"][1] for each in (bob, carol)]
    assert (seen[0]["sending"]["state"], seen[0]["sending"]["to"]) == ("SENT", ["carol@customer.test"])
    assert seen[1]["sending"] is None
