"""Groups of a directory: who is in them, and what that makes of somebody."""

from typing import Any
from uuid import UUID

import httpx

from parlour import people
from parlour.access import directory as directories
from parlour.people import Role
from tests.builders import Company
from tests.doors.scim.test_people import patch

GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"


async def added(directory: httpx.AsyncClient, name: str, *members: UUID) -> str:
    body = {"schemas": [GROUP], "displayName": name, "members": [{"value": str(one)} for one in members]}
    answer = await directory.post("/Groups", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def means(company: Company, group_id: str, role: Role | None, department_id: UUID | None = None) -> None:
    async with company.database.transaction(company.organization_id) as tx:
        group = await directories.find_group(tx, UUID(group_id))
        await directories.give_meaning(tx, group, role, department_id, by=company.alice)


async def roles(company: Company) -> dict[str, Role]:
    async with company.database.reading(company.organization_id) as tx:
        return {user.name: user.role for user in await people.team(tx)}


async def workers(company: Company, department_id: UUID) -> set[UUID]:
    async with company.database.reading(company.organization_id) as tx:
        return set((await people.find_department(tx, department_id)).member_ids)


async def test_members_come_and_go_as_entra_and_okta_say_it(acme: Company, directory: httpx.AsyncClient) -> None:
    bob, erin, mara = (str(one.user_id) for one in (acme.bob, acme.erin, acme.mara))
    path = f"/Groups/{await added(directory, 'Support team', acme.bob.user_id)}"

    async def after(*operations: dict[str, Any]) -> set[str]:
        answer = await directory.patch(path, json=patch(*operations))
        assert answer.status_code == 200, answer.text
        return {member["value"] for member in answer.json().get("members", [])}

    assert await after({"op": "Add", "path": "members", "value": [{"value": erin}, {"value": bob}]}) == {bob, erin}
    assert await after({"op": "add", "value": {"members": [{"value": mara}]}}) == {bob, erin, mara}
    assert await after({"op": "remove", "path": f'members[value eq "{bob}"]'}) == {erin, mara}
    assert await after({"op": "Remove", "path": "members", "value": [{"value": erin}]}) == {mara}
    assert await after({"op": "replace", "value": {"displayName": "Second line"}}) == {mara}
    assert await after({"op": "replace", "path": "members", "value": [{"value": bob}]}) == {bob}
    found = (await directory.get("/Groups", params={"filter": f'members[value eq "{bob}"]'})).json()["Resources"]
    assert [one["displayName"] for one in found] == ["Second line"]
    by_name = {"filter": 'displayName eq "second LINE"', "excludedAttributes": "members"}
    assert "members" not in (await directory.get("/Groups", params=by_name)).json()["Resources"][0]
    somebody = (await directory.get(f"/Users/{bob}")).json()
    assert [group["display"] for group in somebody["groups"]] == ["Second line"]
    stranger = await directory.patch(
        path, json=patch({"op": "add", "path": "members", "value": [{"value": str(acme.carol.user_id)}]})
    )
    assert (stranger.status_code, stranger.json()["scimType"]) == (400, "invalidValue")
    assert await after({"op": "remove", "path": "members"}) == set()


async def test_a_group_gives_a_role_and_a_department_and_takes_them_back(
    acme: Company, directory: httpx.AsyncClient
) -> None:
    leads, billing = await added(directory, "Leads"), await added(directory, "Billing", acme.bob.user_id)
    await means(acme, leads, Role.MANAGER)
    await means(acme, billing, None, acme.billing_id)
    assert await workers(acme, acme.billing_id) == {acme.erin.user_id, acme.bob.user_id}
    join = patch({"op": "add", "path": "members", "value": [{"value": str(acme.bob.user_id)}]})
    await directory.patch(f"/Groups/{leads}", json=join)
    assert (await roles(acme))["Bob"] is Role.MANAGER
    leave = patch({"op": "remove", "path": "members"})
    await directory.patch(f"/Groups/{leads}", json=leave)
    # Mara is a manager by hand: a group that she was never in takes nothing from her.
    assert (await roles(acme))["Bob"] is Role.AGENT
    assert (await roles(acme))["Mara"] is Role.MANAGER
    assert (await directory.delete(f"/Groups/{billing}")).status_code == 204
    assert await workers(acme, acme.billing_id) == {acme.erin.user_id}
    assert (await directory.get(f"/Groups/{billing}")).status_code == 404


async def test_a_group_can_not_take_the_last_administrator(acme: Company, directory: httpx.AsyncClient) -> None:
    admins = await added(directory, "Admins", acme.alice.user_id)
    await means(acme, admins, Role.ADMIN)
    refused = await directory.patch(f"/Groups/{admins}", json=patch({"op": "remove", "path": "members"}))
    assert (refused.status_code, (await roles(acme))["Alice"]) == (400, Role.ADMIN)
    assert len((await directory.get(f"/Groups/{admins}")).json()["members"]) == 1
    await directory.patch(
        f"/Groups/{admins}",
        json=patch({"op": "add", "path": "members", "value": [{"value": str(acme.mara.user_id)}]}),
    )
    assert (await roles(acme))["Mara"] is Role.ADMIN


async def test_a_name_is_there_once(directory: httpx.AsyncClient) -> None:
    await added(directory, "Leads")
    twice = await directory.post("/Groups", json={"schemas": [GROUP], "displayName": "LEADS"})
    assert (twice.status_code, twice.json()["scimType"]) == (409, "uniqueness")
    assert (await directory.get("/Groups")).json()["totalResults"] == 1
