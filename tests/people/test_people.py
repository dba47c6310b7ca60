"""Users, departments, roles, sign-in, tokens, sessions."""

import asyncio
from datetime import timedelta

import pytest

from parlour import people
from parlour.foundation import clock, crypto, ids
from parlour.foundation.errors import BadRequest, Forbidden, Invalid, NotFound
from parlour.people import (
    ALLOWED,
    AddressTaken,
    DepartmentNameTaken,
    NewUser,
    Permission,
    Role,
    SignUp,
    SlugTaken,
    UserChanges,
    UserSearch,
    UserStatus,
    WeakPassword,
    WrongCredentials,
)
from tests.builders import Company

PASSWORD = "correct horse battery"


async def _sign_up(company: Company, slug: str, email: str = "zoe@new.test") -> people.User:
    async with company.database.transaction(ids.new()) as tx:
        return await people.sign_up(tx, SignUp("New & Sons", slug, "Zoe", email, PASSWORD))


async def test_signing_up_makes_an_organization_and_its_administrator(acme: Company) -> None:
    slug = f"new-{acme.slug}"
    zoe = await _sign_up(acme, slug)
    assert (zoe.name, zoe.email, zoe.role) == ("Zoe", "zoe@new.test", Role.ADMIN)
    organization_id = await acme.database.doorways.organization_by_slug(slug)
    assert organization_id
    place = await people.sign_in(acme.database, " Zoe@New.test ", PASSWORD, organization_id)
    assert (place.organization_id, place.id) == (organization_id, zoe.id)


async def test_a_short_name_belongs_to_one_organization(acme: Company) -> None:
    with pytest.raises(SlugTaken):
        await _sign_up(acme, acme.slug)


@pytest.mark.parametrize("slug", ["", "-a", "a--b", "Acme", "api", "a" * 61, "a b", "ä"])
async def test_a_bad_short_name_is_refused(acme: Company, slug: str) -> None:
    with pytest.raises(Invalid):
        await _sign_up(acme, slug)


@pytest.mark.parametrize("password", ["short", "zoe@new.test"])
async def test_a_weak_password_is_refused(acme: Company, password: str) -> None:
    with pytest.raises(WeakPassword):
        async with acme.database.transaction(ids.new()) as tx:
            await people.sign_up(tx, SignUp("New", f"weak-{acme.slug}", "Zoe", "zoe@new.test", password))
    assert await acme.database.doorways.organization_by_slug(f"weak-{acme.slug}") is None


@pytest.mark.parametrize(("email", "password"), [("zoe@new.test", "wrong"), ("nobody@new.test", PASSWORD), ("", "")])
async def test_wrong_credentials_say_the_same_whatever_is_wrong(acme: Company, email: str, password: str) -> None:
    await _sign_up(acme, f"credentials-{acme.slug}")
    with pytest.raises(WrongCredentials) as refusal:
        await people.sign_in(acme.database, email, password)
    assert refusal.value.message == WrongCredentials.__doc__


async def test_who_was_deactivated_cannot_sign_in(acme: Company) -> None:
    slug = f"left-{acme.slug}"
    await _sign_up(acme, slug)
    organization_id = await acme.database.doorways.organization_by_slug(slug)
    assert organization_id
    async with acme.database.transaction(organization_id) as tx:
        yan = await people.add_user(
            tx, NewUser("Yan", "yan@new.test", Role.AGENT, password_hash=await people.hashed_password(PASSWORD))
        )
    assert await people.sign_in(acme.database, "yan@new.test", PASSWORD, organization_id)
    async with acme.database.transaction(organization_id) as tx:
        await people.change_user(tx, yan, UserChanges(status=UserStatus.INACTIVE))
    with pytest.raises(WrongCredentials):
        await people.sign_in(acme.database, "yan@new.test", PASSWORD, organization_id)


async def test_an_organization_keeps_an_administrator(acme: Company) -> None:
    with pytest.raises(BadRequest):
        async with acme.database.transaction(acme.organization_id) as tx:
            alice = await people.find_user(tx, acme.alice.user_id)
            await people.change_user(tx, alice, UserChanges(role=Role.AGENT))
    async with acme.database.reading(acme.organization_id) as tx:
        assert (await people.find_user(tx, acme.alice.user_id)).role is Role.ADMIN


