"""A group that gives a role of the organization's own, whatever the provider speaks."""

from uuid import UUID

import pytest

from parlour import people
from parlour.access import providers
from parlour.access.providers import GroupRule
from parlour.foundation.errors import Invalid
from parlour.people import CustomRole, Permission, Reach, Role, RoleDraft, UserChanges
from tests.access.saml import desk
from tests.builders import Company


async def role(company: Company, name: str) -> CustomRole:
    draft = RoleDraft(name, "", Role.AGENT, Reach.ORGANIZATION, frozenset({Permission.READ_TICKETS}))
    async with company.database.transaction(company.organization_id) as tx:
        return await people.add_custom_role(tx, draft, by=company.alice)


async def comes_in(company: Company, provider: providers.Provider, *groups: str) -> tuple[Role, UUID | None]:
    """What Bob is after it."""
    trip = await desk.set_out(company, provider)
    said = {"email": [desk.address_of(company)], "groups": list(groups)}
    identity = (await trip.back(trip.answer(attributes=said))).identity
    assert identity
    async with company.database.reading(company.organization_id) as tx:
        user = await people.find_user(tx, identity.user_id)
    return user.role, user.custom_role_id


async def set_rules(company: Company, provider: providers.Provider, *rules: GroupRule) -> None:
    async with company.database.transaction(company.organization_id) as tx:
        await providers.set_rules(tx, provider, list(rules), by=company.alice)


async def test_it_comes_and_goes_with_the_group(acme: Company) -> None:
    await desk.person(acme)
    provider, first = await desk.connect(acme), await role(acme, "First line")
    await set_rules(
        acme,
        provider,
        GroupRule("first", custom_role_id=first.id),
        GroupRule("help", Role.AGENT),
        GroupRule("leads", Role.MANAGER),
    )
    async with acme.database.reading(acme.organization_id) as tx:
        assert (await providers.rules_of(tx, provider.id))[0] == GroupRule("first", Role.AGENT, None, first.id)
    assert await comes_in(acme, provider, "first") == (Role.AGENT, first.id)
    # The higher kind counts; of two of one kind what was written first.
    assert await comes_in(acme, provider, "first", "leads") == (Role.MANAGER, None)
    assert await comes_in(acme, provider, "help", "first") == (Role.AGENT, first.id)
    assert await comes_in(acme, provider, "help") == (Role.AGENT, None)


async def test_one_that_was_given_by_hand_stays_while_its_kind_does(acme: Company) -> None:
    bob = await desk.person(acme)
    provider, by_hand = await desk.connect(acme), await role(acme, "By hand")
    await set_rules(acme, provider, GroupRule("help", Role.AGENT), GroupRule("leads", Role.MANAGER))
    async with acme.database.transaction(acme.organization_id) as tx:
        changes = UserChanges(custom_role_id=by_hand.id)
        await people.change_user(tx, await people.find_user(tx, bob), changes, by=acme.alice)
    assert await comes_in(acme, provider, "help") == (Role.AGENT, by_hand.id)
    assert await comes_in(acme, provider, "leads") == (Role.MANAGER, None)


async def test_who_is_in_no_group_becomes_what_newcomers_are_whatever_was_given_by_hand(acme: Company) -> None:
    bob = await desk.person(acme)
    provider, by_hand = await desk.connect(acme, newcomers_are=Role.CUSTOMER), await role(acme, "By hand")
    await set_rules(acme, provider, GroupRule("leads", Role.MANAGER))
    async with acme.database.transaction(acme.organization_id) as tx:
        changes = UserChanges(custom_role_id=by_hand.id)
        await people.change_user(tx, await people.find_user(tx, bob), changes, by=acme.alice)
    assert await comes_in(acme, provider) == (Role.CUSTOMER, None)


async def test_where_the_role_goes_its_rule_goes_and_nobody_becomes_more(acme: Company) -> None:
    await desk.person(acme)
    provider, first = await desk.connect(acme), await role(acme, "First line")
    await set_rules(acme, provider, GroupRule("first", custom_role_id=first.id), GroupRule("leads", Role.MANAGER))
    async with acme.database.transaction(acme.organization_id) as tx:
        await tx.run("delete from custom_roles where id = %(id)s", id=first.id)
        assert await providers.rules_of(tx, provider.id) == [GroupRule("leads", Role.MANAGER)]
    trip = await desk.set_out(acme, provider)
    said = {"email": [desk.address_of(acme)], "groups": ["first"]}
    assert await trip.refused(trip.answer(attributes=said)) == "in no group"


async def test_a_neighbours_role_or_another_kind_is_refused(acme: Company, globex: Company) -> None:
    provider, own, theirs = await desk.connect(acme), await role(acme, "Own"), await role(globex, "Theirs")
    for rule in (GroupRule("a", custom_role_id=theirs.id), GroupRule("a", Role.MANAGER, custom_role_id=own.id)):
        with pytest.raises(Invalid):
            await set_rules(acme, provider, rule)
    async with acme.database.reading(acme.organization_id) as tx:
        assert await providers.rules_of(tx, provider.id) == []
