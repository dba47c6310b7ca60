"""Companies through the doors: the API of administrators, and the two halves of the portal."""

from parlour.people import PortalView
from tests.access.app import signed_in_app
from tests.builders import Company
from tests.doors.conftest import Clients, Connect, failure
from tests.doors.test_app_tokens import bearer

NORTHWIND = {"name": "Northwind", "domains": ["Northwind.test"], "notes": "Pays late.", "portalView": "COMPANY"}


async def test_an_administrator_keeps_companies_and_puts_people_in(acme: Company, at_acme: Clients) -> None:
    alice, bob = await at_acme.program("alice"), await at_acme.program("bob")
    made = await alice.post("/api/companies", json=NORTHWIND)
    assert (made.status_code, made.json()["domains"]) == (201, ["northwind.test"])
    path = made.headers["location"]
    for name in ("Aurora", "Zephyr"):
        assert (await alice.post("/api/companies", json={"name": name})).status_code == 201
    page = (await bob.get("/api/companies", params={"limit": 2})).json()
    rest = (await bob.get("/api/companies", params={"after": page["next"]})).json()
    assert [one["name"] for one in (*page["items"], *rest["items"])] == ["Aurora", "Northwind", "Zephyr"]
    assert [one["name"] for one in (await bob.get("/api/companies?q=northw")).json()["items"]] == ["Northwind"]
    joined = f"/api/users/{acme.carol.user_id}/company"
    put = await alice.put(joined, json={"companyId": made.json()["id"]})
    assert put.json() == {
        "companyId": made.json()["id"],
        "companyName": "Northwind",
        "ownView": None,
        "sees": "COMPANY",
        "isByHand": True,
    }
    assert (await bob.get(path)).json()["people"] == 1
    for refused in (
        await bob.put(path, json={"portalView": "OWN"}),
        await bob.post("/api/companies", json={"name": "Bob's"}),
        await bob.put(joined, json={"companyId": None}),
        await bob.delete(path),
    ):
        assert refused.status_code == 403
    assert (await alice.put(path, json={"notes": "Pays."})).json()["portalView"] == "COMPANY"
    everybodys = await alice.put(path, json={"domains": ["gmail.com"]})
    assert (everybodys.status_code, set(failure(everybodys)["details"])) == (422, {"domains"})
    assert (await bob.get(path)).json()["domains"] == ["northwind.test"]
    assert (await alice.delete(path)).status_code == 204
    assert (await bob.get(joined)).json()["companyId"] is None
    assert (await bob.get(f"/api/users/{acme.carol.user_id}")).status_code == 200


async def test_tickets_of_a_company_are_listed_for_agents(acme: Company, at_acme: Clients) -> None:
    alice, erin = await at_acme.program("alice"), await at_acme.program("erin")
    company = (await alice.post("/api/companies", json=NORTHWIND)).json()["id"]
    await alice.put(f"/api/users/{acme.carol.user_id}/company", json={"companyId": company})
    hers = await acme.ticket("Hers")
    billing = await acme.ticket("Hers too", department_id=acme.billing_id)
    await acme.ticket("His", requester_id=acme.dave.user_id)
    page = await (await at_acme.browser("bob")).get(f"/dashboard/tickets/{hers.number}")
    assert '<p class="side-note truncate">Of Northwind</p>' in page.text
    listed = (await alice.get("/api/tickets", params={"company": company})).json()
    assert [one["number"] for one in listed["items"]] == [billing.number, hers.number]
    seen = (await erin.get("/api/tickets", params={"company": company})).json()
    assert [one["number"] for one in seen["items"]] == [billing.number]


async def test_the_portal_has_a_half_for_the_company(acme: Company, at_acme: Clients) -> None:
    alice = await at_acme.program("alice")
    company = (await alice.post("/api/companies", json=NORTHWIND)).json()["id"]
    for actor in (acme.carol, acme.dave):
        await alice.put(f"/api/users/{actor.user_id}/company", json={"companyId": company})
    hers = await acme.ticket("Her grinder")
    await acme.ticket("His kettle", requester_id=acme.dave.user_id)
    home, dave = f"/portal/{acme.slug}", await at_acme.browser("dave")
    mine = (await dave.get(home)).text
    assert ("His kettle" in mine, "Her grinder" in mine, "Company tickets" in mine) == (True, False, True)
    theirs = (await dave.get(f"{home}?whose=company")).text
    assert ("His kettle" in theirs, "Her grinder" in theirs, "Carol · " in theirs) == (True, True, True)
    assert ("Search company tickets" in theirs, "Search company tickets" in mine) == (True, False)
    found = (await dave.get(f"{home}?whose=company&q=grinder")).text
    assert ("Her grinder" in found, "His kettle" in found) == (True, False)
    assert (await dave.get(f"{home}/tickets/{hers.number}")).status_code == 200
    alone = {"companyId": company, "ownView": PortalView.OWN}
    await alice.put(f"/api/users/{acme.dave.user_id}/company", json=alone)
    narrowed = (await dave.get(f"{home}?whose=company")).text
    assert ("Her grinder" in narrowed, "Company tickets" in narrowed) == (False, False)
    assert (await dave.get(f"{home}/tickets/{hers.number}")).status_code == 404


async def test_an_app_of_a_customer_sees_what_they_see(acme: Company, at_acme: Clients, connect: Connect) -> None:
    alice = await at_acme.program("alice")
    company = (await alice.post("/api/companies", json=NORTHWIND)).json()["id"]
    await alice.put(f"/api/users/{acme.carol.user_id}/company", json={"companyId": company})
    hers = await acme.ticket("Her grinder")
    app = connect(**bearer(await signed_in_app(acme, acme.dave)))
    assert (await app.get(f"/api/tickets/{hers.number}")).status_code == 404
    await alice.put(f"/api/users/{acme.dave.user_id}/company", json={"companyId": company})
    assert (await app.get(f"/api/tickets/{hers.number}")).status_code == 200
    assert [one["number"] for one in (await app.get("/api/tickets")).json()["items"]] == [hers.number]
    assert (await app.get("/api/companies")).status_code == 403
