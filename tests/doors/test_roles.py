"""Roles, over the pages and the API."""

import html

from parlour import access, people
from parlour.access import directory
from parlour.people import ALLOWED, ALWAYS, AT_MOST, Permission, Reach, Role
from tests.builders import Company
from tests.doors.all_rows import everything_of
from tests.doors.audited_routes import PUBLIC_KEY
from tests.doors.conftest import Clients, failure

HERE = "/dashboard/settings/roles"
MANAGE_SECURITY = Permission.MANAGE_SECURITY


async def roles_of(company: Company) -> list[people.CustomRole]:
    async with company.database.reading(company.organization_id) as tx:
        return await people.custom_roles(tx)


async def test_the_page_says_every_permission_in_words(at_acme: Clients) -> None:
    alice, bob = await at_acme.browser("alice"), await at_acme.browser("bob")
    page = html.unescape((await alice.get(HERE)).text)
    assert [each for each in Permission if f">{each.words}<" not in page] == []
    assert "New role" in page
    assert "New role" not in (await bob.get(HERE)).text
    assert (await bob.get(f"{HERE}/new")).status_code == 403


async def test_a_role_is_made_as_a_copy_given_and_removed(acme: Company, at_acme: Clients) -> None:
    alice = await at_acme.browser("alice")
    form = (await alice.get(f"{HERE}/new", params={"of": "AGENT"})).text
    ticked = [each for each in Permission if f'value="{each}" checked' in form]
    assert sorted(ticked) == sorted(ALLOWED[Role.AGENT])
    said = {"kind": "AGENT", "name": "Writer", "reach": "DEPARTMENTS", "permission": ["REPLY_TO_TICKETS"]}
    assert (await alice.post(HERE, data=said)).status_code == 303
    [role] = await roles_of(acme)
    assert (role.name, role.permissions) == ("Writer", ALWAYS[Role.AGENT] | {Permission.REPLY_TO_TICKETS})
    given = await alice.post(f"/dashboard/settings/people/{acme.bob.user_id}", data={"role": str(role.id)})
    assert given.status_code == 303
    assert "Bob" in (await alice.get(f"{HERE}/{role.id}")).text
    bob = await at_acme.program("bob")
    me = (await bob.get("/api/me")).json()
    assert (me["customRole"], me["reach"], me["role"]) == ("Writer", "DEPARTMENTS", "AGENT")
    assert (await alice.post(f"{HERE}/{role.id}/remove", data={"instead": ""})).status_code == 303
    assert await roles_of(acme) == []
    assert (await bob.get("/api/me")).json()["customRole"] is None


async def test_what_is_wrong_with_a_role_is_said_on_its_form(acme: Company, at_acme: Clients) -> None:
    alice = await at_acme.browser("alice")
    said = {"kind": "AGENT", "name": "Post", "reach": "DEPARTMENTS", "permission": ["MANAGE_MAIL"]}
    answer = await alice.post(HERE, data=said)
    assert answer.status_code == 422
    assert "A role that sees some departments only can&#39;t hold" in answer.text
    assert 'value="MANAGE_MAIL" checked' in answer.text
    for forged in ({"kind": "ADMIN", "name": "Root"}, {"kind": "AGENT", "name": "X", "permission": ["EVERYTHING"]}):
        assert (await alice.post(HERE, data=forged)).status_code == 422
    assert await roles_of(acme) == []


async def test_a_permission_that_is_taken_away_closes_the_route_at_once(acme: Company, at_acme: Clients) -> None:
    alice, bob = await at_acme.program("alice"), await at_acme.program("bob")
    ticket = await acme.ticket()
    told = {"name": "Writer", "permissions": ["REPLY_TO_TICKETS"]}
    role = (await alice.post("/api/roles", json=told)).json()
    answer = await alice.put(f"/api/users/{acme.bob.user_id}", json={"customRoleId": role["id"]})
    assert answer.json()["customRoleId"] == role["id"]
    address = f"/api/tickets/{ticket.id}/reply"
    assert (await bob.post(address, json={"body": "Hello"})).status_code == 201
    assert (await alice.put(f"/api/roles/{role['id']}", json={"permissions": []})).status_code == 200
    refused = await bob.post(address, json={"body": "Hello again"})
    assert refused.status_code == 403
    failure(refused)
    assert (await acme.now(ticket)).comment_count == 2


