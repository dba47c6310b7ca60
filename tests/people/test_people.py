"""Users, departments, roles."""

import asyncio

import pytest

from parlour import people
from parlour.foundation.errors import BadRequest, Forbidden, Invalid, NotFound
from parlour.people import (
    ALLOWED,
    AddressTaken,
    DepartmentNameTaken,
    NewUser,
    Permission,
    Role,
    UserChanges,
    UserSearch,
)
from tests.builders import Company


async def test_an_organization_keeps_an_administrator(acme: Company) -> None:
    with pytest.raises(BadRequest):
        async with acme.database.transaction(acme.organization_id) as tx:
            alice = await people.find_user(tx, acme.alice.user_id)
            await people.change_user(tx, alice, UserChanges(role=Role.AGENT), by=None)
    async with acme.database.reading(acme.organization_id) as tx:
        assert (await people.find_user(tx, acme.alice.user_id)).role is Role.ADMIN


async def test_two_administrators_cannot_demote_one_another_at_once(acme: Company) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        mara = await people.find_user(tx, acme.mara.user_id)
        mara = await people.change_user(tx, mara, UserChanges(role=Role.ADMIN), by=acme.alice)
        alice = await people.find_user(tx, acme.alice.user_id)

    async def demote(user: people.User) -> None:
        async with acme.database.transaction(acme.organization_id) as tx:
            await people.change_user(tx, user, UserChanges(role=Role.AGENT), by=None)

    outcomes = await asyncio.gather(demote(mara), demote(alice), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["BadRequest", "NoneType"]


async def test_an_address_belongs_to_one_user_of_an_organization(acme: Company, globex: Company) -> None:
    with pytest.raises(AddressTaken):
        async with acme.database.transaction(acme.organization_id) as tx:
            await people.add_user(tx, NewUser("Bobby", "BOB@acme.test", Role.AGENT))
    async with globex.database.reading(globex.organization_id) as tx:
        assert (await people.user_by_email(tx, "bob@acme.test")).id == globex.bob.user_id


@pytest.mark.parametrize("email", ["", "bob", "bob@", "@acme.test", "a b@acme.test", "bob@acme", "b\x00b@acme.test"])
async def test_what_is_no_address_is_refused(acme: Company, email: str) -> None:
    with pytest.raises(Invalid):
        async with acme.database.transaction(acme.organization_id) as tx:
            await people.customer_by_email(tx, email)


async def test_a_customer_who_writes_twice_at_once_is_made_once(acme: Company) -> None:
    async def write() -> people.User:
        async with acme.database.transaction(acme.organization_id) as tx:
            return await people.customer_by_email(tx, "New@customer.test", "New")

    made = await asyncio.gather(*(write() for _ in range(4)))
    assert len({user.id for user in made}) == 1
    assert (made[0].email, made[0].role) == ("new@customer.test", Role.CUSTOMER)


async def test_users_are_listed_a_page_at_a_time(acme: Company) -> None:
    async with acme.database.reading(acme.organization_id) as tx:
        first = await people.search_users(tx, UserSearch(limit=4))
        rest = await people.search_users(tx, UserSearch(limit=4, after=(first[-1].name.lower(), first[-1].id)))
        agents = await people.search_users(tx, UserSearch(role=Role.AGENT))
        found = await people.search_users(tx, UserSearch(q="CAR"))
    assert [user.name for user in first + rest] == ["Alice", "Bob", "Carol", "Dave", "Erin", "Mara"]
    assert [user.name for user in agents] == ["Bob", "Erin"]
    assert [user.name for user in found] == ["Carol"]


async def test_departments_have_agents_as_members(acme: Company, globex: Company) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        returns = await people.add_department(tx, " Returns ", "What comes back", by=None)
        returns = await people.set_members(
            tx, returns, [acme.bob.user_id, acme.mara.user_id, acme.bob.user_id], by=None
        )
        assert (returns.name, sorted(returns.member_ids)) == ("Returns", sorted([acme.bob.user_id, acme.mara.user_id]))
        assert (await people.actor_of(tx, acme.bob.user_id)).department_ids == (returns.id,)
        with pytest.raises(DepartmentNameTaken):
            await people.add_department(tx, "returns", by=None)
        for stranger in (acme.carol.user_id, globex.bob.user_id):
            with pytest.raises(Invalid):
                await people.set_members(tx, returns, [stranger], by=None)
        await people.remove_department(tx, returns, by=None)
        with pytest.raises(NotFound):
            await people.find_department(tx, returns.id)


def test_each_role_may_do_what_the_one_below_may() -> None:
    assert ALLOWED[Role.CUSTOMER] < ALLOWED[Role.AGENT] < ALLOWED[Role.MANAGER] < ALLOWED[Role.ADMIN]
    assert ALLOWED[Role.ADMIN] == set(Permission)


async def test_an_actor_who_must_but_may_not_is_refused(acme: Company) -> None:
    acme.alice.must(Permission.MANAGE_ORGANIZATION)
    with pytest.raises(Forbidden):
        acme.bob.must(Permission.MANAGE_ORGANIZATION)
