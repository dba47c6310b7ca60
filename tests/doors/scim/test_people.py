"""A directory adds people, changes them and lets go of them."""

import asyncio
import time
from typing import Any
from uuid import UUID

import httpx
import pytest
import socketio

from parlour import access, email, people, tickets
from parlour.access import LinkOver, Purpose
from parlour.foundation.errors import Invalid
from parlour.people import Permission, Reach, Role, UserStatus
from parlour.tickets import Source, Words
from tests.access.outbox import letters
from tests.builders import Company, begin_session
from tests.doors.conftest import Clients, Connect, token_of
from tests.doors.scim.conftest import directory_token

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


def patch(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"schemas": [PATCH], "Operations": list(operations)}


async def added(directory: httpx.AsyncClient, name: str = "grace@acme.test", **more: Any) -> dict[str, Any]:
    body = {"schemas": [USER], "userName": name, "name": {"givenName": "Grace", "familyName": "Hopper"}, **more}
    answer = await directory.post("/Users", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def user_of(company: Company, id_: str) -> people.User:
    async with company.database.reading(company.organization_id) as tx:
        return next(user for user in await people.team(tx) if str(user.id) == id_)


async def test_somebody_is_added_changed_and_deactivated_and_their_open_socket_closes_in_five_seconds(
    acme: Company, processes: list[str]
) -> None:
    headers = {"authorization": f"Bearer {await directory_token(acme)}"}
    async with httpx.AsyncClient(base_url=f"{processes[0]}/api/scim/v2", headers=headers) as directory:
        grace = await added(directory, externalId="00u1")
        renamed = await directory.put(f"/Users/{grace['id']}", json={**grace, "displayName": "Rear Admiral"})
        assert (renamed.status_code, renamed.json()["displayName"]) == (200, "Rear Admiral")
        async with acme.database.reading(acme.organization_id) as tx:
            actor = await people.actor_of(tx, (await user_of(acme, grace["id"])).id)
        assert actor
        assert (actor.name, actor.role) == ("Rear Admiral", Role.AGENT)
        # By a session and by a token, at the process that does not hear of it itself.
        cookie, token = await begin_session(acme, actor), await token_of(acme, actor)
        screens = [socketio.AsyncClient(reconnection=False) for _ in range(2)]
        how: list[dict[str, Any]] = [{"headers": {"cookie": f"parlour_session={cookie}"}}, {"auth": {"token": token}}]
        for screen, come_in in zip(screens, how, strict=True):
            await screen.connect(processes[1], transports=["websocket"], socketio_path="/api/socket", **come_in)
        assert [screen.connected for screen in screens] == [True, True]
        began = time.monotonic()
        off = patch({"op": "Replace", "path": "active", "value": "False"})
        answer = await directory.patch(f"/Users/{grace['id']}", json=off)
        assert (answer.status_code, answer.json()["active"]) == (200, False)
        async with asyncio.timeout(5):
            for screen in screens:
                await screen.wait()
        assert time.monotonic() - began < 5
    async with httpx.AsyncClient(base_url=processes[1], headers={"authorization": f"Bearer {token}"}) as program:
        assert (await program.get("/api/me")).status_code == 401
    async with httpx.AsyncClient(base_url=processes[1], cookies={"parlour_session": cookie}) as browser:
        assert (await browser.get("/api/me")).status_code == 401


@pytest.mark.parametrize(
    "sent",
    [
        {"op": "replace", "value": {"active": False}},
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "replace", "path": f"{USER}:active", "value": False},
        {"op": "Replace", "value": {"name.givenName": "Amazing", "active": "false"}},
    ],
)
async def test_every_way_in_which_directories_say_it_deactivates(
    sent: dict[str, Any], acme: Company, directory: httpx.AsyncClient
) -> None:
    grace = await added(directory)
    answer = await directory.patch(f"/Users/{grace['id']}", json=patch(sent))
    assert (answer.status_code, answer.json()["active"]) == (200, False)
    assert (await user_of(acme, grace["id"])).status is UserStatus.INACTIVE


