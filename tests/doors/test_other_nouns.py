"""Users, departments, tags, the organization, tokens, notifications, health and the documentation over the API."""

import re
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from parlour import notifications
from parlour.foundation import clock, ids
from parlour.people import ALLOWED, Role
from parlour.tickets import TicketAssigned
from parlour.tickets.events import about
from tests.builders import Company
from tests.doors.conftest import Clients, Connect, failure


async def test_me_is_whose_token_it_is(acme: Company, at_acme: Clients) -> None:
    erin = await at_acme.program("erin")
    assert (await erin.get("/api/me")).json() == {
        "id": str(acme.erin.user_id),
        "name": "Erin",
        "email": "erin@acme.test",
        "role": "AGENT",
        "reach": "DEPARTMENTS",
        "organizationId": str(acme.organization_id),
        "departmentIds": [str(acme.billing_id)],
        "customRole": None,
        "permissions": sorted(ALLOWED[Role.AGENT]),
    }


async def test_users_are_listed_by_name_in_pages_and_found_by_beginnings(acme: Company, at_acme: Clients) -> None:
    bob = await at_acme.program("bob")
    names: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = (await bob.get("/api/users", params={"limit": 4, **after})).json()
        names += [user["name"] for user in page["items"]]
        if "next" not in page:
            break
        after = {"after": page["next"]}
    assert names == ["Alice", "Bob", "Carol", "Dave", "Erin", "Mara"]

    async def found(**which: str) -> list[str]:
        return [user["name"] for user in (await bob.get("/api/users", params=which)).json()["items"]]

    assert await found(role="CUSTOMER") == ["Carol", "Dave"]
    assert await found(q="MA") == ["Mara"]
    assert await found(q="dave@cust") == ["Dave"]
    assert await found(q="%") == []


async def test_a_customer_is_added_read_and_renamed(acme: Company, at_acme: Clients) -> None:
    bob = await at_acme.program("bob")
    made = await bob.post("/api/users", json={"name": " Fay ", "email": "Fay@Customer.test"})
    assert made.status_code == 201, made.text
    fay = made.json()
    assert (fay["name"], fay["email"], fay["role"], fay["status"]) == ("Fay", "fay@customer.test", "CUSTOMER", "ACTIVE")
    assert (await bob.get(made.headers["location"])).json() == fay
    taken = await bob.post("/api/users", json={"name": "Fay", "email": "FAY@customer.test"})
    assert taken.status_code == 409
    assert list(failure(taken)["details"]) == ["email"]
    renamed = await bob.put(f"/api/users/{fay['id']}", json={"name": "Fay Weldon"})
    assert renamed.json() == {**fay, "name": "Fay Weldon"}
    wrong = await bob.post("/api/users", json={"name": "Fay", "email": "nowhere"})
    assert (wrong.status_code, list(failure(wrong)["details"])) == (422, ["email"])


async def test_a_department_lives_and_ends_and_its_tickets_stay(acme: Company, at_acme: Clients) -> None:
    mara = await at_acme.program("mara")
    body = {"name": "Repairs", "memberIds": [str(acme.bob.user_id)]}
    made = await mara.post("/api/departments", json=body)
    assert made.status_code == 201, made.text
    path = made.headers["location"]
    assert (made.json()["name"], made.json()["memberIds"]) == ("Repairs", [str(acme.bob.user_id)])
    assert (await mara.post("/api/departments", json={"name": "repairs"})).status_code == 409
    changed = await mara.put(path, json={"description": "Pumps", "memberIds": []})
    assert (changed.json()["name"], changed.json()["description"], changed.json()["memberIds"]) == (
        "Repairs",
        "Pumps",
        [],
    )
    customer = await mara.put(path, json={"memberIds": [str(acme.carol.user_id)]})
    assert (customer.status_code, list(failure(customer)["details"])) == (422, ["memberIds"])
    ticket = await acme.ticket(department_id=made.json()["id"])
    assert (await mara.delete(path)).status_code == 204
    assert (await acme.now(ticket)).department_id is None
    listed = (await mara.get("/api/departments")).json()["items"]
    assert [department["name"] for department in listed] == ["Billing", "Support"]


async def test_a_limited_agents_new_department_counts_at_once(acme: Company, at_acme: Clients) -> None:
    ticket = await acme.ticket(department_id=acme.support_id)
    erin, mara = await at_acme.program("erin"), await at_acme.program("mara")
    assert (await erin.get(f"/api/tickets/{ticket.id}")).status_code == 404
    await mara.put(f"/api/departments/{acme.support_id}", json={"memberIds": [str(acme.erin.user_id)]})
    assert (await erin.get(f"/api/tickets/{ticket.id}")).status_code == 200


async def test_a_tag_changes_everywhere_it_is_worn(acme: Company, at_acme: Clients) -> None:
    mara = await at_acme.program("mara")
    made = await mara.post("/api/tags", json={"name": "vip", "colour": "red"})
    assert made.status_code == 201
    path = f"/api/tags/{made.json()['id']}"
    ticket = await acme.ticket(tags=["VIP"])
    assert [tag.name for tag in ticket.tags] == ["vip"]
    changed = await mara.put(path, json={"name": "dear"})
    assert (changed.json()["name"], changed.json()["colour"]) == ("dear", "red")
    assert [tag.name for tag in (await acme.now(ticket)).tags] == ["dear"]
    assert (await mara.put(path, json={"colour": "mauve"})).status_code == 422
    assert (await mara.delete(path)).status_code == 204
    assert (await acme.now(ticket)).tags == []
    assert (await mara.get("/api/tags")).json() == {"items": []}


