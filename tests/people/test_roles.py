"""Roles of an organization's own making, and what nobody can give: to others, or to themselves."""

import pytest

from parlour import access, people
from parlour.foundation.errors import BadRequest, Forbidden, Invalid
from parlour.people import (
    ALLOWED,
    ALWAYS,
    Actor,
    CustomRole,
    MoreThanOneHas,
    NewUser,
    NotTheirDepartment,
    OwnRole,
    Permission,
    Reach,
    Role,
    RoleDraft,
    RoleNameTaken,
    UserChanges,
    UserStatus,
)
from tests.builders import Company

READER = RoleDraft("Reader", "Looks, doesn't touch", Role.AGENT, Reach.DEPARTMENTS, frozenset({Permission.WRITE_NOTES}))
HELPDESK_LEAD = RoleDraft(
    "Lead",
    "",
    Role.AGENT,
    Reach.ORGANIZATION,
    ALLOWED[Role.AGENT] | {Permission.MANAGE_AGENTS, Permission.MANAGE_ROLES},
)


async def made(company: Company, draft: RoleDraft, by: Actor | None = None) -> CustomRole:
    async with company.database.transaction(company.organization_id) as tx:
        return await people.add_custom_role(tx, draft, by=by or company.alice)


async def changed(company: Company, whom: Actor, changes: UserChanges, by: Actor) -> Actor:
    async with company.database.transaction(company.organization_id) as tx:
        user = await people.find_user(tx, whom.user_id)
        await access.change_user(tx, user, changes, by=by)
    return await now(company, whom)


async def now(company: Company, whom: Actor) -> Actor:
    async with company.database.reading(company.organization_id) as tx:
        actor = await people.actor_of(tx, whom.user_id)
    assert actor
    return actor


async def test_whoever_has_a_role_may_do_what_it_says_and_sees_what_it_reaches(acme: Company) -> None:
    reader = await made(acme, READER)
    bob = await changed(acme, acme.bob, UserChanges(custom_role_id=reader.id), by=acme.alice)
    assert bob.permissions == ALWAYS[Role.AGENT] | {Permission.WRITE_NOTES}
    assert (bob.role, bob.reach, bob.custom_role, bob.sees_all_tickets) == (
        Role.AGENT,
        Reach.DEPARTMENTS,
        "Reader",
        False,
    )
    with pytest.raises(Forbidden):
        bob.must(Permission.REPLY_TO_TICKETS)
    bob = await changed(acme, acme.bob, UserChanges(role=Role.AGENT, custom_role_id=None), by=acme.alice)
    assert (bob.permissions, bob.reach) == (ALLOWED[Role.AGENT], Reach.ORGANIZATION)


async def test_a_role_of_another_kind_goes_with_the_kind(acme: Company) -> None:
    reader = await made(acme, READER)
    await changed(acme, acme.bob, UserChanges(custom_role_id=reader.id), by=acme.alice)
    bob = await changed(acme, acme.bob, UserChanges(role=Role.MANAGER), by=acme.alice)
    assert (bob.role, bob.granted) == (Role.MANAGER, None)
    with pytest.raises(Invalid):
        await changed(acme, acme.bob, UserChanges(role=Role.MANAGER, custom_role_id=reader.id), by=acme.alice)
    assert await now(acme, bob) == bob


async def test_a_changed_role_changes_what_its_people_may_do_and_the_cookie_they_hold(acme: Company) -> None:
    reader = await made(acme, READER)
    await changed(acme, acme.bob, UserChanges(custom_role_id=reader.id), by=acme.alice)
    async with acme.database.transaction(acme.organization_id) as tx:
        before = await access.standing_of(tx, acme.bob.user_id)
        wider = RoleDraft("Reader", "", Role.AGENT, Reach.ORGANIZATION, frozenset({Permission.CHANGE_TICKETS}))
        await people.change_custom_role(tx, reader, wider, by=acme.alice)
        after = await access.standing_of(tx, acme.bob.user_id)
    assert before and after
    assert after.actor.permissions == ALWAYS[Role.AGENT] | {Permission.CHANGE_TICKETS}
    assert before.privileges != after.privileges