async def test_what_entra_sends_changes_the_address_and_passes_over_what_is_not_kept(
    acme: Company, directory: httpx.AsyncClient
) -> None:
    enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    grace = await added(directory, displayName="Grace Hopper", title="Admiral", **{enterprise: {"department": "Navy"}})
    answer = await directory.patch(
        f"/Users/{grace['id']}",
        json=patch(
            {"op": "Add", "path": 'emails[type eq "work"].value', "value": "hopper@acme.test"},
            {"op": "Replace", "path": "name.familyName", "value": "Murray"},
            {"op": "Add", "path": f"{enterprise}:department", "value": "Research"},
            {"op": "Add", "path": 'phoneNumbers[type eq "work"].value', "value": "1"},
            {"op": "Replace", "path": "externalId", "value": "abc"},
        ),
    )
    changed = answer.json()
    assert changed["emails"] == [{"value": "hopper@acme.test", "type": "work"}]
    assert (changed["displayName"], changed["externalId"], changed["userName"]) == (
        "Grace Murray",
        "abc",
        "grace@acme.test",
    )
    assert (await user_of(acme, grace["id"])).email == "hopper@acme.test"
    taken = patch({"op": "replace", "path": "emails", "value": [{"value": "bob@acme.test"}]})
    refused = await directory.patch(f"/Users/{grace['id']}", json=taken)
    assert (refused.status_code, refused.json()["scimType"]) == (409, "uniqueness")
    assert (await user_of(acme, grace["id"])).email == "hopper@acme.test"


async def test_people_are_found_by_filters_and_in_pages(acme: Company, directory: httpx.AsyncClient) -> None:
    await added(directory, "Grace@Acme.test", externalId="00u1", emails=[{"value": "gh@acme.test", "primary": True}])
    await added(directory, "zoe@acme.test", displayName="Zoe", active=False)

    async def names(filter_: str, **more: Any) -> list[str]:
        answer = await directory.get("/Users", params={"filter": filter_, **more})
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert found["itemsPerPage"] == len(found["Resources"])
        return [one["userName"] for one in found["Resources"]]

    assert await names('userName eq "grace@acme.test"') == ["Grace@Acme.test"]
    assert await names('externalId eq "00u1"') == ["Grace@Acme.test"]
    assert await names('externalId eq "00U1"') == []
    assert await names('emails[type eq "work" and value eq "gh@acme.test"]') == ["Grace@Acme.test"]
    assert await names('emails[type eq "work"].value sw "GH@"') == ["Grace@Acme.test"]
    assert await names(f'{USER}:emails.value co "gh" or displayName eq "zoe"') == ["Grace@Acme.test", "zoe@acme.test"]
    assert await names("active eq false") == ["zoe@acme.test"]
    assert await names('active eq "False" and not (displayName sw "Z")') == []
    assert await names("externalId pr") == ["Grace@Acme.test"]
    by_name = {"sortBy": "userName", "sortOrder": "descending", "count": 2, "startIndex": 2}
    assert await names('userName ew "@acme.test" and active eq true', **by_name) == [
        "Grace@Acme.test",
        "erin@acme.test",
    ]
    page = (await directory.get("/Users", params={"count": 0})).json()
    assert (page["totalResults"], page["Resources"]) == (6, [])
    for broken in ("userName eq", 'password eq "x"', 'userName xx "y"', "((((", '"; drop table users; --'):
        answer = await directory.get("/Users", params={"filter": broken})
        assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidFilter")


async def test_who_is_let_go_of_keeps_their_words_and_may_come_back(
    acme: Company, directory: httpx.AsyncClient
) -> None:
    ticket = await acme.ticket()
    async with acme.database.transaction(acme.organization_id) as tx:
        held = await tickets.hold(tx, ticket.id, seen_by=acme.bob)
        await tickets.reply(tx, held, Words("On its way"), by=acme.bob, source=Source.API)
    path = f"/Users/{acme.bob.user_id}"
    assert (await directory.delete(path)).status_code == 204
    gone = await directory.get(path)
    assert (gone.status_code, gone.json()["schemas"], gone.json()["status"]) == (404, [ERROR], "404")
    assert (await user_of(acme, str(acme.bob.user_id))).status is UserStatus.INACTIVE
    assert (await acme.now(ticket)).comment_count == 2
    back = await added(directory, "bob@acme.test", displayName="Robert")
    assert (back["id"], back["active"]) == (str(acme.bob.user_id), True)
    twice = await directory.post("/Users", json={"schemas": [USER], "userName": "BOB@acme.test"})
    assert (twice.status_code, twice.json()["scimType"]) == (409, "uniqueness")