async def test_two_administrators_cannot_demote_one_another_at_once(acme: Company) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        mara = await people.change_user(tx, await people.find_user(tx, acme.mara.user_id), UserChanges(role=Role.ADMIN))
        alice = await people.find_user(tx, acme.alice.user_id)

    async def demote(user: people.User) -> None:
        async with acme.database.transaction(acme.organization_id) as tx:
            await people.change_user(tx, user, UserChanges(role=Role.AGENT))

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
        returns = await people.add_department(tx, " Returns ", "What comes back")
        returns = await people.set_members(tx, returns, [acme.bob.user_id, acme.mara.user_id, acme.bob.user_id])
        assert (returns.name, sorted(returns.member_ids)) == ("Returns", sorted([acme.bob.user_id, acme.mara.user_id]))
        assert (await people.actor_of(tx, acme.bob.user_id)).department_ids == (returns.id,)
        with pytest.raises(DepartmentNameTaken):
            await people.add_department(tx, "returns")
        for stranger in (acme.carol.user_id, globex.bob.user_id):
            with pytest.raises(Invalid):
                await people.set_members(tx, returns, [stranger])
        await people.remove_department(tx, returns)
        with pytest.raises(NotFound):
            await people.find_department(tx, returns.id)


async def test_a_token_opens_its_users_door_until_it_is_revoked_or_expires(acme: Company) -> None:
    doorways = acme.database.doorways
    async with acme.database.transaction(acme.organization_id) as tx:
        token, text = await people.create_token(tx, acme.bob.user_id, "Reports")
        _, brief = await people.create_token(tx, acme.bob.user_id, "Brief", clock.now() + timedelta(seconds=60))
        assert text.startswith("parlour_")
        assert await tx.value("select count(*) from api_tokens where digest = %(text)s::bytea", text=text.encode()) == 0
    found = await doorways.user_by_token(crypto.digest(text))
    assert found and (found.organization_id, found.id) == (acme.organization_id, acme.bob.user_id)
    assert await doorways.user_by_token(crypto.digest(text + "x")) is None
    async with acme.database.transaction(acme.organization_id) as tx:
        with pytest.raises(NotFound):
            await people.revoke_token(tx, acme.alice.user_id, token.id)
        await people.revoke_token(tx, acme.bob.user_id, token.id)
        await tx.run("update api_tokens set expires_at = now() - interval '1 second' where name = 'Brief'")
    assert await doorways.user_by_token(crypto.digest(text)) is None
    assert await doorways.user_by_token(crypto.digest(brief)) is None


async def test_a_session_lives_until_it_is_ended(acme: Company) -> None:
    cache, lifetime = acme.installation.cache, timedelta(minutes=5)
    first = await people.begin_session(cache, acme.organization_id, acme.bob.user_id, lifetime)
    second = await people.begin_session(cache, acme.organization_id, acme.bob.user_id, lifetime)
    session = await people.session_of(cache, first, lifetime)
    assert session and (session.organization_id, session.user_id) == (acme.organization_id, acme.bob.user_id)
    assert await people.session_of(cache, "guess", lifetime) is None
    assert not await cache.exists(f"session:{first}")
    await people.end_session(cache, first)
    assert await people.session_of(cache, first, lifetime) is None
    await people.end_sessions_of(cache, acme.organization_id, acme.bob.user_id)
    assert await people.session_of(cache, second, lifetime) is None


def test_each_role_may_do_what_the_one_below_may() -> None:
    assert ALLOWED[Role.CUSTOMER] < ALLOWED[Role.AGENT] < ALLOWED[Role.MANAGER] < ALLOWED[Role.ADMIN]
    assert ALLOWED[Role.ADMIN] == set(Permission)


async def test_an_actor_who_must_but_may_not_is_refused(acme: Company) -> None:
    acme.alice.must(Permission.MANAGE_ORGANIZATION)
    with pytest.raises(Forbidden):
        acme.bob.must(Permission.MANAGE_ORGANIZATION)