async def test_removing_a_role_gives_its_people_another(acme: Company) -> None:
    reader, lead = await made(acme, READER), await made(acme, HELPDESK_LEAD)
    await changed(acme, acme.bob, UserChanges(custom_role_id=reader.id), by=acme.alice)
    async with acme.database.transaction(acme.organization_id) as tx:
        reader = await people.find_custom_role(tx, reader.id)
        assert reader.people == 1
        await people.remove_custom_role(tx, reader, by=acme.alice, instead=lead)
        lead = await people.find_custom_role(tx, lead.id)
    assert (await now(acme, acme.bob)).custom_role == "Lead"
    async with acme.database.transaction(acme.organization_id) as tx:
        await people.remove_custom_role(tx, lead, by=acme.alice, instead=None)
    bob = await now(acme, acme.bob)
    assert (bob.custom_role, bob.permissions) == ("", ALLOWED[Role.AGENT])


async def test_who_loses_a_limited_role_sees_no_more_than_before(acme: Company) -> None:
    reader = await made(acme, READER)
    await changed(acme, acme.bob, UserChanges(custom_role_id=reader.id), by=acme.alice)
    async with acme.database.transaction(acme.organization_id) as tx:
        reader = await people.find_custom_role(tx, reader.id)
        await people.remove_custom_role(tx, reader, by=acme.alice, instead=None)
    assert (await now(acme, acme.bob)).reach is Reach.DEPARTMENTS


@pytest.mark.parametrize(
    "wrong",
    [
        RoleDraft("", "", Role.AGENT, Reach.ORGANIZATION, frozenset()),
        RoleDraft("All", "", Role.ADMIN, Reach.ORGANIZATION, frozenset(Permission)),
        RoleDraft("Buyer", "", Role.CUSTOMER, Reach.ORGANIZATION, frozenset({Permission.WRITE_NOTES})),
        RoleDraft("Post", "", Role.AGENT, Reach.DEPARTMENTS, frozenset({Permission.MANAGE_MAIL})),
        RoleDraft("Guard", "", Role.AGENT, Reach.DEPARTMENTS, frozenset({Permission.MANAGE_SECURITY})),
        RoleDraft("Spy", "", Role.AGENT, Reach.DEPARTMENTS, frozenset({Permission.READ_AUDIT})),
    ],
)
async def test_a_role_that_can_not_be_is_not_made(acme: Company, wrong: RoleDraft) -> None:
    with pytest.raises(Invalid):
        await made(acme, wrong)
    async with acme.database.reading(acme.organization_id) as tx:
        assert await people.custom_roles(tx) == []


async def test_a_name_is_a_roles_once_and_not_a_built_in_one(acme: Company, globex: Company) -> None:
    await made(acme, READER)
    await made(globex, READER)
    for name in ("READER", "Manager"):
        with pytest.raises(RoleNameTaken):
            await made(acme, RoleDraft(name, "", Role.AGENT, Reach.ORGANIZATION, frozenset()))


async def test_nobody_makes_or_gives_a_role_that_may_do_more_than_they(acme: Company) -> None:
    lead = await made(acme, HELPDESK_LEAD)
    bob = await changed(acme, acme.bob, UserChanges(custom_role_id=lead.id), by=acme.alice)
    with pytest.raises(MoreThanOneHas):
        await made(
            acme, RoleDraft("Post", "", Role.AGENT, Reach.ORGANIZATION, frozenset({Permission.MANAGE_MAIL})), bob
        )
    smaller = await made(acme, READER, bob)
    erin = await changed(acme, acme.erin, UserChanges(custom_role_id=smaller.id), by=bob)
    assert erin.custom_role == "Reader"
    for role in (Role.MANAGER, Role.ADMIN):
        with pytest.raises(MoreThanOneHas):
            await changed(acme, acme.erin, UserChanges(role=role), by=bob)
    assert await now(acme, acme.erin) == erin