async def test_the_organization_is_renamed_and_coloured(acme: Company, at_acme: Clients) -> None:
    alice = await at_acme.program("alice")
    before = (await alice.get("/api/organization")).json()
    assert (before["slug"], before["name"]) == (acme.slug, "Acme")
    changed = await alice.put("/api/organization", json={"colour": "#AA3311"})
    assert changed.json() == {**before, "colour": "#aa3311"}
    assert (await alice.put("/api/organization", json={"colour": "red"})).status_code == 422


async def test_a_token_is_shown_once_and_ends(acme: Company, at_acme: Clients, connect: Connect) -> None:
    bob = await at_acme.program("bob")
    made = await bob.post("/api/tokens", json={"name": "Nightly report"})
    assert made.status_code == 201
    assert made.json()["token"].startswith("parlour_")
    listed = (await bob.get("/api/tokens")).json()["items"]
    assert [set(token) for token in listed] == [
        {"id", "name", "createdAt", "expiresAt", "scopes", "lastUsedAt", "lastUsedFrom"}
    ] * 2
    past = await bob.post("/api/tokens", json={"name": "x", "expiresAt": "2020-01-01T00:00:00Z"})
    assert (past.status_code, list(failure(past)["details"])) == (422, ["expiresAt"])
    later = (clock.now() + timedelta(hours=1)).isoformat()
    short = (await bob.post("/api/tokens", json={"name": "short", "expiresAt": later})).json()["token"]
    async with acme.database.transaction(acme.organization_id) as tx:
        await tx.run("update api_tokens set expires_at = now() where name = 'short'")
    assert (await connect(authorization=f"Bearer {short}").get("/api/me")).status_code == 401


async def test_notifications_are_ones_own_and_can_be_read(acme: Company, at_acme: Clients) -> None:
    bob, alice = await at_acme.program("bob"), await at_acme.program("alice")
    for subject in ("First", "Second"):
        ticket = await acme.ticket(subject, assignee_id=acme.bob.user_id)
        fact = TicketAssigned(**about(ticket, acme.alice.user_id), before=None, after=acme.bob.user_id)
        await notifications.notify_assignee(acme.installation, acme.organization_id, fact=fact)
    page = (await bob.get("/api/notifications", params={"limit": 1})).json()
    assert (page["unread"], [each["ticketSubject"] for each in page["items"]]) == (2, ["Second"])
    assert (page["items"][0]["actorName"], page["items"][0]["ticketNumber"]) == ("Alice", 2)
    rest = (await bob.get("/api/notifications", params={"after": page["next"]})).json()
    assert [each["ticketSubject"] for each in rest["items"]] == ["First"]
    one = page["items"][0]["id"]
    assert (await alice.post(f"/api/notifications/{one}/read")).status_code == 404
    assert (await bob.post(f"/api/notifications/{one}/read")).status_code == 204
    assert (await bob.get("/api/notifications")).json()["unread"] == 1
    assert (await bob.post("/api/notifications/read")).status_code == 204
    assert (await bob.get("/api/notifications")).json()["unread"] == 0
    assert (await alice.get("/api/notifications")).json() == {"items": [], "unread": 0}


@pytest.mark.parametrize("path", ["users", "departments"])
async def test_an_unknown_one_is_not_found(path: str, at_acme: Clients) -> None:
    alice = await at_acme.program("alice")
    for unknown in (str(ids.new()), "7", "x"):
        assert (await alice.get(f"/api/{path}/{unknown}")).status_code == 404


async def test_health_names_each_thing_it_checked(acme: Company, connect: Connect) -> None:
    client = connect()
    without_a_worker = await client.get("/api/health")
    async with acme.database.transaction(acme.organization_id) as tx:
        await tx.run("insert into procrastinate_workers default values")
    with_one = await client.get("/api/health")
    async with acme.database.transaction(acme.organization_id) as tx:
        await tx.run("delete from procrastinate_workers")
    checks = {"database": "healthy", "redis": "healthy", "email": "healthy"}
    assert with_one.status_code == 200
    assert with_one.json() == {"status": "healthy", "checks": checks}
    assert with_one.headers["cache-control"] == "no-store"
    assert without_a_worker.status_code == 503
    assert without_a_worker.json() == {"status": "unhealthy", "checks": {**checks, "email": "unhealthy"}}


async def test_metrics_count_by_route_and_not_by_address(acme: Company, at_acme: Clients, connect: Connect) -> None:
    bob = await at_acme.program("bob")
    for _ in range(2):
        await bob.get(f"/api/tickets/{ids.new()}")
    answer = await connect().get("/metrics")
    assert answer.status_code == 200
    samples: list[Any] = [sample for family in text_string_to_metric_families(answer.text) for sample in family.samples]
    routes = {sample.labels.get("route") for sample in samples if sample.name == "parlour_requests_total"}
    assert "/api/tickets/{reference}" in routes
    assert not any(re.search("[0-9a-f]{8}-[0-9a-f]{4}-|/[0-9]", route or "") for route in routes)
    assert {sample.name for sample in samples} >= {"parlour_jobs", "parlour_database_connections"}


async def test_the_documentation_is_complete_and_runs_nothing(connect: Connect) -> None:
    client = connect(accept="text/html")
    page, style = await client.get("/api/docs"), await client.get("/api/docs.css")
    assert (page.status_code, style.status_code) == (200, 200)
    assert style.headers["content-type"] == "text/css; charset=utf-8"
    assert "<script" not in page.text
    assert "style=" not in page.text
    document = (await client.get("/api/openapi.json")).json()
    assert document["openapi"] == "3.1.0"
    for operations in document["paths"].values():
        for operation in operations.values():
            assert f'id="{operation["operationId"]}"' in page.text
            assert operation["summary"]