async def test_customers_are_not_the_directorys_until_it_makes_agents_of_them(
    acme: Company, directory: httpx.AsyncClient
) -> None:
    assert (await directory.get(f"/Users/{acme.carol.user_id}")).status_code == 404
    carol = await added(directory, "carol@customer.test")
    assert carol["id"] == str(acme.carol.user_id)
    assert (await user_of(acme, carol["id"])).role is Role.AGENT


async def test_the_last_administrator_stays(acme: Company, directory: httpx.AsyncClient) -> None:
    path = f"/Users/{acme.alice.user_id}"
    for refused in (
        await directory.delete(path),
        await directory.patch(path, json=patch({"op": "replace", "path": "active", "value": False})),
    ):
        assert refused.status_code == 400
        assert "needs an administrator" in refused.json()["detail"]
    assert (await directory.get(path)).json()["active"] is True
    assert (await user_of(acme, str(acme.alice.user_id))).status is UserStatus.ACTIVE


async def test_a_change_of_an_older_version_is_refused(acme: Company, directory: httpx.AsyncClient) -> None:
    grace = await added(directory)
    path, old = f"/Users/{grace['id']}", grace["meta"]["version"]
    assert (await directory.get(path, headers={"if-none-match": old})).status_code == 304
    newer = await directory.put(path, json={**grace, "displayName": "G"}, headers={"if-match": old})
    assert newer.headers["etag"] != old
    refused = await directory.put(path, json={**grace, "displayName": "H"}, headers={"if-match": old})
    assert refused.status_code == 412
    assert (await directory.get(path)).json()["displayName"] == "G"


async def test_the_directorys_token_does_nothing_else_and_others_may_not_do_this(
    acme: Company, globex: Company, directory: httpx.AsyncClient, at_acme: Clients, connect: Connect
) -> None:
    token = directory.headers["authorization"]
    program = connect(authorization=token)
    for path in ("/api/tickets", "/api/users", "/api/me", "/api/tokens", "/api/audit"):
        assert (await program.get(path)).status_code == 403
    assert (await (await at_acme.program("mara")).get("/api/scim/v2/Users")).status_code == 403
    nobody = await connect().get("/api/scim/v2/Users")
    assert (nobody.status_code, nobody.json()["schemas"]) == (401, [ERROR])
    neighbour = connect(authorization=f"Bearer {await directory_token(globex)}")
    grace = await added(directory)
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        answer = await neighbour.request(method, f"/api/scim/v2/Users/{grace['id']}", json=grace)
        assert answer.status_code == 404
    assert (await directory.get(f"/Users/{grace['id']}")).json() == grace


async def test_no_role_of_ones_own_does_as_a_directory_does(acme: Company) -> None:
    held = frozenset({Permission.READ_TICKETS, Permission.PROVISION_PEOPLE})
    draft = people.RoleDraft("Helper", "", Role.MANAGER, Reach.ORGANIZATION, held)
    async with acme.database.transaction(acme.organization_id) as tx:
        with pytest.raises(Invalid):
            await people.add_custom_role(tx, draft, by=acme.alice)
        assert await people.custom_roles(tx) == []


async def test_who_gets_another_address_is_told_at_the_old_one_and_no_link_of_before_opens_anything(
    acme: Company, directory: httpx.AsyncClient
) -> None:
    grace = await added(directory, emails=[{"value": "grace@acme.test", "primary": True}])
    async with acme.database.transaction(acme.organization_id) as tx:
        user = await people.find_user(tx, UUID(grace["id"]))
        wanted = await access.ask_for_address(tx, user.id, "grace@elsewhere.test")
    assert wanted
    for _ in range(2):
        moved = {**grace, "emails": [{"value": "hopper@acme.test", "primary": True}]}
        assert (await directory.put(f"/Users/{grace['id']}", json=moved)).status_code == 200
    told = [mail for mail in await letters(acme) if mail.kind == "ADDRESS_CHANGED"]
    assert [mail.to for mail in told] == ["grace@acme.test"]
    text = access.link_text(acme.installation.signer, Purpose.ADDRESS, acme.organization_id, wanted)
    with pytest.raises(LinkOver):
        await email.confirm_address(acme.installation, text)
    assert (await user_of(acme, grace["id"])).email == "hopper@acme.test"
