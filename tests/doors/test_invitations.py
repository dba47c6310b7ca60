"""Inviting and accepting, at the pages and over the API."""

from parlour.entrance import COOKIE
from tests.access.outbox import letters
from tests.builders import Company
from tests.doors.conftest import Clients, Connect

PAGE = {"accept": "text/html"}
HERE = "/dashboard/settings/invitations"
GOOD = "plum harbour quiet lantern"


async def test_an_administrator_invites_and_the_invited_lands_in_the_inbox(
    acme: Company, at_acme: Clients, connect: Connect
) -> None:
    alice = await at_acme.browser("alice")
    form = {"email": "new@acme.test", "role": "AGENT", "reach": "DEPARTMENTS", "department": str(acme.billing_id)}
    asked = await alice.post(HERE, data={**form, "message": "Come and help"})
    assert (asked.status_code, asked.headers["location"]) == (303, HERE)
    page = (await alice.get(HERE)).text
    assert "new@acme.test" in page
    assert "Billing" in page
    [mail] = await letters(acme)
    assert mail.path.startswith("/invitation?token=")
    client = connect()
    for _ in range(2):
        shown = await client.get(mail.path, headers=PAGE)
        assert shown.status_code == 200
        assert "Come and help" in shown.text
        assert COOKIE not in shown.headers.get("set-cookie", "")
    sent = {"token": mail.token, "name": "Nora"}
    weak = await client.post("/invitation", data={**sent, "password": "nora"}, headers=PAGE)
    assert weak.status_code == 422
    assert "Use at least ten characters." in weak.text
    done = await client.post("/invitation", data={**sent, "password": GOOD}, headers=PAGE)
    assert (done.status_code, done.headers["location"]) == (303, "/dashboard")
    assert f"{COOKIE}=" in " ".join(done.headers.get_list("set-cookie"))
    again = await connect().post("/invitation", data={**sent, "password": GOOD}, headers=PAGE)
    assert again.status_code == 410
    assert "new@acme.test" not in (await alice.get(HERE)).text


async def test_it_is_sent_again_and_taken_back(acme: Company, at_acme: Clients, connect: Connect) -> None:
    alice = await at_acme.browser("alice")
    await alice.post(HERE, data={"email": "new@acme.test", "role": "AGENT"})
    async with acme.database.reading(acme.organization_id) as tx:
        [invitation_id] = await tx.values("select id from invitations")
    assert (await alice.post(f"{HERE}/{invitation_id}/again")).status_code == 303
    first, second = await letters(acme)
    assert first.token == second.token
    assert (await alice.post(f"{HERE}/{invitation_id}/revoke")).status_code == 303
    assert (await connect().get(first.path, headers=PAGE)).status_code == 410
    assert (await alice.post(f"{HERE}/{invitation_id}/again")).status_code == 404


async def test_agents_see_no_invitations_and_managers_only_what_is_theirs_to_ask(
    acme: Company, at_acme: Clients
) -> None:
    for who in "bob", "carol":
        assert (await (await at_acme.program(who)).get("/api/invitations")).status_code == 403
    mara = await at_acme.program("mara")
    refused = await mara.post("/api/invitations", json={"email": "new@acme.test", "role": "ADMIN"})
    assert refused.status_code == 403
    assert (await mara.get("/api/invitations")).json() == {"items": []}
    page = await (await at_acme.browser("mara")).post(HERE, data={"email": "new@acme.test", "role": "ADMIN"})
    assert page.status_code == 403
    assert await letters(acme) == []


async def test_programs_invite(acme: Company, at_acme: Clients) -> None:
    alice = await at_acme.program("alice")
    body = {"email": " New@Acme.test", "departmentIds": [str(acme.support_id)], "message": "Hello"}
    made = await alice.post("/api/invitations", json=body)
    assert made.status_code == 201
    assert made.headers["location"] == f"/api/invitations/{made.json()['id']}"
    assert (made.json()["email"], made.json()["role"]) == ("new@acme.test", "AGENT")
    assert (await alice.get("/api/invitations")).json()["items"] == [made.json()]
    assert (await alice.get(made.headers["location"])).json() == made.json()
    again = await alice.post(f"{made.headers['location']}/resend")
    assert (again.status_code, again.json()["id"]) == (200, made.json()["id"])
    assert len(await letters(acme)) == 2
    assert (await alice.delete(made.headers["location"])).status_code == 204
    assert (await alice.get(made.headers["location"])).status_code == 404
    taken = await alice.post("/api/invitations", json={"email": acme.bob.email})
    assert (taken.status_code, list(taken.json()["details"])) == (409, ["email"])


async def test_a_token_that_is_none_of_ours_shows_that_it_is_over(connect: Connect) -> None:
    for token in "", "abc", "é" * 50, "a" * 5000:
        shown = await connect().get("/invitation", params={"token": token}, headers=PAGE)
        assert shown.status_code == 410
        sent = await connect().post("/invitation", data={"token": token, "name": "Eve"}, headers=PAGE)
        assert sent.status_code == 410