async def test_nobody_gives_themselves_more(acme: Company, at_acme: Clients) -> None:
    alice = await at_acme.program("alice")
    told = {"name": "Lead", "permissions": sorted({*ALLOWED[Role.AGENT], "MANAGE_AGENTS", "MANAGE_ROLES"})}
    role = (await alice.post("/api/roles", json=told)).json()
    await alice.put(f"/api/users/{acme.bob.user_id}", json={"customRoleId": role["id"]})
    bob = await at_acme.program("bob")
    before = await roles_of(acme)
    for method, path, body in (
        ("PUT", f"/api/roles/{role['id']}", {"permissions": sorted(AT_MOST[Role.AGENT])}),
        ("POST", "/api/roles", {"name": "Root", "permissions": sorted(AT_MOST[Role.AGENT])}),
        ("PUT", f"/api/users/{acme.bob.user_id}", {"role": "ADMIN"}),
        ("PUT", f"/api/users/{acme.erin.user_id}", {"role": "MANAGER"}),
        ("PUT", f"/api/users/{acme.alice.user_id}", {"status": "INACTIVE"}),
        ("POST", "/api/users", {"name": "New", "email": "new@acme.test", "role": "ADMIN"}),
    ):
        assert (await bob.request(method, path, json=body)).status_code == 403, (method, path)
    assert await roles_of(acme) == before


async def test_deciding_how_people_sign_in_makes_no_administrator(acme: Company, at_acme: Clients) -> None:
    """A directory's token, what its groups mean, and keys of the portal's would make anybody of anybody."""
    draft = people.RoleDraft("Guard", "", Role.AGENT, Reach.ORGANIZATION, ALLOWED[Role.AGENT] | {MANAGE_SECURITY})
    async with acme.database.transaction(acme.organization_id) as tx:
        guard = await people.add_custom_role(tx, draft, by=acme.alice)
        bob = await people.find_user(tx, acme.bob.user_id)
        await access.change_user(tx, bob, people.UserChanges(custom_role_id=guard.id), by=acme.alice)
        group, _ = await directory.add_group(tx, directory.DescribedGroup("Everybody"))
        key, _ = await access.make_portal_secret(tx, acme.installation.sealer, by=acme.alice)
    browser = await at_acme.browser("bob")
    before = await everything_of(acme)
    for path, form in (
        ("directory", {"name": "Mine", "days": "30"}),
        (f"directory/groups/{group.id}", {"role": "ADMIN", "department": ""}),
        ("portal-keys", {}),
        ("portal-keys/public", {"publicKey": PUBLIC_KEY}),
        (f"portal-keys/{key.id}/remove", {}),
    ):
        answer = await browser.post(f"/dashboard/settings/{path}", data=form)
        assert "Only administrators decide" in html.unescape(answer.text), (path, answer.status_code, answer.text[:300])
    assert await everything_of(acme) == before
    assert (await browser.post("/dashboard/settings/sign-in", data={"grace": "7", "devices": "30"})).status_code == 303


async def test_setting_mailboxes_up_leads_no_links_astray(acme: Company, at_acme: Clients) -> None:
    """The server that mail goes out by sees the links that administrators sign in with."""
    draft = people.RoleDraft("Post", "", Role.AGENT, Reach.ORGANIZATION, ALLOWED[Role.AGENT] | {Permission.MANAGE_MAIL})
    async with acme.database.transaction(acme.organization_id) as tx:
        post = await people.add_custom_role(tx, draft, by=acme.alice)
        bob = await people.find_user(tx, acme.bob.user_id)
        await access.change_user(tx, bob, people.UserChanges(custom_role_id=post.id), by=acme.alice)
    alice, program = await at_acme.program("alice"), await at_acme.program("bob")
    new = {"address": f"support@{acme.slug}.test", "outgoing": {"host": "mail.acme.example"}}
    made = await alice.post("/api/email/mailboxes", json=new)
    assert made.status_code == 201
    # When a token was last used is written down once a minute.
    assert (await program.get("/api/me")).status_code == 200
    before, here = await everything_of(acme), f"/api/email/mailboxes/{made.json()['id']}"
    other = {"host": "mail.evil.example"}
    refused = [
        await program.post("/api/email/mailboxes", json={"address": f"other@{acme.slug}.test", "outgoing": other}),
        await program.patch(here, json={"outgoing": other}),
        await program.patch(here, json={"outgoing": None}),
    ]
    for answer in refused:
        words = "Only administrators choose the server that mail goes out by: links to sign in with go through it."
        assert (answer.status_code, failure(answer)["error"]) == (403, words)
    assert await everything_of(acme) == before
    assert (await program.patch(here, json={"name": "Support"})).status_code == 200