async def test_nobody_changes_somebody_who_is_more(acme: Company) -> None:
    lead = await made(acme, HELPDESK_LEAD)
    bob = await changed(acme, acme.bob, UserChanges(custom_role_id=lead.id), by=acme.alice)
    for whom in (acme.alice, acme.mara):
        for change in (
            UserChanges(name="Nobody"),
            UserChanges(role=Role.AGENT),
            UserChanges(status=UserStatus.INACTIVE),
            UserChanges(reach=Reach.DEPARTMENTS),
        ):
            with pytest.raises(MoreThanOneHas):
                await changed(acme, whom, change, by=bob)
        assert await now(acme, whom) == whom


async def test_nobody_changes_what_they_may_do_themselves(acme: Company) -> None:
    lead = await made(acme, HELPDESK_LEAD)
    bob = await changed(acme, acme.bob, UserChanges(custom_role_id=lead.id), by=acme.alice)
    for actor in (bob, acme.alice):
        with pytest.raises(OwnRole):
            await changed(acme, actor, UserChanges(role=Role.MANAGER), by=actor)
    async with acme.database.transaction(acme.organization_id) as tx:
        lead = await people.find_custom_role(tx, lead.id)
        with pytest.raises(OwnRole):
            await people.change_custom_role(tx, lead, READER, by=bob)
        with pytest.raises(OwnRole):
            await people.remove_custom_role(tx, lead, by=bob, instead=None)
    assert await now(acme, bob) == bob


async def test_managers_and_agents_raise_nobody(acme: Company) -> None:
    for actor in (acme.mara, acme.bob):
        for changes in (UserChanges(role=Role.AGENT), UserChanges(role=Role.ADMIN)):
            with pytest.raises(Forbidden):
                await changed(acme, acme.carol, changes, by=actor)
        async with acme.database.transaction(acme.organization_id) as tx:
            with pytest.raises(Forbidden):
                await people.admit(tx, NewUser("New", "new@acme.test", Role.AGENT), by=actor)
    assert await now(acme, acme.carol) == acme.carol
    carol = await changed(acme, acme.carol, UserChanges(name="Caroline"), by=acme.bob)
    assert carol.name == "Caroline"


async def test_an_administrator_has_no_role_but_that_and_the_last_one_stays(acme: Company) -> None:
    reader = await made(acme, READER)
    mara = await changed(acme, acme.mara, UserChanges(role=Role.ADMIN), by=acme.alice)
    alice = await changed(acme, acme.alice, UserChanges(custom_role_id=reader.id), by=mara)
    assert (alice.role, alice.custom_role) == (Role.AGENT, "Reader")
    with pytest.raises(BadRequest):
        async with acme.database.transaction(acme.organization_id) as tx:
            user = await people.find_user(tx, mara.user_id)
            await people.change_user(tx, user, UserChanges(custom_role_id=reader.id), by=None)
    assert await now(acme, mara) == mara


async def test_who_sees_some_departments_changes_only_these(acme: Company) -> None:
    mara = await changed(acme, acme.mara, UserChanges(reach=Reach.DEPARTMENTS), by=acme.alice)
    async with acme.database.transaction(acme.organization_id) as tx:
        billing = await people.find_department(tx, acme.billing_id)
        await people.set_members(tx, billing, [mara.user_id, acme.erin.user_id], by=acme.alice)
    mara = await now(acme, mara)
    async with acme.database.transaction(acme.organization_id) as tx:
        billing, support = [await people.find_department(tx, id_) for id_ in (acme.billing_id, acme.support_id)]
        renamed = await people.change_department(tx, billing, "Bills", "", by=mara)
        assert renamed.name == "Bills"
        with pytest.raises(NotTheirDepartment):
            await people.change_department(tx, support, "Help", "", by=mara)
        with pytest.raises(NotTheirDepartment):
            await people.set_members(tx, support, [mara.user_id], by=mara)
        with pytest.raises(Forbidden):
            await people.add_department(tx, "Third", by=mara)
        with pytest.raises(Forbidden):
            await people.remove_department(tx, billing, by=mara)
        names = [each.name for each in await people.departments(tx)]
    assert names == ["Bills", "Support"]
